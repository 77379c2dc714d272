"""All documents of a table of the SQLite store, a chunk at a time: to fill columns that an older version did not have."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import TypeVar

CHUNK = 1000
T = TypeVar("T")


def documents(
    connection: sqlite3.Connection, table: str, decode: Callable[[bytes], T]
) -> Iterator[list[tuple[int, T]]]:
    """Yield keys and documents in order; rows may be changed meanwhile."""
    statement = f"SELECT key, document FROM {table} WHERE key > ? ORDER BY key LIMIT ?"  # noqa: S608 - a name of ours
    last = 0
    while rows := connection.execute(statement, (last, CHUNK)).fetchall():
        yield [(key, decode(document)) for key, document in rows]
        last = rows[-1][0]
