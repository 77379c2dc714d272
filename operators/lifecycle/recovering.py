"""Carrying out what Recover says: the flags of a recovery, its log, its end."""

from operators.check.recover import RecoverVerdict, recovering_extra
from operators.lifecycle.ends import end_alert
from operators.model.reason import OpType, Reason
from operators.state.turn import Turn


def recover(turn: Turn, verdict: RecoverVerdict) -> None:
    """Let a recovery begin, be aborted, or end the alert as its status setter says."""
    alert = turn.current()
    if verdict.kind == "none" and verdict.is_recovering == alert.extra_info.is_recovering:
        return
    extra = recovering_extra(alert.extra_info, verdict)
    if extra != alert.extra_info:
        turn.put(extra_info=extra)
    if verdict.began:
        turn.log_move(Reason.WINDOW_QUIET, "" if verdict.kind != "recovering" else verdict.description)
    if verdict.kind == "aborted":
        turn.log_move(Reason.WINDOW_BROKEN, verdict.description)
    if verdict.reason is None:
        return
    if verdict.kind == "closed":
        end_alert(turn, verdict.reason, verdict.description, status="CLOSED", op_type=OpType.CLOSE)
    elif verdict.kind == "recovered":
        end_alert(turn, verdict.reason, verdict.description)
