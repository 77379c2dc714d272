"""Next: the timed transition (spec/lifecycle.md 2.8, 4.2; design.md 7.31, 7.61)."""

from operators.check.verdict import NOTHING, Verdict
from operators.model.alert import RECOVERED, Alert
from operators.model.reason import Reason
from operators.rules.ask.look import Look


def is_due(alert: Alert, now: int) -> bool:
    """Return True if the pending transition of an alert is due."""
    return alert.next_status_time is not None and alert.next_status_time <= now


def next_verdict(look: Look) -> Verdict:
    """Judge the pending transition of an alert: it ends when that is due."""
    alert = look.alert
    if alert.next_status_time is None:
        return NOTHING
    if not is_due(alert, look.now):
        return Verdict(next_look=alert.next_status_time)
    if alert.next_status == RECOVERED:
        reason = Reason.LEASE_OVER if alert.next_status_time == alert.event.until else Reason.DELAY_OVER
    else:
        reason = Reason.STRATEGY_TIMED_OUT if alert.strategy_id and not alert.is_blocked else Reason.TIMED_OUT
    return Verdict(reason=reason, description=END_TEXTS[reason])


END_TEXTS = {
    Reason.LEASE_OVER: "the source said that it holds until now, and nothing newer came",
    Reason.DELAY_OVER: "the reported recovery held",
    Reason.TIMED_OUT: "no abnormal event came in time",
    Reason.STRATEGY_TIMED_OUT: "no abnormal event came within the time-out of the strategy",
}
"""What the document, its log and notices say of an end by time."""
