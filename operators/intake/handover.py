"""What the lifecycle hands to the stage by business, and a job to the next one (design.md 5; docs/jobs.md)."""

import msgspec

from operators.intake.decode import Refusal
from operators.model.alert import Alert
from operators.model.check import Check
from operators.model.event import Event
from operators.model.reason import DeadReason
from operators.model.records import Action, LogEntry, Message
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_business
from operators.rules.shapes.model import Strategy


class Planned(msgspec.Struct, frozen=True, gc=False):
    """A planned action, its alert as it stood then, and the entry of the alert's log that has yet to say what became of it."""

    alert: Alert
    action: Action
    at: int = 0
    """When it was handed over: its plan may lie a while back."""
    entry: LogEntry | None = None
    strategy: Strategy | None = None
    """That of the alert, where it has left the rules."""


class Stands(msgspec.Struct, frozen=True, gc=False):
    """How an alert stood at the end of a second, for a summary that may yet name it (design.md 7.25)."""

    stands: Alert
    at: int


class Clock(msgspec.Struct, frozen=True, gc=False):
    """How far a job has come: everything before this second is written. The time of the job that reads it."""

    clock: int
    writer: int = 0
    writers: int = 1


Handed = Planned | Stands | Message
"""A message that is handed over tells of a shield."""


def time_of(handed: Handed) -> int:
    """Return the second in which a thing was handed over."""
    return handed.time if isinstance(handed, Message) else handed.at


def slot_of_handed(handed: Handed) -> str:
    """Return the slot of the business that a thing is about: all that may be merged meets there."""
    if isinstance(handed, Message):
        return slot_of_business(str(handed.bk_biz_id))
    about = handed.action if isinstance(handed, Planned) else handed.stands
    return slot_of_business(str(about.bk_biz_id))


def horizon(settings: CoreSettings) -> int:
    """Return for how many seconds behind its action a summary may name an alert."""
    return settings.converge.window + 2 * settings.converge.delay + settings.check_interval


HANDED = frozenset({"keyed", "planned"})
"""Kinds of topics that our own jobs write: `keyed` holds events and checks, `planned` what is handed over."""

_event, _check = msgspec.json.Decoder(Event), msgspec.json.Decoder(Check)
_planned, _stands, _message = map(msgspec.json.Decoder, (Planned, Stands, Message))
_BEGINS = {
    "keyed": ((b'{"dedupe_md5":', _check), (b"", _event)),
    "planned": ((b'{"stands":', _stands), (b'{"time":', _message), (b"", _planned)),
}
"""Kind of a topic -> what its records are, by their beginning."""


def read_handed(raw: bytes, kind: str) -> Event | Check | Handed | Refusal:
    """Return what another job wrote: it is decided already, and read as it is. Never raises."""
    decoder = next(decoder for begins, decoder in _BEGINS[kind] if raw.startswith(begins))
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(DeadReason.WRONG_TYPE, f"not written by a job of this version: {error}")
