"""Keeping an alert's shield flags, and the un-shield notice (spec/lifecycle.md 4.11, spec/notices.md 10.2)."""

from operators.alert import ABNORMAL
from operators.check.ack import settle_ack_duration
from operators.check.shield import Shielding, shielding
from operators.plan import plan, relations
from operators.reason import OpType, Reason
from operators.rules.model import NoticeRelation
from operators.signal import UNSHIELDED, matched, passes_quota, say_signal
from operators.turn import Turn


def shield(turn: Turn) -> None:
    """Write what the shields say of the alert now, and tell when they let go of it."""
    alert, scene = turn.current(), turn.scene
    found = shielding(alert, scene.book, scene.settings, turn.now)
    turn.look(found.next_edge)
    was = alert.is_shielded
    if found.is_shielded != was or found.ids != alert.shield_id:
        turn.put(is_shielded=found.is_shielded, shield_id=found.ids, shield_left_time=found.left)
        _log(turn, found, was=was)
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
        turn.log(OpType.SHIELD, found.reason, which)
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
    found = matched(turn)
    relation = next((one for one in relations(turn, found) if isinstance(one, NoticeRelation)), None)
    if relation is None or alert.status != ABNORMAL or alert.is_ack:
        return
    record = alert.extra_info.cycle_handle_record.get(relation.id)
    if record is not None and not record.is_shielded:
        return
    signal = alert.status.lower()
    if not passes_quota(turn, signal):
        return
    say_signal(turn, signal, UNSHIELDED)
    cycle = (record.execute_times if record else 0) + 1
    plan(turn, signal, UNSHIELDED, found, only=relation.id, cycle=cycle)
