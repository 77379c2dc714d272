"""Every implementation of the store, under one name."""

import pytest

from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.servers)])
def store(request, tmp_path):
    if request.param == "sqlite":
        opened = SqliteStore(tmp_path / "store.sqlite3")
    else:
        opened = ElasticsearchStore(request.getfixturevalue("elasticsearch_dsn"))
    yield opened
    if request.param == "elasticsearch":
        opened._client.options(ignore_status=404).indices.delete(index=f"{opened._prefix}*")
    opened.close()


@pytest.fixture
def settle(store):
    """What was written may be searched after this."""
    if isinstance(store, SqliteStore):
        return lambda: None
    return lambda: store._client.indices.refresh(index=f"{store._prefix}*")
