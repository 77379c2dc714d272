"""What a wall clock reads, and when its reading crosses a bound."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.times.wallclock import Hours, Span, bounds, holds, in_range, leaves, parse_time, reading, span_of

wall = datetime.fromisoformat
BERLIN = ZoneInfo("Europe/Berlin")
CLOCK_CHANGES = [
    ("Europe/Berlin", 1711846800),  # 2024-03-31 02:00 -> 03:00
    ("Europe/Berlin", 1729990800),  # 2024-10-27 03:00 -> 02:00
    ("America/New_York", 1710054000),  # 2024-03-10 02:00 -> 03:00
    ("America/Asuncion", 1711249200),  # 2024-03-24 00:00 -> 23:00 the day before
    ("Australia/Lord_Howe", 1712415600),  # 2024-04-07, half an hour
    ("Pacific/Apia", 1325239200),  # 2011-12-30 does not exist
    ("Asia/Shanghai", 1711846800),  # never changes
]


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("00:00", 0),
        ("00:00:00", 0),
        ("09:30", 34200),
        ("9:30:15", 34215),
        ("23:59", 86340),
        ("23:59:59", 86399),
        ("24:00", 86399),
    ],
)
def test_a_time_of_day_is_a_second_of_the_day(text, second):
    assert parse_time(text) == second


@pytest.mark.parametrize(
    ("hours", "time", "inside"),
    [
        (Hours(3600, 7200), "00:59:59", False),
        (Hours(3600, 7200), "01:00:00", True),
        (Hours(3600, 7200), "02:00:00", True),
        (Hours(3600, 7200), "02:00:01", False),
        (Hours(79200, 21600), "21:59:59", False),
        (Hours(79200, 21600), "22:00:00", True),
        (Hours(79200, 21600), "00:00:00", True),
        (Hours(79200, 21600), "06:00:00", True),
        (Hours(79200, 21600), "06:00:01", False),
        (Hours(3600, 3600), "01:00:00", True),
        (Hours(3600, 3600), "01:00:01", False),
    ],
)
def test_a_range_of_hours_includes_both_ends_and_may_run_past_midnight(hours, time, inside):
    assert in_range(hours, datetime.fromisoformat(f"2024-05-05T{time}")) is inside


def test_a_span_past_midnight_ends_on_the_next_day():
    span = span_of(wall("2024-02-28T00:00").date(), Hours(79200, 21600))
    assert span == Span(wall("2024-02-28T22:00"), wall("2024-02-29T06:00"))


def test_a_bound_in_the_gap_is_crossed_at_the_change():
    span = Span(wall("2024-03-31T02:30"), wall("2024-03-31T04:00"))
    assert 1711846800 in bounds(span, BERLIN)


def test_a_repeated_reading_is_crossed_twice_and_at_the_change():
    span = Span(wall("2024-10-27T02:30"), wall("2024-10-27T05:00"))
    assert {1729989000, 1729990800, 1729992600} <= set(bounds(span, BERLIN))


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_beyond_the_calendar_reads_as_its_nearest_end(year):
    assert reading((year - 1970) * 31556952, BERLIN).year in (1900, 9900)


@st.composite
def places(draw):
    """A zone, a second near one of its clock changes, and a span near that second."""
    name, change = draw(st.sampled_from(CLOCK_CHANGES))
    zone = ZoneInfo(name)
    now = change + draw(st.integers(-7200, 7200))
    shift, length = draw(st.integers(-5400, 5400)), draw(st.integers(0, 7200))
    begin = reading(change + shift, zone).replace(second=draw(st.integers(0, 59)))
    return zone, now, Span(begin, begin + timedelta(seconds=length))


@given(places())
def test_between_two_bounds_the_answer_stays(place):
    zone, now, span = place
    edges = [at for at in bounds(span, zone) if at > now]
    horizon = min([*edges, now + 9000])
    answer = holds([span], reading(now, zone))
    steps = {*range(now, horizon, 7), horizon - 1}
    assert all(holds([span], reading(at, zone)) == answer for at in steps)


@given(places())
def test_a_span_is_left_at_the_first_second_outside(place):
    zone, now, span = place
    if holds([span], reading(now, zone)):
        end = leaves(span, zone, now)
        assert not holds([span], reading(end, zone))
        assert all(holds([span], reading(at, zone)) for at in {*range(now, end, 7), end - 1})
