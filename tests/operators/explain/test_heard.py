"""What one person was told in a span, what not and why, and what others were told of instead."""

import pytest

from operators.explain.heard import ON_ITS_WAY, UNKNOWN, hearing
from operators.explain.text import REASON_TEXT
from operators.model.notice import NoticeDocument
from operators.model.reason import Reason
from operators.model.records import Delivery, ReceiverResult
from tests.operators.plan.told import action

ALICE = {"mail": ["alice"]}
WELL, ILL = ReceiverResult(result=True), ReceiverResult(result=False, message="full")


def notice(time=5, state="delivered", **changes):
    given = {"id": "n", "way": "mail", "receivers": ("alice",), "alert_ids": ("1",), "action_ids": ("a",), "title": "T"}
    return NoticeDocument(**(given | {"time": time, "state": state} | changes))


def planned(**changes):
    return action(**({"receivers": ALICE, "status": "success", "alert_name": "CPU", "severity": 2} | changes))


def delivery(results, way="mail", time=6):
    return Delivery(way, 1, time, True, results)


def heard(actions=(), notices=(), person="alice", since=0, until=10):
    return hearing(person, since, until, actions, notices)


def told(found):
    return [(one.time, one.way, one.alert_ids, one.state) for one in found.told]


def untold(found):
    return [(one.time, one.ways, one.reason) for one in found.untold]


# --- told


@pytest.mark.parametrize(
    ("state", "results", "reached"),
    [
        ("delivered", {}, True),
        ("written_to_file", {}, True),
        ("gathered", {}, True),
        ("failed", {}, False),
        ("given_up", {}, False),
        ("withheld", {}, False),
        ("partly_delivered", {}, False),
        ("partly_delivered", {"alice": WELL, "bob": ILL}, True),
        ("partly_delivered", {"alice": ILL, "bob": WELL}, False),
        ("delivered", {"alice": ILL}, False),
        ("failed", {"alice,bob": WELL}, True),
    ],
    ids=[
        "taken", "a file took it", "told in a digest", "failed", "given up", "withheld", "nothing known of them",
        "they were reached", "others were", "their answer counts", "a call that rang them",
    ],
)  # fmt: skip
def test_whether_a_notice_reached_a_person(state, results, reached):
    found = heard([planned()], [notice(state=state, results=results)])
    assert (len(found.told), len(found.untold)) == ((1, 0) if reached else (0, 1))


def test_a_name_within_another_is_not_that_person():
    found = heard([], [notice(receivers=("alice2",), results={"alice2": WELL})])
    assert (found.told, found.untold) == ((), ())


def test_what_a_receipt_alone_tells_counts_once_whatever_alerts_it_told_of():
    actions = [planned(id=n, alert_ids=(n,), deliveries={"n": delivery({"alice": WELL})}) for n in ("1", "2")]
    found = heard(actions)
    assert told(found) == [(6, "mail", ("1", "2"), "delivered")]
    assert untold(found) == []


def test_a_receipt_of_a_notice_that_is_known_adds_nothing():
    found = heard([planned(deliveries={"n": delivery({"alice": WELL})})], [notice()])
    assert told(found) == [(5, "mail", ("1",), "delivered")]


def test_a_receipt_says_that_a_file_took_it():
    filed = ReceiverResult(result=True, message=Reason.WRITTEN_TO_FILE)
    assert told(heard([planned(deliveries={"n": delivery({"alice": filed})})]))[0][3] == "written_to_file"


@pytest.mark.parametrize(("time", "counts"), [(4, False), (5, True), (9, True), (10, False)])
def test_only_the_span_counts_and_both_of_its_ends(time, counts):
    found = heard([planned(time=time, status="skipped", reason="nobody")], [notice(time)], since=5, until=9)
    assert (len(found.told), len(found.untold), found.since, found.until) == (int(counts), 0, 5, 9)


def test_what_was_told_stands_by_time():
    found = heard([], [notice(7, id="b"), notice(3, id="a")])
    assert [one.notice_id for one in found.told] == ["a", "b"]


# --- not told


@pytest.mark.parametrize(
    ("state", "reason"),
    [("failed", "not_delivered"), ("given_up", "not_delivered"), ("withheld", "stale"), ("partly_delivered", "partly_delivered")],
)  # fmt: skip
def test_why_a_notice_reached_nobody(state, reason):
    found = heard([planned()], [notice(state=state, reason="late")])
    (one,) = found.untold
    assert (one.reason, one.why, one.detail, one.name, one.alert_id) == (
        reason,
        REASON_TEXT[reason],
        "late",
        "CPU",
        "1",
    )


def test_the_providers_answer_is_the_detail_and_the_title_stands_for_an_unknown_action():
    (one,) = heard([], [notice(state="failed", reason="late", results={"alice": ILL}, alert_ids=())]).untold
    assert (one.detail, one.name, one.alert_id) == ("full", "T", "")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": "skipped", "reason": "nobody"}, [(5, ("mail",), "nobody")]),
        ({"status": "skipped", "reason": "merged", "receivers": {"mail": ["alice"], "sms": ["alice"]}}, [(5, ("mail", "sms"), "merged")]),
        ({"status": "success"}, [(5, ("mail",), ON_ITS_WAY)]),
        ({"status": "received"}, [(5, ("mail",), ON_ITS_WAY)]),
        ({"status": "success", "receivers": {"voice": [["bob", "alice"]]}}, [(5, ("voice",), "voice_duplicate")]),
        ({"status": "success", "receivers": {"mail": ["alice"], "voice": [["alice"]]}}, [(5, ("mail",), ON_ITS_WAY), (5, ("voice",), "voice_duplicate")]),
        ({"status": "skipped", "reason": "nobody", "receivers": {}, "followers": ALICE}, [(5, ("mail",), "nobody")]),
        ({"status": "skipped", "reason": "nobody", "receivers": {"mail": ["bob"]}}, []),
        ({"status": "skipped", "reason": "nobody", "plugin_type": "webhook"}, []),
    ],
    ids=["withheld", "by two ways", "a notice is to come", "it was just planned", "a call left out", "a call among others", "as a follower", "others", "no notice"],
)  # fmt: skip
def test_what_was_planned_for_a_person_and_never_left(changes, found):
    assert untold(heard([planned(**changes)])) == found


def test_what_nothing_holds_back_is_not_known():
    (one,) = heard([planned()]).untold
    assert one.why == UNKNOWN


def test_what_a_notice_to_them_tells_is_not_untold():
    assert untold(heard([planned()], [notice()])) == []
    assert untold(heard([planned()], [notice(way="sms")])) == [(5, ("mail",), ON_ITS_WAY)]
    assert untold(heard([planned()], [notice(action_ids=("other",))])) == [(5, ("mail",), ON_ITS_WAY)]


# --- told to others


@pytest.mark.parametrize(
    ("people", "elsewhere"),
    [
        ([{"mail": ["bob"]}], [("bob",)]),
        ([{"mail": ["bob"], "sms": ["carl", "bob"]}], [("bob", "carl")]),
        ([{"mail": ["bob"]}, ALICE], []),
        ([{"voice": [["bob", "carl"]]}], [("bob", "carl")]),
        ([{}], []),
    ],
    ids=["another", "two, each once", "them too, later", "a call", "nobody"],
)
def test_alerts_that_others_were_told_of_and_they_never(people, elsewhere):
    found = heard([planned(id=f"{n}", time=5 + n, receivers=one) for n, one in enumerate(people)])
    assert [one.people for one in found.elsewhere] == elsewhere
    assert [one.time for one in found.elsewhere] == [5] * len(elsewhere)
