"""Which signal a change of an alert emits, and to whom it is worth telling (spec/lifecycle.md 2.11; design.md 7)."""

from operators.limits import quota
from operators.model.alert import ABNORMAL
from operators.model.memory import Retry
from operators.model.reason import OpType, Reason
from operators.model.records import Signal
from operators.people.dispatch import Dispatch, dispatch, notice_of
from operators.plan.flap import note_change
from operators.plan.judge import ENDS, NORMAL
from operators.plan.plan import plan
from operators.state.turn import Turn


def matched(turn: Turn) -> Dispatch | None:
    """Return what the dispatch rules say of the alert now."""
    return dispatch(turn.view()) if turn.scene.book.dispatch else None


def emit(turn: Turn, signal: str, notice_type: str = NORMAL, *, people: bool = True) -> None:
    """Emit the signal of a transition and plan what follows; a third-party alert speaks only through a dispatch rule.

    `people`: whether people are told, or programs only. Of an alert that is blocked or matches no rule any more, who was
    told hears the end.
    """
    found = matched(turn)
    if _is_mute(turn, found):
        if people and signal in ENDS and turn.state.told is not None:
            notice = notice_of(turn.view())
            if notice is not None:
                plan(turn, signal, notice_type, found, only=notice.id)
        return
    if people and notice_type == NORMAL:
        note_change(turn, signal)
    say_signal(turn, signal, notice_type)
    if passes_quota(turn, signal, notice_type):
        _follow(turn, signal, notice_type, found, people=people)


def _is_mute(turn: Turn, found: Dispatch | None) -> bool:
    alert = turn.current()
    return alert.is_blocked or (not alert.strategy_id and found is None)


def _follow(turn: Turn, signal: str, notice_type: str, found: Dispatch | None, *, people: bool = True) -> None:
    """Plan what follows a signal: of the end of a shield, the notice alone."""
    if notice_type == NORMAL:
        plan(turn, signal, notice_type, found, people=people)
    elif (notice := notice_of(turn.view())) is not None:
        plan(turn, signal, notice_type, found, only=notice.id)


def say_signal(turn: Turn, signal: str, notice_type: str) -> None:
    """Say a signal."""
    alert = turn.current()
    turn.scene.say(
        Signal(
            time=turn.now,
            alert_id=alert.id,
            strategy_id=alert.strategy_id,
            signal=signal,
            notice_type=notice_type,
            severity=alert.severity,
        )
    )


def passes_quota(turn: Turn, signal: str, notice_type: str) -> bool:
    """Count a signal in the action quota; if it is over, say so and remember to try again when the window ends."""
    alert, scene = turn.current(), turn.scene
    key = quota.action_key(alert, signal)
    if not scene.action_quota.hit(key, turn.now):
        return True
    limit = scene.settings.quota.action
    turn.log(
        OpType.ACTION,
        Reason.ACTION_QUOTA,
        f"signal {signal}: {scene.action_quota.count(key)} in {limit.window} s; {limit.threshold} are let through",
    )
    turn.keep(retry=Retry(signal, scene.action_quota.end(key, turn.now), notice_type))
    return False


def retry(turn: Turn) -> None:
    """Try again to plan a signal that the quota held back, while the alert is still in that state."""
    waiting = turn.state.retry
    if waiting is not None and waiting.due <= turn.now:
        turn.keep(retry=None)
        if _stands(turn, waiting.signal) and passes_quota(turn, waiting.signal, waiting.notice_type):
            _follow(turn, waiting.signal, waiting.notice_type, matched(turn))
    if turn.state.retry is not None:
        turn.look(turn.state.retry.due)


def _stands(turn: Turn, signal: str) -> bool:
    """Return True if the alert is still in the state that a signal stands for (spec/notices.md 1.5)."""
    alert = turn.current()
    if signal == "ack" and (alert.is_ack_noticed or not alert.is_ack):
        return False
    return alert.status == (ABNORMAL if signal in ("no_data", "ack") else signal.upper())
