"""Elasticsearch as a fixture: one server a run; a test isolates itself by an index prefix."""

import os
import signal
from collections.abc import Iterator
from itertools import count

import pytest

from tests.servers import elasticsearch as maven
from tests.servers.process import Server

_numbers = count()


@pytest.fixture(scope="session")
def elasticsearch_server() -> Iterator[tuple[Server, str]]:
    """A running Elasticsearch and its URL."""
    if why := maven.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)
    server, url = maven.elasticsearch_server()
    yield server, url
    server.signal(signal.SIGCONT)
    server.stop()


@pytest.fixture
def elasticsearch_dsn(elasticsearch_server: tuple[Server, str]) -> str:
    """A store address no other test uses."""
    return f"{elasticsearch_server[1]}?prefix=t{os.getpid()}_{next(_numbers)}_&replicas=0-0&timeout=30"
