"""Documents in the tables of the SQLite store: how one is bound, and all of a table to fill columns that older versions lack.

Python binds `int`, `str`, `float` and `bytearray` as they are. For anything else, `bytes`, `bool`, `None` and members of an
enum included, it first looks for an adapter, in vain, which takes longer than to bind five values.
"""

import sqlite3
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

CHUNK = 1000
T = TypeVar("T")

_encode_into = msgspec.json.Encoder().encode_into


def document_of(record: msgspec.Struct) -> bytearray:
    """Return the document of a record, ready to be bound."""
    document = bytearray()
    _encode_into(record, document)
    return document


def documents(
    connection: sqlite3.Connection, table: str, decode: Callable[[bytes], T]
) -> Iterator[list[tuple[int, T]]]:
    """Yield keys and documents in order; rows may be changed meanwhile."""
    statement = f"SELECT key, document FROM {table} WHERE key > ? ORDER BY key LIMIT ?"  # noqa: S608 - a name of ours
    last = 0
    while rows := connection.execute(statement, (last, CHUNK)).fetchall():
        yield [(key, decode(document)) for key, document in rows]
        last = rows[-1][0]
