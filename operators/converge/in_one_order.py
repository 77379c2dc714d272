"""Stage 3 where one process drives the stores of all slots, as a replay does."""

from typing import Any

from operators.converge.model import Numbers
from operators.converge.notices import Notices
from operators.converge.words import Render
from operators.intake.handover import Handed, Stands, slot_of_handed, time_of
from operators.intake.name import InForce
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_business


class InOneOrder:
    """The stores of all slots where one process drives them, as a replay does: what is due fires in the order of its making."""

    def __init__(self, settings: CoreSettings, render: Render) -> None:
        self._settings, self._render = settings, render
        self._numbers = Numbers()
        self._book: InForce | None = None
        self.slots: dict[str, Notices] = {}
        self._places: dict[str, tuple[int, int]] = {}
        """Slot -> second and number of what its store fires next."""
        self._due: int | None = None

    def take(self, thing: Handed | InForce) -> list[Any]:
        """Take one thing; return what is said."""
        if isinstance(thing, InForce):
            self._book = thing
            for slot, store in self.slots.items():
                store.take(thing)
                self._note_due(slot, store)
            return []
        said = self.advance(time_of(thing))
        slot = slot_of_handed(thing)
        store = self.store(slot)
        store.take(thing)
        if type(thing) is Stands:
            return said  # by itself it tells nothing, now or later
        self._note_due(slot, store)
        return said + store.drain()

    def advance(self, now: int) -> list[Any]:
        """Let the clock go on; return what is said."""
        said: list[Any] = []
        while self._due is not None and self._due <= now:
            slot = min(self._places, key=self._places.__getitem__)
            store = self.slots[slot]
            store.fire_next()
            said += store.drain()
            self._note_due(slot, store)
        return said

    def next_due(self) -> int | None:
        """Return the second at which something is due next."""
        return self._due

    def close(self) -> list[Any]:
        """Let the last second end; return what is said."""
        said: list[Any] = []
        for slot, store in sorted(self.slots.items()):
            store.close()
            said += store.drain()
            self._note_due(slot, store)
        return said

    def _note_due(self, slot: str, store: Notices) -> None:
        """Take notice of what is due in a store that took or told something."""
        place, known = store.next_place(), self._places.pop(slot, None)
        if place is not None:
            self._places[slot] = place
        if place != known:
            self._due = min(self._places.values())[0] if self._places else None

    def store(self, slot: str) -> Notices:
        """Return the store of a slot, made when first asked for."""
        if slot not in self.slots:
            self.slots[slot] = Notices(self._settings, self._render, self._numbers)
            if self._book is not None:
                self.slots[slot].take(self._book)
        return self.slots[slot]

    def store_of(self, business: str | int | None) -> Notices:
        """Return the store of a business."""
        return self.store(slot_of_business(str(business)))

    def restore(self, slot: str, data: bytes) -> None:
        """Take over a slot from its snapshot. Raises SnapshotError."""
        store = self.store(slot)
        store.restore(data)
        self._note_due(slot, store)
