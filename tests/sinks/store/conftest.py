"""Every implementation of the store, under one name."""

import pytest

from sinks.store.sqlite import SqliteStore


@pytest.fixture
def store(tmp_path):
    opened = SqliteStore(tmp_path / "store.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def settle():
    """What was written may be searched after this."""
    return lambda: None
