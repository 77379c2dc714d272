"""What the document of a notice says after each decision on it."""

import pytest
from msgspec.structs import replace

from operators.deliver.delivery import (
    BuryReason,
    Policy,
    Release,
    Result,
    after_result,
    bury,
    drop,
)
from operators.deliver.digest import DIGESTED, STALE, told_otherwise
from operators.deliver.worded import LONGEST_CONTENT, LONGEST_TITLE, worded
from operators.model.reason import Reason
from tests.operators.deliver.test_delivery import BUSY, NO, NOW, OK, taken

IN_FILE = Result(ok=True, message=Reason.WRITTEN_TO_FILE.value)


def after(**answer):
    one = taken(*answer)
    return worded(one, after_result(one, answer, NOW, Policy()))


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ({"a": OK, "b": OK}, "delivered", ""),
        ({"a": IN_FILE, "b": IN_FILE}, "written_to_file", ""),
        ({"a": OK, "b": NO}, "partly_delivered", ""),
        ({"a": OK, "b": BUSY}, "failed", ""),
        ({"a": NO, "b": NO}, "given_up", "refused"),
    ],
)
def test_what_the_channel_answered_says_how_a_notice_stands(answer, state, reason):
    said = after(**answer)
    assert (said.state, said.reason) == (state, reason)
    assert {name: one.result for name, one in said.results.items()} == {name: one.ok for name, one in answer.items()}


@pytest.mark.parametrize(
    ("make", "state", "reason"),
    [
        (lambda one: drop(one, "voice_duplicate", NOW), "withheld", "voice_duplicate"),
        (lambda one: drop(one, "dropped", NOW), "withheld", "dropped"),
        (lambda one: told_otherwise(one, STALE, NOW), "withheld", "stale"),
        (lambda one: told_otherwise(one, DIGESTED, NOW), "gathered", "digested"),
        (lambda one: bury(one, BuryReason.NO_CHANNEL, {}, NOW), "given_up", "no_channel"),
        (lambda one: bury(one, BuryReason.EXPIRED, {"a": OK}, NOW), "given_up", "expired"),
    ],
)
@pytest.mark.parametrize("receivers", [("a", "b"), ()])
def test_a_notice_that_is_not_sent_says_why(make, state, reason, receivers):
    one = taken(*receivers)
    said = worded(one, make(one))
    assert (said.state, said.reason) == (state, reason)


def test_a_notice_that_was_dropped_after_it_reached_somebody_is_partly_delivered():
    one = taken("a", "b", attempt=2, results={"a": OK, "b": BUSY})
    assert worded(one, drop(one, "dropped", NOW)).state == "partly_delivered"


def test_the_document_says_what_was_sent_to_whom_and_when_it_is_tried_again():
    one = taken("a", title="T", content="<b>", attempt=3, created=NOW - 5)
    decision = after_result(one, {"a": BUSY}, NOW, Policy())
    said = worded(one, decision)
    assert (said.title, said.content, said.receivers, said.cut) == ("T", "<b>", ("a",), 0)
    assert (said.time, said.created, said.updated, said.due, said.attempt) == (900, 995, 1000, int(decision.due), 3)
    assert (said.alert_ids, said.action_ids) == (("a",), ("x",))


def test_a_text_beyond_the_bound_is_cut_and_says_by_how_much():
    one = taken("a", title="t" * (LONGEST_TITLE + 1), content="磁" * (LONGEST_CONTENT + 5))
    said = worded(one, after_result(one, {"a": OK}, NOW, Policy()))
    assert (len(said.title), len(said.content), said.cut) == (LONGEST_TITLE, LONGEST_CONTENT, 6)


def test_a_notice_that_was_given_back_or_cannot_be_read_has_no_document():
    one = taken("a")
    assert worded(one, Release()) is None
    unreadable = replace(one, readable=False)
    assert worded(unreadable, bury(unreadable, BuryReason.UNREADABLE, {}, NOW)) is None
