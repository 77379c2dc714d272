"""The coming turns of a group: who has it when, in which gaps nobody has, at which hours nobody is reached."""

import pytest

from operators.people.turns import Silence, silences, turns_of
from operators.rules.shapes.model import AlertNotice, DutyTime, NotifyConfig
from tests.operators.people.test_oncall import on_rota
from tests.operators.people.test_rotation import arrangement, duty
from tests.operators.people.world import SETTINGS, book, group, rota, second, ways


def seen(rules, when, days=7):
    found = turns_of(rules.user_groups["ops"], rules, SETTINGS, second(when), days)
    return [(one.since, one.until, " ".join(one.people)) for one in found.turns]


def expected(*rows):
    return [(second(since), second(until) if until else None, who) for since, until, who in rows]


def test_turns_follow_each_other_and_the_last_goes_on():
    weekly = duty(arrangement(DutyTime("weekly"), users=("a", "b")), since="2026-01-05 00:00:00", handoff_time="09:00")
    assert seen(on_rota(weekly), "2026-01-06 12:00:00", 14) == expected(
        ("2026-01-06 12:00:00", "2026-01-12 09:00:00", "a"),
        ("2026-01-12 09:00:00", "2026-01-19 09:00:00", "b"),
        ("2026-01-19 09:00:00", None, "a"),
    )


def test_a_gap_is_a_turn_of_nobody():
    assert seen(on_rota(rota("d", "a", "b", hours="09:00--18:00")), "2026-01-05 12:00:00", 1) == expected(
        ("2026-01-05 12:00:00", "2026-01-05 18:01:00", "a"),
        ("2026-01-05 18:01:00", "2026-01-06 09:00:00", ""),
        ("2026-01-06 09:00:00", None, "b"),
    )


def test_shifts_of_the_same_people_are_one_turn():
    halves = rota(
        "d", "a", duty_arranges=(arrangement(DutyTime(work_time=("00:00--11:59", "12:00--23:59")), users=("a",)),)
    )
    assert seen(on_rota(halves), "2026-01-05 06:00:00") == expected(("2026-01-05 06:00:00", None, "a"))


def test_a_group_without_rotation_has_one_turn():
    assert seen(book(group("ops", "alice bob")), "2026-01-05 06:00:00") == expected(
        ("2026-01-05 06:00:00", None, "alice bob")
    )


@pytest.mark.parametrize(
    ("hours", "levels", "found"),
    [
        ("00:00--23:59", (1, 2, 3), []),
        ("00:00--23:59", (1, 2), [("00:00", "23:59", (3,))]),
        ("09:00--18:00", (1, 2, 3), [("00:00", "08:59", (1, 2, 3)), ("18:01", "23:59", (1, 2, 3))]),
        ("22:00--06:00", (1,), [("00:00", "06:00", (2, 3)), ("06:01", "21:59", (1, 2, 3)), ("22:00", "23:59", (2, 3))]),
    ],
)
def test_hours_at_which_nobody_is_reached_are_named_by_severity(hours, levels, found):
    notice = AlertNotice(hours, tuple(NotifyConfig(level, ways("mail")) for level in levels))
    assert list(silences(group("ops", "alice", alert_notice=(notice,)))) == [Silence(*one) for one in found]
