"""Spans of local time: what a clock on the wall reads, and the seconds at which the reading crosses a bound.

A span holds in every second whose wall reading lies in it, both ends included. So on the day clocks go forward a bound
inside the gap stands at the end of the gap, and on the day they go back a repeated reading holds both times.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86400
_SECOND = timedelta(seconds=1)
_EARLIEST = int(datetime(1900, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(9900, 1, 1, tzinfo=UTC).timestamp())


class Span(NamedTuple):
    """Local readings from `begin` to `end`, both included, without zone."""

    begin: datetime
    end: datetime


class Hours(NamedTuple):
    """Seconds of the day from `begin` to `end`, both included; `begin` after `end` runs past midnight."""

    begin: int
    end: int


WHOLE_DAY = Hours(0, DAY - 1)


def reading(now: int, zone: ZoneInfo) -> datetime:
    """Return what the wall clock of a zone reads; times beyond the calendar read as its nearest end."""
    return datetime.fromtimestamp(min(max(now, _EARLIEST), _LATEST), zone).replace(tzinfo=None, fold=0)


def second_of_day(moment: datetime) -> int:
    """Return the seconds since the reading 00:00:00."""
    return moment.hour * 3600 + moment.minute * 60 + moment.second


@lru_cache(maxsize=4096)
def parse_time(text: str) -> int:
    """Return the second of the day of `HH:MM[:SS]`; rules are checked when they load, so bad text is a bug."""
    parts = [int(part) for part in text.strip().split(":")]
    hours, minutes, seconds = (*parts, 0)[:3]
    return min(hours * 3600 + minutes * 60 + seconds, DAY - 1)


def in_range(limits: Hours, moment: datetime) -> bool:
    """Return True if the time of day lies in the range."""
    second = second_of_day(moment)
    if limits.begin <= limits.end:
        return limits.begin <= second <= limits.end
    return second >= limits.begin or second <= limits.end


def span_of(day: date, limits: Hours) -> Span:
    """Return the span of a range that begins on a day."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 wall readings have no zone
    end = limits.end if limits.begin <= limits.end else limits.end + DAY
    return Span(midnight + timedelta(seconds=limits.begin), midnight + timedelta(seconds=end))


def days_from(today: date, first: int, last: int) -> Iterable[date]:
    """Return the days from today + first to today + last, both included."""
    return (today + timedelta(days=shift) for shift in range(first, last + 1))


def holds(spans: Iterable[Span], moment: datetime) -> bool:
    """Return True if a reading lies in any span."""
    return any(span.begin <= moment <= span.end for span in spans)


def next_crossing(spans: Iterable[Span], zone: ZoneInfo, now: int) -> int | None:
    """Return the first second after now at which the reading may enter or leave one of the spans."""
    return min((at for span in spans for at in bounds(span, zone) if at > now), default=None)


def leaves(span: Span, zone: ZoneInfo, now: int) -> int:
    """Return the first second after now whose reading lies outside a span that now's reading lies in."""
    ahead = sorted(at for at in bounds(span, zone) if at > now)
    return next(at for at in ahead if not span.begin <= reading(at, zone) <= span.end)


def bounds(span: Span, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the seconds at which the reading may enter or leave a span."""
    return crossings(span.begin, zone) + crossings(span.end + _SECOND, zone)


def crossings(bound: datetime, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the seconds at which the reading may reach a bound or jump over it.

    One second as a rule. Where clocks are changed across the bound: both seconds that an offset gives it, and the
    change.
    """
    first, last = sorted((_instant(bound, zone, 0), _instant(bound, zone, 1)))
    if first == last:
        return (first,)
    return (first, _change(first, last, zone), last)


def _instant(bound: datetime, zone: ZoneInfo, fold: int) -> int:
    return int(bound.replace(tzinfo=zone, fold=fold).timestamp())


def _change(before: int, after: int, zone: ZoneInfo) -> int:
    """Return the first second of the new offset, known to lie in (before, after]."""
    offset = _offset(before, zone)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(now: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(now, zone).utcoffset()
