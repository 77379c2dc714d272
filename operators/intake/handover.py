"""What the lifecycle hands to the stage by business, and a job to the next one (design.md 5; docs/jobs.md)."""

from operator import attrgetter

import msgspec

from operators.intake.decode import Refusal
from operators.model.alert import Alert
from operators.model.check import Check
from operators.model.event import Event
from operators.model.memory import Told
from operators.model.reason import DeadReason
from operators.model.records import Action, LogEntry, Message
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_business
from operators.rules.ask.inhibition import Side
from operators.rules.shapes.model import Strategy


class Planned(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A planned action, its alert as it stood then, and the entry of the alert's log that has yet to say what became of it."""

    alert: Alert
    action: Action
    at: int = 0
    """When it was handed over: its plan may lie a while back."""
    entry: LogEntry | None = None
    strategy: Strategy | None = None
    """That of the alert, where it has left the rules."""
    target: tuple[Side, ...] = ()
    """Of a notice: by which rules its alert may be inhibited (design.md 7.66)."""
    told: Told | None = None
    """Who was told of its problem before this, where it may be inhibited."""


class Party(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """How an alert stands that a rule of inhibition concerns: as it opens, as its sides change, as it ends (design.md 7.66).

    One that may be inhibited comes with each of its documents: its notice may have to be told later.
    """

    party: Alert
    at: int
    source: tuple[Side, ...] = ()
    """By which rules it inhibits others; of one that has ended, none."""
    target: tuple[Side, ...] = ()


class Stands(msgspec.Struct, frozen=True, gc=False):
    """How an alert stood at the end of a second, for a summary that may yet name it (design.md 7.25)."""

    stands: Alert
    at: int


class Clock(msgspec.Struct, frozen=True, gc=False):
    """How far a job has come: everything before this second is written. The time of the job that reads it."""

    clock: int
    writer: int = 0
    writers: int = 1


class Over(msgspec.Struct, frozen=True, gc=False):
    """Nothing more will come: the last second is over."""


Handed = Planned | Stands | Party | Message
"""A message that is handed over tells of a shield."""


def time_of(handed: Handed) -> int:
    """Return the second in which a thing was handed over."""
    return handed.time if isinstance(handed, Message) else handed.at


def slot_of_handed(handed: Handed) -> str:
    """Return the slot of the business that a thing is about: all that may be merged meets there."""
    return slot_of_business(str(_business_of[type(handed)](handed)))


_business_of = {
    Planned: attrgetter("action.bk_biz_id"),
    Stands: attrgetter("stands.bk_biz_id"),
    Party: attrgetter("party.bk_biz_id"),
    Message: attrgetter("bk_biz_id"),
}


def horizon(settings: CoreSettings) -> int:
    """Return for how many seconds behind its action a summary may name an alert."""
    return settings.converge.window + 2 * settings.converge.delay + settings.check_interval


HANDED = frozenset({"keyed", "planned"})
"""Kinds of topics that our own jobs write: `keyed` holds events and checks, `planned` what is handed over."""

_event, _check = msgspec.json.Decoder(Event), msgspec.json.Decoder(Check)
_planned, _stands, _party, _message = map(msgspec.json.Decoder, (Planned, Stands, Party, Message))
_BEGINS = {
    "keyed": ((b'{"dedupe_md5":', _check), (b"", _event)),
    "planned": ((b'{"stands":', _stands), (b'{"party":', _party), (b'{"time":', _message), (b"", _planned)),
}
"""Kind of a topic -> what its records are, by their beginning."""


def read_handed(raw: bytes, kind: str) -> Event | Check | Handed | Refusal:
    """Return what another job wrote: it is decided already, and read as it is. Never raises."""
    decoder = next(decoder for begins, decoder in _BEGINS[kind] if raw.startswith(begins))
    try:
        found = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(DeadReason.WRONG_TYPE, f"not written by a job of this version: {error}")
    if type(found) is Event and type(found.severity) is not int:  # as it may stand on the wire alone
        return Refusal(DeadReason.WRONG_TYPE, "not written by a job of this version: a severity that is no number")
    return found
