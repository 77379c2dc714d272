"""Timers: the next deadline of each fingerprint, in one heap (design.md 4, "deadlines, not sweeps")."""

from heapq import heappop, heappush

from operators.model.slot import slot_of


class Timers:
    """At most one deadline of a fingerprint counts; an earlier one takes the place of a later one."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}

    def schedule(self, md5: str, due: int | None) -> None:
        """Ask for a wake-up at a second; None asks for nothing."""
        if due is None:
            return
        known = self._due.get(md5)
        if known is None or due < known:
            self._due[md5] = due
            heappush(self._heap, (due, md5))

    def next_due(self) -> int | None:
        """Return the next second at which somebody may be due."""
        return self._heap[0][0] if self._heap else None

    def pop(self, now: int) -> str | None:
        """Take out the next fingerprint due at or before `now`: in order of time, then of name."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, md5 = heappop(heap)
            if self._due.get(md5) == due:  # else an earlier one took its place
                del self._due[md5]
                return md5
        return None

    def slots_due(self, now: int) -> set[str]:
        """Return the slots with somebody due at or before `now`."""
        heap, found, places = self._heap, set(), [0]
        while places:
            place = places.pop()
            if place < len(heap) and heap[place][0] <= now:
                found.add(slot_of(heap[place][1]))
                places += (2 * place + 1, 2 * place + 2)
        return found
