"""What a receipt makes of the actions of its notice (spec/notices.md 1.7, replay.md)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from operators.deliver.digest import DIGESTED, STALE
from operators.model.reason import Reason
from operators.model.records import Action, Delivery, Receipt, ReceiverResult

SUCCESS, PARTIAL_FAILURE, FAILURE, RETRYING = "success", "partial_failure", "failure", "retrying"
SKIPPED = "skipped"

EXECUTE_FAILURE = "execute_failure"
"""Failure type of what did not reach everybody (spec/notices.md 1.7)."""
REACHED = ReceiverResult(True)
KEPT = ("skipped", "shield", "blocked")
"""Statuses that no receipt changes: nothing of the action's own was sent, at most the summary it was merged into."""


def apply(action: Action, receipt: Receipt) -> Action:
    """Return the action with this receipt in it; the same action for a receipt it knows or that a later one overtook.

    The latest receipt of each notice counts, whatever order they come in; the status is by all notices of the action.
    """
    known = action.deliveries.get(receipt.notice_id)
    delivery = Delivery(receipt.way, receipt.attempt, receipt.time, receipt.final, receipt.results)
    if known is not None and (known.attempt > receipt.attempt or known == delivery):
        return action
    deliveries = {**action.deliveries, receipt.notice_id: delivery}
    status, reason = verdict(action, deliveries)
    changed = replace(action, deliveries=deliveries, revision=action.revision + 1)
    if action.status in KEPT:
        return replace(changed, real_status=status)
    return replace(changed, status=status, reason=reason, failure_type=_failure_type(reason))


def _failure_type(reason: str) -> str:
    return "" if _STATUS[reason] in (SUCCESS, SKIPPED) else EXECUTE_FAILURE


def verdict(action: Action, deliveries: Mapping[str, Delivery]) -> tuple[str, str]:
    """Return status and reason by all deliveries; a planned receiver that no receipt speaks of counts as reached."""
    outcomes = [one for delivery in deliveries.values() for one in delivery.results.values()]
    outcomes += [REACHED] * sum(1 for _ in unreported(action, deliveries))
    reason = reason_of(outcomes)
    status = _STATUS[reason]
    if all(delivery.final for delivery in deliveries.values()):
        return status, reason
    return RETRYING, reason


_STATUS: Mapping[str, str] = {
    Reason.DELIVERED: SUCCESS,
    Reason.WRITTEN_TO_FILE: SUCCESS,
    Reason.PARTLY_DELIVERED: PARTIAL_FAILURE,
    Reason.NOT_DELIVERED: FAILURE,
    Reason.DIGESTED: SUCCESS,
    Reason.STALE: SKIPPED,
}


def reason_of(outcomes: Iterable[ReceiverResult]) -> Reason:
    """Return what came of a message by the answers for its receivers; what a file took is never delivered."""
    answers = list(outcomes)
    if len(said := {one.message for one in answers}) == 1 and said < {DIGESTED, STALE}:
        return Reason(said.pop())
    if not all(one.result for one in answers):
        return Reason.PARTLY_DELIVERED if any(one.result for one in answers) else Reason.NOT_DELIVERED
    is_written = any(one.message == Reason.WRITTEN_TO_FILE for one in answers)
    return Reason.WRITTEN_TO_FILE if is_written else Reason.DELIVERED


def unreported(action: Action, deliveries: Mapping[str, Delivery]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (way, people) of each message planned that no receipt speaks of."""
    reported = {(delivery.way, name) for delivery in deliveries.values() for name in names_of(delivery)}
    for way, people in _planned(action):
        if not any((way, name) in reported for name in people):
            yield way, people


def names_of(delivery: Delivery) -> Iterator[str]:
    """Yield who a delivery speaks of; a voice call answers for all it rang, joined by commas."""
    for name in delivery.results:
        yield from name.split(",") if delivery.way == "voice" else (name,)


def _planned(action: Action) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (way, people) of each message planned: one receiver, or for voice the people of one call."""
    for by_way in (action.receivers, action.followers):
        for way, entries in by_way.items():
            for entry in entries:
                yield way, _people(entry)


def _people(entry: Any) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry)
