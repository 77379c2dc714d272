"""What was held back and is told later: by flapping, and because nobody could be reached (design.md 7.48, 7.54)."""

from operators.check.flapping import flap_limit, flap_verdict
from operators.check.shield import shielding
from operators.check.verdict import Verdict
from operators.check.waiting import waiting_verdict
from operators.limits.flapping import quiet_at
from operators.model.alert import opening_signal
from operators.model.memory import CALM
from operators.model.reason import OpType, Reason
from operators.people.dispatch import notice_of
from operators.plan.addressed import addressed, with_told
from operators.plan.judge import FLAPPING, NORMAL, in_time, unwanted_by
from operators.plan.plan import plan
from operators.plan.signal import matched, retry
from operators.rules.shapes.model import NoticeRelation
from operators.state.turn import Turn

WEEK = 7 * 86400
"""Seconds after its end for which an alert that ended waits for the hours in which its end may be told."""


def tell_rest(turn: Turn) -> None:
    """Tell what an alert that ended is still to tell, and ask for a look where that comes later."""
    retry(turn)
    if turn.alert is None:
        return
    if turn.state.flapping.is_on:
        settle_flapping(turn, flap_verdict(turn.view()))
    if turn.state.waiting is not None and turn.now <= (turn.state.ended_at or turn.now) + WEEK:
        tell_waiting(turn, waiting_verdict(turn.view()))


def settle_flapping(turn: Turn, verdict: Verdict) -> None:
    """End the flapping of a fingerprint that has been in one state for long enough: one notice tells the state."""
    turn.look(verdict.next_look)
    if not turn.state.flapping.is_on:
        return
    limit = flap_limit(turn.view())
    due = quiet_at(turn.state.flapping, limit)
    if due is not None and due <= turn.now:
        turn.log(OpType.ACTION, Reason.FLAP_OVER, f"no change for {limit.quiet} s")
        turn.keep(flapping=CALM)
        _tell_state(turn)


def _tell_state(turn: Turn) -> None:
    """Tell that an alert is open, or to those who do not know yet that it ended."""
    relation, told, alert = notice_of(turn.view()), turn.state.told, turn.current()
    if relation is None:
        return
    if not turn.is_open:
        if told is not None:
            plan(turn, alert.status.lower(), NORMAL, matched(turn), only=relation.id)
        return
    knows = told is not None and told.alert_id == alert.id and told.notice_type != FLAPPING
    plan(turn, opening_signal(alert), NORMAL, matched(turn), only=relation.id, cycle=None if knows else 1)


def tell_waiting(turn: Turn, verdict: Verdict) -> None:
    """Tell what reached nobody as soon as somebody can be reached, worded as it would have been."""
    waiting = turn.state.waiting
    relation = notice_of(turn.view()) if waiting is not None else None
    if (
        waiting is None
        or relation is None
        or unwanted_by(turn.view(), relation, waiting.signal, first=False) is not None
    ):
        return
    if turn.is_open and shielding(turn.view()).is_shielded:
        return
    if _reaches(turn, relation, waiting.signal, waiting.notice_type):
        plan(turn, waiting.signal, waiting.notice_type, matched(turn), only=relation.id, cycle=waiting.cycle)
    else:
        turn.look(verdict.next_look)


def _reaches(turn: Turn, relation: NoticeRelation, signal: str, notice_type: str) -> bool:
    if not in_time(turn.view(), relation):
        return False
    named = addressed(turn.view(), relation, signal, notice_type, matched(turn))
    who = with_told(turn, relation, signal, named)
    return bool(who.main or who.followers)
