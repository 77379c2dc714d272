"""Who is on duty, since when, until when, and who is next."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.people.groups import people_now
from operators.people.oncall import HORIZON_DAYS, on_duty
from operators.people.roles import Situation
from operators.rules.shapes.model import DutyTime, PeriodSettings
from tests.operators.people.test_rotation import arrangement, duty
from tests.operators.people.test_rotation_years import DUTIES
from tests.operators.people.world import NOON, SETTINGS, SHOP, book, group, rota, second


def seen(rules, when, zone="UTC", **rest):
    return on_duty(rules.user_groups["ops"], rules, SETTINGS, second(when, zone), **rest)


def on_rota(*duties, **rest):
    return book(SHOP, *duties, group("ops", need_duty=True, duty_rules=tuple(one.id for one in duties), **rest))


def test_a_group_without_rotation_has_people_but_no_duties_and_no_handover():
    found = seen(book(group("ops", "alice bob")), "2026-01-05 12:00:00")
    assert (found.people, found.duties, found.handover, found.next_people) == (("alice", "bob"), (), None, ())


def test_a_duty_says_who_serves_for_what_from_when_until_when_and_who_is_next():
    week = duty(arrangement(DutyTime("weekly", period_settings=PeriodSettings(7)), users=("a b", "c")), name="week")
    found = seen(on_rota(week, timezone="Europe/Berlin"), "2026-01-05 12:00:00", "Europe/Berlin")
    (only,) = found.duties
    assert (found.group_id, found.zone, found.people) == ("ops", "Europe/Berlin", ("a", "b"))
    assert (only.duty_id, only.duty_name, only.arrangement, only.turn, only.people) == ("1", "week", 0, 0, ("a", "b"))
    assert only.since == second("2026-01-01 00:00:00", "Europe/Berlin")
    assert only.until == found.handover == second("2026-01-08 00:00:00", "Europe/Berlin")
    assert found.next_people == ("c",)


@pytest.mark.parametrize(
    ("when", "people", "handover", "following"),
    [
        ("2026-01-02 08:00:00", (), "2026-01-02 09:00:00", ("b",)),
        ("2026-01-02 09:00:00", ("b",), "2026-01-02 18:01:00", ()),
        ("2026-01-02 18:00:59", ("b",), "2026-01-02 18:01:00", ()),
        ("2026-01-02 18:01:00", (), "2026-01-03 09:00:00", ("a",)),
        ("2025-12-01 00:00:00", (), "2026-01-01 09:00:00", ("a",)),
    ],
)
def test_a_handover_is_any_change_of_the_people_gaps_included(when, people, handover, following):
    found = seen(on_rota(rota("d", "a", "b", hours="09:00--18:00")), when)
    assert (found.people, found.handover, found.next_people) == (people, second(handover), following)


def test_shifts_of_one_turn_that_touch_are_one_stretch():
    nights = rota("n", "a", hours="20:00--08:00", category="regular")
    days = rota("n", "a", hours="08:01--19:59").duty_arranges[0].duty_time
    both = nights.duty_arranges[0].duty_time + days
    rules = on_rota(
        rota("n", category="regular", duty_arranges=(arrangement(*both, users=("a",)),), end_time="2026-01-04 00:00:00")
    )
    (only,) = seen(rules, "2026-01-02 12:00:00").duties
    assert only.since == second("2026-01-01 08:01:00")
    assert only.until == second("2026-01-04 08:01:00")


def test_service_without_end_in_sight_has_no_end():
    found = seen(
        on_rota(rota("d", "a", category="regular", effective_time="2020-01-01 00:00:00")), "2026-01-05 12:00:00"
    )
    assert (found.duties[0].since, found.duties[0].until, found.handover) == (None, None, None)


def test_a_handover_within_the_horizon_is_found_and_one_beyond_is_not():
    near, far = "2027-01-01", "2027-12-01"
    dates = {day: DutyTime("date_range", work_date_range=(f"{day}--{day}",)) for day in (near, far)}
    found = {day: seen(on_rota(duty(arrangement(one))), "2026-01-05 12:00:00").handover for day, one in dates.items()}
    assert found == {near: second(f"{near} 00:00:00"), far: None}
    assert HORIZON_DAYS == 400


def test_only_the_duty_that_counts_is_shown_where_the_group_stops_at_the_first():
    duties = rota("d", "a"), rota("n", "b")
    assert [one.duty_id for one in seen(on_rota(*duties), "2026-01-05 12:00:00").duties] == ["d"]
    both = seen(on_rota(*duties, hit_first_duty=False), "2026-01-05 12:00:00")
    assert ([one.duty_id for one in both.duties], both.people) == (["d", "n"], ("a", "b"))


def test_roles_and_zone_are_those_of_the_business_asked_for():
    rules = on_rota(rota("d", "@operator", "x"))
    assert seen(rules, "2026-01-01 15:59:59", business="2").people == ("olga",)
    assert seen(rules, "2026-01-01 16:00:00", business="2").people == ("x",)
    assert seen(rules, "2026-01-01 16:00:00").people == ()


@pytest.mark.parametrize(
    ("when", "since", "until"),
    [
        # clocks go forward at 02:00: the shift begins when they do
        ("2026-03-29 03:30:00+02:00", "2026-03-29 03:00:00+02:00", "2026-03-29 04:01:00+02:00"),
        # clocks go back at 03:00: the wall reads 02:30 twice
        ("2026-10-25 02:45:00+02:00", "2026-10-25 02:30:00+02:00", "2026-10-25 02:00:00+01:00"),
        ("2026-10-25 02:45:00+01:00", "2026-10-25 02:30:00+01:00", "2026-10-25 04:01:00+01:00"),
    ],
)
def test_times_of_a_shift_follow_the_clock_on_the_wall_when_it_is_changed(when, since, until):
    rules = on_rota(rota("d", "a", hours="02:30--04:00"), timezone="Europe/Berlin")
    (only,) = seen(rules, when).duties
    assert (only.since, only.until) == (second(since), second(until))


@given(DUTIES, st.integers(0, 200 * 86400), st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]))
def test_nothing_changes_before_the_handover_and_something_does_at_it(rule, shift, zone):
    rules = on_rota(rule, timezone=zone)
    ops, now = rules.user_groups["ops"], NOON + shift
    found = on_duty(ops, rules, SETTINGS, now)

    def people(at: int) -> tuple[str, ...]:
        return tuple(people_now(ops, Situation(rules, SETTINGS, "0", ZoneInfo("UTC"), at)))

    end = found.handover or now + 40 * 86400
    assert all(people(at) == found.people for at in range(now, end, max((end - now) // 50, 1)))
    assert people(end - 1) == found.people
    assert (people(end) != found.people) == (found.handover is not None)
    assert found.next_people == (people(end) if found.handover else ())


@given(DUTIES, st.integers(0, 200 * 86400), st.sampled_from(["Europe/Berlin", "America/New_York", "UTC"]))
def test_a_stretch_of_service_holds_now_and_breaks_at_both_ends(rule, shift, zone):
    rules = on_rota(rule, timezone=zone, hit_first_duty=False)
    ops, now = rules.user_groups["ops"], NOON + shift

    def turns(at: int) -> set[tuple[int, int]]:
        return {(one.arrangement, one.turn) for one in on_duty(ops, rules, SETTINGS, at).duties}

    for one in on_duty(ops, rules, SETTINGS, now).duties:
        turn = one.arrangement, one.turn
        assert one.since is None or (one.since <= now and turn in turns(one.since) and turn not in turns(one.since - 1))
        assert one.until is None or (one.until > now and turn in turns(one.until - 1) and turn not in turns(one.until))
