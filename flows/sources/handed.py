"""A partition that another job of ours writes: its time is that job's clock, not the wall's.

A job that lags behind, or does not run, would else look like a stream in which nothing happens any more.
"""

import msgspec

from flows.sources.partition import Partition
from operators.intake.handover import Clock

_BEGINS = b'{"clock":'
_decode = msgspec.json.Decoder(Clock).decode


class HandedPartition(Partition):
    """Knows of every writer up to which second it has written everything."""

    __slots__ = ("_clocks",)

    def __init__(self, topic: str, number: int, kind: str, *, offset: int, reached: int, now: float) -> None:
        super().__init__(topic, number, kind, offset=offset, reached=reached, now=now)
        self._clocks: dict[int, int] = {}

    def add(self, offset: int, arrival: int, value: bytes | None) -> None:
        """Hold a record, or take notice of a writer's clock."""
        if value is None or not value.startswith(_BEGINS):
            super().add(offset, arrival, value)
        elif offset >= self.fetched:
            self.fetched, self.is_read = offset + 1, False
            self._hear(value)

    def _hear(self, value: bytes) -> None:
        clock = _decode(value)
        self._clocks = {writer: at for writer, at in self._clocks.items() if writer < clock.writers}  # fewer, perhaps
        self._clocks[clock.writer] = max(clock.clock, self._clocks.get(clock.writer, 0))
        if len(self._clocks) >= clock.writers:
            self.known = max(self.known, min(self._clocks.values()))

    def doubt(self) -> None:
        """Forget that everything was read; the clocks stay."""
        self.is_read = False

    def reach(self, now: int) -> int:
        """Return the second before which nothing more will be read of it."""
        return min(now, self.known) if self.is_read else self.last
