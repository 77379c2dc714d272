"""Notices and outcomes to test with."""

from msgspec.structs import replace

from operators.deliver.delivery import Bury, BuryReason, Outcome, Release, Result, Retry, Settle, Taken
from operators.model.records import Notice, Receipt, ReceiverResult


def notice(name: str, **changes) -> Notice:
    plain = Notice(
        id=name,
        time=1000,
        way="mail",
        receivers=("alice", "bob"),
        followed=False,
        signal="abnormal",
        notice_type="normal",
        collect_type="action",
        alert_ids=("a1",),
        action_ids=("x1",),
        title="磁盘 full",
        content="text\n",
        mentions={"chat": ["bob"]},
    )
    return replace(plain, **changes)


def all_room(_lane: str) -> int:
    return 1000


def receipt(taken: Taken, *, ok: bool = True, final: bool = True) -> Receipt:
    return Receipt(
        notice_id=taken.notice.id,
        action_ids=taken.notice.action_ids,
        way=taken.notice.way,
        results={name: ReceiverResult(ok, "sent" if ok else "no") for name in taken.notice.receivers},
        time=1000,
        attempt=taken.attempt,
        final=final,
    )


def settled(taken: Taken) -> Outcome:
    return Outcome(taken, Settle(receipt(taken)))


def retried(taken: Taken, due: float) -> Outcome:
    results = {"alice": Result(ok=True), "bob": Result(ok=False, message="busy", retryable=True)}
    return Outcome(taken, Retry(due, receipt(taken, ok=False, final=False), results, "bob: busy"))


def buried(taken: Taken) -> Outcome:
    results = {"alice": Result(ok=True), "bob": Result(ok=False, message="unknown")}
    return Outcome(taken, Bury(BuryReason.EXPIRED, receipt(taken, ok=False), results, "bob: unknown"))


def released(taken: Taken) -> Outcome:
    return Outcome(taken, Release())
