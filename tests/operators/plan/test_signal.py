"""Which signal is said, who may follow it, and what a full quota does (spec/notices.md 1.5; design.md 7.17, 7.21)."""

import pytest

from operators.model.memory import Retry, StrategySnapshot
from operators.model.settings import ActionQuota, CoreSettings, Quotas
from operators.plan.signal import emit, retry
from tests.operators.check.made import T0
from tests.operators.plan.told import ALICE, told
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

GROUPS = [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}]
NOTICE = {"user_groups": ["ops"], "signal": ["abnormal", "recovered", "closed", "no_data", "ack"]}
HOOK = {"id": 11, "signal": ["abnormal", "closed"], "plugin_type": "webhook", "config": {"url": "http://h"}}
WATCHED = book_of(strategies=[{"id": 1, "name": "CPU", "notice": NOTICE, "actions": [HOOK]}], user_groups=GROUPS)
NOTIFY = [{"action_type": "notice"}]
RULE = {"id": 1, "conditions": [], "user_groups": ["ops"], "actions": NOTIFY}
RULED = book_of(dispatch=[{"id": 1, "name": "all", "rules": [RULE]}], user_groups=GROUPS)
ONE = CoreSettings(quota=Quotas(action=ActionQuota(threshold=1, window=60)))


def watched(settings=None, about=None, **known):
    return Stage(kept(**(about or {})), rules=WATCHED, settings=settings, snapshot=StrategySnapshot(), **known)


def foreign(rules, about=None, **known):
    return Stage(kept(strategy_id="", **(about or {})), rules=rules, **known)


def planned(stage):
    return [(one.plugin_type, one.signal, one.status) for one in stage.actions]


SENT = [("webhook", "abnormal", "received"), ("notice", "abnormal", "received")]


# --- who follows


def test_a_signal_is_said_and_what_the_strategy_plans_follows():
    stage = watched()
    emit(stage.turn(), "abnormal")
    assert (stage.signals, planned(stage)) == ([("abnormal", "normal")], SENT)


def test_of_a_problem_that_goes_on_machines_are_told_alone():
    stage = watched()
    emit(stage.turn(), "closed", people=False)
    assert (stage.signals, planned(stage)) == ([("closed", "normal")], [("webhook", "closed", "received")])


def test_the_end_of_a_shield_is_told_to_people_alone():
    stage = watched()
    emit(stage.turn(), "abnormal", "unshielded")
    assert (stage.signals, planned(stage)) == ([("abnormal", "unshielded")], SENT[1:])


def test_a_blocked_alert_says_nothing():
    stage = watched(about={"is_blocked": True})
    emit(stage.turn(), "abnormal")
    assert (stage.signals, stage.actions) == ([], [])


@pytest.mark.parametrize(
    ("rules", "signals", "notices"),
    [(RULED, [("abnormal", "normal")], SENT[1:]), (book_of(user_groups=GROUPS), [], [])],
    ids=["a rule matches", "none does"],
)
def test_a_third_party_alert_speaks_through_a_dispatch_rule(rules, signals, notices):
    stage = foreign(rules)
    emit(stage.turn(), "abnormal")
    assert (stage.signals, planned(stage)) == (signals, notices)


@pytest.mark.parametrize(
    ("known", "signal", "people", "hears"),
    [
        (told(ALICE), "closed", True, True),
        (told(ALICE), "recovered", True, True),
        (None, "closed", True, False),
        (told(ALICE), "abnormal", True, False),
        (told(ALICE), "closed", False, False),
    ],
    ids=["closed", "recovered", "nobody was told", "no end", "machines alone"],
)
def test_who_was_told_hears_the_end_although_no_rule_matches_any_more(known, signal, people, hears):
    stage = foreign(book_of(user_groups=GROUPS), {"status": signal.upper()}, told=known)
    emit(stage.turn(), signal, people=people)
    assert [one.receivers for one in stage.actions] == ([ALICE] if hears else [])
    assert stage.signals == []


# --- the quota


def test_a_signal_over_the_quota_is_said_and_planned_when_the_window_ends():
    stage = watched(ONE)
    turn = stage.turn(5)
    emit(turn, "abnormal")
    emit(turn, "abnormal")
    assert (stage.signals, planned(stage)) == ([("abnormal", "normal")] * 2, SENT)
    assert stage.state.retry == Retry("abnormal", T0 + 65)
    assert ("ACTION", "action_quota") in stage.entries


def test_signals_of_another_severity_are_counted_by_themselves():
    stage = watched(ONE, about={"severity": 1})
    emit(stage.turn(), "abnormal")
    stage.state.alert.severity = 2
    emit(stage.turn(), "abnormal")
    assert stage.state.retry is None


WAITS = Retry("abnormal", T0 + 60)


@pytest.mark.parametrize(
    ("later", "about", "notices", "due"),
    [
        (59, {}, [], T0 + 60),
        (60, {}, SENT, None),
        (60, {"status": "CLOSED"}, [], None),
    ],
    ids=["before its time", "at its time", "it ended meanwhile"],
)
def test_what_the_quota_held_back_is_tried_again_while_it_still_stands(later, about, notices, due):
    stage = watched(ONE, about=about, retry=WAITS)
    turn = stage.turn(later)
    retry(turn)
    assert (planned(stage), stage.signals) == (notices, [])
    assert (stage.state.retry and stage.state.retry.due, turn.due) == (due, due)


@pytest.mark.parametrize(
    ("about", "stands"),
    [({"is_ack": True}, True), ({"is_ack": True, "is_ack_noticed": True}, False), ({}, False)],
    ids=["acked", "told already", "taken back"],
)
def test_an_ack_stands_until_it_was_told(about, stands):
    stage = watched(about=about, retry=Retry("ack", T0))
    retry(stage.turn())
    assert [one.signal for one in stage.actions] == (["ack"] if stands else [])


def test_a_retry_that_is_over_the_quota_again_waits_for_the_next_window():
    stage = watched(ONE, retry=WAITS)
    emit(stage.turn(30), "abnormal")
    stage.state.retry = WAITS
    turn = stage.turn(60)
    retry(turn)
    assert (stage.state.retry, turn.due) == (Retry("abnormal", T0 + 90), T0 + 90)
