"""Timers: the next deadline of each state, by second (design.md 4, "deadlines, not sweeps")."""

from heapq import heappop, heappush
from operator import attrgetter

from operators.model.slot import slot_of
from operators.state.state import State

_name = attrgetter("dedupe_md5")


def sooner(one: int | None, other: int | None) -> int | None:
    """Return the sooner of two seconds; None: never."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)


class Second(list[State]):
    """The states that asked for one second, in no order; some may have asked for an earlier one since."""

    __slots__ = ("is_sorted",)

    def __init__(self) -> None:
        super().__init__()
        self.is_sorted = False


class Timers:
    """At most one deadline of a state counts, the one it has `asked` for; an earlier one takes the place of a later one."""

    __slots__ = ("_asked", "_heap")

    def __init__(self) -> None:
        self._heap: list[int] = []
        """Seconds for which anybody asked."""
        self._asked: dict[int, Second] = {}

    def schedule(self, state: State, due: int | None) -> None:
        """Ask for a wake-up at a second; None asks for nothing."""
        if due is None or (state.asked is not None and state.asked <= due):
            return
        second = self._asked.get(due)
        if second is None:
            second = self._asked[due] = Second()
            heappush(self._heap, due)
        second.append(state)
        second.is_sorted = False
        state.asked = due

    def next_due(self) -> int | None:
        """Return the next second at which somebody may be due."""
        return self._heap[0] if self._heap else None

    def pop(self, now: int) -> State | None:
        """Take out the next state due at or before `now`: in order of time, then of name."""
        heap = self._heap
        while heap and (at := heap[0]) <= now:
            second = self._asked[at]
            if not second.is_sorted:
                second.sort(key=_name, reverse=True)
                second.is_sorted = True
            state = second.pop()
            if not second:
                del self._asked[heappop(heap)]
            if state.asked == at:  # else an earlier one took its place, or the state is forgotten
                state.asked = None
                return state
        return None

    def slots_due(self, now: int) -> set[str]:
        """Return the slots with somebody due at or before `now`."""
        heap, places = self._heap, [0]
        found: set[str] = set()
        while places:
            place = places.pop()
            if place < len(heap) and heap[place] <= now:
                found.update(map(slot_of, map(_name, self._asked[heap[place]])))
                places += (2 * place + 1, 2 * place + 2)
        return found
