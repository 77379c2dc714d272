"""Searching alerts in the SQLite store. What users typed reaches SQLite as parameters only."""

import sqlite3

import msgspec

from operators.model.alert import Alert
from sinks.store.order import MOST_EVENTS, NEWEST_FIRST, ORDERS, Column, place_of
from sinks.store.query import AlertQuery
from sinks.store.sqlite_alerts import magnitude_of
from sinks.store.sqlite_conditions import conditions
from sinks.store.sqlite_way import FEW, Way, is_of_open, way_to

_MAGNITUDE = Column("magnitude", lambda alert: magnitude_of(alert.event_count), is_descending=True)

_alert = msgspec.json.Decoder(Alert).decode


def alerts(connection: sqlite3.Connection, query: AlertQuery) -> list[Alert]:
    """Return the alerts that match, in the query's order. Raises CursorError."""
    page, values = page_of(connection, query)
    # Every text joined here is a constant of this file; values are bound. Documents are read of the page alone.
    statement = f"SELECT document FROM alerts WHERE key IN ({page}) ORDER BY {_order(query.sort)}"  # noqa: S608
    return [_alert(row[0]) for row in connection.execute(statement, values)]


def page_of(connection: sqlite3.Connection, query: AlertQuery) -> tuple[str, list[str | int]]:
    """Return the statement that finds the keys of a page, and its values. Raises CursorError."""
    table, where, values = _in_order(way_to(connection, query), query)
    behind, place = _behind(query)
    page = f"SELECT key FROM {table} WHERE {where} AND {behind} ORDER BY {_order(query.sort)} LIMIT ? OFFSET ?"  # noqa: S608
    return page, [*values, *place, query.limit, query.offset]


def _in_order(way: Way, query: AlertQuery) -> tuple[str, str, list[str | int]]:
    """Return the way, or one that leads past the alerts in the order that is wanted, so that it ends with the page."""
    if way.table == FEW or not is_of_open(query):
        return way.table, way.where, way.values
    if query.sort == MOST_EVENTS:
        return "alerts INDEXED BY open_alerts_by_events", *conditions(query, is_indexed=False)
    is_plain = query == AlertQuery(status=query.status, limit=query.limit, offset=query.offset, after=query.after)
    if query.sort == NEWEST_FIRST and (way.reads_rows or is_plain):
        return "alerts INDEXED BY open_alerts", *conditions(query, is_indexed=False)
    return way.table, way.where, way.values


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
