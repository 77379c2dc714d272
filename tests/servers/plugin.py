"""Pytest: the real servers of a run. One process owns them, also under pytest-xdist; what the collected tests use starts at once."""

import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.servers.park import Counter, Park, Remote, Servers

SERVERS = pytest.StashKey[Servers]()
COUNTER = pytest.StashKey[str]()

NEEDS = {
    "kafka_address": "kafka",
    "elasticsearch_url": "elasticsearch",
    "redis_address": "redis",
    "mariadb_address": "mariadb",
}
"""Fixture -> the server it stands for. A mark `servers("redis")` names one that a test asks for only as it runs."""


def pytest_configure(config: pytest.Config) -> None:
    asked = getattr(config, "workerinput", {}).get("servers")
    config.stash[SERVERS] = Remote(asked) if asked else Park()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a new pytest-xdist worker where to ask."""
    stash = node.config.stash
    if COUNTER not in stash:
        folder = tempfile.TemporaryDirectory(prefix="tocsin.")
        stash[COUNTER] = str(Path(folder.name) / "servers")
        counter = Counter(stash[SERVERS], stash[COUNTER])
        node.config.add_cleanup(folder.cleanup)
        node.config.add_cleanup(counter.close)  # the last one added goes first
    node.workerinput["servers"] = stash[COUNTER]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to start what will be needed, all side by side."""
    if session.config.option.collectonly:
        return
    used = {NEEDS[name] for item in session.items for name in getattr(item, "fixturenames", ()) if name in NEEDS}
    named = {name for item in session.items for mark in item.iter_markers("servers") for name in mark.args}
    for name in sorted(used | named):
        session.config.stash[SERVERS].want(name)


def pytest_unconfigure(config: pytest.Config) -> None:
    servers = config.stash.get(SERVERS, None)
    if isinstance(servers, Park):
        servers.stop()
