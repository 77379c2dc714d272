"""What receipts make of an action."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from operators.deliver.receipt import apply
from operators.model.records import Action, Receipt, ReceiverResult


def action(**changes):
    plain = Action(
        id="x1", time=1, alert_ids=("a",), strategy_id="1", relation_id="notice", plugin_type="notice", signal="abnormal",
        notice_type="normal", execute_times=1, status="success", receivers={"mail": ["alice", "bob"]},
    )  # fmt: skip
    return replace(plain, **changes)


def receipt(notice_id="n1", way="mail", attempt=1, time=10, *, final=True, **results):
    outcomes = {name.replace("__", ","): ReceiverResult(ok, "m") for name, ok in results.items()}
    return Receipt(
        notice_id=notice_id, action_ids=("x1",), way=way, results=outcomes, time=time, attempt=attempt, final=final
    )


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ({"alice": True, "bob": True}, "success", "delivered"),
        ({"alice": True, "bob": False}, "partial_failure", "partly_delivered"),
        ({"alice": False, "bob": False}, "failure", "not_delivered"),
        ({"alice": False}, "partial_failure", "partly_delivered"),
        ({"alice": True}, "success", "delivered"),
        ({}, "success", "delivered"),
    ],
)
def test_one_receipt_decides_the_status_by_its_receivers(results, status, reason):
    changed = apply(action(), receipt(**results))
    assert (changed.status, changed.reason) == (status, reason)


BOTH = {"receivers": {"mail": ["alice"], "sms": ["alice"]}}


@pytest.mark.parametrize(
    ("fields", "receipts", "status"),
    [
        (BOTH, [receipt(alice=False)], "partial_failure"),
        (BOTH, [receipt(alice=False), receipt("n2", "sms", alice=True)], "partial_failure"),
        (BOTH, [receipt(alice=False), receipt("n2", "sms", alice=False)], "failure"),
        (BOTH, [receipt(alice=True), receipt("n2", "sms", alice=True)], "success"),
        ({"followers": {"mail": ["carol"]}}, [receipt(alice=False, bob=False)], "partial_failure"),
        ({"followers": {"mail": ["carol"]}}, [receipt(alice=False, bob=False), receipt("n2", carol=False)], "failure"),
        ({"receivers": {}}, [receipt(way="webhook", url=False)], "failure"),
        ({"receivers": {}}, [receipt(way="webhook", url=True)], "success"),
        ({"receivers": {"mail": ["alice"], "voice": []}}, [receipt(alice=False)], "failure"),
    ],
)
def test_the_status_is_by_all_notices_and_a_missing_receipt_counts_as_delivered(fields, receipts, status):
    changed = action(**fields)
    for one in receipts:
        changed = apply(changed, one)
    assert changed.status == status


CALLS = {"receivers": {"voice": [["alice", "bob"], ["carol"]]}}


@pytest.mark.parametrize(
    ("receipts", "status"),
    [
        ([receipt(way="voice", alice__bob=False)], "partial_failure"),
        ([receipt(way="voice", alice=False, bob=False)], "partial_failure"),
        ([receipt(way="voice", alice__bob=False), receipt("n2", "voice", carol=False)], "failure"),
        ([receipt(way="voice", alice__bob__carol=False)], "failure"),
        ([receipt(way="voice", alice__bob=True)], "success"),
    ],
)
def test_a_voice_call_is_one_whether_its_people_are_joined_or_not(receipts, status):
    changed = action(**CALLS)
    for one in receipts:
        changed = apply(changed, one)
    assert changed.status == status


@pytest.mark.parametrize("status", ["skipped", "shield", "blocked"])
def test_an_action_that_sent_nothing_itself_keeps_its_status(status):
    changed = apply(action(status=status, reason="merged"), receipt(alice=False, bob=False))
    assert (changed.status, changed.reason, changed.real_status) == (status, "merged", "failure")


def test_while_an_attempt_is_planned_the_action_is_retrying():
    between = apply(action(), receipt(alice=True, bob=False, final=False))
    assert (between.status, between.reason) == ("retrying", "partly_delivered")
    assert apply(between, receipt(attempt=2, alice=True, bob=True)).status == "success"


def test_the_results_of_each_receiver_are_kept():
    changed = apply(action(), receipt(alice=True, bob=False))
    delivery = changed.deliveries["n1"]
    assert (delivery.way, delivery.attempt, delivery.time, delivery.final) == ("mail", 1, 10, True)
    assert delivery.results == {"alice": ReceiverResult(True, "m"), "bob": ReceiverResult(False, "m")}


def test_a_repeated_receipt_changes_nothing():
    changed = apply(action(), receipt(alice=False))
    assert apply(changed, receipt(alice=False)) is changed


def test_a_receipt_that_was_overtaken_changes_nothing():
    changed = apply(action(), receipt(attempt=2, alice=True, bob=True))
    assert apply(changed, receipt(attempt=1, alice=False, final=False)) is changed


def test_another_receipt_of_the_same_attempt_replaces_the_first():
    changed = apply(apply(action(), receipt(alice=False, bob=False)), receipt(time=11, alice=True, bob=True))
    assert changed.status == "success"
    assert changed.revision == 3


attempts = st.integers(1, 3)
ways = st.sampled_from(["mail", "sms", "voice"])


@st.composite
def histories(draw):
    """Receipts of three notices, one an attempt."""
    found = []
    for number, way in enumerate(["mail", "sms", "voice"]):
        for attempt in range(1, draw(attempts) + 1):
            outcomes = {name: draw(st.booleans()) for name in ("alice", "bob")}
            found.append(receipt(f"n{number}", way, attempt, final=draw(st.booleans()), **outcomes))
    return found


@given(histories(), st.randoms(use_true_random=False))
def test_receipts_come_to_the_same_in_any_order_and_twice(history, random):
    shuffled = history + history[: len(history) // 2]
    random.shuffle(shuffled)
    plain = action(receivers={"mail": ["alice", "bob"], "sms": ["alice", "bob"], "voice": [["alice", "bob"]]})
    straight = mixed = plain
    for one in history:
        straight = apply(straight, one)
    for one in shuffled:
        mixed = apply(mixed, one)
    assert replace(mixed, revision=0) == replace(straight, revision=0)
