"""Opening the alert store that a DSN names: a SQLite file, or Elasticsearch by URL."""

from pathlib import Path

from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.interface import Store
from sinks.store.sqlite import SqliteStore


def open_store(dsn: str, *, read_only: bool = False) -> Store:
    """Open a store. Raises StoreError with what a person has to do."""
    if dsn.startswith(("http://", "https://")):
        return ElasticsearchStore(dsn, read_only=read_only)
    return SqliteStore(Path(dsn), read_only=read_only)
