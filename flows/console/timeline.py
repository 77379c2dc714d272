"""Stretches of time as bars of a drawing: a calendar that a page draws without script."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

WIDTH = 1000


class Stretch(msgspec.Struct, frozen=True):
    """A bar: where it begins and how wide it is, of WIDTH; what it is, and which of its kind."""

    x: float
    width: float
    what: str
    hue: int
    """0 = a gap or nobody; others are told apart by it."""
    since: int
    until: int


def stretches(spans: Iterable[tuple[int, int | None, str, int]], since: int, until: int) -> tuple[Stretch, ...]:
    """Return spans of (begin, end, what, hue) as bars of a drawing from `since` to `until`; an end of None lies beyond it."""
    drawn = []
    for begin, end, what, hue in spans:
        first, last = max(begin, since), min(until if end is None else end, until)
        if first < last:
            x = (first - since) / (until - since) * WIDTH
            width = (last - first) / (until - since) * WIDTH
            drawn.append(Stretch(round(x, 1), round(max(width, 1.5), 1), what, hue, first, last))
    return tuple(drawn)


def midnight(now: int, zone: ZoneInfo) -> int:
    """Return the second at which the day of a moment began in a zone."""
    day = datetime.fromtimestamp(now, zone).date()
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())


def hues(names: Iterable[str], most: int = 8) -> dict[str, int]:
    """Return a number from 1 to `most` for each name: the same name, the same number within a page."""
    return {name: 1 + place % most for place, name in enumerate(sorted(set(names)))}
