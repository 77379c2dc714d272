"""Searching alerts in the SQLite store. What users typed reaches SQLite as parameters only."""

import sqlite3
from collections.abc import Sequence
from itertools import starmap

import msgspec

from operators.model.alert import ABNORMAL, Alert
from sinks.store.order import MOST_EVENTS, ORDERS, Column, place_of
from sinks.store.query import AlertQuery
from sinks.store.sqlite_alerts import SEPARATOR, magnitude_of
from sinks.store.sqlite_index import INDEXED_LENGTH

_Condition = tuple[str, list[str | int]]

# What a target may be called: as reported, or by its address; `10.0.0.1|0` is 10.0.0.1 in cloud 0. The documents are
# read only where the words hold it at all.
_TARGET = """(instr(words, ?) AND EXISTS (
  SELECT 1 FROM json_each(json_extract(CAST(document AS TEXT), '$.event.target', '$.event.ip', '$.event.ipv6'))
  WHERE atom = ? OR substr(atom, 1, ?) = ?))"""  # A tag's value may be a list of values.
_TAG = """EXISTS (
  SELECT 1 FROM json_each(CAST(document AS TEXT), '$.event.tags') AS tag, json_each(tag.value, '$.value') AS one
  WHERE json_extract(tag.value, '$.key') = ? AND CAST(one.atom AS TEXT) IN ({}))"""
_NO_WORDS = ("", "0", "0.0", "true", "false")
"""Values of tags that are not among the words of their alert."""
_MAGNITUDE = Column("magnitude", lambda alert: magnitude_of(alert.event_count), is_descending=True)

_alert = msgspec.json.Decoder(Alert).decode


def alerts(connection: sqlite3.Connection, query: AlertQuery) -> list[Alert]:
    """Return the alerts that match, in the query's order. Raises CursorError."""
    page, values = page_of(query)
    # Every text joined here is a constant of this file; values are bound. Documents are read of the page alone.
    statement = f"SELECT document FROM alerts WHERE key IN ({page}) ORDER BY {_order(query.sort)}"  # noqa: S608
    return [_alert(row[0]) for row in connection.execute(statement, values)]


def page_of(query: AlertQuery) -> tuple[str, list[str | int]]:
    """Return the statement that finds the keys of a page, and its values. Raises CursorError."""
    where, values = conditions(query)
    behind, place = _behind(query)
    page = f"SELECT key FROM {_table(query)} WHERE {where} AND {behind} ORDER BY {_order(query.sort)} LIMIT ? OFFSET ?"  # noqa: S608
    return page, [*values, *place, query.limit, query.offset]


def _table(query: AlertQuery) -> str:
    """Name the index where the planner would choose a worse one: it knows neither how rare words are nor how long sorting is."""
    if any(len(word) >= INDEXED_LENGTH for word in query.words):
        return "alerts NOT INDEXED"  # but by the keys that the words lead to
    if query.sort == MOST_EVENTS and query.status == (ABNORMAL,):
        return "alerts INDEXED BY open_alerts_by_events"
    if query == AlertQuery(status=(ABNORMAL,), limit=query.limit, offset=query.offset, after=query.after):
        return "alerts INDEXED BY open_alerts"
    return "alerts"


def is_of_kinds(query: AlertQuery) -> bool:
    """Return True if a query asks for nothing but what a kind of alerts has in common."""
    return not (query.dedupe_md5 or query.target or query.words or query.tags) and query.since is query.until is None


def _order(sort: str) -> str:
    return ", ".join(f"{one.name} DESC" if one.is_descending else one.name for one in _columns(sort))


def _columns(sort: str) -> tuple[Column, ...]:
    return (_MAGNITUDE, *ORDERS[sort]) if sort == MOST_EVENTS else ORDERS[sort]


def _behind(query: AlertQuery) -> tuple[str, list[str | int]]:
    """Return what holds behind a place: past it in the first column, or level there and past it in the second."""
    if not query.after:
        return "1", []
    places = place_of(query.sort, query.after)
    *before, last = zip(ORDERS[query.sort], places, strict=True)
    text, values = _past(*last)
    for column, place in before:
        past, _ = _past(column, place)
        text, values = f"({past} OR ({column.name} = ? AND {text}))", [place, place, *values]
    if query.sort == MOST_EVENTS:  # what its index can tell
        text, values = f"magnitude <= ? AND {text}", [magnitude_of(int(places[0])), *values]
    return text, values


def _past(column: Column, place: int | str) -> tuple[str, list[str | int]]:
    return f"{column.name} {'<' if column.is_descending else '>'} ?", [place]


def conditions(query: AlertQuery) -> tuple[str, list[str | int]]:
    """Return what holds for the alerts that match, and its values. Without words, target, tags and times, for kinds too."""
    # Of a tag that has one value the words narrow the candidates, too.
    of_tags = [values[0].lower() for values in query.tags.values() if len(values) == 1 and values[0] not in _NO_WORDS]
    found = [*_word_conditions((*query.words, *of_tags)), *_field_conditions(query), *_time_conditions(query)]
    return " AND ".join(text for text, _ in found) or "1", [value for _, values in found for value in values]


def _field_conditions(query: AlertQuery) -> list[_Condition]:
    conditions = [
        ("status = 'ABNORMAL'", []) if query.status == (ABNORMAL,) else _one_of("status", query.status),
        _one_of("severity", query.severity),
        _one_of("strategy_id", query.strategy_id),
        _one_of("bk_biz_id", query.bk_biz_id),
        _one_of("dedupe_md5", query.dedupe_md5),
        _one_of("name", query.name),
        _one_of("target_type", query.target_type),
        *(_one_of(name, () if value is None else (value,)) for name, value in _flags(query)),
        _people(query.person),
        _target(query.target),
        *starmap(_tag, query.tags.items()),
    ]
    return [condition for condition in conditions if condition]


def _flags(query: AlertQuery) -> tuple[tuple[str, bool | None], ...]:
    return ("acked", query.acked), ("shielded", query.shielded), ("blocked", query.blocked)


def _people(names: Sequence[str]) -> _Condition | None:
    bound: list[str | int] = [f"{SEPARATOR}{name}{SEPARATOR}" for name in names]
    return (f"({' OR '.join(['instr(people, ?)'] * len(names))})", bound) if names else None


def _tag(key: str, values: Sequence[str]) -> _Condition:
    return _TAG.format(", ".join("?" * len(values))), [key, *values]


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
