"""Real servers as fixtures: each starts once per run; a test isolates itself by a key prefix, topic, index or database."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.servers import redis as debian
from tests.servers.process import Server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[tuple[Server, str]]:
    """A running Redis and its `host:port`."""
    if why := debian.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    server, address = debian.redis_server()
    yield server, address
    server.signal(signal.SIGCONT)
    server.stop()


@pytest.fixture
def redis_dsn(redis_server: tuple[Server, str], request: pytest.FixtureRequest) -> str:
    """An outbox address no other test uses."""
    return f"redis://{redis_server[1]}/0/{abs(hash(request.node.nodeid)):x}"
