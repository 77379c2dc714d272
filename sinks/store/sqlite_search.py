"""Searching alerts in the SQLite store. What users typed reaches SQLite as parameters only."""

import sqlite3
from collections.abc import Sequence

import msgspec

from operators.model.alert import Alert
from sinks.store.query import AlertQuery
from sinks.store.sqlite_index import INDEXED_LENGTH

_Condition = tuple[str, list[str | int]]

# What a target may be called: as reported, or by its address; `10.0.0.1|0` is 10.0.0.1 in cloud 0. The documents are
# read only where the words hold it at all.
_TARGET = """(instr(words, ?) AND EXISTS (
  SELECT 1 FROM json_each(json_extract(CAST(document AS TEXT), '$.event.target', '$.event.ip', '$.event.ipv6'))
  WHERE atom = ? OR substr(atom, 1, ?) = ?))"""

_alert = msgspec.json.Decoder(Alert).decode


def alerts(connection: sqlite3.Connection, query: AlertQuery) -> list[Alert]:
    """Return the alerts that match, in the query's order: ids begin with their second."""
    where, values = _where(query)
    # Every text joined here is a constant of this file; values are bound.
    order = "severity, id DESC" if query.worst_first else "id DESC"
    statement = f"SELECT document FROM alerts WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return [_alert(row[0]) for row in connection.execute(statement, (*values, query.limit, query.offset))]


def count(connection: sqlite3.Connection, query: AlertQuery) -> int:
    """Return how many alerts match."""
    where, values = _where(query)
    (found,) = connection.execute(f"SELECT count(*) FROM alerts WHERE {where}", values).fetchone()  # noqa: S608 - as above
    return int(found)


def _where(query: AlertQuery) -> tuple[str, list[str | int]]:
    found = [*_field_conditions(query), *_time_conditions(query), *_word_conditions(query.words)]
    return " AND ".join(text for text, _ in found) or "1", [value for _, values in found for value in values]


def _field_conditions(query: AlertQuery) -> list[_Condition]:
    conditions = [
        _one_of("status", query.status),
        _one_of("severity", query.severity),
        _one_of("strategy_id", query.strategy_id),
        _one_of("bk_biz_id", query.bk_biz_id),
        _one_of("dedupe_md5", query.dedupe_md5),
        _target(query.target),
    ]
    return [condition for condition in conditions if condition]


def _one_of(column: str, values: Sequence[str | int]) -> _Condition | None:
    return (f"{column} IN ({', '.join('?' * len(values))})", list(values)) if values else None


def _target(values: Sequence[str]) -> _Condition | None:
    bound = [bind for value in values for bind in (value.lower(), value, len(value) + 1, f"{value}|")]
    return (f"({' OR '.join([_TARGET] * len(values))})", bound) if values else None


def _time_conditions(query: AlertQuery) -> list[_Condition]:
    conditions: list[_Condition] = []
    if query.since is not None:
        conditions.append(("(end_time IS NULL OR end_time >= ?)", [query.since]))
    if query.until is not None:
        conditions.append(("begin_time <= ?", [query.until]))
    return conditions


def _word_conditions(words: Sequence[str]) -> list[_Condition]:
    """Let the index narrow the candidates; that the words hold the text is decided by reading them."""
    conditions: list[_Condition] = [("instr(words, ?)", [word]) for word in words]
    if indexed := [word for word in words if len(word) >= INDEXED_LENGTH]:
        candidates = (
            "SELECT rowid FROM alert_text WHERE alert_text MATCH ? UNION ALL SELECT key FROM alerts WHERE pending = 1"
        )
        conditions.append((f"key IN ({candidates})", [" AND ".join(map(_quoted, indexed))]))
    return conditions


def _quoted(word: str) -> str:
    """Make a word a string of the index's query language, in which nothing else has a meaning."""
    escaped = word.replace('"', '""')
    return f'"{escaped}"'
