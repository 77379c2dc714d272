"""Which times count: hours of the day, the active time of a strategy, the windows of shields.

All are local to a zone. Each answer comes with the next second at which it may change, so that nobody has to poll.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from operators.rules.remembered import Remembered
from operators.rules.times.recurrence import happening
from operators.rules.times.wallclock import (
    WHOLE_DAY,
    Hours,
    Span,
    crossings,
    days_from,
    holds,
    in_range,
    leaves,
    next_crossing,
    parse_time,
    reading,
    span_of,
)

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Calendar, CycleConfig, Shield, Strategy, Uptime

    Calendars = dict[str, Calendar]

Answer = tuple[bool, int | None]
"""Does it hold, and the next second at which that may change (None = never)."""

DAILY, WEEKLY, MONTHLY = 2, 3, 4
"""Types of a shield's cycle; every other type means once."""

_DAYS_AHEAD = 62
"""From one 31st of a month to the next it is at most 62 days."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """A shield's time: does it hold now, for how many seconds more, and when may that answer change (None = never)."""

    active: bool
    left: int
    next_edge: int | None


class _Cycle(NamedTuple):
    hours: Hours
    counts: Callable[[date], bool]


def in_day_range(start: str, end: str, zone: ZoneInfo, now: int) -> bool:
    """Return True if the time of day lies in a range, both ends included; start after end runs past midnight."""
    hours = _hours(start, end)
    return hours == WHOLE_DAY or in_range(hours, reading(now, zone))


def day_range_edge(start: str, end: str, zone: ZoneInfo, now: int) -> int | None:
    """Return the next second at which `in_day_range` may answer otherwise; None if it never does."""
    return _daily_edge((_hours(start, end),), zone, now)


def strategy_active(strategy: "Strategy", book: "RuleBook", zone: ZoneInfo, now: int) -> Answer:
    """Return True if a strategy is in its active time: the one of its first level (spec/lifecycle.md 4.4)."""
    if not strategy.detects:
        return True, None
    return active(strategy.detects[0].trigger_config.uptime, book, zone, now)


def active(uptime: "Uptime | None", book: "RuleBook", zone: ZoneInfo, now: int) -> Answer:
    """Return whether an active time holds, and the next second at which that may change (spec/lifecycle.md 4.4)."""
    if uptime is None or not uptime.time_ranges:
        return True, None
    return _active_time(uptime).answer(book.calendars, zone, now)


class _ActiveTime:
    """An active time that remembers its last answer: until its edge that holds, whichever alert asks."""

    def __init__(self, uptime: "Uptime") -> None:
        self._ranges = tuple(_minutes(limits.start, limits.end) for limits in uptime.time_ranges)
        self._work, self._rest = uptime.active_calendars, uptime.calendars
        self._is_always = WHOLE_DAY in self._ranges and not self._work and not self._rest
        self._asked: tuple[Calendars, ZoneInfo] | None = None
        self._since = 0
        self._answer: Answer = (True, None)

    def answer(self, calendars: "Calendars", zone: ZoneInfo, now: int) -> Answer:
        if self._is_always:
            return True, None
        if not self._is_known(calendars, zone, now):
            self._asked, self._since = (calendars, zone), now
            self._answer = self._worked_out(calendars, zone, now)
        return self._answer

    def _is_known(self, calendars: "Calendars", zone: ZoneInfo, now: int) -> bool:
        if self._asked is None or self._asked[0] is not calendars or self._asked[1] is not zone:
            return False
        edge = self._answer[1]
        return now >= self._since and (edge is None or now < edge)

    def _worked_out(self, calendars: "Calendars", zone: ZoneInfo, now: int) -> Answer:
        moment = reading(now, zone)
        in_hours = any(in_range(limits, moment) for limits in self._ranges)
        working, working_edge = _any_happening(self._work, calendars, zone, now)
        resting, resting_edge = _any_happening(self._rest, calendars, zone, now)
        by_calendar = working or not (resting or self._work)
        return in_hours and by_calendar, _earliest(_daily_edge(self._ranges, zone, now), working_edge, resting_edge)


_active_time: Remembered["Uptime", _ActiveTime] = Remembered(_ActiveTime, size=8192)


