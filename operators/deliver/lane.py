"""Lanes keep providers apart: what stands in one never delays what stands in another."""

from collections.abc import Mapping

import msgspec

from operators.deliver.delivery import Result
from operators.model.address import authority_of
from operators.model.records import Notice

PATIENCE = 10
"""Failed attempts in a row before a lane slows down."""
LONGEST_PAUSE = 10.0
LONGEST_OBEYED = 300.0
"""Seconds that a provider may silence its lane with one Retry-After; its notice itself waits as long as it was told."""


def lane(notice: Notice) -> str:
    """Return the way, with the provider's host where the notice names one: each such host is a provider of its own."""
    config = notice.config or {}
    addresses = config.get("url") or config.get("dsn") or (notice.receivers if notice.way == "webhook" else ())
    hosts = {authority_of(one) for one in (addresses if isinstance(addresses, list | tuple) else (addresses,))}
    host = hosts.pop() if len(hosts) == 1 else ""
    return f"{notice.way}:{host}" if host else notice.way


def way(lane_: str) -> str:
    """Return the way of a lane."""
    return lane_.partition(":")[0]


def pause(streak: int, answer: Mapping[str, Result]) -> float:
    """Return seconds a lane rests after an attempt, the `streak`-th in a row that failed (0 = it did not)."""
    asked = max((one.retry_after or 0.0 for one in answer.values() if not one.ok), default=0.0)
    tired = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(streak - PATIENCE, 60)) if streak >= PATIENCE else 0.0
    return max(min(asked, LONGEST_OBEYED), tired)


def failed_for_now(answer: Mapping[str, Result]) -> bool:
    """Return True if an attempt reached nobody although another might: the provider, not the receivers, is in trouble."""
    return not any(one.ok for one in answer.values()) and any(one.retryable for one in answer.values())


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """A token bucket as it was at `at`."""

    tokens: float
    at: float


def refill(bucket: Bucket, rate: float, burst: float, now: float) -> Bucket:
    """Return the bucket at `now`: `rate` tokens a second more, never over `burst`. A clock set back adds nothing."""
    gained = max(0.0, now - bucket.at) * rate
    return Bucket(min(burst, bucket.tokens + gained), now)


def spend(bucket: Bucket, count: int) -> Bucket:
    """Return the bucket with `count` tokens taken out."""
    return Bucket(bucket.tokens - count, bucket.at)
