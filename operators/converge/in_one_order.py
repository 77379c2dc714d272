"""Stage 3 where one process drives the stores of all slots, as a replay does."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from operators.converge.model import Numbers
from operators.converge.notices import Notices
from operators.converge.words import Render
from operators.intake.handover import Handed, slot_of_handed, time_of
from operators.intake.name import InForce
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_business

_first = itemgetter(0)


class InOneOrder:
    """The stores of all slots where one process drives them, as a replay does: what is due fires in the order of its making."""

    def __init__(self, settings: CoreSettings, render: Render) -> None:
        self._settings, self._render = settings, render
        self._numbers = Numbers()
        self._book: InForce | None = None
        self.slots: dict[str, Notices] = {}
        self._due: int | None = None
        """Before this second nothing is due; what was due then may have gone since."""

    def take(self, thing: Handed | InForce) -> list[Any]:
        """Take one thing; return what is said."""
        if isinstance(thing, InForce):
            self._book = thing
            for store in self.slots.values():
                store.take(thing)
                self._note_due(store)
            return []
        said = self.advance(time_of(thing))
        store = self.store(slot_of_handed(thing))
        store.take(thing)
        self._note_due(store)
        return said + store.drain()

    def advance(self, now: int) -> list[Any]:
        """Let the clock go on; return what is said."""
        said: list[Any] = []
        while self._due is not None and self._due <= now:
            place, store = min(self._places(), key=_first, default=(None, None))
            self._due = None if place is None else place[0]
            if store is not None and place is not None and place[0] <= now:
                store.fire_next()
                said += store.drain()
        return said

    def next_due(self) -> int | None:
        """Return the second at which something is due next."""
        return min((place[0] for place, _ in self._places()), default=None)

    def close(self) -> list[Any]:
        """Let the last second end; return what is said."""
        said: list[Any] = []
        for _, store in sorted(self.slots.items()):
            store.close()
            said += store.drain()
        self._due = self.next_due()
        return said

    def _places(self) -> Iterable[tuple[tuple[int, int], Notices]]:
        return ((place, store) for store in self.slots.values() if (place := store.next_place()) is not None)

    def _note_due(self, store: Notices) -> None:
        place = store.next_place()
        if place is not None and (self._due is None or place[0] < self._due):
            self._due = place[0]

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
        self._note_due(store)
