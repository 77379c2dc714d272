"""Keeping an alert's shield flags, and the un-shield notice (spec/lifecycle.md 4.11, spec/notices.md 10.2)."""

from operators.check.shield import Shielding, may_shield, shielding
from operators.lifecycle.ack import settle_ack_duration
from operators.model.reason import OpType, Reason
from operators.people.dispatch import notice_of
from operators.plan.judge import UNSHIELDED
from operators.plan.signal import emit
from operators.state.turn import Turn


def shield(turn: Turn) -> None:
    """Let the shields judge a new alert."""
    if may_shield(turn.scene.settings, turn.scene.book):
        carry_out(turn, shielding(turn.view()))


def carry_out(turn: Turn, found: Shielding) -> None:
    """Write what the shields say of the alert, and tell when they let go of it."""
    alert = turn.current()
    turn.look(found.next_look)
    was = alert.is_shielded
    if found.is_shielded != was or found.ids != alert.shield_id:
        turn.put(is_shielded=found.is_shielded, shield_id=found.ids, shield_left_time=found.left)
        _log(turn, found, was=was)
    elif found.left != alert.shield_left_time:  # told with the next document, no reason for one
        alert.shield_left_time = found.left
    if found.is_shielded:
        settle_ack_duration(turn)
    elif was:
        _unshielded(turn)
    elif turn.extra().need_unshield_notice:
        turn.put_extra(need_unshield_notice=False)
        _tell(turn)


def _log(turn: Turn, found: Shielding, *, was: bool) -> None:
    if found.is_shielded and not was:
        which = f"shield {', '.join(found.ids)}, {found.left} s left" if found.ids else "without a rule"
        turn.log(OpType.SHIELD, found.why, which)
    elif was and not found.is_shielded:
        turn.log(OpType.UNSHIELD, Reason.UNSHIELDED)


def _unshielded(turn: Turn) -> None:
    if turn.extra().is_recovering:
        turn.put_extra(ignore_unshield_notice=True)
        turn.log(OpType.ACTION, Reason.UNSHIELD_WITHHELD, "the alert is recovering")
    else:
        _tell(turn)


def _tell(turn: Turn) -> None:
    """Plan the un-shield notice, unless the last one went out unshielded: then people know already."""
    alert = turn.current()
    notice = notice_of(turn.view())
    if notice is None or alert.is_ack:
        return
    record = alert.extra_info.cycle_handle_record.get(notice.id)
    if record is None or record.is_shielded:
        emit(turn, alert.status.lower(), UNSHIELDED)
