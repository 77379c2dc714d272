"""Next: the timed transition (spec/lifecycle.md 2.8, 4.2; design.md 7.31)."""

from operators.model.alert import Alert
from operators.model.reason import Reason


def timed_transition(alert: Alert, now: int) -> Reason | None:
    """Return why the alert ends now, if its pending transition is due."""
    if alert.next_status is None or alert.next_status_time is None or alert.next_status_time > now:
        return None
    if alert.next_status == "RECOVERED":
        return Reason.DELAY_OVER
    return Reason.STRATEGY_TIMED_OUT if alert.strategy_id and not alert.is_blocked else Reason.TIMED_OUT


END_TEXTS = {
    Reason.DELAY_OVER: "the reported recovery held",
    Reason.TIMED_OUT: "no abnormal event came in time",
    Reason.STRATEGY_TIMED_OUT: "no abnormal event came within the time-out of the strategy",
}
"""What the document, its log and notices say of an end by time."""
