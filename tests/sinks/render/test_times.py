"""Times and durations as people read them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.render.times import duration_text, format_time, local_text, zone_or

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNITS = {"d": "d", "h": "h", "m": "m", "s": "s"}
MOMENT = datetime(2025, 3, 4, 5, 6, 7, tzinfo=SHANGHAI)
SIZES = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"), (0, "0s"), (1, "1s"), (59, "59s"), (60, "1m"), (61, "1m 1s"), (130, "2m 10s"), (3599, "59m 59s"),
        (3600, "1h"), (3601, "1h"), (3660, "1h 1m"), (86399, "23h 59m"), (86400, "1d"), (86400 + 59, "1d"),
        (86400 + 60, "1d"), (86400 + 3600, "1d 1h"), (90 * 86400 + 7200, "90d 2h"),
    ],
)  # fmt: skip
def test_a_duration_has_its_two_largest_units_and_no_empty_one(seconds, text):
    assert duration_text(seconds, UNITS) == text


@given(st.integers(0, 10**7))
def test_a_duration_leaves_out_less_than_its_smaller_unit(seconds):
    parts = duration_text(seconds, UNITS).split()
    assert 1 <= len(parts) <= 2
    told = sum(int(part[:-1]) * SIZES[part[-1]] for part in parts)
    largest = next(size for size in (*SIZES.values(), 0) if size <= seconds)
    smaller = {86400: 3600, 3600: 60, 60: 1, 1: 1, 0: 1}[largest]
    assert 0 <= seconds - told < smaller


def test_a_duration_is_told_in_the_words_of_its_language():
    assert duration_text(86400 + 7200, {"d": "天", "h": "小时", "m": "分", "s": "秒"}) == "1天 2小时"


@pytest.mark.parametrize(
    ("second", "zone", "text"),
    [
        (0, UTC, "1970-01-01 00:00:00+00:00"),
        (1_700_000_000, SHANGHAI, "2023-11-15 06:13:20+08:00"),
        (1_700_000_000, ZoneInfo("America/New_York"), "2023-11-14 17:13:20-05:00"),
        (None, UTC, None),
        (10**18, UTC, str(10**18)),
    ],
)
def test_a_time_has_its_offset_and_one_that_no_calendar_holds_is_a_number(second, zone, text):
    assert local_text(second, zone) == text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("YYYY-MM-DD HH:mm:ss", "2025-03-04 05:06:07"),
        ("YY/M/D H:m:s", "25/3/4 5:6:7"),
        ("ZZ", "+08:00"),
        ("Z", "+0800"),
        ("X", str(int(MOMENT.timestamp()))),
        ("[at] HH", "at 05"),
        ("[YYYY] YYYY", "YYYY 2025"),
        ("[]HH", "05"),
        ("HHmm", "0506"),
        ("", ""),
        ("年月日", "年月日"),
        ("W", "W"),
    ],
)
def test_a_time_is_written_by_its_tokens_and_other_text_stays(pattern, text):
    assert format_time(MOMENT, pattern) == text


@pytest.mark.parametrize(
    ("zone", "offset"),
    [(UTC, "+00:00"), (ZoneInfo("UTC"), "+00:00"), (timezone(-timedelta(hours=3, minutes=30)), "-03:30")],
)
def test_the_offset_is_that_of_the_zone(zone, offset):
    assert format_time(datetime(2025, 3, 4, tzinfo=zone), "ZZ Z") == f"{offset} {offset.replace(':', '')}"


def test_a_year_has_four_digits_and_a_short_one_two():
    assert format_time(datetime(907, 1, 1, tzinfo=UTC), "YYYY YY") == "0907 07"


def test_a_pattern_of_two_hundred_characters_is_the_longest():
    assert len(format_time(MOMENT, "-" * 200)) == 200
    with pytest.raises(ValueError, match="a pattern of more than 200 characters"):
        format_time(MOMENT, "-" * 201)


@pytest.mark.parametrize(
    ("name", "zone"),
    [("", SHANGHAI), (None, SHANGHAI), ("UTC", UTC), ("utc", UTC), ("Z", UTC), ("Europe/Berlin", ZoneInfo("Europe/Berlin"))],
)  # fmt: skip
def test_a_zone_is_that_of_its_name_and_without_one_the_default(name, zone):
    assert zone_or(name, SHANGHAI) == zone


@pytest.mark.parametrize("name", ["Mars/Crater", "../etc/passwd", "Europe"])
def test_a_zone_that_is_none_is_refused_and_not_repeated_at_length(name):
    with pytest.raises(ValueError, match="unknown time zone"):
        zone_or(name, UTC)
    with pytest.raises(ValueError, match="unknown time zone") as told:
        zone_or("x" * 1000, UTC)
    assert len(str(told.value)) < 100
