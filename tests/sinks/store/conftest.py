"""Every implementation of the store, under one name."""

import pytest

from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.sqlite import SqliteStore
from tests.servers import elasticsearch


@pytest.fixture(scope="session")
def prepared(elasticsearch_url):
    """A store whose templates are there: to put them takes longer than most tests."""
    with elasticsearch.place(elasticsearch_url) as address:
        opened = ElasticsearchStore(address)
        yield opened
        opened.close()


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.servers)])
def store(request, tmp_path):
    """An empty store of either kind."""
    if request.param == "sqlite":
        opened = SqliteStore(tmp_path / "store.sqlite3")
        yield opened
        opened.close()
        return
    kept = request.getfixturevalue("prepared")
    yield kept
    kept._client.options(ignore_status=404).indices.delete(index=f"{kept._prefix}*")


@pytest.fixture
def settle(store):
    """What was written may be searched after this."""
    if isinstance(store, SqliteStore):
        return lambda: None
    return lambda: store._client.indices.refresh(index=f"{store._prefix}*")
