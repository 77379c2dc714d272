"""What is new in the SQLite store: a row for each of the last batches, with the ids of the alerts in it."""

import sqlite3

import msgspec

from sinks.store.changes import MOST_CHANGED, Changes, alerts_of, kinds_of
from sinks.store.cursor import cursor, read_cursor
from sinks.store.interface import Batch

KEPT = 1000
"""Batches that are remembered."""
_NOTE = "INSERT INTO changes (alerts, kinds) VALUES (?, ?)"
_FORGET = "DELETE FROM changes WHERE seq <= ?"
_SPAN = "SELECT coalesce(min(seq), 0), coalesce(max(seq), 0) FROM changes"
_BEHIND = "SELECT seq, alerts, kinds FROM changes WHERE seq > ? ORDER BY seq"

_encode = msgspec.json.Encoder().encode
_names = msgspec.json.Decoder(list[str]).decode


def note(connection: sqlite3.Connection, batch: Batch) -> None:
    """Note what a batch writes, and forget the oldest note."""
    if kinds := kinds_of(batch):
        written = connection.execute(_NOTE, (_encode(list(alerts_of(batch))), " ".join(kinds)))
        connection.execute(_FORGET, ((written.lastrowid or 0) - KEPT,))


def changes(connection: sqlite3.Connection, since: str) -> Changes:
    """Return what was written behind a place; of none, the place where we are. Raises CursorError."""
    first, last = connection.execute(_SPAN).fetchone()
    if not since:
        return Changes(cursor(last))
    place = int(read_cursor(since, (int,))[0])
    if place == last:
        return Changes(since)
    alerts: dict[str, int] = {}
    kinds: set[str] = set()
    for seq, names, written in connection.execute(_BEHIND, (place,)):
        kinds.update(written.split())
        alerts.update(dict.fromkeys(_names(names), seq))
        if len(alerts) > MOST_CHANGED:
            break
    is_complete = first - 1 <= place <= last and len(alerts) <= MOST_CHANGED
    return Changes(cursor(last), alerts if is_complete else {}, frozenset(kinds), is_complete)
