"""What operators ask for, and what is refused: acks and their ends, closings, appointees, comments (design.md 8, 7.32, 7.37)."""

import pytest

from operators.check.ack import AckVerdict
from operators.lifecycle.ack import carry_out, settle_ack_duration
from operators.lifecycle.commands import apply_command
from operators.model.alert import CycleRecord
from operators.model.command import Command
from operators.model.memory import StrategySnapshot, Waiting
from operators.model.records import LogEntry
from tests.operators.check.made import T0
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

GROUPS = [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}]
TOLD = {"cycle_handle_record": {"notice": CycleRecord(T0, False, T0, 1)}}


def watched(about=None, signal=("abnormal", "ack"), **known):
    notice = {"user_groups": ["ops"], "signal": list(signal)}
    rules = book_of(strategies=[{"id": 1, "name": "CPU", "notice": notice}], user_groups=GROUPS)
    return Stage(kept(**(about or {})), rules=rules, snapshot=StrategySnapshot(), **known)


def ask(stage, command="ack", later=9, **given):
    """Apply a command of bob; return the reason of its refusal."""
    said = Command(command, **({"operator": "bob", "dedupe_md5": "a" * 32} | given))
    refusal = apply_command(stage.turn(later), said)
    return refusal and str(refusal.reason)


# --- whom it concerns


@pytest.mark.parametrize("command", ["ack", "unack", "close", "assign", "comment"])
@pytest.mark.parametrize(
    ("of", "named", "reason"),
    [
        (None, {}, "unknown_alert"),
        (kept(), {"alert_id": "another"}, "unknown_alert"),
        (kept(status="CLOSED"), {}, "alert_ended"),
        (kept(status="RECOVERED"), {}, "alert_ended"),
    ],
    ids=["no alert", "another alert", "closed", "recovered"],
)
def test_a_command_needs_an_open_alert(command, of, named, reason):
    stage = Stage(of)
    assert ask(stage, command, **named) == reason
    assert (stage.said, stage.state.touched) == ([], T0)


def test_a_command_touches_what_it_concerns():
    stage = watched()
    assert ask(stage, "comment", alert_id=stage.state.alert.id, message="m") is None
    assert stage.state.touched == T0 + 9
    (entry,) = stage.told(LogEntry)
    assert (entry.op_type, entry.reason, entry.description, entry.operator) == ("COMMENT", "commented", "m", "bob")


# --- closing and assigning


@pytest.mark.parametrize(
    ("given", "text"),
    [({"message": "m"}, "m"), ({}, "closed by bob"), ({"operator": ""}, "closed by an operator")],
    ids=["in their words", "by name", "by nobody named"],
)
def test_an_operator_closes_an_alert(given, text):
    stage = watched()
    ask(stage, "close", **given)
    one = stage.state.alert
    assert (one.status, one.end_time, one.extra_info.end_description) == ("CLOSED", T0 + 9, text)
    assert stage.entries == [("CLOSE", "closed_by_operator"), ("ACTION", "signal_not_wanted")]


def test_an_acked_alert_may_be_closed():
    stage = watched({"is_ack": True, "ack_operator": "bob"})
    assert ask(stage, "close") is None
    assert stage.state.alert.status == "CLOSED"


@pytest.mark.parametrize(("message", "text"), [("", "to carl, dora"), ("why", "to carl, dora: why")])
def test_an_alert_is_assigned_and_stays_so(message, text):
    stage = watched({"appointee": ("alice",)})
    ask(stage, "assign", appointee=("carl", "dora"), message=message)
    assert (stage.state.alert.appointee, stage.state.is_assigned) == (("carl", "dora"), True)
    assert stage.told(LogEntry)[0].description == text


# --- acks


def test_an_ack_is_written_told_and_timed():
    stage = watched()
    assert ask(stage, message="m", until=T0 + 10) is None
    one = stage.state.alert
    assert (one.is_ack, one.ack_operator, one.ack_duration) == (True, "bob", 9)
    assert (one.extra_info.acks, one.extra_info.ack_until, one.extra_info.comment) == (1, T0 + 10, "m")
    assert ([action.signal for action in stage.actions], stage.signals) == (["ack"], [("ack", "normal")])
    assert one.is_ack_noticed


def test_a_comment_of_before_stays_where_an_ack_says_nothing():
    stage = watched({"extra": {"comment": "old", "acks": 4}})
    ask(stage)
    assert (stage.state.alert.extra_info.comment, stage.state.alert.extra_info.acks) == ("old", 5)


