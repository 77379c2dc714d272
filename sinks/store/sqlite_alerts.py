"""Alerts in the SQLite store: a row each. A repeat, which moves none of the facts, writes the row and no index."""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import msgspec

from operators.model.alert import ABNORMAL, Alert, document_version
from sinks.store.sqlite_documents import document_of, documents
from sinks.store.sqlite_tallies import KINDS, Kind, tally
from sinks.store.words import people_of, words_of

Row = tuple[Any, ...]

SEPARATOR = "\n"
"""Before, between and behind the names in `people`."""
FACTS = (
    "status", "severity", "begin_time", "end_time", "strategy_id", "bk_biz_id", "name", "target", "target_type",
    "acked", "shielded", "blocked", "people", "magnitude",
)  # fmt: skip
"""Columns that stand in an index."""
_OWN = ("id", "version", "dedupe_md5", "event_count", "words", "document")

FEW = 6
"""Bits of a count of events that no order is kept by."""

NEVER = ""
"""Is bound for NULL as the end of an alert that is open (sqlite_documents.py says why)."""


def _bound(name: str, mark: str = "?") -> str:
    return f"nullif({mark}, '{NEVER}')" if name == "end_time" else mark


_columns = (*_OWN, *FACTS)
_at = {name: _bound(name, f"?{place}") for place, name in enumerate(_columns, start=1)}
# Every text joined here is a constant of this file; values are bound.
_REPEAT = (
    f"UPDATE alerts SET version = {_at['version']}, event_count = {_at['event_count']},"  # noqa: S608
    f" pending = pending OR words <> {_at['words']}, words = {_at['words']}, document = {_at['document']}"
    f" WHERE id = {_at['id']} AND version <= {_at['version']}"
    f"{''.join(f' AND {name} IS {_at[name]}' for name in FACTS)}"
)
_changing = ("version", "event_count", "words", "document", *FACTS)
_INSERT = f"INSERT INTO alerts ({', '.join(_columns)}, pending) VALUES ({', '.join(_at.values())}, 1) ON CONFLICT (id)"  # noqa: S608
_NEW = f"{_INSERT} DO NOTHING"
_PUT = (
    f"{_INSERT} DO UPDATE SET pending = pending OR excluded.words <> words,"
    f" {', '.join(f'{name} = excluded.{name}' for name in _changing)} WHERE excluded.version >= version"
)
_KIND = f"SELECT {', '.join(KINDS)} FROM alerts WHERE id = ?"  # noqa: S608
_kind_of = itemgetter(*map(_columns.index, KINDS))
_ID, _VERSION, _STATUS = map(_columns.index, ("id", "version", "status"))
_REVISION = (1 << 28) - 1
"""The bits of a version that count the forms of an alert."""
_FILL = f"UPDATE alerts SET event_count = ?, {', '.join(f'{name} = {_bound(name)}' for name in FACTS)} WHERE key = ?"  # noqa: S608

_decode = msgspec.json.Decoder(Alert).decode


def row(alert: Alert) -> Row:
    """Return the row of an alert, as `put` takes it."""
    own = (
        alert.id, document_version(alert), alert.dedupe_md5, alert.event_count, words_of(alert), document_of(alert),
    )  # fmt: skip
    return (*own, *facts_of(alert))


def magnitude_of(event_count: int) -> int:
    """Return the bits of a count of events beyond the first few, in which most alerts end."""
    return max(0, event_count.bit_length() - FEW)


def facts_of(alert: Alert) -> Row:
    """Return what alerts are listed, counted and grouped by, in the order of FACTS."""
    business, target, people = alert.bk_biz_id, alert.event.target, people_of(alert)
    return (
        alert.status,
        alert.severity,
        alert.begin_time,
        NEVER if alert.end_time is None else alert.end_time,
        alert.strategy_id,
        None if business is None else str(business),
        alert.alert_name,
        target,
        alert.event.target_type,
        int(alert.is_ack),
        int(alert.is_shielded),
        int(alert.is_blocked),
        SEPARATOR.join(("", *people, "")) if people else "",
        magnitude_of(alert.event_count),
    )


def put(connection: sqlite3.Connection, rows: Iterable[Row]) -> int:
    """Write rows, each unless a newer version is there; return how many changed nothing."""
    cursor, conflicts, moved = connection.cursor(), 0, Counter[Kind]()
    for one in rows:
        # What is most likely is tried first: an alert that is new, a repeat of one that is open, or anything else.
        if one[_VERSION] & _REVISION == 1 and cursor.execute(_NEW, one).rowcount:
            moved[_kind_of(one)] += 1
        elif one[_STATUS] != ABNORMAL or not cursor.execute(_REPEAT, one).rowcount:
            conflicts += not _change(cursor, one, moved)
    tally(connection, moved)
    return conflicts


def _change(cursor: sqlite3.Cursor, one: Row, moved: Counter[Kind]) -> bool:
    """Write a row whose facts may move; return False if a newer version is there."""
    before, after = cursor.execute(_KIND, (one[_ID],)).fetchone(), _kind_of(one)
    if not cursor.execute(_PUT, one).rowcount:
        return False
    if before != after:
        moved[after] += 1
        if before is not None:
            moved[before] -= 1
    return True


def fill_facts(connection: sqlite3.Connection) -> None:
    """Fill the columns of facts from the documents, in a file that had none."""
    for chunk in documents(connection, "alerts", _decode):
        connection.executemany(_FILL, [(alert.event_count, *facts_of(alert), key) for key, alert in chunk])
