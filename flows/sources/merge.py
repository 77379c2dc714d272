"""Several partitions as one stream in the order of arrival, and that stream's clock (design.md 4).

A record is handed on once no other partition can still bring an older one: all partitions are read evenly by time, so
that catching up gives what the live run would have given. The clock is the second that every partition has reached.
"""

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from flows.sources.partition import Partition
from operators.intake.poll import Raw

_at = attrgetter("at")


class Merge:
    """Takes what may go on. A partition whose broker is silent for `patience` seconds no longer holds up the others."""

    def __init__(self, partitions: Sequence[Partition], *, size: int, patience: float, clock: int) -> None:
        self._partitions, self._size, self._patience = partitions, size, patience
        self.clock = clock

    def take(self, now: float) -> list[Raw]:
        """Return the records whose turn it is, at most `size`, in order of arrival; move the clock."""
        second = int(now)
        horizon = min((one.reach(second) for one in self._partitions if self._speaks(one, now)), default=second)
        ready = [(one, min(one.waiting(horizon), self._size)) for one in self._partitions if one.held]
        raws = self._merged([(one, count) for one, count in ready if count])
        self._move_clock(now)
        return raws

    def _speaks(self, partition: Partition, now: float) -> bool:
        return partition.is_read or now - partition.answered <= self._patience

    def _move_clock(self, now: float) -> None:
        bounds = [one.bound(int(now)) for one in self._partitions if one.held or self._speaks(one, now)]
        if bounds or not self._partitions:
            self.clock = max(self.clock, min(bounds, default=int(now)))

    def _merged(self, ready: list[tuple[Partition, int]]) -> list[Raw]:
        if len(ready) == 1:
            partition, count = ready[0]
            return partition.hand(count)
        if sum(count for _, count in ready) > self._size:
            ready = self._share(ready)
        raws = [raw for partition, count in ready for raw in partition.hand(count)]
        raws.sort(key=_at)
        return raws

    def _share(self, ready: list[tuple[Partition, int]]) -> list[tuple[Partition, int]]:
        """Choose the `size` oldest; of one second, those of the first partitions."""
        seconds = range(min(one.times[0] for one, _ in ready), max(one.last for one, _ in ready))
        latest = seconds.start + bisect_left(
            seconds, self._size, key=lambda second: sum(one.waiting(second) for one, _ in ready)
        )
        sure = {partition.name: min(partition.waiting(latest - 1), count) for partition, count in ready}
        room = self._size - sum(sure.values())
        shares = []
        for partition, count in ready:
            more = min(room, min(partition.waiting(latest), count) - sure[partition.name])
            room -= more
            shares.append((partition, sure[partition.name] + more))
        return shares
