"""Who knows of a problem, what waits until somebody can be reached, and whom the alert names (design.md 7.48, 7.60)."""

import pytest

from operators.model.memory import Waiting
from tests.operators.plan.staged import NIGHT, SHIELD, planned, stage
from tests.operators.plan.told import ALICE, BOB, dispatched, told
from tests.operators.state.staged import kept

# --- who knows


@pytest.mark.parametrize(
    ("signal", "kind", "known", "knows"),
    [
        ("abnormal", "normal", None, ALICE),
        ("abnormal", "normal", told(BOB), {"mail": ["bob", "alice"]}),
        ("closed", "normal", told(BOB), None),
        ("ack", "normal", told(BOB), BOB),
        ("abnormal", "upgrade", None, ALICE),
    ],
    ids=["told first", "told too", "the end was told", "an ack tells no problem", "escalated"],
)
def test_who_was_told_of_a_problem_is_remembered_until_its_end_is_told(signal, kind, known, knows):
    made = stage({"is_ack": signal == "ack"}, told=known, actions=())
    planned(made, signal, kind)
    assert (made.state.told and made.state.told.main) == knows


def test_a_webhook_tells_nobody():
    made = stage()
    planned(made, only="11")
    assert made.state.told is None


@pytest.mark.parametrize(
    ("asked", "groups", "known", "waits"),
    [
        ({}, ("none",), None, Waiting("abnormal", "normal", 1)),
        ({}, ("ops",), None, None),
        ({"kind": "upgrade"}, ("none",), None, None),
        ({}, ("none",), told(ALICE, alert_id="0"), Waiting("abnormal", "normal", 1)),
        ({}, ("none",), told(ALICE, alert_id=kept().id), None),
        ({"signal": "closed"}, ("none",), None, None),
        ({"signal": "ack"}, ("none",), None, None),
    ],
    ids=[
        "nobody",
        "somebody",
        "an escalation",
        "they know of another alert",
        "they know of it",
        "the end of what nobody knows",
        "an ack",
    ],
)
def test_news_that_reached_nobody_waits(asked, groups, known, waits):
    made = stage({"is_ack": asked.get("signal") == "ack"}, groups=groups, told=known, actions=())
    planned(made, **asked)
    assert made.state.waiting == waits


def test_an_end_waits_for_the_hours_of_the_notice_if_somebody_knows_of_the_problem():
    made = stage(options=NIGHT, told=told(ALICE), actions=())
    assert planned(made, "closed")[0][:3] == ("notice", "shield", "outside_notice_time")
    assert (made.state.waiting, made.state.told) == (Waiting("closed", "normal", 1), told(ALICE))


@pytest.mark.parametrize(("kind", "waits"), [("normal", None), ("upgrade", Waiting("abnormal", "normal", 1))])
def test_what_waited_is_told_by_the_next_notice_and_not_by_an_escalation(kind, waits):
    made = stage(waiting=Waiting("abnormal", "normal", 1))
    planned(made, kind=kind, only="notice")
    assert made.state.waiting == waits


def test_of_a_blocked_alert_those_alone_hear_the_end_who_know_of_the_problem():
    made = stage({"is_blocked": True}, told=told(BOB), actions=())
    planned(made, "closed", only="notice")
    assert made.actions[0].receivers == BOB


def test_under_a_shield_those_alone_hear_the_end_who_know_of_the_problem():
    made = stage(told=told(BOB), shields=[SHIELD], actions=())
    assert planned(made, "closed") == [("notice", "received", "", 1)]
    assert made.actions[0].receivers == BOB


# --- whom the alert names


def named(made):
    one = made.state.alert
    return one.assignee, one.appointee, one.follower, one.supervisor


@pytest.mark.parametrize(
    ("asked", "found", "people"),
    [
        ({}, None, (("x", "alice"), ("alice",), (), ())),
        ({}, dispatched(main=("boss",), follower=("ops",)), (("x", "bob"), ("bob",), ("alice",), ())),
        (
            {"kind": "upgrade", "groups": (("boss",), ("ops",))},
            None,
            (("x", "bob"), ("y",), ("alice",), ("bob", "alice")),
        ),
        ({"signal": "closed"}, dispatched(), (("x", "dora"), ("y",), (), ())),
    ],
    ids=["the first", "by rules", "an escalation", "whom nobody names any more but who knew"],
)
def test_the_alert_names_those_whom_it_tells(asked, found, people):
    made = stage(
        {"assignee": ("x",), "appointee": ("y",)},
        actions=(),
        told=told({"mail": ["dora"]}) if "signal" in asked else None,
    )
    planned(made, found=found, **asked)
    assert named(made) == people


@pytest.mark.parametrize(
    ("groups", "people"),
    [
        (("call",), ("alice", "carl")),
        (("chat",), ()),
        (("chat", "ops"), ("alice",)),
        (("ops", "call"), ("alice", "carl")),
    ],
)
def test_everybody_is_named_once_and_chats_are_nobody(groups, people):
    made = stage(groups=groups, actions=())
    planned(made)
    assert named(made)[:2] == (people, people)


def test_whom_an_operator_appointed_stays():
    made = stage({"appointee": ("y",)}, is_assigned=True, actions=())
    planned(made)
    assert named(made)[:2] == (("alice",), ("y",))


@pytest.mark.parametrize(
    ("signal", "noticed", "after"), [("ack", False, True), ("abnormal", False, False), ("abnormal", True, True)]
)
def test_an_alert_is_handled_and_knows_whether_its_ack_was_told(signal, noticed, after):
    made = stage({"is_ack": signal == "ack", "is_ack_noticed": noticed}, actions=())
    planned(made, signal)
    one = made.state.alert
    assert (one.is_handled, one.handle_stage, one.is_ack_noticed) == (True, ("handle",), after)


def test_a_webhook_handles_an_alert_and_names_nobody():
    made = stage({"assignee": ("x",)})
    planned(made, only="11")
    assert (made.state.alert.is_handled, named(made)[0]) == (True, ("x",))
