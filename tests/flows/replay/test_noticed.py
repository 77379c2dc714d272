"""What a receipt of a replay names: a notice by its id, or by its place in notices.jsonl, counted from 0."""

import pytest

from flows.replay.noticed import Noticed
from operators.intake.decode import Refusal
from operators.model.reason import DeadReason
from operators.model.records import Notice, Receipt, ReceiverResult


def notice(name, *, time=10, alert="a", signal="abnormal", way="mail"):
    return Notice(
        id=name, time=time, way=way, receivers=("ann",), followed=False, signal=signal, notice_type="normal",
        collect_type="action", alert_ids=(alert,), action_ids=(f"of {name}",), title="", content="",
    )  # fmt: skip


@pytest.fixture
def noticed():
    """Three notices of two seconds; in the second one, an end was made after an opening."""
    made = Noticed()
    made.take(notice("first", time=9))
    made.take(notice("opens", alert="b"))
    made.take(notice("ends", alert="c", signal="recovered"))
    return made


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"notice": 0}, "first"),
        ({"notice": 1}, "ends"),
        ({"notice": 2}, "opens"),
        ({"notice_id": "opens"}, "opens"),
        ({"notice_id": "opens", "notice": 0}, "opens"),
        ({"notice_id": None, "notice": 0}, "first"),
    ],
)
def test_a_notice_is_named_by_its_id_or_by_its_place_in_the_file(noticed, fields, named):
    results = {"ann": {"result": False, "message": "full"}}
    assert noticed.receipt({**fields, "results": results}, 12) == Receipt(
        notice_id=named, action_ids=(f"of {named}",), way="mail", time=12,
        results={"ann": ReceiverResult(result=False, message="full")},
    )  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [{}, {"notice": 3}, {"notice": -1}, {"notice": True}, {"notice": "0"}, {"notice": 0.0}, {"notice_id": "gone"}, {"notice_id": 0}],
    ids=str,
)  # fmt: skip
def test_a_notice_that_is_not_there_is_refused(noticed, fields):
    refused = noticed.receipt(fields, 12)
    assert isinstance(refused, Refusal)
    assert refused.reason is DeadReason.UNKNOWN_NOTICE


@pytest.mark.parametrize("results", [["ann"], {"ann": "sent"}, {"ann": {"result": "maybe"}}, {"ann": 1}], ids=str)
def test_results_of_another_shape_are_refused(noticed, results):
    refused = noticed.receipt({"notice": 0, "results": results}, 12)
    assert isinstance(refused, Refusal)
    assert refused.reason is DeadReason.WRONG_TYPE
    assert "`results`: " in refused.detail


@pytest.mark.parametrize("results", [None, {}])
def test_a_receipt_without_results_says_nothing_of_anybody(noticed, results):
    assert noticed.receipt({"notice": 0, "results": results}, 12).results == {}


def test_a_notice_of_an_id_that_was_there_takes_its_place(noticed):
    noticed.take(notice("first", time=11, way="sms"))
    assert noticed.receipt({"notice_id": "first"}, 12).way == "sms"
    assert len(noticed.by_id) == 3
