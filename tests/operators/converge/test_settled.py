"""Who waits for a summary, what becomes of an action, and what a summary says of alerts that have ended."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.converge.message import as_ended
from operators.converge.model import Addressee, Member
from operators.converge.pending import Pending, pending_of
from operators.converge.verdict import Tally, settled
from operators.model.reason import Reason
from operators.model.records import Message
from tests.operators.check.made import alert
from tests.operators.converge.planned import notice

# --- who waits for a summary (design.md 7.55)

TO_ALICE = Addressee("mail", "alice", "abnormal", 2, "2")


def member(*alert_ids, place=1):
    return Member(place, "a", alert_ids, "1", "notice", "normal", False, ())


def waits(pending, way="mail", receiver="alice", ids=("1",)):
    return pending.has(way, receiver, ids)


@pytest.mark.parametrize(
    ("signal", "does"), [("abnormal", True), ("no_data", True), ("closed", False), ("recovered", False), ("ack", False)]
)
def test_who_waits_for_a_problem_waits_for_its_summary(signal, does):
    pending = pending_of({1: Addressee("mail", "alice", signal, 2, "2")}, {1: [member("1")]})
    assert waits(pending) is does


def test_nobody_else_waits_nor_by_another_way_nor_for_another_alert():
    pending = Pending()
    pending.add("abnormal", "mail", "alice", ["1"])
    assert [waits(pending, receiver="bob"), waits(pending, way="sms"), waits(pending, ids=("2",))] == [False] * 3


def test_of_several_alerts_all_must_wait():
    pending = Pending()
    pending.add("abnormal", "mail", "alice", ["1", "2"])
    assert waits(pending, ids=("1", "2"))
    assert not waits(pending, ids=("1", "3"))


def test_who_was_told_as_often_as_withheld_waits_no_more():
    pending = Pending()
    pending.add("abnormal", "mail", "alice", ["1"])
    pending.add("abnormal", "mail", "alice", ["1"])
    pending.told(TO_ALICE, [member("1")])
    assert waits(pending)
    pending.told(TO_ALICE, [member("1")])
    assert not waits(pending)
    pending.told(TO_ALICE, [member("1")])
    pending.add("abnormal", "mail", "alice", ["1"])
    assert waits(pending)


@given(st.lists(st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from("123")), max_size=8))
def test_what_waits_follows_from_what_is_withheld(pairs):
    made = Pending()
    for receiver, name in pairs:
        made.add("abnormal", "mail", receiver, [name])
    to = {1: TO_ALICE, 2: Addressee("mail", "bob", "abnormal", 2, "2")}
    again_ = pending_of(to, {n: [member(name) for who, name in pairs if who == one.receiver] for n, one in to.items()})
    for receiver in ("alice", "bob"):
        for name in "123":
            assert (
                waits(made, receiver=receiver, ids=(name,))
                == waits(again_, receiver=receiver, ids=(name,))
                == ((receiver, name) in pairs)
            )


# --- what became of an action


@pytest.mark.parametrize(
    ("told", "withheld", "silenced", "found"),
    [
        (True, False, False, ("success", Reason.DELIVERED, "")),
        (True, True, True, ("success", Reason.DELIVERED, "")),
        (False, True, False, ("skipped", Reason.MERGED, "")),
        (False, True, True, ("skipped", Reason.MERGED, "")),
        (False, False, True, ("skipped", Reason.VOICE_DUPLICATE, "system_abort")),
        (False, False, False, ("skipped", Reason.NOBODY, "")),
    ],
    ids=["told", "somebody was told", "withheld", "withheld and silenced", "silenced", "nobody"],
)
def test_an_action_is_settled_by_what_happened_to_its_receivers(told, withheld, silenced, found):
    one = settled(notice("1"), Tally(told, withheld, silenced))
    assert (one.status, one.reason, one.failure_type) == found


# --- a summary whose alerts have ended

GIVEN = {
    "time": 5,
    "way": "mail",
    "receivers": ("a",),
    "followed": False,
    "notice_type": "normal",
    "collect_type": "action",
    "alert_ids": ("1",),
    "action_ids": ("a",),
}


@pytest.mark.parametrize(
    ("signal", "statuses", "becomes"),
    [
        ("abnormal", ["ABNORMAL"], "abnormal"),
        ("abnormal", ["RECOVERED", "ABNORMAL"], "abnormal"),
        ("abnormal", ["RECOVERED", "RECOVERED"], "recovered"),
        ("no_data", ["RECOVERED"], "recovered"),
        ("abnormal", ["RECOVERED", "CLOSED"], "closed"),
        ("abnormal", ["CLOSED"], "closed"),
        ("ack", ["CLOSED"], "ack"),
        ("closed", ["RECOVERED"], "closed"),
        ("abnormal", [], "abnormal"),
    ],
    ids=[
        "open",
        "one open",
        "all recovered",
        "without data",
        "one closed",
        "all closed",
        "no problem",
        "an end",
        "none known",
    ],
)
def test_a_message_about_a_problem_that_is_over_says_so(signal, statuses, becomes):
    message = Message(signal=signal, **GIVEN)
    found = as_ended(message, [alert(status=status) for status in statuses])
    assert found.signal == becomes
    assert (found is message) is (becomes == signal)
