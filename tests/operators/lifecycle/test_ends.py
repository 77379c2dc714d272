"""How an alert ends: as its move says, when, and what is kept and told of it (spec/lifecycle.md 2.6; design.md 7)."""

import pytest

from operators.check.verdict import Verdict
from operators.lifecycle.ends import end_alert, end_by_verdict
from operators.model.memory import Retry, Waiting
from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from operators.plan.plan import plan
from tests.operators.check.made import T0, event
from tests.operators.plan.staged import stage
from tests.operators.state.staged import Stage, kept, run


def ended(reason=Reason.CLOSED_BY_OPERATOR, about=None, known=None, later=30, **how):
    made = stage(about, actions=(), **(known or {}))
    end_alert(made.turn(later), reason, **how)
    return made


@pytest.mark.parametrize(
    ("reason", "how", "status", "entry"),
    [
        (Reason.CLOSED_BY_OPERATOR, {}, "CLOSED", "CLOSE"),
        (Reason.TIMED_OUT, {}, "CLOSED", "SYSTEM_CLOSE"),
        (Reason.DATA_BACK, {}, "RECOVERED", "RECOVER"),
        (Reason.DELAY_OVER, {}, "RECOVERED", "SYSTEM_RECOVER"),
        (Reason.CIRCUIT_BREAKING, {}, "CLOSED", "ALERT_QOS"),
        (Reason.ALL_WINDOWS_QUIET, {"status": "CLOSED", "op_type": OpType.CLOSE}, "CLOSED", "CLOSE"),
    ],
    ids=["closed", "by time", "recovered", "by delay", "cut off", "as a setter says"],
)
def test_an_alert_ends_as_its_move_says(reason, how, status, entry):
    made = ended(reason, **how)
    one = made.state.alert
    assert (one.status, one.end_time, made.entries[0]) == (status, T0 + 30, (entry, str(reason)))
    assert (made.scene.counts.recovered, made.scene.counts.closed) == ((1, 0) if status == "RECOVERED" else (0, 1))


def test_what_was_to_come_comes_no_more():
    waits = {
        "retry": Retry("abnormal", 9),
        "waiting": Waiting("abnormal", "normal", 1),
        "repeat_waits": True,
        "said_over": 5,
    }
    about = {"next_status": "CLOSED", "next_status_time": 9, "extra": {"is_recovering": True}}
    made = ended(about=about, known={**waits, "run": run()}, description="why", successor="s", operator="bob")
    one, state = made.state.alert, made.state
    assert (one.next_status, one.next_status_time, one.extra_info.is_recovering) == (None, None, False)
    assert (one.extra_info.end_description, one.extra_info.successor, one.ack_duration) == ("why", "s", 30)
    assert (state.retry, state.repeat_waits, state.said_over, state.run, state.ended_at) == (
        None,
        False,
        None,
        None,
        T0 + 30,
    )
    assert made.entries[:2] == [("CONVERGE", "repeated"), ("CLOSE", "closed_by_operator")]
    assert made.told(LogEntry)[1].operator == "bob"


@pytest.mark.parametrize(
    ("reason", "about", "end"),
    [
        (Reason.LEASE_OVER, {"event": event(until=T0 + 20)}, 20),
        (Reason.LEASE_OVER, {"event": event(until=0)}, -T0),
        (Reason.TIMED_OUT, {"event": event(until=T0 + 20)}, 30),
        (Reason.LEASE_OVER, {}, 30),
    ],
    ids=["with its lease", "with a lease of the beginning", "by something else", "without a lease"],
)
def test_a_lease_that_is_over_ended_when_it_was(reason, about, end):
    assert ended(reason, about).state.alert.end_time == T0 + end


@pytest.mark.parametrize(
    ("reason", "how", "known", "over", "grace"),
    [
        (Reason.TIMED_OUT, {}, {}, 0, T0 - 30),
        (Reason.RECOVERED_BY_EVENT, {"end_time": T0 + 9}, {}, T0 + 9, T0 - 51),
        (Reason.CLOSED_BY_EVENT, {"end_time": T0 + 9}, {"over": T0 + 50, "grace": T0}, T0 + 50, T0),
        (Reason.DELAY_OVER, {}, {"said_over": T0 + 9}, T0 + 9, T0 - 51),
        (Reason.DELAY_OVER, {}, {"said_over": T0 - 9}, T0, T0 - 60),
        (Reason.CLOSED_BY_OPERATOR, {}, {"grace": T0 + 1}, 0, T0 + 1),
    ],
    ids=[
        "by time",
        "by an event",
        "an earlier end than before",
        "by a delayed event",
        "by one older than the alert",
        "by an operator",
    ],
)
def test_what_is_of_the_past_behind_an_end(reason, how, known, over, grace):
    state = ended(reason, known=known, **how).state
    assert (state.over, state.grace) == (over, grace)


@pytest.mark.parametrize(
    ("reason", "signals", "people"),
    [
        (Reason.CLOSED_BY_OPERATOR, [("closed", "normal")], True),
        (Reason.DATA_BACK, [("recovered", "normal")], True),
        (Reason.WORSE, [("closed", "normal")], False),
        (Reason.QUOTA_RELEASED, [("closed", "normal")], False),
        (Reason.CIRCUIT_BREAKING, [], False),
    ],
    ids=["closed", "recovered", "a worse one goes on", "flow control let go", "cut off"],
)
def test_an_end_is_signalled_and_told_unless_the_problem_goes_on(reason, signals, people):
    made = ended(reason)
    assert (made.signals, bool(made.actions)) == (signals, people)


def test_what_noise_reduction_held_is_dropped_with_its_alert():
    noisy = {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"], "count": 10}}
    made = stage(actions=(), options=noisy)
    turn = made.turn(5)
    plan(turn, "abnormal", "normal", None)
    end_alert(turn, Reason.CLOSED_BY_OPERATOR)
    assert ("ACTION", "signal_stale") in made.entries
    assert [(one.signal, one.status, str(one.reason)) for one in made.actions if one.reason == "signal_stale"] == [
        ("abnormal", "skipped", "signal_stale")
    ]


@pytest.mark.parametrize(
    ("verdict", "entry"),
    [
        (Verdict(), None),
        (Verdict(next_look=9), None),
        (Verdict(reason=Reason.STRATEGY_GONE, description="d"), ("CLOSE", "strategy_gone", "d")),
        (Verdict(reason=Reason.CIRCUIT_BREAKING), ("CLOSE", "circuit_breaking", "")),
        (Verdict(reason=Reason.TIMED_OUT), ("SYSTEM_CLOSE", "timed_out", "")),
    ],
    ids=["it goes on", "it is looked at later", "its strategy is gone", "the manager cuts it off", "its time is over"],
)
def test_a_checker_with_a_reason_ends_an_alert(verdict, entry):
    made = Stage(kept(strategy_id=""))
    end_by_verdict(made.turn(30), verdict)
    assert [(one.op_type, one.reason, one.description) for one in made.told(LogEntry)] == ([entry] if entry else [])
    assert made.turn().is_open is (entry is None)
