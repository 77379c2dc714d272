"""When calendar items happen."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.rules.shapes.model import CalendarItem, CalendarRepeat
from operators.rules.times.recurrence import happening
from operators.rules.times.wallclock import reading

BERLIN = ZoneInfo("Europe/Berlin")


def second(text, zone=BERLIN):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


def item(start, end, **repeat):
    if "until" in repeat:
        repeat["until"] = second(repeat["until"])
    return CalendarItem("", second(start), second(end), CalendarRepeat(**repeat))


ONCE = item("2024-01-01T00:00:00", "2024-01-01T23:59:59")
EVERY_THIRD_DAY = item("2024-01-01T10:00:00", "2024-01-01T11:00:00", freq="day", interval=3)
WORK_DAYS = item("2024-01-03T09:00:00", "2024-01-03T18:00:00", freq="week", every=(1, 3, 5))
FORTNIGHTLY = item("2024-01-03T09:00:00", "2024-01-03T18:00:00", freq="week", interval=2)
MONTH_ENDS = item("2024-01-31T00:00:00", "2024-01-31T23:59:59", freq="month")
PAY_DAYS = item("2024-01-01T00:00:00", "2024-01-01T23:59:59", freq="month", every=(1, 15))
LEAP_DAYS = item("2024-02-29T00:00:00", "2024-02-29T23:59:59", freq="year")
NEW_YEAR = item("2023-12-31T12:00:00", "2024-01-01T12:00:00", freq="year")
QUARTERS = item("2024-01-05T00:00:00", "2024-01-05T23:59:59", freq="year", every=(1, 4, 7, 10))
LIMITED = item("2024-01-01T10:00:00", "2024-01-01T11:00:00", freq="day", until="2024-01-03T10:00:00")


@pytest.mark.parametrize(
    ("what", "at", "expected", "edge"),
    [
        (ONCE, "2023-12-31T23:59:59", False, "2024-01-01T00:00:00"),
        (ONCE, "2024-01-01T00:00:00", True, "2024-01-02T00:00:00"),
        (ONCE, "2024-01-01T23:59:59", True, "2024-01-02T00:00:00"),
        (ONCE, "2024-01-02T00:00:00", False, None),
        (EVERY_THIRD_DAY, "2023-06-01T10:30:00", False, "2024-01-01T10:00:00"),
        (EVERY_THIRD_DAY, "2024-01-01T11:00:00", True, "2024-01-01T11:00:01"),
        (EVERY_THIRD_DAY, "2024-01-01T11:00:01", False, "2024-01-04T10:00:00"),
        (EVERY_THIRD_DAY, "2024-01-03T10:30:00", False, "2024-01-04T10:00:00"),
        (EVERY_THIRD_DAY, "2024-01-04T10:00:00", True, "2024-01-04T11:00:01"),
        (WORK_DAYS, "2024-01-01T12:00:00", False, "2024-01-03T09:00:00"),
        (WORK_DAYS, "2024-01-05T18:00:00", True, "2024-01-05T18:00:01"),
        (WORK_DAYS, "2024-01-06T12:00:00", False, "2024-01-08T09:00:00"),
        (WORK_DAYS, "2024-01-08T08:59:59", False, "2024-01-08T09:00:00"),
        (FORTNIGHTLY, "2024-01-10T12:00:00", False, "2024-01-17T09:00:00"),
        (FORTNIGHTLY, "2024-01-17T12:00:00", True, "2024-01-17T18:00:01"),
        (MONTH_ENDS, "2024-02-29T12:00:00", False, "2024-03-31T00:00:00"),
        (MONTH_ENDS, "2024-03-31T12:00:00", True, "2024-04-01T00:00:00"),
        (PAY_DAYS, "2024-02-14T23:59:59", False, "2024-02-15T00:00:00"),
        (PAY_DAYS, "2024-02-15T00:00:00", True, "2024-02-16T00:00:00"),
        (LEAP_DAYS, "2024-03-01T00:00:00", False, "2028-02-29T00:00:00"),
        (LEAP_DAYS, "2025-03-01T00:00:00", False, "2028-02-29T00:00:00"),
        (LEAP_DAYS, "2028-02-29T12:00:00", True, "2028-03-01T00:00:00"),
        (LEAP_DAYS, "2097-01-01T00:00:00", False, "2104-02-29T00:00:00"),
        (NEW_YEAR, "2025-01-01T12:00:00", True, "2025-01-01T12:00:01"),
        (NEW_YEAR, "2025-01-01T12:00:01", False, "2025-12-31T12:00:00"),
        (QUARTERS, "2024-04-05T23:59:59", True, "2024-04-06T00:00:00"),
        (QUARTERS, "2024-05-05T12:00:00", False, "2024-07-05T00:00:00"),
        (LIMITED, "2024-01-03T10:30:00", True, "2024-01-03T11:00:01"),
        (LIMITED, "2024-01-03T11:00:01", False, None),
        (LIMITED, "2024-01-04T10:30:00", False, None),
        (LIMITED, "2034-01-04T10:30:00", False, None),
    ],
)
def test_an_item_happens_within_its_occurrences_and_says_when_that_changes(what, at, expected, edge):
    assert happening(what, BERLIN, second(at)) == (expected, edge and second(edge))


def test_an_item_keeps_its_local_time_when_clocks_change():
    daily = item("2024-03-01T12:00:00", "2024-03-01T13:00:00", freq="day")
    assert happening(daily, BERLIN, second("2024-03-31T12:30:00"))[0]
    assert not happening(daily, BERLIN, second("2024-03-31T13:30:00"))[0]


def test_an_item_longer_than_its_period_never_stops():
    overlapping = item("2024-01-01T00:00:00", "2090-01-01T00:00:00", freq="day")
    assert happening(overlapping, BERLIN, second("2080-01-01T00:00:00"))[0]


def test_the_last_occurrence_goes_on_after_the_repetition_ended():
    long = item("2024-01-01T00:00:00", "2024-03-01T00:00:00", freq="day", until="2024-01-05T00:00:00")
    assert happening(long, BERLIN, second("2024-03-05T00:00:00")) == (True, second("2024-03-05T00:00:01"))
    assert happening(long, BERLIN, second("2024-03-05T00:00:01")) == (False, None)


def occurs(what, zone, now):
    """Look at every day that has been, one by one."""
    begin, end, moment = reading(what.start_time, zone), reading(what.end_time, zone), reading(now, zone)
    days = ((moment - begin).days + 2) if moment >= begin else 0
    starts = (begin + timedelta(days=number) for number in range(days))
    return any(start <= moment <= start + (end - begin) for start in starts if is_listed(what.repeat, begin, start))


def is_listed(repeat, first, start):
    if repeat.until is not None and start > reading(repeat.until, BERLIN):
        return False
    if repeat.freq == "day":
        return (start - first).days % repeat.interval == 0
    if repeat.freq == "week":
        monday = first.date() - timedelta(days=first.weekday())
        in_week = start.isoweekday() in (repeat.every or (first.isoweekday(),))
        return in_week and (start.date() - monday).days // 7 % repeat.interval == 0
    if repeat.freq == "month":
        months = (start.year - first.year) * 12 + start.month - first.month
        return months % repeat.interval == 0 and start.day in (repeat.every or (first.day,))
    in_year = start.month in (repeat.every or (first.month,)) and start.day == first.day
    return in_year and (start.year - first.year) % repeat.interval == 0


@st.composite
def items(draw):
    freq = draw(st.sampled_from(["day", "week", "month", "year"]))
    last = {"day": 0, "week": 7, "month": 31, "year": 12}[freq]
    every = draw(st.sets(st.integers(1, last), max_size=3)) if last else ()
    start = second("2023-11-01T00:00:00") + draw(st.integers(0, 150 * 86400))
    until = draw(st.none() | st.integers(start, start + 400 * 86400))
    repeat = CalendarRepeat(freq, draw(st.integers(1, 3)), until, tuple(every))
    return CalendarItem("", start, start + draw(st.integers(0, 3 * 86400)), repeat)


@given(items(), st.integers(-5 * 86400, 500 * 86400))
@settings(max_examples=300)
def test_an_item_happens_when_a_walk_over_all_days_says_so(what, shift):
    now = what.start_time + shift
    assert happening(what, BERLIN, now)[0] == occurs(what, BERLIN, now)


@given(items(), st.integers(-5 * 86400, 500 * 86400), st.floats(0, 1))
@settings(max_examples=300)
def test_the_answer_stays_until_its_edge(what, shift, part):
    now = what.start_time + shift
    answer, edge = happening(what, BERLIN, now)
    horizon = edge or now + 2000 * 86400
    for later in (now + int((horizon - 1 - now) * part), horizon - 1):
        assert happening(what, BERLIN, later)[0] == answer
