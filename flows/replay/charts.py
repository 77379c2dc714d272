"""The geometry of the charts: numbers to points of an SVG that is as wide as its place."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from operators.compare.result import Hour

WIDTH, HEIGHT = 1000, 100
"""Of the drawing; it is stretched to its place."""
STEPS = (3600, 3 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 28 * 86400)
"""Seconds that a step of a line may stand for."""
MOST_STEPS = 150
HOURS = 24


class Bucket(NamedTuple):
    """Messages of some time, on each side."""

    begin: int
    old: int
    new: int


class Steps(NamedTuple):
    """Two stepped lines over time."""

    seconds: int
    """Of one step."""
    highest: int
    buckets: Sequence[Bucket]
    old: str
    """Path of a filled area."""
    new: str
    """Path of a line."""


class Bar(NamedTuple):
    """Two bars beside each other: one hour of the day."""

    label: str
    old: int
    new: int
    x_old: float
    x_new: float
    width: float
    height_old: float
    height_new: float


def steps(hours: Sequence[Hour]) -> Steps | None:
    """Return messages over time, in as many steps as can be told apart; None where there are none."""
    if not hours:
        return None
    span = hours[-1].hour - hours[0].hour + 3600
    seconds = next((one for one in STEPS if span / one <= MOST_STEPS), STEPS[-1])
    buckets = _buckets(hours, seconds)
    highest = max(max(one.old, one.new) for one in buckets)
    old, new = ([getattr(one, side) for one in buckets] for side in ("old", "new"))
    line = _stepped(new, highest)
    return Steps(seconds, highest, buckets, f"M0,{HEIGHT}L{_stepped(old, highest)}L{WIDTH},{HEIGHT}Z", f"M{line}")


def _buckets(hours: Sequence[Hour], seconds: int) -> list[Bucket]:
    first, last = (one.hour // seconds * seconds for one in (hours[0], hours[-1]))
    sums = {begin: [0, 0] for begin in range(first, last + 1, seconds)}
    for one in hours:
        sum_of = sums[one.hour // seconds * seconds]
        sum_of[0] += one.old
        sum_of[1] += one.new
    return [Bucket(begin, *both) for begin, both in sums.items()]


def _stepped(values: Sequence[int], highest: int) -> str:
    width = WIDTH / len(values)
    points = []
    for place, value in enumerate(values):
        y = HEIGHT - HEIGHT * value / max(1, highest)
        points += [f"{place * width:.2f},{y:.2f}", f"{(place + 1) * width:.2f},{y:.2f}"]
    return "L".join(points)


def by_hour_of_day(hours: Iterable[Hour], zone: tzinfo) -> list[Bar]:
    """Return messages by the hour of the day in a zone."""
    sums = {hour: [0, 0] for hour in range(HOURS)}
    for one in hours:
        both = sums[datetime.fromtimestamp(one.hour, zone).hour]
        both[0] += one.old
        both[1] += one.new
    return _bars({f"{hour:02d}": (old, new) for hour, (old, new) in sums.items()})


def _bars(values: Mapping[str, tuple[int, int]]) -> list[Bar]:
    highest = max(1, *(max(both) for both in values.values()))
    width = WIDTH / len(values)
    bars = []
    for place, (label, (old, new)) in enumerate(values.items()):
        x = place * width
        heights = (HEIGHT * old / highest, HEIGHT * new / highest)
        bars.append(Bar(label, old, new, x + width * 0.12, x + width * 0.5, width * 0.36, *heights))
    return bars
