"""Where a call would reach nobody: nobody on duty, or no way for a severity."""

import pytest

from operators.people.gaps import NO_WAY, NOBODY, gaps_of
from operators.rules.shapes.model import AlertNotice, NotifyConfig
from tests.operators.people.test_oncall import on_rota
from tests.operators.people.world import SETTINGS, book, group, rota, second, ways


def gaps(rules, when, days=2):
    return list(gaps_of(rules.user_groups["ops"], rules, SETTINGS, second(when), days))


def nobody(rules, when, days=2):
    return [(one.since, one.until) for one in gaps(rules, when, days) if one.kind == NOBODY]


def test_a_group_of_people_who_can_be_reached_has_no_gap():
    assert gaps(book(group("ops", "alice")), "2026-01-05 12:00:00") == []


def test_a_group_without_anybody_is_one_gap_without_an_end():
    assert nobody(book(group("ops")), "2026-01-05 12:00:00") == [(second("2026-01-05 12:00:00"), None)]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-01-05 12:00:00", [("2026-01-05 18:01:00", "2026-01-06 09:00:00"), ("2026-01-06 18:01:00", "2026-01-07 09:00:00")]),
        ("2026-01-06 20:00:00", [("2026-01-06 20:00:00", "2026-01-07 09:00:00"), ("2026-01-07 18:01:00", "2026-01-08 09:00:00"),
                                 ("2026-01-08 18:01:00", "2026-01-09 09:00:00")]),
        ("2025-12-01 00:00:00", [("2025-12-01 00:00:00", "2026-01-01 09:00:00")]),
        ("2025-11-01 00:00:00", [("2025-11-01 00:00:00", None)]),
    ],
)  # fmt: skip
def test_the_nights_of_a_rota_by_day_are_gaps(when, expected):
    found = nobody(on_rota(rota("d", "a", "b", hours="09:00--18:00")), when)
    assert found == [(second(since), None if until is None else second(until)) for since, until in expected]


def test_handovers_within_nobody_and_two_teams_in_turn_make_no_gap_of_their_own():
    by_day, by_night = rota("d", "a", hours="08:00--19:59"), rota("n", "b", hours="20:00--07:59", category="regular")
    assert nobody(on_rota(by_day, by_night), "2026-01-05 12:00:00") == []


def test_severities_without_a_way_at_this_hour_are_named():
    by_day = AlertNotice("08:00--20:00", tuple(NotifyConfig(level, ways("mail")) for level in (1, 2)))
    rules = book(group("ops", "alice", alert_notice=(by_day,)))
    assert [(one.kind, one.severities) for one in gaps(rules, "2026-01-05 12:00:00")] == [(NO_WAY, (3,))]
    assert [(one.kind, one.severities) for one in gaps(rules, "2026-01-05 23:00:00")] == [(NO_WAY, (1, 2, 3))]
