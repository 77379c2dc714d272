"""When a figure may be believed: three rounds at least, ten seconds of work at least, and its spread beside it."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

ROUNDS = 3
SECONDS = 10.0
"""Of work, all rounds together; less is not printed as a figure."""
MOST_ROUNDS = 60


class Round(NamedTuple):
    """Seconds of CPU, the events they were spent on, and the time of `sum(range(1000))` beside them in us."""

    seconds: float
    events: int
    unit: float

    @property
    def each(self) -> float:
        """Microseconds an event."""
        return self.seconds / self.events * 1e6


def rounds_of(once: Callable[[], Round], *, seconds: float = SECONDS) -> list[Round]:
    """Repeat a round until there are enough of them and enough work."""
    rounds: list[Round] = []
    while len(rounds) < ROUNDS or sum(one.seconds for one in rounds) < seconds:
        if len(rounds) == MOST_ROUNDS:
            break
        rounds.append(once())
    return rounds


def figure(rounds: Sequence[Round]) -> str:
    """Return the figure of some rounds with its spread, or why there is none."""
    work = sum(one.seconds for one in rounds)
    if len(rounds) < ROUNDS or work < SECONDS:
        needed = int(sum(one.events for one in rounds) * SECONDS / max(work, 0.1)) + 1
        return (
            f"no figure: {work:.1f} s of work in {len(rounds)} rounds; it takes {SECONDS:.0f} s in {ROUNDS}"
            f" (about {needed:,} events in all)"
        )
    us = [f"{value:.1f}" for value in spread([one.each for one in rounds])]
    units = [f"{value:.2f}" for value in spread([one.each / one.unit for one in rounds])]
    return (
        f"{us[1]} us CPU an event ({us[0]} - {us[2]}) = {units[1]} c ({units[0]} - {units[2]}),"
        f" {len(rounds)} rounds, {work:.0f} s"
    )


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the least, the middle and the greatest of some values."""
    ordered = sorted(values)
    return ordered[0], ordered[len(ordered) // 2], ordered[-1]


def calibration() -> float:
    """Return microseconds of `sum(range(1000))`, the unit `c`: to compare machines and moments."""

    def once() -> float:
        begin = time.process_time()
        for _ in range(2000):
            sum(range(1000))
        return (time.process_time() - begin) / 2000 * 1e6

    return min(once() for _ in range(5))


def timed(work: Callable[[], int]) -> Round:
    """Run a round in this process: the unit is taken before and after it, and the lesser counts."""
    before = calibration()
    begin = time.process_time()
    events = work()
    seconds = time.process_time() - begin
    return Round(seconds, events, min(before, calibration()))
