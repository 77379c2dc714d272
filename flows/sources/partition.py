"""One partition of a stream: what was read of it, what was handed on, and up to which second it is known."""

from bisect import bisect_right
from operator import attrgetter

from operators.intake.decode import MAX_BYTES, TOMBSTONE
from operators.intake.poll import OURS, Raw

_raw = attrgetter("raw")


class Partition:
    """Records read and not yet handed on, in order; the arrival times never run backwards."""

    __slots__ = (
        "answered",
        "fetched",
        "format",
        "handed",
        "held",
        "is_paused",
        "is_read",
        "kind",
        "known",
        "last",
        "next",
        "number",
        "times",
        "topic",
        "weight",
    )

    def __init__(
        self, topic: str, number: int, kind: str, *, offset: int, reached: int, now: float, format_: str = OURS
    ) -> None:
        self.topic, self.number, self.kind, self.format = topic, number, kind, format_
        self.held: list[Raw] = []
        self.times: list[int] = []
        """Arrivals of the held records."""
        self.weight = 0
        """Bytes held."""
        self.next = self.fetched = offset
        """The offset after the last record handed on, and after the last one read; negative: not known yet."""
        self.handed = self.last = reached
        """Arrival of the last record handed on, and of the last one read."""
        self.known = reached
        """The second up to which everything that arrived was read, as far as that was ever known."""
        self.is_read = False
        """Nothing more is to be had from the broker now."""
        self.is_paused = False
        self.answered = now
        """When its broker was last known to answer."""

    @property
    def name(self) -> str:
        """Return the name that offsets are kept under."""
        return f"{self.topic}:{self.number}"

    def add(self, offset: int, arrival: int, value: bytes | None) -> None:
        """Hold a record. One that was seen before (a fetch repeated after a pause) is left out; a huge one is cut."""
        if offset < self.fetched:
            return
        self.fetched = offset + 1
        self.is_read = False
        if arrival > self.last:  # noqa: PLR1730 - half the time of max()
            self.last = arrival
        kind = self.kind
        if value is None:
            kind, value = TOMBSTONE, b""
        elif len(value) > MAX_BYTES:
            value = value[: MAX_BYTES + 1]  # enough to see that it is too large
        self.weight += len(value)
        self.times.append(self.last)
        self.held.append(Raw(self.last, self.topic, f"{self.number}:{offset}", value, kind, format=self.format))

    def end(self, offset: int) -> None:
        """Note that the broker has nothing beyond `offset` now."""
        self.is_read = True
        self.fetched = max(self.fetched, offset)
        if not self.held:
            self.next = self.fetched

    def doubt(self) -> None:
        """Forget that everything was read: the broker has not answered for a while."""
        if self.is_read:
            self.is_read = False
            self.known = max(self.known, int(self.answered))

    def reset(self) -> None:
        """Accept any offset next: the ones expected are gone."""
        self.fetched = -1
        self.is_read = False

    def waiting(self, until: int) -> int:
        """Return how many of the held records arrived at or before a second."""
        return bisect_right(self.times, until)

    def hand(self, count: int) -> list[Raw]:
        """Let go of the first held records."""
        taken = self.held[:count]
        if taken:
            self.handed = self.times[len(taken) - 1]
            del self.held[:count], self.times[:count]
            self.weight -= sum(map(len, map(_raw, taken)))
            self.next = offset_of(self.held[0]) if self.held else self.fetched
        return taken

    def reach(self, now: int) -> int:
        """Return the second before which nothing more will be read of it."""
        return max(now, self.known) if self.is_read else max(self.known, self.last)

    def bound(self, now: int) -> int:
        """Return the second before which nothing more will be handed on."""
        return self.times[0] if self.times else self.reach(now)


def offset_of(raw: Raw) -> int:
    """Return the offset that a position names."""
    return int(raw.position.rpartition(":")[2])
