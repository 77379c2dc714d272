"""Ack: how long it took until somebody, or something, dealt with the alert (spec/lifecycle.md 4.12; design.md 7.32)."""

from operators.alert import ABNORMAL, Alert
from operators.turn import Turn


def ack_duration(alert: Alert, now: int) -> int | None:
    """Return the seconds from creation to the first of ack, shield and end; None while there was none."""
    if alert.ack_duration is not None:
        return alert.ack_duration
    if alert.is_ack or alert.is_shielded or alert.status != ABNORMAL:
        return (alert.end_time or now) - alert.create_time
    return None


def ack_duration_at_end(alert: Alert, end_time: int) -> int:
    """Return the seconds from creation to the first of ack, shield and an end that is only now written."""
    return end_time - alert.create_time if alert.ack_duration is None else alert.ack_duration


def settle_ack_duration(turn: Turn) -> None:
    """Write the duration once."""
    alert = turn.alert
    if alert is not None and alert.ack_duration is None:
        duration = ack_duration(alert, turn.now)
        if duration is not None:
            turn.put(ack_duration=duration)
