"""One attempt to deliver one notice."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from flows.courier.gate import Gate
from operators.deliver.delivery import (
    BuryReason,
    Decision,
    Policy,
    Result,
    Results,
    Taken,
    after_result,
    bury,
    by_receiver,
    drop,
    pending,
    policy_of,
    too_late,
)
from operators.model.records import Notice
from sinks.channels.result import Channel

log = structlog.get_logger()


class Attempts:
    """Makes attempts through the channels, one a way; safe from several threads."""

    def __init__(self, channels: Mapping[str, Channel], gate: Gate, clock: Callable[[], float]) -> None:
        self._channels, self._gate, self._clock = channels, gate, clock

    def adopt(self, channels: Mapping[str, Channel]) -> None:
        """Send by these channels from now on."""
        self._channels = channels

    def make(self, taken: Taken, default: Policy) -> tuple[Decision, Results]:
        """Return what becomes of the notice and what the channel answered, which is nothing if it was not asked."""
        policy = policy_of(taken.notice, default)
        beforehand = self._beforehand(taken, policy, self._clock())
        if beforehand is not None:
            return beforehand, {}
        channel = self._channels.get(taken.notice.way)
        if channel is None:
            return bury(taken, BuryReason.NO_CHANNEL, taken.results, self._clock()), {}
        answer = _send(channel, pending(taken))
        now = self._clock()
        self._gate.passed(taken.notice, now)
        return after_result(taken, answer, now, policy), answer

    def _beforehand(self, taken: Taken, policy: Policy, now: float) -> Decision | None:
        if not taken.readable:
            return bury(taken, BuryReason.UNREADABLE, {}, now)
        if too_late(taken, now, policy):
            return bury(taken, BuryReason.EXPIRED, taken.results, now)
        refusal = self._gate.refusal(taken.notice, now) if taken.attempt == 1 else ""
        return drop(taken, refusal, now) if refusal else None


def _send(channel: Channel, notice: Notice) -> Results:
    """Return the answer for each receiver; a channel that breaks or answers nonsense costs this attempt, nothing else."""
    try:
        return by_receiver(notice, _checked(channel.send(notice)))
    except Exception as error:  # noqa: BLE001 - the courier's worker loop; only its text can hold a secret
        kind = type(error).__name__
        log.error("channel broke", way=notice.way, notice=notice.id, error=kind)  # noqa: TRY400 - a traceback may, too
        return by_receiver(notice, {notice.way: Result(ok=False, message=kind, retryable=True)})


def _checked(answer: Any) -> Results:
    if not isinstance(answer, dict) or not all(isinstance(one, Result) for one in answer.values()):
        raise TypeError("not an answer")
    return answer