def shield_window(shield: "Shield", zone: ZoneInfo, now: int) -> Window:
    """Return where now stands in the window of a shield (spec/lifecycle.md 6.6, design.md 7.13).

    A window that runs past midnight belongs to the day it began. The time left of a cycle is that of its round,
    whatever the shield's own end; the next edge minds both.
    """
    if now > shield.end_time:
        return Window(active=False, left=0, next_edge=None)
    cycle = _cycle(shield.cycle_config)
    if cycle is None:
        if now < shield.begin_time:
            return Window(active=False, left=0, next_edge=shield.begin_time)
        return Window(active=True, left=shield.end_time - now, next_edge=shield.end_time + 1)
    return _cyclic_window(shield, cycle, zone, now)


def shield_round(shield: "Shield", zone: ZoneInfo, now: int) -> tuple[int, int] | None:
    """Return the first and last second of the round of a shield that holds now, or None."""
    window = shield_window(shield, zone, now)
    cycle = _cycle(shield.cycle_config)
    if not window.active or cycle is None:
        return (shield.begin_time, shield.end_time) if window.active else None
    moment = reading(now, zone)
    current = next(span for span in _spans_around(cycle, moment.date()) if holds((span,), moment))
    began = max(at for at in crossings(current.begin, zone) if at <= now)
    return max(began, shield.begin_time), min(now + window.left, shield.end_time)


def _cyclic_window(shield: "Shield", cycle: _Cycle, zone: ZoneInfo, now: int) -> Window:
    at = max(now, shield.begin_time)
    moment = reading(at, zone)
    spans = _spans_around(cycle, moment.date())
    current = next((span for span in spans if holds((span,), moment)), None)
    edge = next_crossing(spans, zone, at)
    if current is None:
        later = edge if edge is not None and edge <= shield.end_time else None
        return Window(active=False, left=0, next_edge=later)
    if now < shield.begin_time:
        return Window(active=False, left=0, next_edge=shield.begin_time)
    return Window(
        active=True,
        left=leaves(current, zone, now) - 1 - now,
        next_edge=_earliest(edge, shield.end_time + 1),
    )


def _spans_around(cycle: _Cycle, today: date) -> list[Span]:
    """Return the rounds about a day, and the first one after it."""
    near = [day for day in days_from(today, -2, 2) if cycle.counts(day)]
    if not near or near[-1] <= today:
        ahead = (day for day in days_from(today, 3, _DAYS_AHEAD) if cycle.counts(day))
        near.extend(day for day in (next(ahead, None),) if day)
    return [span_of(day, cycle.hours) for day in near]


def _cycle(config: "CycleConfig") -> _Cycle | None:
    if config.type not in (DAILY, WEEKLY, MONTHLY):
        return None
    hours = _hours(config.begin_time or "00:00:00", config.end_time or "23:59:59")
    if config.type == MONTHLY:
        return _Cycle(hours, lambda day: day.day in config.day_list)
    if config.type == WEEKLY or config.week_list:
        return _Cycle(hours, lambda day: day.isoweekday() in config.week_list)
    return _Cycle(hours, lambda _: True)


def _any_happening(names: tuple[str, ...], calendars: "Calendars", zone: ZoneInfo, now: int) -> Answer:
    answers = [happening(item, zone, now) for name in names for item in calendars[name].items]
    return any(going_on for going_on, _ in answers), _earliest(*(edge for _, edge in answers))


def _daily_edge(ranges: tuple[Hours, ...], zone: ZoneInfo, now: int) -> int | None:
    if WHOLE_DAY in ranges:
        return None
    days = days_from(reading(now, zone).date(), -2, 2)
    return next_crossing([span_of(day, limits) for day in days for limits in ranges], zone, now)


def _earliest(*edges: int | None) -> int | None:
    return min((edge for edge in edges if edge is not None), default=None)


@lru_cache(maxsize=1024)
def _hours(start: str, end: str) -> Hours:
    """Return a range to the second; an end without seconds holds through its minute (design.md 7.49)."""
    whole_minute = 0 if end.count(":") > 1 else 59
    return Hours(parse_time(start), parse_time(end) + whole_minute)


@lru_cache(maxsize=1024)
def _minutes(start: str, end: str) -> Hours:
    """Return a range at the resolution of minutes: seconds are not looked at."""
    return Hours(parse_time(start[:5]), parse_time(end[:5]) + 59)
