"""Sets of calendar days that can be counted without walking them: what makes a rotation a function of time.

A day is a proleptic ordinal (`date.toordinal()`): 1 is Monday, 1 January of year 1.
"""

import calendar
from bisect import bisect_right
from datetime import date
from typing import Protocol

import msgspec

LAST_DAY = date.max.toordinal()


class DaySet(Protocol):
    """A set of days, counted from the beginning of time."""

    def has(self, day: int) -> bool:
        """Return True if the day belongs to the set."""
        ...

    def upto(self, day: int) -> int:
        """Return how many days of the set lie at or before the day. Must not walk day by day."""
        ...


class Weekdays(msgspec.Struct, frozen=True):
    """The listed days of every week, 1 Monday to 7 Sunday."""

    listed: frozenset[int]

    def has(self, day: int) -> bool:
        """Return True if the day's weekday is listed."""
        return (day - 1) % 7 + 1 in self.listed

    def upto(self, day: int) -> int:
        """Count by whole weeks, then the rest of the last one."""
        weeks, rest = divmod(day, 7)
        return weeks * len(self.listed) + sum(weekday <= rest for weekday in self.listed)


class MonthDays(msgspec.Struct, frozen=True):
    """The listed days of every month; a month that is too short goes without."""

    listed: frozenset[int]

    def has(self, day: int) -> bool:
        """Return True if the day of the month is listed."""
        return date.fromordinal(day).day in self.listed

    def upto(self, day: int) -> int:
        """Count by whole years, then by the months of the last one."""
        at = date.fromordinal(day)
        return sum(_occurrences(number, at) for number in self.listed)


class Spans(msgspec.Struct, frozen=True):
    """Disjoint runs of days in order, given by their first and last days."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    def has(self, day: int) -> bool:
        """Return True if a run covers the day."""
        place = bisect_right(self.firsts, day)
        return place > 0 and day <= self.lasts[place - 1]

    def upto(self, day: int) -> int:
        """Count the runs' days up to the day."""
        begun = bisect_right(self.firsts, day)
        return sum(min(self.lasts[place], day) - self.firsts[place] + 1 for place in range(begun))


EVERY_DAY = Weekdays(frozenset(range(1, 8)))


def first_day(days: DaySet, since: int) -> int | None:
    """Return the first day of the set at or after `since`, or None."""
    before = days.upto(since - 1)
    if days.upto(LAST_DAY) == before:
        return None
    low, high = since, LAST_DAY
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if days.upto(middle) > before else (middle + 1, high)
    return low


def spans(runs: list[tuple[int, int]]) -> Spans:
    """Return the runs in order of time; where two overlap, the days are those of the earlier one."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(runs):
        start = max(first, lasts[-1] + 1) if lasts else first
        if start <= last:
            firsts.append(start)
            lasts.append(last)
    return Spans(tuple(firsts), tuple(lasts))


def _occurrences(number: int, at: date) -> int:
    """Return how often a day of the month with this number came, up to and including `at`."""
    years = at.year - 1
    this_year = sum(number <= calendar.monthrange(at.year, month)[1] for month in range(1, at.month))
    return _in_whole_years(number, years) + this_year + (number <= at.day)


def _in_whole_years(number: int, years: int) -> int:
    if number <= 28:  # noqa: PLR2004 - every month has it
        return 12 * years
    if number == 29:  # noqa: PLR2004 - all but February, which has it in leap years
        return 11 * years + calendar.leapdays(1, years + 1)
    return (11 if number == 30 else 7) * years  # noqa: PLR2004 - not February; the seven long months
