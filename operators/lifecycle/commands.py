"""What a command does to an alert: ack, unack, close, assign, comment (design.md 8; replay.md)."""

from operators.intake.decode import Refusal
from operators.lifecycle.ack import ack, unack
from operators.lifecycle.ends import end_alert
from operators.model.command import Command
from operators.model.reason import DeadReason, OpType, Reason
from operators.state.turn import Turn


def apply_command(turn: Turn, command: Command) -> Refusal | None:
    """Apply a command to the alert of its fingerprint; refuse it where there is none, or it has ended."""
    if turn.alert is None or command.alert_id not in (None, turn.alert.id):
        return Refusal(DeadReason.UNKNOWN_ALERT, f"no alert {command.alert_id or command.dedupe_md5}")
    if not turn.is_open:
        return Refusal(DeadReason.ALERT_ENDED, f"alert {turn.alert.id} has ended ({turn.alert.status})")
    turn.state.touched = turn.now
    return APPLY[command.command](turn, command)


def _close(turn: Turn, command: Command) -> Refusal | None:
    text = command.message or f"closed by {command.operator or 'an operator'}"
    end_alert(turn, Reason.CLOSED_BY_OPERATOR, text, operator=command.operator)
    return None


def _assign(turn: Turn, command: Command) -> Refusal | None:
    turn.put(appointee=command.appointee)
    turn.keep(is_assigned=True)
    text = f"to {', '.join(command.appointee)}" + (f": {command.message}" if command.message else "")
    turn.log(OpType.ASSIGN, Reason.ASSIGNED_BY_OPERATOR, text, operator=command.operator)
    return None


def _comment(turn: Turn, command: Command) -> Refusal | None:
    turn.log(OpType.COMMENT, Reason.COMMENTED, command.message, operator=command.operator)
    return None


APPLY = {"ack": ack, "unack": unack, "close": _close, "assign": _assign, "comment": _comment}
