"""Stage 3 inside the dataflow: what was handed over, sorted by the slot of its business; the engine keeps a store a slot."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from operators.converge.notices import Notices, Taken
from operators.converge.words import Render
from operators.intake.handover import Clock, Handed, Over, slot_of_handed
from operators.intake.name import InForce
from operators.model.settings import CoreSettings
from operators.model.slot import SLOTS

Inherited = Callable[[str], bytes | None]
"""Slot -> its state in the savepoint that a job begins with."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """What of a batch is for one slot, in order."""

    slot: str
    things: list[Taken]


class Handing(Protocol):
    """What a stage before this one said."""

    @property
    def handed(self) -> Sequence[Handed | InForce]:
        """What it handed over, in order."""

    @property
    def clock(self) -> int:
        """How far the stream's time has come; 0: it says nothing of it."""

    @property
    def is_end(self) -> bool:
        """True if nothing more will come."""


class ByBusiness:
    """Routes by slot, and makes the stores. One a process."""

    def __init__(self, settings: CoreSettings, render: Render, inherited: Inherited = lambda _: None) -> None:
        self._settings, self._render, self._inherited = settings, render, inherited
        self._in_use: set[str] = set()
        """Slots that may have something due; a clock goes to them."""
        self._clock = 0

    def spread(self) -> None:
        """Take notice that other processes hold some of the slots: none is known to have nothing due."""
        self._in_use.update(SLOTS)

    def route(self, said: Sequence[Handing]) -> Iterable[tuple[str, Part]]:
        """Return what each slot is to take. Rules in force reach every slot, and so the first ones build it."""
        parts: dict[str, list[Taken]] = {}
        for one in said:
            for thing in one.handed:
                if isinstance(thing, InForce):
                    for slot in SLOTS:
                        parts.setdefault(slot, []).append(thing)
                    continue
                slot = slot_of_handed(thing)
                parts.setdefault(slot, []).append(thing)
                self._in_use.add(slot)
            for time in self._times(one):
                for slot in self._in_use:
                    parts.setdefault(slot, []).append(time)
        return [(slot, Part(slot, things)) for slot, things in parts.items()]

    def _times(self, one: Handing) -> Iterator[Clock | Over]:
        """Yield what every slot in use is told of the time."""
        if one.clock > self._clock:
            self._clock = one.clock
            yield Clock(one.clock)
        if one.is_end:
            yield Over()

    def store(self, slot: str, resume: bytes | None) -> Notices:
        """Return the store of a slot, as it was kept or inherited. Raises SnapshotError."""
        store = Notices(self._settings, self._render)
        data = self._inherited(slot) if resume is None else resume
        if data is not None:
            store.restore(data)
            if store.next_place() is not None:
                self._in_use.add(slot)
        return store
