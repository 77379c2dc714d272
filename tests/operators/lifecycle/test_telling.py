"""Escalations and repeats carried out: who is told more, or again, and when one looks next (design.md 7.6, 7.22, 7.23, 7.47)."""

import pytest

from operators.check.action import action_verdict
from operators.check.upgrade import upgrade_verdict
from operators.lifecycle.telling import escalate, repeat
from operators.model.alert import CycleRecord, UpgradeRecord
from operators.model.settings import ActionQuota, CoreSettings, Quotas
from tests.operators.check.made import T0
from tests.operators.plan.staged import NIGHT, SHIELD, stage

MINUTE = 60


def upgrade(*groups, interval=10):
    return {"upgrade_config": {"is_enabled": True, "upgrade_interval": interval, "user_groups": list(groups)}}


def escalated(minutes, *groups, about=None, **known):
    """Escalate some minutes after T0; return the stage and when one looks next, in minutes after T0."""
    options = {**upgrade(*(groups or ("boss", "ops"))), **known.pop("options", {})}
    made = stage(about, options=options, actions=(), **known)
    turn = made.turn(round(minutes * MINUTE))
    verdict = upgrade_verdict(turn.view())
    turn.look(verdict.next_look)
    escalate(turn, verdict)
    return made, turn.due and (turn.due - T0) / MINUTE


def told(made):
    return [(",".join(one.receivers["mail"]), one.notice_type, one.execute_times) for one in made.actions]


# --- steps


@pytest.mark.parametrize(
    ("minutes", "group", "due"),
    [(9.9, None, 10), (10, "bob", 20), (15, "bob", 25)],
    ids=["before", "at its second", "later"],
)
def test_the_first_step_is_due_an_interval_after_the_beginning_and_the_next_one_after_it(minutes, group, due):
    made, later = escalated(minutes)
    assert told(made) == ([(group, "upgrade", 1)] if group else [])
    assert later == due


def test_a_step_is_signalled_logged_and_kept():
    made, _ = escalated(10)
    assert (made.signals, made.state.alert.extra_info.upgrade_notice) == (
        [("abnormal", "upgrade")],
        UpgradeRecord(0, T0 + 600),
    )
    assert made.handed[0].entry.op_type == "UPGRADE"


def test_the_second_step_tells_the_second_group_as_the_second_escalation():
    made, due = escalated(20, about={"extra": {"upgrade_notice": UpgradeRecord(0, T0 + 600)}})
    assert (told(made), due) == ([("alice", "upgrade", 2)], None)
    assert made.state.alert.extra_info.upgrade_notice == UpgradeRecord(1, T0 + 1200)


def test_an_exhausted_escalation_tells_nobody():
    made, due = escalated(90, about={"extra": {"upgrade_notice": UpgradeRecord(1, T0 + 600)}})
    assert (made.said, due) == ([], None)


def test_after_an_ack_it_counts_anew():
    made, due = escalated(15, about={"extra": {"ack_over": T0 + 7 * MINUTE}})
    assert (made.actions, due) == ([], 17)


# --- what holds a step back


@pytest.mark.parametrize(
    ("about", "known"),
    [
        ({"is_shielded": True}, {"shields": [SHIELD]}),
        ({}, {"options": NIGHT}),
    ],
    ids=["shielded", "outside its hours"],
)
def test_a_step_that_is_held_back_is_tried_again_and_not_consumed(about, known):
    made, due = escalated(10, about=about, **known)
    assert (made.actions, made.signals, due) == ([], [], 11)
    assert made.state.alert.extra_info.upgrade_notice is None


def test_a_try_over_the_quota_is_not_counted():
    settings = CoreSettings(quota=Quotas(action=ActionQuota(threshold=1, window=999)))
    made = stage(options=upgrade("boss"), actions=(), settings=settings)
    made.scene.action_quota.hit("1|abnormal|2", T0)
    turn = made.turn(600)
    for _ in range(3):
        escalate(turn, upgrade_verdict(turn.view()))
    assert (made.actions, made.scene.action_quota.count("1|abnormal|2"), turn.due) == ([], 1, T0 + 660)


def test_a_step_in_which_nobody_can_be_reached_is_passed_over():
    made, due = escalated(10, "none", "boss")
    assert told(made) == [("bob", "upgrade", 1)]
    assert (made.state.alert.extra_info.upgrade_notice, due) == (UpgradeRecord(1, T0 + 600), None)


def test_a_step_in_which_nobody_can_ever_be_reached_waits_for_somebody():
    made, due = escalated(10, "none", "none")
    assert (made.actions, made.state.alert.extra_info.upgrade_notice) == ([], None)
    assert due > 10


def test_a_notice_that_does_not_tell_of_problems_does_not_escalate():
    made, due = escalated(10, signal=["closed"])
    assert (made.said, due) == ([], None)


# --- repeats

CYCLE = {"notice": CycleRecord(T0, False, T0, 2)}


def repeated(later, about=None, **known):
    made = stage(
        {"is_handled": True, "latest_time": T0 + 1, "extra": {"cycle_handle_record": CYCLE}} | (about or {}),
        actions=(),
        **known,
    )
    turn = made.turn(later)
    verdict = action_verdict(turn.view())
    turn.look(verdict.next_look)
    repeat(turn, verdict)
    return made, turn.due and turn.due - T0


@pytest.mark.parametrize(
    ("later", "count", "due"),
    [(7199, 0, 7200), (7200, 1, 14400), (9000, 1, 16200)],
    ids=["before", "at its second", "later"],
)
def test_a_repeat_is_due_an_interval_after_the_last_notice_and_the_next_one_after_it(later, count, due):
    made, next_look = repeated(later)
    assert ([one.execute_times for one in made.actions], next_look) == ([3] * count, due)
    assert made.signals == []


def test_a_repeat_that_is_due_waits_for_a_newer_anomaly():
    made, due = repeated(7200, {"latest_time": T0})
    assert (made.actions, made.state.repeat_waits, due) == ([], True, None)


def test_what_waited_waits_no_more_once_it_was_told():
    made, _ = repeated(7200, repeat_waits=True)
    assert (len(made.actions), made.state.repeat_waits) == (1, False)


@pytest.mark.parametrize(
    "about", [{"is_ack": True}, {"is_handled": False}, {"extra": {}}], ids=["acked", "not handled", "never told"]
)
def test_what_nobody_was_told_of_or_somebody_has_does_not_repeat(about):
    made, due = repeated(7200, about)
    assert (made.actions, due) == ([], None)
