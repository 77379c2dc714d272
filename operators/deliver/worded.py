"""What a notice's document says after an attempt: its words, and what became of them."""

from operators.deliver.delivery import Bury, Release, Retry, Settle, Taken
from operators.deliver.digest import DIGESTED
from operators.deliver.receipt import reason_of
from operators.model.notice import NoticeDocument, NoticeState
from operators.model.reason import Reason
from operators.model.records import Receipt

LONGEST_TITLE, LONGEST_CONTENT = 1024, 16_384
"""Characters that are kept."""


def worded(taken: Taken, decision: Settle | Retry | Bury | Release) -> NoticeDocument | None:
    """Return the document; None where the taking was no attempt, or where nobody can read what it was."""
    if isinstance(decision, Release) or not taken.readable:
        return None
    notice = taken.notice
    state, reason = _standing(decision)
    title, content = notice.title[:LONGEST_TITLE], notice.content[:LONGEST_CONTENT]
    return NoticeDocument(
        id=notice.id, time=notice.time, way=notice.way, receivers=notice.receivers, followed=notice.followed,
        signal=notice.signal, notice_type=notice.notice_type, collect_type=notice.collect_type,
        alert_ids=notice.alert_ids, action_ids=notice.action_ids, bk_biz_id=notice.bk_biz_id, severity=notice.severity,
        title=title, content=content, cut=len(notice.title) + len(notice.content) - len(title) - len(content),
        state=state.value, reason=reason, created=int(taken.created), attempt=taken.attempt,
        updated=decision.receipt.time, due=int(decision.due) if isinstance(decision, Retry) else None,
        results=decision.receipt.results,
    )  # fmt: skip


def _standing(decision: Settle | Retry | Bury) -> tuple[NoticeState, str]:
    if isinstance(decision, Retry):
        return NoticeState.FAILED, ""
    if isinstance(decision, Bury):
        return NoticeState.GIVEN_UP, decision.reason.value
    return _settled(decision.receipt)


def _settled(receipt: Receipt) -> tuple[NoticeState, str]:
    """A notice that is settled although it reached nobody was withheld: each receiver's message says why."""
    found = reason_of(receipt.results.values())
    if found in _SETTLED:
        return _SETTLED[found]
    failed = [one.message for one in receipt.results.values() if not one.result]
    if len(failed) < len(receipt.results):
        return NoticeState.PARTLY_DELIVERED, ""
    return NoticeState.WITHHELD, failed[0] if failed else ""


_SETTLED: dict[Reason, tuple[NoticeState, str]] = {
    Reason.DELIVERED: (NoticeState.DELIVERED, ""),
    Reason.WRITTEN_TO_FILE: (NoticeState.WRITTEN_TO_FILE, ""),
    Reason.DIGESTED: (NoticeState.GATHERED, DIGESTED),
}
"""What came of a message -> how its notice stands."""
