"""Timers: the next deadline of each fingerprint, by second (design.md 4, "deadlines, not sweeps")."""

from heapq import heappop, heappush

from operators.model.slot import slot_of


def sooner(one: int | None, other: int | None) -> int | None:
    """Return the sooner of two seconds; None: never."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Second(list[str]):
    """The fingerprints that asked for one second, in no order; some may have asked for an earlier one since."""

    __slots__ = ("at", "is_sorted")

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.is_sorted = False


class Timers:
    """At most one deadline of a fingerprint counts; an earlier one takes the place of a later one."""

    __slots__ = ("_asked", "_due", "_heap")

    def __init__(self) -> None:
        self._heap: list[int] = []
        """Seconds for which anybody asked."""
        self._asked: dict[int, Second] = {}
        self._due: dict[str, Second] = {}

    def schedule(self, md5: str, due: int | None) -> None:
        """Ask for a wake-up at a second; None asks for nothing."""
        if due is None:
            return
        known = self._due.get(md5)
        if known is None or due < known.at:
            second = self._asked.get(due)
            if second is None:
                second = self._asked[due] = Second(due)
                heappush(self._heap, due)
            second.append(md5)
            second.is_sorted = False
            self._due[md5] = second

    def next_due(self) -> int | None:
        """Return the next second at which somebody may be due."""
        return self._heap[0] if self._heap else None

    def pop(self, now: int) -> str | None:
        """Take out the next fingerprint due at or before `now`: in order of time, then of name."""
        heap = self._heap
        while heap and heap[0] <= now:
            second = self._asked[heap[0]]
            if not second.is_sorted:
                second.sort(reverse=True)
                second.is_sorted = True
            md5 = second.pop()
            if not second:
                del self._asked[heappop(heap)]
            if self._due.get(md5) is second:  # else an earlier one took its place
                del self._due[md5]
                return md5
        return None

    def slots_due(self, now: int) -> set[str]:
        """Return the slots with somebody due at or before `now`."""
        heap, places = self._heap, [0]
        found: set[str] = set()
        while places:
            place = places.pop()
            if place < len(heap) and heap[place] <= now:
                found.update(map(slot_of, self._asked[heap[place]]))
                places += (2 * place + 1, 2 * place + 2)
        return found
