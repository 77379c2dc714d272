"""The orders in which alerts are read, and the place behind one of them. Ids begin with their second, so they order by time."""

from collections.abc import Callable
from typing import NamedTuple

from operators.model.alert import Alert
from sinks.store.cursor import Values, cursor, read_cursor

NEWEST_FIRST, WORST_FIRST, LONGEST_FIRST, MOST_EVENTS = "newest", "worst", "longest", "events"


class Column(NamedTuple):
    """One thing to order by; its name is that of the column and of the field."""

    name: str
    value: Callable[[Alert], int | str]
    is_descending: bool = False
    kind: type = int
    is_time: bool = False


_ID = Column("id", lambda alert: alert.id, is_descending=True, kind=str)
ORDERS: dict[str, tuple[Column, ...]] = {
    NEWEST_FIRST: (_ID,),
    WORST_FIRST: (Column("severity", lambda alert: alert.severity), _ID),
    LONGEST_FIRST: (Column("begin_time", lambda alert: alert.begin_time, is_time=True), _ID),
    MOST_EVENTS: (Column("event_count", lambda alert: alert.event_count, is_descending=True), _ID),
}
"""By severity and of each the newest; by what began first; by how many events were folded in."""


def alert_cursor(sort: str, last: Alert) -> str:
    """Return the place behind an alert, to read on in the same order."""
    return cursor(*(column.value(last) for column in ORDERS[sort]))


def place_of(sort: str, after: str) -> Values:
    """Return the sort values of a place in an order. Raises CursorError."""
    return read_cursor(after, [column.kind for column in ORDERS[sort]])
