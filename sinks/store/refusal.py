"""A record the store can never take becomes a dead letter; the others of its batch go on."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from operators.intake.handover import Handed, Party, Planned, time_of
from operators.model.alert import Alert
from operators.model.check import Check
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.notice import NoticeDocument
from operators.model.reason import DeadReason
from operators.model.records import Action, DeadLetter, LogEntry, Message, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument

Record = (
    Alert
    | LogEntry
    | Action
    | Receipt
    | Event
    | Check
    | Handed
    | ShieldDocument
    | CommandDocument
    | NoticeDocument
    | WorkerDocument
)
R = TypeVar("R", bound=Record)
T = TypeVar("T")

UNENCODABLE = (ValueError, TypeError, OverflowError, RecursionError)
"""What encoding raises for values that no document can hold (lone surrogates, endless nesting, unknown types)."""


def encode_each(records: Iterable[R], encode: Callable[[R], T]) -> tuple[list[T], list[DeadLetter]]:
    """Encode one by one; return what could be encoded and a dead letter for each that could not."""
    encoded: list[T] = []
    refused: list[DeadLetter] = []
    for record in records:
        try:
            encoded.append(encode(record))
        except UNENCODABLE as error:
            refused.append(refusal(record, str(error)))
    return encoded, refused


def arrival(event: Event) -> int:
    """Return when an archived event arrived; its own time if nobody said."""
    return event.time if event.at is None else event.at


def refusal(record: Record, detail: str) -> DeadLetter:
    """Return the dead letter of one record; its position is its kind and id."""
    kind, record_id, time = _name(record)
    return DeadLetter(
        time=time,
        source="store",
        position=f"{kind} {record_id}",
        reason=DeadReason.REFUSED_BY_STORE,
        detail=detail,
        raw=_text(record),
    )


def _name(record: Record) -> tuple[str, str, int]:
    kind, name, time = _NAMES.get(type(record), _HANDED)
    return kind, name(record), time(record)


def _about(handed: Handed) -> str:
    if isinstance(handed, Message):
        return "shield"
    if isinstance(handed, Planned):
        return handed.alert.id
    return handed.party.id if isinstance(handed, Party) else handed.stands.id


def _text(record: Record) -> str:
    try:
        return msgspec.json.encode(record).decode()
    except UNENCODABLE:
        return ascii(record)


_Names = tuple[str, Callable[[Any], str], Callable[[Any], int]]
_HANDED: _Names = ("planned", _about, time_of)
_NAMES: Mapping[type, _Names] = {
    Alert: ("alert", lambda one: one.id, lambda one: one.update_time),
    LogEntry: ("log", lambda one: one.id, lambda one: one.time),
    Action: ("action", lambda one: one.id, lambda one: one.time),
    Receipt: ("receipt", lambda one: one.notice_id, lambda one: one.time),
    Event: ("event", lambda one: one.id, arrival),
    Check: ("check", lambda one: one.dedupe_md5, lambda one: arrival(one.event)),
    ShieldDocument: ("shield", lambda one: one.id, lambda one: one.time),
    CommandDocument: ("command", lambda one: one.id, lambda one: one.time),
    NoticeDocument: ("notice", lambda one: one.id, lambda one: one.time),
    WorkerDocument: ("worker", lambda one: one.id, lambda one: one.time),
}
"""Shape -> its kind, and how a record of it tells its id and its second."""
