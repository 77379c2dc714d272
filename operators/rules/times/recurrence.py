"""When the items of calendars happen: once, or every few days, weeks, months or years of local time."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from operators.rules.times.wallclock import Span, holds, next_crossing, reading

if TYPE_CHECKING:
    from operators.rules.shapes.model import CalendarItem

_PERIODS_AHEAD = 400
"""As the Gregorian calendar repeats after 400 years, what has not come by then never comes."""
_LAST_DAY = date(9900, 1, 1)


class Recurrence(NamedTuple):
    """Occurrences as long as the first: in every `interval`-th period, on the days `every` of the period.

    `every` means days of the week (Monday is 1), days of the month, or months of the year; empty = as the first. A day
    that a period does not have (30 February) is left out. No occurrence begins before the first or after `until`, a
    local reading.
    """

    first: Span
    freq: str
    interval: int
    every: tuple[int, ...]
    until: datetime | None


def happening(item: "CalendarItem", zone: ZoneInfo, now: int) -> tuple[bool, int | None]:
    """Return whether a calendar item is going on, and the next second at which that may change (None = never)."""
    if not item.repeat.freq:
        return _once(item.start_time, item.end_time, now)
    moment = reading(now, zone)
    spans = spans_around(_recurrence(item, zone), moment)
    return holds(spans, moment), next_crossing(spans, zone, now)


def _once(start: int, end: int, now: int) -> tuple[bool, int | None]:
    if now < start:
        return False, start
    return now <= end, end + 1 if now <= end else None


def _recurrence(item: "CalendarItem", zone: ZoneInfo) -> Recurrence:
    repeat = item.repeat
    first = Span(reading(item.start_time, zone), reading(item.end_time, zone))
    until = None if repeat.until is None else reading(repeat.until, zone)
    return Recurrence(first, repeat.freq, repeat.interval, tuple(sorted(repeat.every)), until)


def spans_around(recurrence: Recurrence, moment: datetime) -> list[Span]:
    """Return the occurrences that decide about a reading: the last that began, those near it and the next.

    Occurrences are of one length, so of those that began the last one ends last.
    """
    now = max(_period_of(recurrence, moment), 0)
    spans = [span for number in range(max(now - 1, 0), now + 2) for span in _spans_of(recurrence, number)]
    if not any(span.begin <= moment for span in spans):
        spans += islice(_spans_in(recurrence, range(_last_period(recurrence, now - 1), -1, -1)), 1)
    if not any(span.begin > moment for span in spans):
        spans += islice(_spans_in(recurrence, range(now + 2, _last_period(recurrence, now + _PERIODS_AHEAD) + 1)), 1)
    return spans


def _spans_in(recurrence: Recurrence, numbers: range) -> Iterator[Span]:
    """Yield the occurrences of periods, within each those of its end first if the periods run backwards."""
    for number in numbers:
        spans = list(_spans_of(recurrence, number))
        yield from spans if numbers.step > 0 else reversed(spans)


def _last_period(recurrence: Recurrence, number: int) -> int:
    """Return a number of a period, at most that of the last one with occurrences."""
    return number if recurrence.until is None else min(number, _period_of(recurrence, recurrence.until))


def _spans_of(recurrence: Recurrence, number: int) -> Iterator[Span]:
    first, until = recurrence.first, recurrence.until
    for day in _days_of(recurrence, number):
        begin = datetime.combine(day, first.begin.time())
        if begin >= first.begin and (until is None or begin <= until):
            yield Span(begin, begin + (first.end - first.begin))


def _period_of(recurrence: Recurrence, moment: datetime) -> int:
    """Return the number of the period a reading lies in, counted from that of the first occurrence."""
    since = _index(recurrence.freq, recurrence.first.begin.date())
    return (_index(recurrence.freq, moment.date()) - since) // recurrence.interval


def _index(freq: str, day: date) -> int:
    """Return the number of the day, week, month or year that a day lies in."""
    if freq == "day":
        return day.toordinal()
    if freq == "week":
        return (day.toordinal() - 1) // 7
    return day.year * 12 + day.month - 1 if freq == "month" else day.year


def _days_of(recurrence: Recurrence, number: int) -> Iterator[date]:
    freq, first = recurrence.freq, recurrence.first.begin.date()
    index = _index(freq, first) + number * recurrence.interval
    if index >= _index(freq, _LAST_DAY):
        return
    if freq == "day":
        yield date.fromordinal(index)
    elif freq == "week":
        yield from (date.fromordinal(index * 7 + weekday) for weekday in recurrence.every or (first.isoweekday(),))
    elif freq == "month":
        yield from _existing((index // 12, index % 12 + 1, day) for day in recurrence.every or (first.day,))
    else:
        yield from _existing((index, month, first.day) for month in recurrence.every or (first.month,))


def _existing(days: Iterator[tuple[int, int, int]]) -> Iterator[date]:
    for year, month, day in days:
        month_after = date(year + month // 12, month % 12 + 1, 1)
        if day <= (month_after - timedelta(days=1)).day:
            yield date(year, month, day)
