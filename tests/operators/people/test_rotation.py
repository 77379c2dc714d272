"""Rotations: each rule of spec/notices.md 6.4."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from operators.people.rotation import rotation_of, serving, team_of, wall_second
from operators.rules.shapes.model import Duty, DutyArrangement, DutyTime, PeriodSettings, UserRef

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def team(names: str) -> tuple[UserRef, ...]:
    return tuple(UserRef("user", name) for name in names.split())


def teams(*names: str) -> tuple[tuple[UserRef, ...], ...]:
    return tuple(team(one) for one in names)


def arrangement(*duty_time, users=("a", "b", "c"), **rest) -> DutyArrangement:
    return DutyArrangement(duty_time=duty_time, duty_users=teams(*users), **rest)


def duty(*arrangements, category="handoff", since="2026-01-01 00:00:00", **rest) -> Duty:
    return Duty("1", category=category, effective_time=since, duty_arranges=arrangements, **rest)


def who(rule: Duty, when: str, zone: ZoneInfo = UTC) -> list[str]:
    now = int(datetime.fromisoformat(when).replace(tzinfo=zone).timestamp())
    return names(rule, zone, now)


def names(rule: Duty, zone: ZoneInfo, now: int) -> list[str]:
    shifts = serving(rotation_of(rule, zone), wall_second(now, zone))
    return [" ".join(user.id for user in shift.team) for shift in shifts]


def every(days: int) -> PeriodSettings:
    return PeriodSettings(days)


OFFICE = ("09:00--18:00",)
ALL_DAY = DutyTime()
WEEK = DutyTime("weekly", (1, 2, 3, 4, 5), work_time=OFFICE)
LATE_WEEK = DutyTime("weekly", (4, 5, 6, 7, 1, 2, 3))
MONTH = DutyTime("monthly", (1, 15, 31))


@pytest.mark.parametrize(
    ("when", "on_duty"),
    [
        ("2026-01-05 08:59:59", []),
        ("2026-01-05 09:00:00", ["b"]),
        ("2026-01-05 18:00:59", ["b"]),
        ("2026-01-05 18:01:00", []),
    ],
)
def test_work_time_holds_from_its_first_minute_through_its_last(when, on_duty):
    assert who(duty(arrangement(WEEK)), when) == on_duty


@pytest.mark.parametrize(
    ("when", "on_duty"),
    [
        ("2026-01-01 21:59:59", []),
        ("2026-01-01 22:00:00", ["a"]),
        ("2026-01-02 06:00:59", ["a"]),
        ("2026-01-02 06:01:00", []),
        ("2026-01-02 22:00:00", ["b"]),
    ],
)
def test_a_range_that_ends_before_it_starts_runs_into_the_next_day(when, on_duty):
    assert who(duty(arrangement(DutyTime(work_time=("22:00--06:00",)))), when) == on_duty


def test_a_range_that_ends_as_it_starts_lasts_a_day_and_shares_the_minute_of_handover():
    rule = duty(arrangement(DutyTime(work_time=("09:00--09:00",))))
    assert who(rule, "2026-01-02 08:59:59") == ["a"]
    assert who(rule, "2026-01-02 09:00:59") == ["a", "b"]
    assert who(rule, "2026-01-02 09:01:00") == ["b"]


def test_several_work_times_of_a_day_all_count():
    rule = duty(arrangement(DutyTime(work_time=("09:00--12:00", "14:00--18:00"))))
    assert [who(rule, f"2026-01-01 {hour}:30:00") for hour in ("11", "13", "14")] == [["a"], [], ["a"]]


@pytest.mark.parametrize(
    ("duty_time", "turns"),
    [
        (ALL_DAY, {"2026-01-01": "a", "2026-01-02": "b", "2026-01-03": "c", "2026-01-04": "a"}),
        # Thursday and Friday are the first period, Monday begins the second
        (WEEK, {"2026-01-01": "a", "2026-01-02": "a", "2026-01-05": "b", "2026-01-09": "b", "2026-01-12": "c"}),
        (LATE_WEEK, {"2026-01-01": "a", "2026-01-07": "a", "2026-01-08": "b"}),
        (DutyTime("work_day"), {"2026-01-01": "a", "2026-01-05": "b", "2026-01-10": ""}),
        (DutyTime("weekend"), {"2026-01-01": "", "2026-01-03": "a", "2026-01-04": "a", "2026-01-10": "b"}),
        (MONTH, {"2026-01-01": "a", "2026-01-15": "a", "2026-01-31": "a", "2026-02-01": "b", "2026-03-31": "c"}),
        # a month without the day of handoff goes on with the period before
        (DutyTime("monthly", (31, 1)), {"2026-01-01": "a", "2026-01-31": "b", "2026-03-01": "b", "2026-03-31": "c"}),
        (
            DutyTime("date_range", work_date_range=("2026-02-01--2026-02-03", "2026-01-02--2026-01-03")),
            {"2026-01-01": "", "2026-01-02": "a", "2026-01-03": "a", "2026-01-04": "", "2026-02-03": "b"},
        ),
    ],
    ids=["daily", "weekly", "weekly from Thursday", "work days", "weekend", "monthly", "short months", "dates"],
)
def test_a_handoff_duty_changes_team_with_each_period(duty_time, turns):
    rule = duty(arrangement(duty_time))
    assert {day: " ".join(who(rule, f"{day} 12:00:00")) for day in turns} == turns


@pytest.mark.parametrize(
    ("duty_time", "turns"),
    [
        (DutyTime(period_settings=every(7)), {"2026-01-01": "a", "2026-01-07": "a", "2026-01-08": "b"}),
        # seven valid days are a week and two days of work
        (
            DutyTime("weekly", (1, 2, 3, 4, 5), period_settings=every(7)),
            {"2026-01-01": "a", "2026-01-09": "a", "2026-01-12": "b", "2026-01-20": "b", "2026-01-21": "c"},
        ),
        (
            DutyTime("monthly", (1, 15), period_settings=every(3)),
            {"2026-01-01": "a", "2026-02-01": "a", "2026-02-15": "b", "2026-03-15": "b", "2026-04-01": "c"},
        ),
        (
            DutyTime("date_range", work_date_range=("2026-01-02--2026-01-05",), period_settings=every(2)),
            {"2026-01-02": "a", "2026-01-03": "a", "2026-01-04": "b", "2026-01-06": ""},
        ),
    ],
    ids=["daily", "weekly", "monthly", "dates"],
)
def test_period_settings_hand_over_after_so_many_valid_days(duty_time, turns):
    rule = duty(arrangement(duty_time))
    assert {day: " ".join(who(rule, f"{day} 12:00:00")) for day in turns} == turns


def test_a_first_period_without_valid_day_takes_no_turn():
    rule = duty(arrangement(WEEK), since="2026-01-03 00:00:00")  # a Saturday
    assert who(rule, "2026-01-05 12:00:00") == ["a"]


@pytest.mark.parametrize(
    ("size", "windows"),
    [
        (1, ["a", "b", "c", "d", "e", "a"]),
        (2, ["a b", "c d", "e a", "b c", "d e", "a b"]),
        (3, ["a b c", "d e a", "b c d", "e a b", "c d e", "a b c"]),
        (5, ["a b c d e", "a b c d e"]),
        (6, ["a b c d e", "a b c d e"]),
    ],
)
def test_auto_slides_a_window_over_the_flat_list(size, windows):
    rule = arrangement(ALL_DAY, users=("a b c", "d e"), group_type="auto", group_number=size)
    assert [" ".join(user.id for user in team_of(rule, turn)) for turn in range(len(windows))] == windows


def test_several_duty_times_take_turns_period_by_period():
    weekend = DutyTime("weekend", (6, 7))
    rule = duty(arrangement(DutyTime("work_day"), weekend), since="2026-01-05 00:00:00")
    days = ("2026-01-05", "2026-01-10", "2026-01-12", "2026-01-17", "2026-01-19")
    assert [who(rule, f"{day} 12:00:00") for day in days] == [["a"], ["b"], ["c"], ["a"], ["b"]]


def test_dates_that_are_over_leave_the_turns_to_the_others():
    dates = DutyTime("date_range", work_date_range=("2026-01-02--2026-01-02",), work_time=("00:00--11:59",))
    rule = duty(arrangement(dates, ALL_DAY))
    assert [who(rule, f"2026-01-0{day} 12:00:00") for day in (1, 2, 3)] == [["b"], ["c"], ["a"]]
    assert who(rule, "2026-01-02 10:00:00") == ["a", "c"]


def test_a_regular_duty_keeps_the_first_team_of_each_arrangement():
    rule = duty(arrangement(ALL_DAY, users=("a b", "c")), arrangement(WEEK, users=("d",)), category="regular")
    assert who(rule, "2026-01-05 12:00:00") == ["a b", "d"]
    assert who(rule, "2026-02-04 20:00:00") == ["a b"]


def test_all_arrangements_contribute_in_order():
    rule = duty(arrangement(ALL_DAY, users=("a", "b")), arrangement(ALL_DAY, users=("c", "d", "e")))
    assert who(rule, "2026-01-03 12:00:00") == ["a", "e"]


@pytest.mark.parametrize(
    ("when", "on_duty"),
    [
        ("2026-01-01 11:59:59", []),
        ("2026-01-01 12:00:00", ["a"]),
        ("2026-01-02 00:00:00", ["b"]),
    ],
)
def test_nobody_serves_before_the_duty_takes_effect_and_its_first_day_counts(when, on_duty):
    assert who(duty(arrangement(ALL_DAY), since="2026-01-01 12:00:00"), when) == on_duty


@pytest.mark.parametrize(
    ("end", "when", "on_duty"),
    [
        ("2026-01-05 12:00:00", "2026-01-05 23:59:59", ["b"]),
        ("2026-01-05 12:00:00", "2026-01-06 00:00:00", []),
        ("2026-01-05 00:00:01", "2026-01-05 23:59:59", ["b"]),
        ("2026-01-05 00:00:00", "2026-01-04 23:59:59", ["a"]),
        ("2026-01-05 00:00:00", "2026-01-05 00:00:00", []),
        (None, "2036-01-01 00:00:00", ["b"]),
    ],
)
def test_the_day_of_the_end_counts_unless_it_ends_at_midnight(end, when, on_duty):
    assert who(duty(arrangement(ALL_DAY), end_time=end), when) == on_duty


def test_a_night_shift_of_the_last_day_is_served_to_its_end():
    rule = duty(arrangement(DutyTime(work_time=("22:00--06:00",))), end_time="2026-01-02 00:00:00")
    assert who(rule, "2026-01-02 06:00:00") == ["a"]
    assert who(rule, "2026-01-02 22:00:00") == []


@pytest.mark.parametrize(
    ("kind", "hours", "held", "free"),
    [
        ("weekly", "01 09:00--05 18:00", ("2026-01-05 09:00:00", "2026-01-07 00:00:00", "2026-01-09 18:00:59"), ("2026-01-05 08:59:59", "2026-01-09 18:01:00")),
        ("weekly", "5 18:00--1 09:00", ("2026-01-02 18:00:00", "2026-01-04 12:00:00", "2026-01-05 09:00:59"), ("2026-01-02 17:59:59", "2026-01-05 09:01:00")),
        ("weekly", "03 09:00--03 18:00", ("2026-01-07 09:00:00", "2026-01-07 18:00:59"), ("2026-01-07 08:59:59", "2026-01-07 18:01:00", "2026-01-08 12:00:00")),
        ("monthly", "28 09:00--03 18:00", ("2026-01-28 09:00:00", "2026-02-01 00:00:00", "2026-02-03 18:00:59"), ("2026-01-28 08:59:59", "2026-02-03 18:01:00")),
        ("monthly", "25 09:00--31 18:00", ("2026-02-25 09:00:00", "2026-02-28 23:59:59"), ("2026-02-25 08:59:59", "2026-03-01 00:00:00")),
    ],
)  # fmt: skip
def test_a_long_shift_runs_from_its_first_day_to_its_last(kind, hours, held, free):
    rule = duty(arrangement(DutyTime(kind, work_time_type="datetime_range", work_time=(hours,)), users=("a",)))
    assert [who(rule, when) for when in held] == [["a"]] * len(held)
    assert [who(rule, when) for when in free] == [[]] * len(free)


@pytest.mark.parametrize(
    ("when", "on_duty"),
    [
        ("2026-01-05 08:59:59", ["a"]),
        ("2026-01-05 09:00:59", ["a", "b"]),
        ("2026-01-05 09:01:00", ["b"]),
        ("2026-01-12 08:59:59", ["b"]),
        ("2026-01-12 09:01:00", ["c"]),
    ],
)
def test_a_long_shift_that_ends_as_it_starts_takes_the_whole_week(when, on_duty):
    week = DutyTime("weekly", work_time_type="datetime_range", work_time=("01 09:00--01 09:00",))
    assert who(duty(arrangement(week)), when) == on_duty


def test_a_weekly_duty_without_days_takes_every_day_and_hands_over_on_monday():
    rule = duty(arrangement(DutyTime("weekly")))
    assert [who(rule, f"2026-01-{day} 12:00:00") for day in ("04", "05", "11", "12")] == [["a"], ["b"], ["b"], ["c"]]


def test_nobody_serves_without_people_or_hours():
    assert who(duty(arrangement(ALL_DAY, users=())), "2026-01-01 12:00:00") == [""]
    assert who(duty(arrangement(ALL_DAY, users=()), category="regular"), "2026-01-01 12:00:00") == [""]
    assert who(duty(arrangement()), "2026-01-01 12:00:00") == []
    assert who(duty(), "2026-01-01 12:00:00") == []


def test_the_zone_decides_what_day_it_is():
    rule = duty(arrangement(ALL_DAY))
    noon = int(datetime(2026, 1, 2, 20, tzinfo=UTC).timestamp())
    assert [names(rule, zone, noon) for zone in (UTC, SHANGHAI, NEW_YORK)] == [["b"], ["c"], ["b"]]


def test_an_effective_time_with_an_offset_is_brought_into_the_zone():
    rule = duty(arrangement(ALL_DAY), since="2026-01-01 20:00:00+00:00")
    assert who(rule, "2026-01-02 03:59:59", SHANGHAI) == []
    assert who(rule, "2026-01-02 04:00:00", SHANGHAI) == ["a"]


def test_a_shift_in_the_hour_that_the_clock_skips_or_repeats_follows_the_clock_on_the_wall():
    rule = duty(arrangement(DutyTime(work_time=("02:30--02:45",)), users=("a",)))
    spring = int(datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp())  # 02:00 becomes 03:00 in Berlin
    assert all(names(rule, BERLIN, spring + shift) == [] for shift in range(-3600, 3600, 300))
    autumn = int(datetime(2026, 10, 25, 0, tzinfo=UTC).timestamp())  # 02:00, for the first of two times
    held = [shift for shift in range(0, 7200, 60) if names(rule, BERLIN, autumn + shift) == ["a"]]
    assert held == [*range(1800, 2760, 60), *range(5400, 6360, 60)]


@pytest.mark.parametrize(
    ("time", "hours", "expected"),
    [
        (ALL_DAY, "09:00", {"2026-01-01 00:00": "a", "2026-01-02 08:59": "a", "2026-01-02 09:00": "b", "2026-01-03 08:59": "b"}),
        (LATE_WEEK, "09:00", {"2026-01-08 08:59": "a", "2026-01-08 09:00": "b", "2026-01-15 08:59": "b"}),
        (DutyTime("weekly", (1, 2, 3, 4, 5)), "09:30", {"2026-01-05 09:29": "a", "2026-01-05 09:30": "b"}),  # Friday's till then
        (DutyTime(work_time=("20:00--08:00",)), "07:00", {"2026-01-02 06:59": "a", "2026-01-02 07:00": "b"}),
        (DutyTime(work_time=("20:00--08:00",)), "12:00", {"2026-01-01 20:00": "a", "2026-01-02 08:00": "a", "2026-01-02 20:00": "b"}),
        (DutyTime(period_settings=every(2)), "09:00", {"2026-01-03 08:59": "a", "2026-01-03 09:00": "b", "2026-01-05 08:59": "b"}),
    ],
)  # fmt: skip
def test_a_turn_changes_at_the_handoff_time_of_its_day(time, hours, expected):
    rule = duty(arrangement(time), handoff_time=hours)
    assert {when: who(rule, when) for when in expected} == {when: [name] for when, name in expected.items()}


def test_a_regular_duty_has_nothing_to_hand_over():
    rule = duty(arrangement(ALL_DAY), category="regular", handoff_time="09:00")
    assert (who(rule, "2026-01-04 08:59"), who(rule, "2026-01-04 09:00")) == (["a"], ["a"])
