"""The checkers of an open alert, in order: who judges, whom it concerns, what carries the verdict out.

Next, Close, Recover, Shield, Ack, what the quota, flapping and the hours of people held back, Upgrade, Action
(spec/lifecycle.md 4.1; design.md 7.36). A verdict that ends the alert ends the chain. `explain` reads the same table.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from operators.check.ack import ack_verdict
from operators.check.action import action_verdict
from operators.check.close import close_verdict
from operators.check.flapping import flap_verdict
from operators.check.held import held_verdict
from operators.check.next import is_due, next_verdict
from operators.check.recover import recover_verdict
from operators.check.shield import may_shield, shielding
from operators.check.upgrade import upgrade_verdict
from operators.check.verdict import Verdict
from operators.check.waiting import waiting_verdict
from operators.lifecycle import ack, shielded
from operators.lifecycle.ends import end_by_verdict
from operators.lifecycle.recovering import recover
from operators.lifecycle.telling import escalate, repeat, try_again
from operators.model.alert import ABNORMAL, Alert
from operators.plan.later import settle_flapping, tell_waiting
from operators.rules.ask.look import Look
from operators.state.scene import Scene
from operators.state.state import State
from operators.state.turn import Turn


class Checker(NamedTuple):
    """One checker. `carry_out` takes the turn and the verdict of its judge; asking again is no part of it."""

    name: str
    judge: Callable[[Look], Verdict]
    concerns: Callable[[Look], bool]
    """Of any other alert neither has anything to say or do."""
    carry_out: Callable[[Turn, Any], None]
    needs_cause: bool = False
    """It has nothing to say of an alert that only time can move (`only_time_moves`)."""


def everyone(_: Look) -> bool:
    """Return True: the checker looks at every open alert."""
    return True


def of_strategies(look: Look) -> bool:
    """Return True if a strategy watches the alert."""
    return bool(look.alert.strategy_id)


def unblocked(look: Look) -> bool:
    """Return True unless flow control keeps the alert silent."""
    return not look.alert.is_blocked


def dealt_with(look: Look) -> bool:
    """Return True if somebody has acknowledged the alert, or a shield holds."""
    return look.alert.is_ack or look.alert.is_shielded


def held(look: Look) -> bool:
    """Return True if the quota held a signal of the alert back."""
    return look.retry is not None and unblocked(look)


def flapping(look: Look) -> bool:
    """Return True while the alert's fingerprint flaps."""
    return look.flapping.count > 0 and unblocked(look)


def waiting(look: Look) -> bool:
    """Return True if a notice of the alert reached nobody yet."""
    return look.waiting is not None and unblocked(look)


CHECKERS: tuple[Checker, ...] = (
    Checker("next", next_verdict, everyone, end_by_verdict),
    Checker("close", close_verdict, of_strategies, end_by_verdict, needs_cause=True),
    Checker("recover", recover_verdict, of_strategies, recover, needs_cause=True),
    Checker("shield", shielding, unblocked, shielded.carry_out, needs_cause=True),
    Checker("ack", ack_verdict, dealt_with, ack.carry_out, needs_cause=True),
    Checker("held", held_verdict, held, try_again, needs_cause=True),
    Checker("flapping", flap_verdict, flapping, settle_flapping, needs_cause=True),
    Checker("waiting", waiting_verdict, waiting, tell_waiting, needs_cause=True),
    Checker("upgrade", upgrade_verdict, unblocked, escalate, needs_cause=True),
    Checker("action", action_verdict, unblocked, repeat, needs_cause=True),
)
"""What was held back is told before anything later is: the first line before an escalation, that before a repeat."""


def only_time_moves(alert: Alert, state: State, scene: Scene) -> bool:
    """Return True if an alert has no strategy, no rule has a say in it, and nothing of it waits to be told or repeated."""
    extra = alert.extra_info
    return not (
        alert.strategy_id
        or scene.book.dispatch
        or may_shield(scene.settings, scene.book)
        or alert.is_shielded
        or alert.is_ack
        or extra.need_unshield_notice
        or extra.cycle_handle_record
        or state.retry is not None
        or state.waiting is not None
        or state.flapping.is_on
        or state.repeat_waits
    )


def check(turn: Turn) -> None:
    """Let every checker look at the open alert; deadlines are asked for on the way."""
    turn.state.rules = turn.scene.book.version
    alert = turn.current()
    is_moved_by_time = only_time_moves(alert, turn.state, turn.scene)
    if is_moved_by_time and not is_due(alert, turn.now):
        turn.look(alert.next_status_time)
        return
    look = turn.view()
    for _, judge, concerns, carry_out, needs_cause in CHECKERS:
        if not (is_moved_by_time and needs_cause) and concerns(look):
            verdict = judge(look)
            if verdict.next_look is not None:
                turn.look(verdict.next_look)
            carry_out(turn, verdict)
            if alert.status != ABNORMAL:
                return
            look = turn.view()
