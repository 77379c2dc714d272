"""Packing ahead of a snapshot, a few slots a batch: while it is taken the job stands still.

When the next one comes is not asked of a clock: about as many records lie between two as between the two before. What
changes all the time is left to the snapshot, for packed now it would be packed again.
"""

from operators.state.slots import States

BEGINS = 0.5
"""The share of the records between two snapshots after which packing begins."""
ROUND = 0.25
"""The share in which every slot has its turn once."""
CALM = 0.125
"""The share of the stream's time between two snapshots for which a state must have been left alone."""


class Ahead:
    """Packs states that have changed, slot after slot."""

    def __init__(self, states: States) -> None:
        self._states = states
        self._before = 0
        """Records between the last two snapshots; 0: not known, and nothing is packed ahead."""
        self._since = 0
        self._clock = 0
        """Of the stream, at the last snapshot."""
        self._turns = 0

    def kept(self, now: int) -> None:
        """Take notice of a snapshot."""
        self._before, self._since, self._clock, self._turns = self._since, 0, now, 0

    def folded(self, count: int, now: int) -> None:
        """Take notice of so many records, and pack what is due by them."""
        self._since += count
        if not self._before or self._since < BEGINS * self._before:
            return
        slots = tuple(self._states.slots.values())
        due = int((self._since / self._before - BEGINS) / ROUND * len(slots))
        calm = now - CALM * (now - self._clock)
        for turn in range(self._turns, min(due, self._turns + len(slots))):
            slots[turn % len(slots)].pack(calm)
        self._turns = max(self._turns, due)
