"""What is planned of a signal, and what is kept of it for repeats (spec/notices.md 1.4, 1.6)."""

import pytest

from operators.model.alert import CycleRecord
from operators.model.identity import action_id
from operators.model.memory import Flapping, Told
from tests.operators.check.made import T0
from tests.operators.plan.staged import SHIELD, extra, planned, stage
from tests.operators.plan.told import ALICE, BOB, dispatched

# --- which relations


def test_actions_come_before_the_notice():
    assert planned(stage()) == [("webhook", "received", "", 1), ("notice", "received", "", 1)]


@pytest.mark.parametrize(
    ("asked", "plugins"),
    [
        ({"only": "notice"}, ["notice"]),
        ({"only": "11"}, ["webhook"]),
        ({"only": "12"}, []),
        ({"people": False}, ["webhook"]),
    ],
    ids=["the notice alone", "the webhook alone", "no such relation", "programs alone"],
)
def test_a_plan_may_be_of_one_relation_or_of_programs_alone(asked, plugins):
    assert [one[0] for one in planned(stage(), **asked)] == plugins


@pytest.mark.parametrize(
    ("about", "signal", "asked", "entries"),
    [
        ({}, "closed", {}, []),
        ({}, "ack", {"only": "notice"}, [("ACTION", "signal_not_wanted")]),
        ({"is_ack": True}, "abnormal", {}, [("ACTION", "signal_muted_by_ack")] * 2),
    ],
    ids=["a webhook that does not listen is no news", "a notice that does not listen is", "what an ack mutes is"],
)
def test_what_is_not_planned_is_logged_where_somebody_may_miss_it(about, signal, asked, entries):
    made = stage(about, signal=["abnormal", "closed"])
    planned(made, signal, **asked)
    assert [one for one in made.entries if one[1].startswith("signal")] == entries


@pytest.mark.parametrize(("asked", "count"), [({}, 1), ({"only": "notice"}, 1)], ids=["the first", "a repeat"])
def test_only_a_first_notice_may_come_too_late(asked, count):
    made = stage({"begin_time": T0 - 999}, options={"skip_delay": 60})
    assert [one[0] for one in planned(made, **asked)] == (["webhook"] if not asked else ["notice"])
    assert made.entries.count(("ACTION", "too_old")) == (not asked)
    assert len(made.actions) == count


# --- the action


def test_an_action_says_what_it_is_of():
    made = stage({"severity": 1, "alert_name": "CPU"})
    planned(made)
    hook, notice = made.actions
    assert notice.id == action_id(made.state.alert.id, "notice", "abnormal", "normal", 1)
    assert (notice.time, notice.alert_ids, notice.strategy_id, notice.relation_id) == (
        T0 + 5,
        (made.state.alert.id,),
        "1",
        "notice",
    )
    assert (notice.receivers, notice.severity, notice.alert_name, notice.bk_biz_id) == (ALICE, 1, "CPU", 2)
    assert (notice.need_biz_converge, notice.config) == (True, None)
    assert (hook.relation_id, hook.receivers, hook.need_biz_converge, hook.config["url"]) == (
        "11",
        {},
        False,
        "http://h",
    )


def test_a_notice_may_do_without_the_business_merge():
    made = stage(options={"need_biz_converge": False}, actions=())
    planned(made)
    assert not made.actions[0].need_biz_converge


@pytest.mark.parametrize(
    ("about", "signal", "cycle", "number"),
    [
        ({}, "abnormal", None, 1),
        (extra(notice=CycleRecord(T0, False, T0, 3)), "abnormal", None, 4),
        (extra(other=CycleRecord(T0, False, T0, 3)), "abnormal", None, 1),
        (extra(notice=CycleRecord(T0, False, T0, 3)), "closed", None, 1),
        ({"is_ack": True, "extra": {"acks": 2}}, "ack", None, 2),
        ({"is_ack": True}, "ack", None, 1),
        (extra(notice=CycleRecord(T0, False, T0, 3)), "abnormal", 7, 7),
    ],
    ids=[
        "the first",
        "one more",
        "of another relation",
        "an end",
        "the second ack",
        "an ack of before acks were counted",
        "as asked",
    ],
)
def test_no_two_actions_of_an_alert_have_one_number(about, signal, cycle, number):
    made = stage(about, actions=())
    assert planned(made, signal, cycle=cycle)[0][3] == number


