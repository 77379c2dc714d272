"""How a notice goes on after an attempt to deliver it: settle, try again, or give up."""

import hashlib
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from operators.model.records import Notice, Receipt, ReceiverResult


class Result(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A provider's answer for one receiver. `message` is shown to users: it never holds a secret."""

    ok: bool
    message: str = ""
    retryable: bool = False
    """Of a failure: another attempt may help."""
    retry_after: float | None = None
    """Seconds the provider asked us to wait."""
    message_id: str = ""
    """The provider's own id of the message."""


Results = dict[str, Result]
"""Receiver -> answer."""


class BuryReason(StrEnum):
    """Why a notice lies in the dead list."""

    REFUSED = "refused"
    """The provider refused every receiver for good."""
    EXPIRED = "expired"
    """The deadline came first."""
    EXHAUSTED = "exhausted"
    """The attempts its own configuration allows are used up."""
    NO_CHANNEL = "no_channel"
    """No channel is configured for its way."""
    UNREADABLE = "unreadable"
    """Its stored bytes cannot be read."""


class Policy(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """How often a notice is tried. Seconds."""

    first: float = 2.0
    """Before the second attempt; doubles with each further one."""
    cap: float = 300.0
    life: float | None = 3600.0
    """From the outbox to the deadline, after which nothing is tried any more; None = no deadline."""
    attempts: int | None = None
    interval: float | None = None
    """A fixed wait instead of the doubling one."""


class Taken(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A notice that a courier holds until `until`; then another may take it."""

    notice: Notice
    lane: str
    attempt: int
    """Counted from 1; grows with each taking, so it also tells an old holder from the present one."""
    created: float
    until: float
    results: Results = {}
    """What earlier attempts brought, by receiver."""
    readable: bool = True
    """False: its stored bytes mean nothing to this version; `notice` stands in with nothing but id and way."""


class Settle(msgspec.Struct, frozen=True, gc=False):
    """Nothing is left to do: everybody was reached, or the rest refused for good."""

    receipt: Receipt


class Retry(msgspec.Struct, frozen=True, gc=False):
    """Try those who are left again at `due`."""

    due: float
    receipt: Receipt
    results: Results
    error: str


class Bury(msgspec.Struct, frozen=True, gc=False):
    """Give up; an operator may revive it."""

    reason: BuryReason
    receipt: Receipt
    results: Results
    error: str


class Release(msgspec.Struct, frozen=True, gc=False):
    """Put back untouched: this taking was no attempt."""


Decision = Settle | Retry | Bury | Release


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What is to be recorded of a taken notice."""

    taken: Taken
    decision: Decision


def backoff(attempt: int, key: str, policy: Policy) -> float:
    """Return seconds to wait after this attempt: doubling, capped, times a factor of 0.5 to 1 that `key` decides."""
    if policy.interval is not None:
        return policy.interval
    doublings = min(attempt - 1, 60)
    return min(policy.cap, policy.first * 2.0**doublings) * (0.5 + _share(f"{key}:{attempt}") / 2)


def _share(text: str) -> float:
    digest = hashlib.blake2b(text.encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56


def policy_of(notice: Notice, default: Policy) -> Policy:
    """Return the notice's own `failed_retry` (webhooks and pushes), or the default."""
    own = (notice.config or {}).get("failed_retry")
    if not own:
        return default
    attempts = 1 + max(0, int(own.get("max_retry_times", 0)))
    return Policy(attempts=attempts, interval=float(own.get("retry_interval", 0)), life=None)


def pending(taken: Taken) -> Notice:
    """Return the notice for those receivers that a further attempt may still reach."""
    left = tuple(name for name in taken.notice.receivers if _open(taken.results.get(name)))
    return replace(taken.notice, receivers=left) if left != taken.notice.receivers else taken.notice


def _open(result: Result | None) -> bool:
    return result is None or (not result.ok and result.retryable)


def too_late(taken: Taken, now: float, policy: Policy) -> bool:
    """Return True if the deadline of a notice that had its attempts has passed; a first attempt is always made."""
    return taken.attempt > 1 and policy.life is not None and now > taken.created + policy.life


def after_result(taken: Taken, answer: Results, now: float, policy: Policy) -> Decision:
    """Decide on a notice by what the channel answered for its pending receivers."""
    notice = pending(taken)
    results = {**(taken.results if notice.receivers else {}), **by_receiver(notice, answer)}
    again = [one for one in results.values() if _open(one)]
    if not again:
        return _ended(taken, results, now)
    if policy.attempts is not None and taken.attempt >= policy.attempts:
        return bury(taken, BuryReason.EXHAUSTED, results, now)
    due = now + max([backoff(taken.attempt, taken.notice.id, policy), *(one.retry_after or 0 for one in again)])
    if policy.life is not None and due > taken.created + policy.life:
        return bury(taken, BuryReason.EXPIRED, results, now)
    return Retry(due, _receipt(taken, results, now, final=False), results, explain(results))


def _ended(taken: Taken, results: Results, now: float) -> Decision:
    if any(one.ok for one in results.values()):
        return Settle(_receipt(taken, results, now))
    return bury(taken, BuryReason.REFUSED, results, now)


def bury(taken: Taken, reason: BuryReason, results: Results, now: float) -> Bury:
    """Give a notice up; receivers without any answer yet are told the reason as theirs."""
    told = {name: results.get(name, Result(ok=False, message=reason.value)) for name in taken.notice.receivers}
    told = told or results or {taken.notice.way: Result(ok=False, message=reason.value)}
    return Bury(reason, _receipt(taken, told, now), results, explain(told))


def drop(taken: Taken, message: str, now: float) -> Settle:
    """Settle a notice that is not to be sent any more: whoever was not reached has the reason in the receipt."""
    gone = {name: Result(ok=False, message=message) for name in taken.notice.receivers or (taken.notice.way,)}
    return settled(taken, {**gone, **_reached(taken.results)}, now)


def settled(taken: Taken, results: Results, now: float) -> Settle:
    """Settle a notice with the last word on each receiver."""
    return Settle(_receipt(taken, results, now))


def revived(results: Results) -> Results:
    """Return what a revived notice still knows: who was reached. All others are tried afresh."""
    return _reached(results)


def _reached(results: Results) -> Results:
    return {name: one for name, one in results.items() if one.ok}


def by_receiver(notice: Notice, answer: Results) -> Results:
    """Return one result a receiver. A joined key speaks for those it names, any other strange key for all left over."""
    if not notice.receivers:
        return answer or {notice.way: _NO_ANSWER}
    own: Results = {}
    stray: list[Result] = []
    for key, result in answer.items():
        names = [key] if key in notice.receivers else key.split(",")
        if set(names) <= set(notice.receivers):
            own.update(dict.fromkeys(names, result))
        else:
            stray.append(result)
    rest = min(stray, key=lambda one: one.ok, default=_NO_ANSWER)
    return {name: own.get(name, rest) for name in notice.receivers}


_NO_ANSWER = Result(ok=False, message="no answer", retryable=True)


def explain(results: Results, limit: int = 300) -> str:
    """Return the failures as one line for people."""
    return "; ".join(f"{name}: {one.message}" for name, one in results.items() if not one.ok)[:limit]


def _receipt(taken: Taken, results: Results, now: float, *, final: bool = True) -> Receipt:
    return Receipt(
        notice_id=taken.notice.id,
        action_ids=taken.notice.action_ids,
        way=taken.notice.way,
        results={name: ReceiverResult(one.ok, one.message, one.message_id) for name, one in results.items()},
        time=int(now),
        attempt=taken.attempt,
        final=final,
    )
