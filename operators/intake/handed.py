"""What another job of ours wrote: read as it is, decided already (operators/model/handover.py)."""

import msgspec

from operators.intake.decode import Refusal
from operators.model.check import Check
from operators.model.event import Event
from operators.model.handover import Planned
from operators.model.reason import DeadReason

Handed = Event | Check | Planned

_CHECK_BEGINS = b'{"dedupe_md5":'
"""An event begins with its id."""
_event, _check = msgspec.json.Decoder(Event), msgspec.json.Decoder(Check)
_planned = msgspec.json.Decoder(Planned)


def _keyed(raw: bytes) -> Event | Check:
    return _check.decode(raw) if raw.startswith(_CHECK_BEGINS) else _event.decode(raw)


HANDED = frozenset({"keyed", "planned"})
"""Kinds of topics that our own jobs write."""


def read_handed(raw: bytes, kind: str) -> Handed | Refusal:
    """Return what another job wrote. Never raises."""
    try:
        return _keyed(raw) if kind == "keyed" else _planned.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refusal(DeadReason.WRONG_TYPE, f"not written by a job of this version: {error}")
