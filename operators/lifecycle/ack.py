"""An ack: taken, renewed, taken back, over; and how long it took until an alert was dealt with."""

from operators.check.ack import AckVerdict, ack_duration
from operators.intake.decode import Refusal
from operators.model.alert import opening_signal
from operators.model.command import Command
from operators.model.reason import DeadReason, OpType, Reason
from operators.people.dispatch import notice_of
from operators.plan.plan import plan
from operators.plan.signal import emit, matched
from operators.state.turn import Turn


def carry_out(turn: Turn, verdict: AckVerdict) -> None:
    """Write the duration once, and end an ack whose time is over."""
    settle_ack_duration(turn)
    if verdict.is_over:
        _end(turn, Reason.ACK_OVER)


def settle_ack_duration(turn: Turn) -> None:
    """Write the duration once."""
    alert = turn.alert
    if alert is not None and alert.ack_duration is None:
        duration = ack_duration(alert, turn.now)
        if duration is not None:
            turn.put(ack_duration=duration)


def ack(turn: Turn, command: Command) -> Refusal | None:
    """Take an ack, or of the same operator a new end for it; a second one is refused (design.md 7.37)."""
    alert, until = turn.current(), command.until
    if until is not None and until <= turn.now:
        return Refusal(DeadReason.BAD_VALUE, f"`until`: {until} is over at {turn.now}")
    if alert.is_ack:
        return _renew(turn, command)
    turn.put(is_ack=True, ack_operator=command.operator, is_ack_noticed=False)
    turn.put_extra(acks=alert.extra_info.acks + 1, ack_until=until, comment=command.message or alert.extra_info.comment)
    turn.log(OpType.ACK, Reason.ACKED, command.message, operator=command.operator)
    settle_ack_duration(turn)
    notice = notice_of(turn.view())
    if notice is not None and "ack" in notice.signal and not alert.is_blocked:
        emit(turn, "ack")
    return None


def _renew(turn: Turn, command: Command) -> Refusal | None:
    alert = turn.current()
    if command.operator != alert.ack_operator or command.until == alert.extra_info.ack_until:
        return Refusal(DeadReason.ALREADY_ACKED, f"alert {alert.id} was acknowledged by {alert.ack_operator}")
    turn.put_extra(ack_until=command.until)
    turn.log(OpType.ACK, Reason.ACK_RENEWED, command.message, operator=command.operator)
    return None


def unack(turn: Turn, command: Command) -> Refusal | None:
    """Take an ack back, whoever gave it."""
    alert = turn.current()
    if not alert.is_ack:
        return Refusal(DeadReason.NOT_ACKED, f"alert {alert.id} is not acknowledged")
    _end(turn, Reason.UNACKED, command)
    return None


def _end(turn: Turn, reason: Reason, command: Command | None = None) -> None:
    """Let the alert go on as if nobody had it: whoever was told of it is told anew."""
    whose = f"of {turn.current().ack_operator}" if turn.current().ack_operator else ""
    message, operator = (command.message, command.operator) if command is not None else ("", None)
    turn.put(is_ack=False, ack_operator=None, is_ack_noticed=False)
    turn.put_extra(ack_until=None, ack_over=turn.now)
    turn.log(OpType.UNACK, reason, ": ".join(filter(None, (whose, message))), operator=operator)
    _tell_again(turn)


def _tell_again(turn: Turn) -> None:
    """Tell the alert once more, unless its first notice is still to come or it is about to recover."""
    alert, relation = turn.current(), notice_of(turn.view())
    if relation is None or alert.is_blocked or alert.extra_info.is_recovering or turn.state.waiting is not None:
        return
    if relation.id in alert.extra_info.cycle_handle_record:
        plan(turn, opening_signal(alert), "normal", matched(turn), only=relation.id)
