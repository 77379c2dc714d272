"""What was held back and is told later: by flapping, because nobody could be reached, by noise reduction (design.md 7.27, 7.48, 7.54)."""

import pytest

from operators.check.flapping import flap_verdict
from operators.check.waiting import waiting_verdict
from operators.limits.noise import Judged
from operators.model.alert import CycleRecord
from operators.model.memory import CALM, Flapping, Retry, Waiting
from operators.model.reason import Reason
from operators.model.settings import CoreSettings, FlapSettings
from operators.plan.later import WEEK, settle_flapping, tell_rest, tell_waiting
from operators.plan.plan import settle_held
from tests.operators.check.made import T0
from tests.operators.plan.staged import NIGHT, SHIELD, extra, planned, stage
from tests.operators.plan.told import ALICE, BOB, told
from tests.operators.state.staged import kept

SETTINGS = CoreSettings(flap=FlapSettings(quiet=60))
FLAPS = Flapping((T0 - 9, T0), 6, told=2)
ENDED = {"status": "RECOVERED", "end_time": T0}


def outcome(made):
    return [(one.signal, one.notice_type, one.status, one.execute_times) for one in made.actions]


# --- flapping that is over


def settled(later=60, about=None, **known):
    made = stage(about, actions=(), settings=SETTINGS, **({"flapping": FLAPS} | known))
    turn = made.turn(later)
    settle_flapping(turn, flap_verdict(turn.view()))
    return made, turn


def test_before_it_has_been_quiet_nothing_is_told():
    made, turn = settled(59)
    assert (made.said, made.state.flapping, turn.due) == ([], FLAPS, T0 + 60)


def test_once_it_has_been_quiet_changes_are_counted_anew_and_an_open_alert_is_told():
    made, _ = settled()
    assert (made.state.flapping, made.entries[0]) == (CALM, ("ACTION", "flap_over"))
    assert outcome(made) == [("abnormal", "normal", "received", 1)]


@pytest.mark.parametrize(
    ("known", "number"),
    [
        (None, 1),
        (told(ALICE, alert_id="0"), 1),
        (told(ALICE, alert_id=kept().id, notice_type="flapping"), 1),
        (told(ALICE, alert_id=kept().id), 4),
    ],
    ids=["nobody knows", "they know of another", "they know that it flaps", "they know of it"],
)
def test_to_who_knows_nothing_of_an_open_alert_it_is_a_first_notice(known, number):
    made, _ = settled(about=extra(notice=CycleRecord(T0 - 99, False, T0 - 99, 3)), told=known)
    assert [one[3] for one in outcome(made)] == [number]


@pytest.mark.parametrize(
    ("status", "known", "tells"),
    [("RECOVERED", told(ALICE), "recovered"), ("CLOSED", told(ALICE), "closed"), ("RECOVERED", None, None)],
    ids=["recovered", "closed", "people know nothing of it"],
)
def test_an_end_is_told_to_those_who_know_of_the_problem(status, known, tells):
    made, _ = settled(about={"status": status, "end_time": T0}, told=known)
    assert [one[0] for one in outcome(made)] == ([tells] if tells else [])
    assert made.state.flapping is CALM


# --- who could not be reached

WAITS = Waiting("abnormal", "normal", 3)


def waited(later=5, about=None, **known):
    made = stage(about, actions=(), **({"waiting": WAITS} | known))
    turn = made.turn(later)
    tell_waiting(turn, waiting_verdict(turn.view()))
    return made, turn


def test_what_waited_is_told_as_it_would_have_been():
    made, _ = waited()
    assert outcome(made) == [("abnormal", "normal", "received", 3)]
    assert made.state.waiting is None


@pytest.mark.parametrize(
    "known",
    [{"groups": ("none",)}, {"options": NIGHT}],
    ids=["nobody can be reached", "outside its hours"],
)
def test_what_can_still_reach_nobody_asks_when_that_may_change(known):
    made, turn = waited(**known)
    assert (made.actions, made.state.waiting) == ([], WAITS)
    assert turn.due > T0 + 5


@pytest.mark.parametrize(
    ("about", "known"),
    [({"is_ack": True}, {}), ({}, {"signal": ["closed"]}), ({}, {"shields": [SHIELD]}), ({}, {"waiting": None})],
    ids=["acked", "no longer wanted", "shielded", "nothing waits"],
)
def test_what_need_not_be_told_any_more_is_not(about, known):
    made, turn = waited(about=about, **known)
    assert (made.actions, turn.due) == ([], None)


