"""Counts over time: events of a fingerprint, alerts that are opened, end, and are open."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec


class EventCount(msgspec.Struct, frozen=True, order=True):
    """How many events of one kind arrived in one step."""

    time: int
    """When the step begins, in Unix seconds: a multiple of its length."""
    severity: int
    status: str
    count: int


class Trend(msgspec.Struct, frozen=True, order=True):
    """What became of the alerts of one severity in one step of time."""

    time: int
    """When the step begins, in Unix seconds: a multiple of its length."""
    severity: int
    opened: int
    ended: int
    open: int
    """How many were open when it ended, or are now."""


class Span(NamedTuple):
    """A time cut into steps; Unix seconds."""

    since: int
    until: int
    step: int

    def begin_of(self, second: int) -> int:
        """Return when the step of a second begins."""
        return second - second % self.step


class Moved(NamedTuple):
    """What was opened and what ended since the begin of a span, up to now: (second, severity, how many)."""

    opened: Iterable[tuple[int, int, int]]
    ended: Iterable[tuple[int, int, int]]


def event_counts(events: Iterable[tuple[int, int, str]]) -> tuple[EventCount, ...]:
    """Count events that are each (begin of its step, severity, status)."""
    return tuple(sorted(EventCount(*kind, count) for kind, count in Counter(events).items()))


def trend_of(open_now: Mapping[int, int], moved: Moved, span: Span) -> tuple[Trend, ...]:
    """Return every step of a span, oldest first: walked back from what is open now."""
    opened, ended = _by_step(moved.opened, span), _by_step(moved.ended, span)
    times = range(span.begin_of(span.since), span.until, span.step)
    severities = sorted({*open_now, *(severity for _, severity in (*opened, *ended))})
    found: list[Trend] = []
    for severity in severities:
        later = [time for time, one in {**opened, **ended} if one == severity and time not in times]
        there = open_now.get(severity, 0)
        for time in sorted({*times, *later}, reverse=True):
            came, went = opened[time, severity], ended[time, severity]
            if time in times:
                found.append(Trend(time, severity, came, went, there))
            there += went - came
    return tuple(sorted(found))


def _by_step(moves: Iterable[tuple[int, int, int]], span: Span) -> Counter[tuple[int, int]]:
    counts = Counter[tuple[int, int]]()
    for second, severity, count in moves:
        counts[span.begin_of(second), severity] += count
    return counts
