"""From a place in the settings to a store."""

import pytest

from sinks.store.interface import StoreError, StoreUnavailableError
from sinks.store.place import open_store
from sinks.store.sqlite import SqliteStore


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_path_is_an_sqlite_file(tmp_path, form):
    path = tmp_path / "s.sqlite3"
    store = open_store(form.format(path))
    assert isinstance(store, SqliteStore)
    assert path.is_file()
    store.close()


def test_a_web_address_is_elasticsearch():
    with pytest.raises(StoreUnavailableError, match="Elasticsearch does not answer"):
        open_store("http://127.0.0.1:9?timeout=1")


@pytest.mark.parametrize("dsn", ["redis://localhost", "", "sqlite://", "mysql://a/b"])
def test_any_other_place_is_an_error(dsn):
    with pytest.raises(StoreError):
        open_store(dsn)


def test_a_reader_makes_nothing(tmp_path):
    with pytest.raises(StoreError, match="there is no store at"):
        open_store(str(tmp_path / "missing.sqlite3"), read_only=True)
