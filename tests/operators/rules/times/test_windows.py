"""Which times count, and when that changes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.rules.book import RuleBook
from operators.rules.shapes.model import (
    Calendar,
    CalendarItem,
    CycleConfig,
    Detect,
    Shield,
    Strategy,
    TimeRange,
    TriggerConfig,
    Uptime,
)
from operators.rules.times.windows import (
    active,
    day_range_edge,
    in_day_range,
    shield_round,
    shield_window,
    strategy_active,
)

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [BERLIN, ZoneInfo("America/New_York"), ZoneInfo("America/Asuncion"), ZoneInfo("Asia/Shanghai"), UTC]
DAY = 86400


def second(text, zone=BERLIN):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("start", "end", "time", "inside"),
    [
        ("09:00:00", "18:00:00", "08:59:59", False),
        ("09:00:00", "18:00:00", "09:00:00", True),
        ("09:00:00", "18:00:00", "18:00:00", True),
        ("09:00:00", "18:00:00", "18:00:01", False),
        ("09:00", "18:00", "18:00:59", True),
        ("09:00", "18:00", "18:01:00", False),
        ("22:00:00", "06:00:00", "21:59:59", False),
        ("22:00:00", "06:00:00", "22:00:00", True),
        ("22:00:00", "06:00:00", "03:00:00", True),
        ("22:00:00", "06:00:00", "06:00:00", True),
        ("22:00:00", "06:00:00", "06:00:01", False),
        ("00:00:00", "23:59:59", "23:59:59", True),
        ("00:00", "23:59", "23:59:59", True),
    ],
)
def test_a_day_range_includes_both_ends(start, end, time, inside):
    assert in_day_range(start, end, BERLIN, second(f"2024-05-05T{time}")) is inside


@pytest.mark.parametrize(
    ("start", "end", "at", "edge"),
    [
        ("09:00:00", "18:00:00", "2024-05-05T08:59:59", "2024-05-05T09:00:00"),
        ("09:00:00", "18:00:00", "2024-05-05T09:00:00", "2024-05-05T18:00:01"),
        ("09:00:00", "18:00:00", "2024-05-05T18:00:00", "2024-05-05T18:00:01"),
        ("09:00:00", "18:00:00", "2024-05-05T18:00:01", "2024-05-06T09:00:00"),
        ("09:00", "18:00", "2024-05-05T10:00:00", "2024-05-05T18:01:00"),
        ("22:00:00", "06:00:00", "2024-05-05T23:00:00", "2024-05-06T06:00:01"),
        ("00:00:00", "23:59:59", "2024-05-05T23:00:00", None),
        ("00:00", "23:59", "2024-05-05T23:00:00", None),
    ],
)
def test_a_day_range_says_when_it_changes(start, end, at, edge):
    assert day_range_edge(start, end, BERLIN, second(at)) == (edge and second(edge))


times = st.builds("{:02}:{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
clock_changes = st.sampled_from([1711846800, 1729990800, 1710054000, 1711249200, 1728792000, 1704063600])


@given(times, times, st.sampled_from(ZONES), clock_changes, st.integers(-2 * DAY, 2 * DAY))
@settings(max_examples=300)
def test_a_day_range_never_changes_before_its_edge(start, end, zone, change, shift):
    now = change + shift
    edge = day_range_edge(start, end, zone, now)
    answer = in_day_range(start, end, zone, now)
    horizon = min(edge or now + 3 * DAY, now + 3 * DAY)
    assert all(in_day_range(start, end, zone, at) == answer for at in {*range(now, horizon, 599), horizon - 1})


# active time

HOLIDAY = Calendar("rest", "", (CalendarItem("", second("2024-05-01T00:00:00"), second("2024-05-01T23:59:59")),))
SALE = Calendar("work", "", (CalendarItem("", second("2024-05-01T12:00:00"), second("2024-05-02T11:59:59")),))
BOOK = RuleBook(version="1", calendars={"rest": HOLIDAY, "work": SALE})
OFFICE = (TimeRange("09:00", "18:00"),)
NIGHT = (TimeRange("22:00", "06:00"),)


@pytest.mark.parametrize(
    ("uptime", "at", "expected", "edge"),
    [
        (None, "2024-05-01T12:00:00", True, None),
        (Uptime(), "2024-05-01T12:00:00", True, None),
        (Uptime((), ("rest",)), "2024-05-01T12:00:00", True, None),
        (Uptime(OFFICE), "2024-05-03T08:59:59", False, "2024-05-03T09:00:00"),
        (Uptime(OFFICE), "2024-05-03T09:00:00", True, "2024-05-03T18:01:00"),
        (Uptime(OFFICE), "2024-05-03T18:00:59", True, "2024-05-03T18:01:00"),
        (Uptime(OFFICE), "2024-05-03T18:01:00", False, "2024-05-04T09:00:00"),
        (Uptime(NIGHT), "2024-05-03T06:00:59", True, "2024-05-03T06:01:00"),
        (Uptime(NIGHT), "2024-05-03T06:01:00", False, "2024-05-03T22:00:00"),
        (Uptime((*OFFICE, *NIGHT)), "2024-05-03T07:00:00", False, "2024-05-03T09:00:00"),
        (Uptime(calendars=("rest",)), "2024-04-30T23:59:59", True, "2024-05-01T00:00:00"),
        (Uptime(calendars=("rest",)), "2024-05-01T00:00:00", False, "2024-05-02T00:00:00"),
        (Uptime(calendars=("rest",)), "2024-05-02T00:00:00", True, None),
        (Uptime(active_calendars=("work",)), "2024-05-01T11:59:59", False, "2024-05-01T12:00:00"),
        (Uptime(active_calendars=("work",)), "2024-05-01T12:00:00", True, "2024-05-02T12:00:00"),
        (Uptime(active_calendars=("work",)), "2024-05-02T12:00:00", False, None),
        (Uptime(calendars=("rest",), active_calendars=("work",)), "2024-05-01T11:59:59", False, "2024-05-01T12:00:00"),
        (Uptime(calendars=("rest",), active_calendars=("work",)), "2024-05-01T12:00:00", True, "2024-05-02T00:00:00"),
        (Uptime(calendars=("rest",), active_calendars=("work",)), "2024-05-03T12:00:00", False, None),
        (Uptime(OFFICE, active_calendars=("work",)), "2024-05-01T19:00:00", False, "2024-05-02T09:00:00"),
    ],
)
def test_active_time_is_hours_and_calendars(uptime, at, expected, edge):
    assert active(uptime, BOOK, BERLIN, second(at)) == (expected, edge and second(edge))


def test_seconds_of_a_range_of_active_time_are_not_looked_at():
    assert active(Uptime((TimeRange("09:00:30", "18:00:10"),)), BOOK, BERLIN, second("2024-05-03T18:00:59"))[0]


def test_the_first_level_decides_the_active_time_of_a_strategy():
    first = Detect(1, TriggerConfig(uptime=Uptime(OFFICE)))
    strategy = Strategy("1", "cpu", detects=(first, Detect(2)))
    assert not strategy_active(strategy, BOOK, BERLIN, second("2024-05-03T08:00:00"))[0]


def test_a_strategy_without_levels_is_always_active():
    assert strategy_active(Strategy("1", "cpu"), BOOK, BERLIN, 0) == (True, None)


# shields

MAY = {"begin_time": second("2024-05-01T00:00:00"), "end_time": second("2024-05-31T23:59:59")}


def shield(kind=1, start="", stop="", week_list=(), day_list=(), **limits):
    return Shield("1", **(MAY | limits), cycle_config=CycleConfig(kind, start, stop, week_list, day_list))


ONCE = shield(start="10:00:00", week_list=(1,))
DAILY = shield(2, "10:00:00", "11:00:00")
NIGHTLY = shield(2, "22:00:00", "06:00:00")
WEEKDAYS = shield(2, "10:00:00", "11:00:00", (1, 2))
MONDAY_NIGHTS = shield(3, "22:00:00", "06:00:00", (1,))
MONDAYS = shield(3, week_list=(1,))
NO_DAYS = shield(3)
MONTHLY = shield(4, "10:00:00", "11:00:00", day_list=(15, 31))
LAST_NIGHTS = shield(4, "22:00:00", "06:00:00", day_list=(30,))


@pytest.mark.parametrize(
    ("which", "at", "expected", "last", "edge"),
    [
        (ONCE, "2024-04-30T23:59:59", False, None, "2024-05-01T00:00:00"),
        (ONCE, "2024-05-01T00:00:00", True, "2024-05-31T23:59:59", "2024-06-01T00:00:00"),
        (ONCE, "2024-05-31T23:59:59", True, "2024-05-31T23:59:59", "2024-06-01T00:00:00"),
        (ONCE, "2024-06-01T00:00:00", False, None, None),
        (DAILY, "2024-04-30T10:30:00", False, None, "2024-05-01T10:00:00"),
        (DAILY, "2024-05-03T09:59:59", False, None, "2024-05-03T10:00:00"),
        (DAILY, "2024-05-03T10:00:00", True, "2024-05-03T11:00:00", "2024-05-03T11:00:01"),
        (DAILY, "2024-05-03T11:00:00", True, "2024-05-03T11:00:00", "2024-05-03T11:00:01"),
        (DAILY, "2024-05-03T11:00:01", False, None, "2024-05-04T10:00:00"),
        (DAILY, "2024-05-31T11:00:01", False, None, None),
        (NIGHTLY, "2024-04-30T23:00:00", False, None, "2024-05-01T00:00:00"),
        (NIGHTLY, "2024-05-01T00:00:00", True, "2024-05-01T06:00:00", "2024-05-01T06:00:01"),
        (NIGHTLY, "2024-05-03T22:00:00", True, "2024-05-04T06:00:00", "2024-05-04T06:00:01"),
        (NIGHTLY, "2024-05-04T03:00:00", True, "2024-05-04T06:00:00", "2024-05-04T06:00:01"),
        (NIGHTLY, "2024-05-31T23:00:00", True, "2024-06-01T06:00:00", "2024-06-01T00:00:00"),
        (WEEKDAYS, "2024-05-06T10:00:00", True, "2024-05-06T11:00:00", "2024-05-06T11:00:01"),
        (WEEKDAYS, "2024-05-08T10:00:00", False, None, "2024-05-13T10:00:00"),
        (MONDAY_NIGHTS, "2024-05-06T03:00:00", False, None, "2024-05-06T22:00:00"),
        (MONDAY_NIGHTS, "2024-05-06T22:00:00", True, "2024-05-07T06:00:00", "2024-05-07T06:00:01"),
        (MONDAY_NIGHTS, "2024-05-07T06:00:00", True, "2024-05-07T06:00:00", "2024-05-07T06:00:01"),
        (MONDAY_NIGHTS, "2024-05-07T22:00:00", False, None, "2024-05-13T22:00:00"),
        (MONDAYS, "2024-05-05T23:59:59", False, None, "2024-05-06T00:00:00"),
        (MONDAYS, "2024-05-06T00:00:00", True, "2024-05-06T23:59:59", "2024-05-07T00:00:00"),
        (MONDAYS, "2024-05-28T00:00:00", False, None, None),
        (NO_DAYS, "2024-05-06T12:00:00", False, None, None),
        (MONTHLY, "2024-05-15T10:00:00", True, "2024-05-15T11:00:00", "2024-05-15T11:00:01"),
        (MONTHLY, "2024-05-16T10:00:00", False, None, "2024-05-31T10:00:00"),
        (LAST_NIGHTS, "2024-05-31T03:00:00", True, "2024-05-31T06:00:00", "2024-05-31T06:00:01"),
        (LAST_NIGHTS, "2024-05-31T22:30:00", False, None, None),
    ],
)
def test_a_shield_holds_within_its_rounds(which, at, expected, last, edge):
    now = second(at)
    window = shield_window(which, BERLIN, now)
    assert (window.active, window.next_edge) == (expected, edge and second(edge))
    assert window.left == (second(last) - now if last else 0)


@pytest.mark.parametrize(
    ("at", "edge"),
    [("2024-05-31T10:30:01", "2024-07-31T10:00:00"), ("2024-08-31T10:30:01", "2024-10-31T10:00:00")],
)
def test_months_without_the_day_are_passed_over(at, edge):
    monthly = shield(4, "10:00:00", "10:30:00", day_list=(31,), end_time=second("2026-01-01T00:00:00"))
    assert shield_window(monthly, BERLIN, second(at)).next_edge == second(edge)


def test_the_29th_of_february_comes_in_leap_years():
    monthly = shield(4, day_list=(29,), end_time=second("2030-01-01T00:00:00"))
    assert shield_window(monthly, BERLIN, second("2028-01-30T00:00:00")).next_edge == second("2028-02-29T00:00:00")
    assert shield_window(monthly, BERLIN, second("2027-01-30T00:00:00")).next_edge == second("2027-03-29T00:00:00")


@pytest.mark.parametrize(
    ("begin", "end", "at", "expected"),
    [
        ("02:30:00", "04:00:00", "2024-03-31T00:59:59+00:00", False),  # 01:59:59, then comes 03:00
        ("02:30:00", "04:00:00", "2024-03-31T01:00:00+00:00", True),
        ("02:15:00", "02:45:00", "2024-03-31T01:00:00+00:00", False),
        ("02:30:00", "02:45:00", "2024-10-27T00:30:00+00:00", True),  # the first 02:30
        ("02:30:00", "02:45:00", "2024-10-27T01:00:00+00:00", False),
        ("02:30:00", "02:45:00", "2024-10-27T01:30:00+00:00", True),  # the second one
    ],
)
def test_a_shield_goes_by_the_clock_on_the_wall_when_clocks_change(begin, end, at, expected):
    year = shield(2, begin, end, begin_time=second("2024-01-01T00:00:00"), end_time=second("2025-01-01T00:00:00"))
    assert shield_window(year, BERLIN, int(datetime.fromisoformat(at).timestamp())).active is expected


def test_the_round_of_a_shield_runs_from_its_first_to_its_last_second():
    now = second("2024-05-04T03:00:00")
    assert shield_round(NIGHTLY, BERLIN, now) == (second("2024-05-03T22:00:00"), second("2024-05-04T06:00:00"))
    assert shield_round(NIGHTLY, BERLIN, second("2024-05-04T12:00:00")) is None


def test_the_first_and_the_last_round_are_cut_at_the_ends_of_the_shield():
    assert shield_round(NIGHTLY, BERLIN, second("2024-05-01T03:00:00"))[0] == second("2024-05-01T00:00:00")
    assert shield_round(NIGHTLY, BERLIN, second("2024-05-31T23:00:00"))[1] == second("2024-05-31T23:59:59")
    assert shield_round(ONCE, BERLIN, second("2024-05-04T12:00:00")) == (MAY["begin_time"], MAY["end_time"])


def covered(which, zone, now):
    """Say by the words of the specification whether a shield holds."""
    if not which.begin_time <= now <= which.end_time:
        return False
    cycle = which.cycle_config
    if cycle.type == 1:
        return True
    moment = datetime.fromtimestamp(now, zone)
    begin, end, time = cycle.begin_time or "00:00:00", cycle.end_time or "23:59:59", moment.strftime("%H:%M:%S")
    day = moment.date()
    if begin > end and time <= end:
        day -= timedelta(days=1)
    in_hours = begin <= time <= end if begin <= end else time >= begin or time <= end
    if cycle.type == 4:
        return in_hours and day.day in cycle.day_list
    return in_hours and (day.isoweekday() in cycle.week_list or (cycle.type == 2 and not cycle.week_list))


@st.composite
def shields(draw):
    cycle = CycleConfig(
        draw(st.sampled_from([1, 2, 3, 4])),
        draw(st.just("") | times),
        draw(st.just("") | times),
        tuple(draw(st.sets(st.integers(1, 7), max_size=3))),
        tuple(draw(st.sets(st.integers(1, 31), max_size=3))),
    )
    begin = draw(clock_changes) + draw(st.integers(-3 * DAY, DAY))
    return Shield("1", begin_time=begin, end_time=begin + draw(st.integers(0, 5 * DAY)), cycle_config=cycle)


@given(shields(), st.sampled_from(ZONES), st.integers(-DAY, 6 * DAY))
@settings(max_examples=400)
def test_a_shield_holds_as_the_specification_says_and_does_not_change_before_its_edge(which, zone, shift):
    now = which.begin_time + shift
    window = shield_window(which, zone, now)
    assert window.active == covered(which, zone, now)
    horizon = min(window.next_edge or now + 8 * DAY, now + 8 * DAY)
    assert horizon > now
    assert all(covered(which, zone, at) == window.active for at in {*range(now, horizon, 1201), horizon - 1})


@given(shields(), st.sampled_from(ZONES), st.integers(0, 5 * DAY))
@settings(max_examples=400)
def test_a_shield_holds_while_time_is_left_unless_it_ends_itself(which, zone, shift):
    now = which.begin_time + shift
    window = shield_window(which, zone, now)
    if window.active:
        last = min(now + window.left, which.end_time)
        assert all(covered(which, zone, at) for at in {*range(now, last, 1201), last})