def test_an_escalation_tells_its_own_groups():
    made = stage()
    planned(made, kind="upgrade", only="notice", groups=(("boss",), ()), cycle=1)
    assert made.actions[0].receivers == BOB


def test_rules_that_matched_name_the_people():
    made = stage(actions=())
    planned(made, found=dispatched(main=("boss",), follower=("ops",)))
    assert (made.actions[0].receivers, made.actions[0].followers) == (BOB, ALICE)


# --- what is kept for repeats


@pytest.mark.parametrize(
    ("signal", "kind", "kept_"),
    [("abnormal", "normal", True), ("no_data", "normal", True), ("abnormal", "unshielded", True), ("abnormal", "upgrade", False), ("closed", "normal", False), ("ack", "normal", False)],
    ids=["opening", "without data", "after a shield", "escalation", "end", "ack"],
)  # fmt: skip
def test_a_cycle_is_kept_of_what_may_repeat(signal, kind, kept_):
    made = stage({"latest_time": T0 + 3, "is_ack": signal == "ack"}, actions=())
    planned(made, signal, kind)
    records = made.state.alert.extra_info.cycle_handle_record
    assert records == ({"notice": CycleRecord(T0 + 5, False, T0 + 3, 1)} if kept_ else {})


def test_cycles_of_other_relations_stay_and_a_shielded_one_says_so():
    before = CycleRecord(T0, False, T0, 2)
    made = stage(extra(other=before), shields=[SHIELD])
    assert planned(made) == [("webhook", "shield", "shielded_by_rule", 1), ("notice", "skipped", "shielded_by_rule", 1)]
    shielded = CycleRecord(T0 + 5, True, T0, 1)
    assert made.state.alert.extra_info.cycle_handle_record == {"other": before, "11": shielded, "notice": shielded}


# --- what holds a notice back

NOISY = {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"], "count": 10}}


def test_a_notice_that_noise_reduction_holds_has_told_nobody():
    made = stage(options=NOISY, actions=())
    assert planned(made) == [("notice", "received", "noise_held", 1)]
    assert (made.state.told, made.state.alert.handle_stage, made.handed) == (None, ("noise_reduce",), [])
    assert made.entries == [("ACTION", "noise_held")]
    assert made.scene.noise.next_due() == T0 + 5 + 300


@pytest.mark.parametrize(
    "asked", [{"signal": "closed"}, {"cycle": 2}, {"kind": "upgrade"}], ids=["an end", "a repeat", "an escalation"]
)
def test_only_first_notices_are_held(asked):
    made = stage(options=NOISY, actions=())
    planned(made, **asked)
    assert len(made.handed) == 1


def test_the_first_notice_while_it_flaps_says_so_and_the_alert_shows_it():
    made = stage(flapping=Flapping((T0, T0 + 4), 6), actions=())
    planned(made)
    assert (made.actions[0].notice_type, made.state.told.notice_type, made.state.flapping.told) == (
        "flapping",
        "flapping",
        2,
    )
    assert made.state.alert.extra_info.flapping.changes == 6


def test_the_next_one_is_skipped_and_tells_nobody():
    made = stage(flapping=Flapping((T0, T0 + 4), 6, told=2), actions=())
    assert planned(made) == [("notice", "skipped", "flapping", 1)]
    assert (made.state.told, made.state.alert.extra_info.flapping, made.state.waiting) == (None, None, None)


def test_who_was_told_keeps_the_alert_of_the_newest_notice():
    made = stage(told=Told("0", "normal", BOB), actions=())
    planned(made)
    assert made.state.told.alert_id == made.state.alert.id
