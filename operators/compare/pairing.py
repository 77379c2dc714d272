"""Which alert of one replay is which of the other: by fingerprint and time."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from operators.compare.shapes import AlertSeen

FOREVER = 1 << 62
"""The end of an alert that is open."""


class Pairs(NamedTuple):
    """The alerts of one fingerprint, each once."""

    both: list[tuple[AlertSeen, AlertSeen]]
    only_old: list[AlertSeen]
    only_new: list[AlertSeen]


def pairs(old: Sequence[AlertSeen], new: Sequence[AlertSeen]) -> Pairs:
    """Pair alerts of one fingerprint that began with the same event, then those that lived at the same time, the first first.

    Where one alert of a side lasts as long as several of the other, it is the first of them; the others are alone.
    """
    mine, theirs = {one.id: one for one in old}, {one.id: one for one in new}
    both = [(mine[name], theirs[name]) for name in sorted(mine.keys() & theirs.keys())]
    rest_old = _by_time(one for one in old if one.id not in theirs)
    rest_new = _by_time(one for one in new if one.id not in mine)
    only_old, only_new = list[AlertSeen](), list[AlertSeen]()
    while rest_old and rest_new:
        first, other = rest_old[-1], rest_new[-1]
        if overlap(first, other):
            both.append((rest_old.pop(), rest_new.pop()))
        elif first.begin_time <= other.begin_time:
            only_old.append(rest_old.pop())
        else:
            only_new.append(rest_new.pop())
    return Pairs(both, only_old + rest_old[::-1], only_new + rest_new[::-1])


def overlap(one: AlertSeen, other: AlertSeen) -> bool:
    """Return True if two alerts lived at the same time, or began in the same second."""
    return one.begin_time == other.begin_time or (one.begin_time < end_of(other) and other.begin_time < end_of(one))


def end_of(alert: AlertSeen) -> int:
    """Return the second in which an alert ended."""
    return FOREVER if alert.end_time is None else alert.end_time


def _by_time(alerts: Iterable[AlertSeen]) -> list[AlertSeen]:
    """Return alerts, the last first."""
    return sorted(alerts, key=lambda one: (one.begin_time, one.id), reverse=True)
