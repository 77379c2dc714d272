"""The order of what a replay writes: by second, in one second ends of alerts before openings of others, of one alert as made."""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from operators.model.alert import ENDED
from operators.model.reason import OpType
from operators.model.records import Action, LogEntry, Notice, Signal

ENDS = frozenset({OpType.RECOVER, OpType.CLOSE, OpType.SYSTEM_RECOVER, OpType.SYSTEM_CLOSE, OpType.ALERT_QOS})
"""Entries that end an alert; ALERT_QOS only where it stands ended."""
END_SIGNALS = frozenset({"recovered", "closed"})
OPENING = frozenset({"abnormal", "no_data"})

Said = LogEntry | Signal | Action | Notice
T = TypeVar("T", bound=Said)


class Row(NamedTuple):
    """What of an entry decides on its place, and the entry or its bytes."""

    time: int
    subject: Any
    """The alert or alerts that it is about."""
    is_end: bool
    is_opening: bool
    thing: Any


def row_of(said: Said, thing: Any) -> Row:
    """Return the row of an entry; `thing` is what is wanted back."""
    if isinstance(said, LogEntry):
        is_end = said.op_type in ENDS and said.status in ENDED
        return Row(said.time, said.alert_id, is_end, said.op_type == OpType.CREATE, thing)
    subject: Any = said.alert_id if isinstance(said, Signal) else said.alert_ids
    return Row(said.time, subject, said.signal in END_SIGNALS, said.signal in OPENING, thing)


def placed(rows: Iterable[Row]) -> list[Row]:
    """Return rows, given as made, in the order of the contract. Any number of whole seconds."""
    made = list(rows)
    if len(made) == 1:
        return made
    ends = {(row.time, row.subject) for row in made if row.is_end}
    openings = {(row.time, row.subject) for row in made if row.is_opening} if ends else set()

    def rank(row: Row) -> tuple[int, int]:
        place = (row.time, row.subject)
        return row.time, (1 if place in openings else 0) if place in ends else 2

    return sorted(made, key=rank)


def in_order(things: Iterable[T]) -> list[T]:
    """Return entries, as they were made, in the order of the contract."""
    return [row.thing for row in placed(row_of(thing, thing) for thing in things)]
