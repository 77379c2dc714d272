"""From a place in the settings to a store."""

from pathlib import Path

from sinks.store.interface import Store, StoreError


def open_store(dsn: str, *, read_only: bool = False, must_exist: bool = False) -> Store:
    """Open the store at a file path, `sqlite:///path`, or `http(s)://...` (Elasticsearch). Raises StoreError.

    Only a writer makes what is not there yet, the file, the templates; none that `must_exist`.
    """
    scheme, separator, rest = dsn.partition("://")
    if separator and scheme in ("http", "https"):
        from sinks.store.elasticsearch import ElasticsearchStore  # noqa: PLC0415 - slow to import, and not always there

        return ElasticsearchStore(dsn, prepares=not (read_only or must_exist))
    if separator and scheme != "sqlite":
        raise StoreError(f"`{scheme}` is no kind of store: give a file path, or http(s)://host:port of Elasticsearch")
    from sinks.store.sqlite import SqliteStore  # noqa: PLC0415 - the command line starts without it

    path = rest.removeprefix("/") if separator else dsn
    if not path:
        raise StoreError("the place of the store is empty")
    if must_exist:
        SqliteStore(Path(path), read_only=True).close()
    return SqliteStore(Path(path), read_only=read_only)
