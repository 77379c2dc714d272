"""Rotations against plans made day by day: two years of every kind, and any kind for months."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operators.people.rotation import shifts_of
from operators.rules.shapes.model import Duty, DutyArrangement, DutyTime, PeriodSettings
from tests.operators.people import oracle
from tests.operators.people.test_rotation import (
    ALL_DAY,
    BERLIN,
    MONTH,
    NEW_YORK,
    SHANGHAI,
    UTC,
    WEEK,
    arrangement,
    duty,
    every,
    names,
    team,
)


def long(kind: str, hours: str, **rest) -> DutyTime:
    return DutyTime(kind, work_time_type="datetime_range", work_time=(hours,), **rest)


TWO_YEARS = [
    duty(arrangement(ALL_DAY)),
    duty(arrangement(WEEK), since="2026-01-03 13:30:00"),
    duty(arrangement(DutyTime("weekly", (3, 5, 1), work_time=("20:00--08:00",)))),
    duty(arrangement(replace(WEEK, period_settings=every(7)), users=("a b", "c", "d e"))),
    duty(arrangement(DutyTime("work_day", (1, 2, 3, 4, 5)), DutyTime("weekend", (6, 7))), since="2026-01-06 00:00:00"),
    duty(arrangement(DutyTime("monthly", (31, 15, 29)), users=("a b c d",), group_type="auto", group_number=3)),
    duty(arrangement(DutyTime("monthly", (30, 1, 2), period_settings=every(4)))),
    duty(arrangement(long("weekly", "05 18:00--01 09:00")), since="2026-01-04 00:00:00"),
    duty(arrangement(long("weekly", "01 09:00--01 09:00"))),
    duty(arrangement(long("monthly", "15 09:00--15 09:00"))),
    duty(arrangement(long("monthly", "25 10:00--05 12:00", period_settings=every(5)))),
    duty(
        arrangement(ALL_DAY, users=("a b c", "d e"), group_type="auto", group_number=2), end_time="2027-06-15 10:00:00"
    ),
    duty(arrangement(DutyTime(period_settings=every(14)), users=("a", "b c")), arrangement(WEEK)),
    duty(
        arrangement(
            DutyTime("date_range", work_date_range=("2026-03-20--2026-04-10", "2026-10-20--2026-11-03")), ALL_DAY
        )
    ),
    duty(
        arrangement(ALL_DAY, WEEK, users=("a b",)),
        arrangement(MONTH),
        category="regular",
        end_time="2027-12-01 00:00:00",
    ),
]
HORIZON = date(2028, 2, 1)
BEGIN = int(datetime(2025, 12, 30, tzinfo=UTC).timestamp())
CHANGES = [
    date(2026, 3, 8),
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2026, 11, 1),
    date(2027, 3, 28),
    date(2027, 11, 7),
]


def moments() -> list[int]:
    coarse = [BEGIN + step * (11 * 3600 + 1237) for step in range(1500)]
    fine = [
        int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) + minute * 60 - 1
        for day in CHANGES
        for minute in range(-60, 24 * 60, 31)
    ]
    return coarse + fine


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, SHANGHAI], ids=str)
@pytest.mark.parametrize("rule", TWO_YEARS, ids=range(len(TWO_YEARS)))
def test_two_years_of_every_kind_of_rotation_agree_with_plans_made_day_by_day(rule, zone):
    for now in moments():
        expected = [" ".join(team) for team in oracle.teams_at(rule, zone, now, HORIZON)]
        assert names(rule, zone, now) == expected, datetime.fromtimestamp(now, zone)


DURATIONS = st.none() | st.builds(PeriodSettings, st.integers(1, 9))
CLOCK = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
HOURS = st.lists(st.tuples(CLOCK, CLOCK).map("--".join), min_size=1, max_size=2).map(tuple)
WEEK_DAYS = st.lists(st.integers(1, 7), min_size=1, max_size=7, unique=True).map(tuple)
MONTH_DAYS = st.lists(st.integers(1, 31), min_size=1, max_size=5, unique=True).map(tuple)
DUTY_TIMES = st.one_of(
    st.builds(DutyTime, st.just("daily"), work_time=HOURS, period_settings=DURATIONS),
    st.builds(DutyTime, st.just("weekly"), WEEK_DAYS, work_time=HOURS, period_settings=DURATIONS),
    st.builds(DutyTime, st.just("monthly"), MONTH_DAYS, work_time=HOURS, period_settings=DURATIONS),
)
ARRANGEMENTS = st.builds(
    DutyArrangement,
    st.lists(DUTY_TIMES, max_size=3).map(tuple),
    st.lists(st.sampled_from(["a", "b c", "d e f"]).map(team), min_size=1, max_size=4).map(tuple),
    st.sampled_from(["specified", "auto"]),
    st.integers(1, 5),
)


def local_times(first: int, last: int) -> st.SearchStrategy[str]:
    """Local moments between two days of the year."""
    seconds = st.integers(BEGIN + first * 86400, BEGIN + last * 86400)
    return seconds.map(lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}")


DUTIES = st.builds(
    Duty,
    st.just("1"),
    category=st.sampled_from(["handoff", "regular"]),
    effective_time=local_times(0, 90),
    end_time=st.none() | local_times(120, 150),
    duty_arranges=st.lists(ARRANGEMENTS, max_size=2).map(tuple),
)


@given(DUTIES, st.lists(st.integers(0, 200 * 86400), max_size=40), st.sampled_from([BERLIN, NEW_YORK, SHANGHAI]))
def test_any_rotation_agrees_with_plans_made_day_by_day(rule, moments, zone):
    seconds = [BEGIN + moment for moment in moments]
    expected = [[" ".join(team) for team in oracle.teams_at(rule, zone, now, date(2026, 9, 1))] for now in seconds]
    assert [names(rule, zone, now) for now in seconds] == expected


@given(DUTIES, st.permutations(range(0, 200 * 86400, 500_009)))
def test_who_serves_does_not_depend_on_who_asked_before(rule, order):
    shifts_of.cache_clear()
    asked = {moment: names(rule, BERLIN, BEGIN + moment) for moment in order}
    shifts_of.cache_clear()
    assert asked == {moment: names(rule, BERLIN, BEGIN + moment) for moment in sorted(order)}