@pytest.mark.parametrize(
    ("until", "reason"), [(T0 + 8, "bad_value"), (T0 + 9, "bad_value"), (T0 + 10, None), (None, None)]
)
def test_an_ack_ends_in_the_future_or_not_by_itself(until, reason):
    stage = watched()
    assert ask(stage, until=until) == reason
    assert stage.state.alert.is_ack is (reason is None)


@pytest.mark.parametrize(
    ("about", "signal"),
    [({"is_blocked": True}, ("abnormal", "ack")), ({}, ("abnormal",))],
    ids=["blocked", "the notice does not ask for it"],
)
def test_an_ack_that_nobody_is_to_hear_of_signals_nothing(about, signal):
    stage = watched(about, signal)
    assert ask(stage) is None
    assert (stage.signals, stage.state.alert.is_ack, stage.state.alert.is_ack_noticed) == ([], True, False)


ACKED = {
    "is_ack": True,
    "ack_operator": "bob",
    "is_ack_noticed": True,
    "ack_duration": 3,
    "extra": {"acks": 1, "ack_until": T0 + 50},
}


@pytest.mark.parametrize(
    ("given", "reason", "until"),
    [
        ({"until": T0 + 70}, None, T0 + 70),
        ({"until": T0 + 20}, None, T0 + 20),
        ({}, None, None),
        ({"until": T0 + 50}, "already_acked", T0 + 50),
        ({"until": T0 + 70, "operator": "eve"}, "already_acked", T0 + 50),
    ],
    ids=["longer", "shorter", "for good", "the same again", "of somebody else"],
)
def test_whoever_gave_an_ack_gives_it_another_end(given, reason, until):
    stage = watched(ACKED)
    assert ask(stage, **given) == reason
    one = stage.state.alert
    assert (one.extra_info.ack_until, one.extra_info.acks, one.ack_operator, one.ack_duration) == (until, 1, "bob", 3)
    assert stage.entries == ([] if reason else [("ACK", "ack_renewed")])


def test_an_ack_is_taken_back_by_whoever():
    stage = watched(ACKED)
    assert ask(stage, "unack", operator="eve", message="m") is None
    one = stage.state.alert
    assert (one.is_ack, one.ack_operator, one.is_ack_noticed, one.ack_duration) == (False, None, False, 3)
    assert (one.extra_info.ack_until, one.extra_info.ack_over) == (None, T0 + 9)
    (entry,) = stage.told(LogEntry)
    assert (entry.op_type, entry.reason, entry.description, entry.operator) == ("UNACK", "unacked", "of bob: m", "eve")


def test_what_is_not_acked_cannot_be_taken_back():
    stage = watched()
    assert (ask(stage, "unack"), stage.said) == ("not_acked", [])


@pytest.mark.parametrize(
    ("extra", "known", "told"),
    [
        (TOLD, {}, ["abnormal"]),
        ({}, {}, []),
        ({**TOLD, "is_recovering": True}, {}, []),
        (TOLD, {"waiting": Waiting("abnormal", "normal", 1)}, []),
    ],
    ids=["people knew", "nobody was told yet", "it recovers", "its first notice waits"],
)
def test_an_alert_whose_ack_is_over_is_told_again_to_those_who_knew(extra, known, told):
    stage = watched({**ACKED, "extra": extra}, **known)
    carry_out(stage.turn(50), AckVerdict(is_over=True))
    assert [one.signal for one in stage.actions] == told
    assert (stage.entries[0], stage.state.alert.is_ack) == (("UNACK", "ack_over"), False)


def test_an_ack_that_goes_on_changes_nothing():
    stage = watched(ACKED)
    carry_out(stage.turn(20), AckVerdict(next_look=T0 + 50))
    assert (stage.said, stage.state.alert.is_ack) == ([], True)


# --- how long it took


@pytest.mark.parametrize(
    ("about", "seconds"),
    [
        ({}, None),
        ({"is_ack": True}, 30),
        ({"is_shielded": True}, 30),
        ({"status": "CLOSED", "end_time": T0 + 12}, 12),
        ({"status": "CLOSED", "end_time": T0 - 5}, 0),
        ({"status": "CLOSED", "end_time": 0}, 0),
        ({"is_ack": True, "ack_duration": 4}, 4),
        ({"is_ack": True, "ack_duration": 0}, 0),
    ],
    ids=[
        "nobody yet",
        "acked",
        "shielded",
        "ended",
        "ended before it was known",
        "ended in second 0",
        "written once",
        "zero is written",
    ],
)
def test_how_long_it_took_until_an_alert_was_dealt_with(about, seconds):
    stage = Stage(kept(**about))
    settle_ack_duration(stage.turn(30))
    assert stage.state.alert.ack_duration == seconds
