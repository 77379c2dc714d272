"""Told is who a provider took a message for; what was planned, refused or written to a file is not."""

import pytest

from operators.deliver.receipt import apply
from operators.deliver.told import Told, told_of
from operators.model.reason import Reason
from operators.model.records import Action, Receipt, ReceiverResult


def planned(**fields: object) -> Action:
    made = {
        "id": "a", "time": 1, "alert_ids": ("x",), "strategy_id": "1", "relation_id": "n", "plugin_type": "notice", "signal": "abnormal",
        "notice_type": "normal", "execute_times": 1, "status": "success", "reason": Reason.DELIVERED, "receivers": {"mail": ["dora", "eve"]},
    }  # fmt: skip
    return Action(**{**made, **fields})


def receipt(
    results: dict[str, ReceiverResult], *, way: str = "mail", notice: str = "m", attempt: int = 1, final: bool = True
) -> Receipt:
    return Receipt(notice_id=notice, action_ids=("a",), way=way, results=results, time=2, attempt=attempt, final=final)


YES = ReceiverResult(True)
NO = ReceiverResult(False, "refused")
FILE = ReceiverResult(True, Reason.WRITTEN_TO_FILE)


def told(*receipts: Receipt, tries: dict[str, str] | None = None, **fields: object) -> Told:
    action = planned(**fields)
    for one in receipts:
        action = apply(action, one)
    return told_of([action], tries)


def test_what_is_only_planned_is_not_yet_told():
    assert told() == Told(not_yet=("dora (mail)", "eve (mail)"))


def test_who_a_provider_took_the_message_for_is_told():
    assert told(receipt({"dora": YES, "eve": YES})) == Told(told=("dora (mail)", "eve (mail)"))


@pytest.mark.parametrize(
    ("final", "said"), [(False, ", attempt 3, next 20:20:07: refused"), (True, ", attempt 3: refused")]
)
def test_the_next_try_is_said_where_it_is_known_and_there_is_one(final, said):
    refused = receipt({"dora": NO, "eve": NO}, attempt=3, final=final)
    found = told(refused, tries={"m": "20:20:07", "other": "09:00:00"})
    assert (found.not_reached if final else found.not_yet) == (f"dora (mail{said})", f"eve (mail{said})")


def test_who_is_to_be_tried_again_is_not_yet_told():
    assert told(receipt({"dora": YES, "eve": NO}, attempt=3, final=False)) == Told(
        told=("dora (mail)",), not_yet=("eve (mail, attempt 3: refused)",)
    )


def test_who_was_given_up_was_not_reached():
    assert told(receipt({"dora": NO, "eve": NO}, attempt=2)).not_reached == (
        "dora (mail, attempt 2: refused)", "eve (mail, attempt 2: refused)",
    )  # fmt: skip


def test_what_a_file_took_reached_nobody():
    assert told(receipt({"dora": FILE, "eve": FILE})) == Told(in_a_file=("dora (mail)", "eve (mail)"))


def test_of_a_call_everybody_it_rang_is_told():
    assert told(receipt({"dora,eve": YES}, way="voice"), receivers={"voice": [["dora", "eve"]]}).told == (
        "dora (voice)",
        "eve (voice)",
    )


def test_nobody_is_waited_for_whose_notice_was_skipped():
    assert told(status="skipped", reason=Reason.MERGED) == Told()


def test_a_webhook_tells_nobody():
    assert told(plugin_type="webhook") == Told()


@pytest.mark.parametrize(
    ("results", "status", "reason"),
    [
        ({"dora": FILE, "eve": FILE}, "success", Reason.WRITTEN_TO_FILE),
        ({"dora": YES, "eve": FILE}, "success", Reason.WRITTEN_TO_FILE),
        ({"dora": NO, "eve": FILE}, "partial_failure", Reason.PARTLY_DELIVERED),
        ({"dora": YES, "eve": YES}, "success", Reason.DELIVERED),
    ],
)
def test_what_a_file_took_is_never_delivered(results: dict[str, ReceiverResult], status: str, reason: Reason):
    action = apply(planned(), receipt(results))
    assert (action.status, action.reason) == (status, reason)
