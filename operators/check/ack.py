"""Ack: when it ends, and how long it took until somebody, or something, dealt with the alert.

Spec/lifecycle.md 4.12; design.md 7.32; docs/decisions.md: an ack may have an end.
"""

from operators.check.verdict import Verdict
from operators.model.alert import ABNORMAL, Alert
from operators.rules.ask.look import Look


class AckVerdict(Verdict, frozen=True, gc=False, kw_only=True):
    """The seconds to be written; None: nothing is, yet or any more."""

    duration: int | None = None
    is_over: bool = False
    """The ack ends now."""


UNSETTLED = AckVerdict()


def ack_verdict(look: Look) -> AckVerdict:
    """Judge whether an ack ends now, and whether the time until the alert was dealt with is known."""
    alert = look.alert
    if alert.is_ack and (until := alert.extra_info.ack_until) is not None:
        is_over = until <= look.now
        return AckVerdict(duration=ack_duration(alert, look.now), is_over=is_over, next_look=None if is_over else until)
    if alert.ack_duration is not None:
        return UNSETTLED
    duration = ack_duration(alert, look.now)
    return UNSETTLED if duration is None else AckVerdict(duration=duration)


def ack_duration(alert: Alert, now: int) -> int | None:
    """Return the seconds from creation to the first of ack, shield and end; None while there was none."""
    if alert.ack_duration is not None:
        return alert.ack_duration
    if alert.is_ack or alert.is_shielded or alert.status != ABNORMAL:
        return _since_creation(alert, now if alert.end_time is None else alert.end_time)
    return None


def ack_duration_at_end(alert: Alert, end_time: int) -> int:
    """Return the seconds from creation to the first of ack, shield and an end that is only now written."""
    return _since_creation(alert, end_time) if alert.ack_duration is None else alert.ack_duration


def _since_creation(alert: Alert, second: int) -> int:
    """Return the seconds since creation; 0 for an end whose event came late and tells of a time before it."""
    return max(0, second - alert.create_time)
