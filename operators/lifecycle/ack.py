"""Keeping how long it took until an alert was dealt with."""

from operators.check.ack import AckVerdict, ack_duration
from operators.state.turn import Turn


def settle_ack_duration(turn: Turn, _: AckVerdict | None = None) -> None:
    """Write the duration once."""
    alert = turn.alert
    if alert is not None and alert.ack_duration is None:
        duration = ack_duration(alert, turn.now)
        if duration is not None:
            turn.put(ack_duration=duration)
