"""The word index of the SQLite store, filled in quiet moments, and a little in busy ones.

Indexing the words of one alert costs as much as all else that is written about it, so a batch only marks its alerts as
`pending`; a search reads those, and finds the others by the index.
"""

import sqlite3

from sinks.store.sqlite_schema import transaction

SOME = 256
"""Alerts indexed at once: about 10 ms."""
INDEXED_LENGTH = 3
"""The index knows runs of so many characters; shorter words are found by reading."""

_PENDING = "SELECT words, key FROM alerts WHERE pending = 1 ORDER BY key LIMIT ?"


def index_some(connection: sqlite3.Connection) -> int:
    """Index the words of some pending alerts; return of how many."""
    if connection.execute("SELECT 1 FROM alerts WHERE pending = 1 LIMIT 1").fetchone() is None:
        return 0  # without taking the write lock
    with transaction(connection):
        pending = connection.execute(_PENDING, (SOME,)).fetchall()
        keys = [(key,) for _, key in pending]
        connection.executemany("DELETE FROM alert_text WHERE rowid = ?", keys)
        connection.executemany("INSERT INTO alert_text (words, rowid) VALUES (?, ?)", pending)
        connection.executemany("UPDATE alerts SET pending = 0 WHERE key = ?", keys)
    return len(pending)
