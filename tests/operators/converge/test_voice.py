"""Voice calls are never merged, but not repeated within two minutes (spec/notices.md 4.3, design.md 7.11)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.converge.machine import Converge
from operators.converge.voice import Voice
from operators.model.settings import CoreSettings
from tests.operators.converge.planned import machine, notice, texts

CALL = {"voice": [["alice", "bob"]]}


@pytest.mark.parametrize(("later", "again"), [(0, False), (119, False), (120, True), (121, True)])
def test_the_same_call_is_silent_for_two_minutes(later, again):
    voice = Voice()
    assert voice.fold(["alice", "bob"], ["a"], 1000)
    assert voice.fold(["alice", "bob"], ["a"], 1000 + later) is again


@pytest.mark.parametrize(
    ("people", "alerts"),
    [(["bob", "alice"], ["a"]), (["alice"], ["a"]), (["alice,bob"], ["a"]), (["alice", "bob"], ["b"])],
)
def test_other_people_or_another_alert_are_another_call(people, alerts):
    voice = Voice()
    voice.fold(["alice", "bob"], ["a"], 0)
    assert voice.fold(people, alerts, 0)


def test_a_call_that_was_left_out_silences_nothing_further():
    voice = Voice()
    assert [voice.fold(["alice"], ["a"], now) for now in (0, 100, 120)] == [True, False, True]


def test_asking_takes_nothing():
    voice = Voice()
    assert [voice.free(["alice"], ["a"], 0), voice.free(["alice"], ["a"], 0)] == [True, True]


@pytest.mark.parametrize(("now", "free"), [(169, False), (170, True)])
def test_a_receipt_moves_the_two_minutes_to_its_own_time(now, free):
    voice = Voice()
    voice.fold(["alice"], ["a"], 0)
    voice.settle(("alice",), ("a",), 50)
    assert voice.free(["alice"], ["a"], now) is free


def test_old_calls_are_forgotten():
    voice = Voice()
    for now in range(0, 1000, 10):
        voice.fold(["alice"], [f"a{now}"], now)
    assert len(voice.calls) <= 24


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ab")), max_size=40))
def test_two_calls_are_never_closer_than_two_minutes(plans):
    voice, now, last = Voice(), 0, {}
    for gap, alert in plans:
        now += gap
        if voice.fold(["alice"], [alert], now):
            assert now - last.get(alert, -120) >= 120
            last[alert] = now
        else:
            assert now - last[alert] < 120


def test_each_list_of_people_is_one_message_in_its_order():
    planned = notice("a", {"mail": ["alice"], "voice": [["bob", "alice"], ["carol"]]}, followers={"voice": [["dave"]]})
    messages = machine().fold(planned, 0).messages
    assert [(*texts(m), m.followed) for m in messages] == [
        ("mail", ("alice",), ("a",), False),
        ("voice", ("bob", "alice"), ("a",), False),
        ("voice", ("carol",), ("a",), False),
        ("voice", ("dave",), ("a",), True),
    ]


def test_calls_are_not_merged_whatever_group_or_storm():
    converge = machine()
    for alert in ("a", "a2", "b", "c", "d"):
        outcome = converge.fold(notice(alert, CALL, strategy=alert[0]), 0)
        assert [texts(m) for m in outcome.messages] == [("voice", ("alice", "bob"), (alert,))]
        assert outcome.actions[0].status == "success"
    assert converge.next_due() is None


@pytest.mark.parametrize(
    ("later", "status", "reason"), [(119, "skipped", "voice_duplicate"), (120, "success", "delivered")]
)
def test_an_action_whose_only_call_was_just_made_is_skipped(later, status, reason):
    converge = machine()
    converge.fold(notice("a", CALL), 0)
    (action,) = converge.fold(notice("a", CALL, id="again", signal="recovered"), later).actions
    assert (action.status, action.reason) == (status, reason)


def test_one_new_call_makes_an_action_a_success():
    converge = machine()
    converge.fold(notice("a", CALL), 0)
    outcome = converge.fold(notice("a", {"voice": [["alice", "bob"], ["carol"]]}, id="again"), 1)
    assert [m.receivers for m in outcome.messages] == [("carol",)]
    assert outcome.actions[0].status == "success"


def test_a_merged_notice_with_a_repeated_call_is_merged():
    converge = machine()
    both = {"mail": ["alice"], **CALL}
    converge.fold(notice("a", both), 0)
    (action,) = converge.fold(notice("a", both, id="again"), 1).actions
    assert (action.status, action.reason) == ("skipped", "merged")


def test_calls_survive_a_restart():
    converge = machine()
    converge.fold(notice("a", CALL), 0)
    restored = Converge.restore(converge.snapshot(), CoreSettings())
    assert restored.fold(notice("a", CALL), 119).messages == ()
