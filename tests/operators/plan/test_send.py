"""An action on its way: its words in the log, its reason, what falls together, and whose hands it goes into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.intake.handover import Planned
from operators.model.alert import TARGET_DIMENSIONS, Dimension, document
from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from operators.plan.plan import config_of
from operators.plan.send import dimension_hash, hand_out, op_type_of, reason_of, send, text_of
from operators.rules.shapes.model import ActionConfig, ActionRelation, RetryConfig
from tests.operators.check.made import T0, alert, book, strategy
from tests.operators.plan.told import action
from tests.operators.state.staged import Stage, kept, run

# --- words and reasons


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"receivers": {"mail": ["a", "b"], "sms": ["a"]}}, "notice abnormal: mail to a, b; sms to a"),
        ({"receivers": {"voice": [["a", "b"], ["c"]]}}, "notice abnormal: voice to a+b, c"),
        (
            {"receivers": {"mail": ["a"]}, "followers": {"mail": ["b"]}},
            "notice abnormal: mail to a; following mail to b",
        ),
        ({"status": "skipped"}, "notice abnormal: skipped"),
        ({"plugin_type": "webhook", "signal": "closed"}, "webhook closed: received"),
    ],
    ids=["ways", "calls", "followers", "nobody", "a webhook"],
)
def test_an_action_in_words(changes, text):
    assert text_of(action(**changes)) == text


@pytest.mark.parametrize(
    ("changes", "op_type", "reason"),
    [
        ({}, "ACTION", "planned"),
        ({"execute_times": 2}, "ACTION", "repeat_planned"),
        ({"notice_type": "unshielded"}, "ACTION", "unshield_planned"),
        ({"notice_type": "unshielded", "execute_times": 2}, "ACTION", "unshield_planned"),
        ({"notice_type": "upgrade", "execute_times": 2}, "UPGRADE", "escalated"),
        ({"notice_type": "flapping", "execute_times": 7}, "ACTION", "flap_planned"),
        ({"status": "skipped", "reason": "nobody"}, "ACTION", "nobody"),
        ({"status": "shield", "reason": "outside_notice_time", "notice_type": "upgrade"}, "UPGRADE", "outside_notice_time"),
        ({"status": "success", "reason": "noise_released"}, "ACTION", "planned"),
    ],
    ids=["first", "repeat", "end of a shield", "end of a shield later", "escalation", "flapping", "to nobody", "escalation outside", "released"],
)  # fmt: skip
def test_the_entry_that_tells_of_an_action(changes, op_type, reason):
    one = action(**changes)
    assert (op_type_of(one), reason_of(one)) == (OpType[op_type], Reason(reason))


# --- what falls together (spec/notices.md 2.4)


def hashed(*pairs):
    return dimension_hash(alert(dimensions=tuple(Dimension(key, value, key, value) for key, value in pairs)))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([("tags.device", "cpu0")], [("device", "cpu0")], True),
        ([("a", "1"), ("b", "2")], [("b", "2"), ("a", "1")], True),
        ([("a", 1)], [("a", "1")], True),
        ([("a", "1")], [], False),
        ([("a", "1"), ("b", "2")], [("a", "2"), ("b", "1")], False),
        ([("a", None)], [], True),
        ([("a", "")], [], True),
        *(([(key, "x")], [(f"tags.{key}", "y")], True) for key in sorted(TARGET_DIMENSIONS)),
    ],
    ids=[
        "with its prefix", "order", "number and text", "one more", "values swapped", "without a value", "an empty value",
        *sorted(TARGET_DIMENSIONS),
    ],
)  # fmt: skip
def test_alerts_fall_together_that_differ_in_their_target_only(one, other, equal):
    assert (hashed(*one) == hashed(*other)) is equal


pairs = st.lists(st.tuples(st.sampled_from(["a", "b", "tags.c", "ip"]), st.sampled_from(["1", "2", ""])), max_size=4)


@given(pairs.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_of_dimensions_does_not_matter(both):
    assert hashed(*both[0]) == hashed(*both[1])


# --- into whose hands

WEBHOOK = {"plugin_type": "webhook", "config": {"url": "https://user:secret@host/hook"}}


def test_an_action_on_its_way_is_handed_over_with_its_alert_and_the_entry_to_come():
    stage = Stage(kept(), run=run(), rules=book(strategies={"1": strategy()}))
    turn = stage.turn(5)
    one = action(**WEBHOOK)
    assert send(turn, one) is one
    (planned,) = stage.handed
    assert isinstance(planned, Planned)
    assert (planned.action, planned.at, planned.alert, planned.strategy) == (
        one, T0 + 5, document(stage.state.alert), None,
    )  # fmt: skip
    assert (planned.entry.op_type, planned.entry.time, planned.target, planned.told) == ("ACTION", T0 + 5, (), None)
    assert stage.entries == [("CONVERGE", "repeated")]


def test_a_strategy_that_left_the_rules_goes_with_its_action():
    stage = Stage(kept())
    stage.scene.retired = {"1": strategy()}
    send(stage.turn(), action())
    send(stage.turn(), action(strategy_id=""))
    assert [planned.strategy for planned in stage.handed] == [strategy(), None]


def test_an_action_that_goes_no_further_is_said_without_the_addresses_of_its_configuration():
    stage = Stage(kept())
    send(stage.turn(), action(**WEBHOOK, status="blocked", reason="circuit_breaking"), "rule 4")
    (said,) = stage.actions
    (entry,) = stage.told(LogEntry)
    assert (said.status, said.config, stage.handed) == ("blocked", None, [])
    assert (entry.reason, entry.description) == ("circuit_breaking", "webhook abnormal: blocked (rule 4)")


def test_a_notice_without_noise_reduction_is_not_held():
    stage = Stage(kept(), rules=book(strategies={"1": strategy()}))
    assert hand_out(stage.turn(), action()).status == "received"
    assert stage.scene.noise.next_due() is None


def test_a_channel_reads_the_whole_configuration():
    relation = ActionRelation("7", config=ActionConfig(url="http://h", failed_retry=RetryConfig(max_retry_times=0)))
    found = config_of(relation)
    assert (found["url"], found["failed_retry"]) == ("http://h", {"max_retry_times": 0, "retry_interval": 60})
    default = config_of(ActionRelation("7"))["failed_retry"]
    assert default == {"max_retry_times": 2, "retry_interval": 60}
