"""The days, hours and periods of one `duty_time`, in closed form (spec/notices.md 6.4).

Wall seconds are seconds of local time: `ordinal of the day * 86400 + second of the day`.
"""

from datetime import date
from typing import NamedTuple

import msgspec

from operators.people.days import EVERY_DAY, LAST_DAY, DaySet, MonthDays, Spans, Weekdays, first_day, spans
from operators.rules.shapes.model import DutyTime

DAY = 86400
_MINUTE = 60
_WEEK, _MONTH = 7, 31
_WEEKLY = ("weekly", "work_day", "weekend")
_DEFAULTS = {
    "weekly": (1, 2, 3, 4, 5, 6, 7),
    "work_day": (1, 2, 3, 4, 5),
    "weekend": (6, 7),
    "monthly": tuple(range(1, 32)),
}
"""The days of a kind of work that lists none."""


class Hours(NamedTuple):
    """One `work_time`: from the second `start` of a day to before the second `end`.

    With `first` and `last` it is one long shift: `start` holds on the day numbered `first`, `end` on the day numbered
    `last` (of week or month), the days between are whole.
    """

    start: int
    end: int
    first: int = 0
    last: int = 0


class Pattern(msgspec.Struct, frozen=True, eq=False):
    """When one `duty_time` is served. `handoffs`: the days on which a new period begins."""

    days: DaySet
    handoffs: DaySet
    duration: int
    """Valid days of a period; 0: periods begin at the handoffs."""
    hours: tuple[Hours, ...]
    cycle: int
    """7 where days are numbered by the week, 31 by the month."""
    first: int
    """The first valid day, LAST_DAY + 1 if there is none."""

    def period(self, day: int) -> int:
        """Return the number of the period that a valid day lies in, from 0."""
        if self.duration:
            return (self.days.upto(day) - self.days.upto(self.first)) // self.duration
        return self.handoffs.upto(day) - self.handoffs.upto(self.first)

    def total(self) -> int | None:
        """Return how many periods there will ever be; None: no end."""
        if self.first > LAST_DAY:
            return 0
        return self.period(self.days.lasts[-1]) + 1 if isinstance(self.days, Spans) else None

    def spans(self, day: int) -> list[tuple[int, int]]:
        """Return the [start, end) wall seconds of the shifts that begin on a valid day."""
        bounds = (self._bounds(hours, day) for hours in self.hours)
        return [(day * DAY + start, day * DAY + end) for start, end in bounds if start < end]

    def _bounds(self, hours: Hours, day: int) -> tuple[int, int]:
        if not hours.first:
            return hours.start, hours.end
        today, tomorrow = self._number(day), self._number(day + 1)
        if today not in _numbers(hours, self.cycle):
            return 0, 0
        start = hours.start if today == hours.first else 0
        if hours.first == hours.last and _runs_over(hours):
            return start, hours.end + DAY if tomorrow == hours.last else DAY
        return start, hours.end if today == hours.last else DAY

    def _number(self, day: int) -> int:
        return (day - 1) % 7 + 1 if self.cycle == _WEEK else date.fromordinal(day).day


def pattern_of(duty_time: DutyTime, since: int) -> Pattern:
    """Return the pattern of a `duty_time` whose rotation is in force from the day `since` on."""
    hours = tuple(_hours(text) for text in duty_time.work_time)
    days, handoffs = _day_sets(duty_time, hours)
    first = first_day(days, since)
    return Pattern(
        days=days,
        handoffs=handoffs,
        duration=duty_time.period_settings.duration if duty_time.period_settings else 0,
        hours=hours,
        cycle=_cycle(duty_time),
        first=LAST_DAY + 1 if first is None else first,
    )


def _day_sets(duty_time: DutyTime, hours: tuple[Hours, ...]) -> tuple[DaySet, DaySet]:
    """Return the valid days and the days of handoff."""
    if duty_time.work_type == "daily":
        return EVERY_DAY, EVERY_DAY
    if duty_time.work_type == "date_range":
        runs = spans([_date_range(text) for text in duty_time.work_date_range])
        return runs, Spans(runs.firsts, runs.firsts)
    listed = _listed(duty_time, hours)
    kind = MonthDays if duty_time.work_type == "monthly" else Weekdays
    return kind(frozenset(listed)), kind(frozenset(listed[:1]))


def _listed(duty_time: DutyTime, hours: tuple[Hours, ...]) -> tuple[int, ...]:
    """Return the valid days of week or month in the order of listing: the first is the day of handoff."""
    cycle = _cycle(duty_time)
    by_hours = tuple(number for one in hours if one.first for number in _numbers(one, cycle))
    by_days = tuple(number for number in duty_time.work_days if number <= cycle)
    return by_hours or by_days or _DEFAULTS[duty_time.work_type]


def _cycle(duty_time: DutyTime) -> int:
    return _WEEK if duty_time.work_type in _WEEKLY else _MONTH


def _numbers(hours: Hours, cycle: int) -> tuple[int, ...]:
    """Return the numbers of the days of a long shift, in order; a shift that runs over takes the whole cycle."""
    if hours.first < hours.last or (hours.first == hours.last and not _runs_over(hours)):
        return tuple(range(hours.first, hours.last + 1))
    return (*range(hours.first, cycle + 1), *range(1, hours.last + 1))


def _runs_over(hours: Hours) -> bool:
    return hours.start >= hours.end - _MINUTE


def _hours(text: str) -> Hours:
    """Read `HH:MM--HH:MM` or `DD HH:MM--DD HH:MM`; the end holds through its minute."""
    (first, start), (last, end) = (_moment(edge) for edge in text.split("--"))
    is_long = first > 0
    runs_over = start >= end and not is_long
    return Hours(start, end + _MINUTE + DAY * runs_over, first, last)


def _moment(text: str) -> tuple[int, int]:
    """Return the day (0 if none is named) and the second of the day, whole minutes."""
    *day, clock = text.split()
    hour, minute = clock.split(":")[:2]
    return int(day[0]) if day else 0, int(hour) * 3600 + int(minute) * _MINUTE


def _date_range(text: str) -> tuple[int, int]:
    first, last = text.split("--")
    return date.fromisoformat(first.strip()).toordinal(), date.fromisoformat(last.strip()).toordinal()