def test_an_end_that_waited_goes_to_those_who_know_of_the_problem():
    made, _ = waited(about=ENDED, groups=("none",), told=told(BOB), waiting=Waiting("recovered", "normal", 1))
    assert made.actions[0].receivers == BOB
    assert (made.state.waiting, made.state.told) == (None, None)


# --- what an alert that ended is still to tell


@pytest.mark.parametrize(("later", "tells"), [(WEEK, True), (WEEK + 1, False)])
def test_an_end_waits_for_a_week(later, tells):
    made = stage(ENDED, actions=(), ended_at=T0, told=told(ALICE), waiting=Waiting("recovered", "normal", 1))
    tell_rest(made.turn(later))
    assert bool(made.actions) is tells


def test_an_end_that_the_quota_held_back_is_tried_again():
    made = stage(ENDED, actions=(), ended_at=T0, told=told(ALICE), retry=Retry("recovered", T0 + 5))
    tell_rest(made.turn(5))
    assert (outcome(made), made.state.retry) == ([("recovered", "normal", "received", 1)], None)


def test_an_alert_that_ended_while_it_flapped_is_told_once_it_is_quiet():
    made = stage(ENDED, actions=(), ended_at=T0, told=told(ALICE), flapping=FLAPS, settings=SETTINGS)
    tell_rest(made.turn(59))
    assert made.actions == []
    tell_rest(made.turn(60))
    assert [one[0] for one in outcome(made)] == ["recovered"]


def test_where_there_is_no_alert_nothing_is_left_to_tell():
    made = stage()
    made.state.alert = None
    tell_rest(made.turn())
    assert made.said == []


# --- what noise reduction held

WINDOW = Judged(T0 + 305, "1", 2, 3, 20, 10, (), ())
NOISY = {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"], "count": 10}}


def released(about=None, status="received", reason=Reason.NOISE_RELEASED, **changed):
    """Hold a first notice, change the alert, and let go of the notice."""
    made = stage(actions=(), options=NOISY)
    planned(made)
    (held,) = made.actions
    for name, value in (about or {}).items():
        setattr(made.state.alert, name, value)
    if changed:
        made.scene.book = stage(actions=(), **({"options": NOISY} | changed)).scene.book
    made.said.clear()
    settle_held(made.turn(305), held.moved(status, reason), WINDOW)
    return made


def test_a_notice_that_is_let_go_is_told_with_the_share_in_the_log():
    made = released()
    assert [(one.status, one.time, one.execute_times) for one in made.actions] == [("received", T0 + 5, 1)]
    assert (made.entries, made.state.told.main) == ([("ACTION", "noise_released")], ALICE)
    assert made.state.alert.handle_stage == ("handle",)


def test_a_notice_that_is_suppressed_is_said_and_tells_nobody():
    made = released(status="skipped", reason=Reason.NOISE_SUPPRESSED)
    assert [(one.status, one.reason) for one in made.actions] == [("skipped", "noise_suppressed")]
    assert (made.entries, made.state.told, made.handed) == ([("ACTION", "noise_suppressed")], None, [])
    assert made.state.alert.handle_stage == ("noise_reduce",)


@pytest.mark.parametrize(
    ("about", "changed", "status", "reason"),
    [
        ({"is_ack": True}, {}, "skipped", "signal_muted_by_ack"),
        ({}, {"signal": ["closed"]}, "skipped", "signal_not_wanted"),
        ({}, {"shields": [{**SHIELD, "end_time": T0 + 999}]}, "skipped", "shielded_by_rule"),
        ({}, {"options": {**NOISY, **NIGHT}}, "shield", "outside_notice_time"),
    ],
    ids=["acked meanwhile", "no longer wanted", "shielded meanwhile", "its hours are over"],
)
def test_what_came_meanwhile_holds_a_notice_back_that_is_let_go(about, changed, status, reason):
    made = released(about, **changed)
    assert [(one.status, str(one.reason)) for one in made.actions] == [(status, reason)]
    assert made.state.told is None


def test_a_shield_that_came_meanwhile_leaves_its_end_to_tell():
    made = released(shields=[{**SHIELD, "end_time": T0 + 999}])
    assert made.state.alert.extra_info.cycle_handle_record["notice"].is_shielded
