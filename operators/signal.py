"""Which signal a change of an alert emits, and to whom it is worth telling (spec/lifecycle.md 2.11; design.md 7)."""

from operators import quota
from operators.alert import ABNORMAL, is_no_data
from operators.dispatch import Dispatch, dispatch
from operators.plan import plan
from operators.reason import OpType, Reason
from operators.records import Signal
from operators.state import Retry
from operators.turn import Turn

NORMAL, UNSHIELDED, UPGRADE = "normal", "unshielded", "upgrade"


def matched(turn: Turn) -> Dispatch | None:
    """Return what the dispatch rules say of the alert now."""
    alert, scene = turn.current(), turn.scene
    strategy = scene.strategy(alert.strategy_id) if alert.strategy_id else None
    return dispatch(alert, strategy, scene.book, scene.settings, turn.now)


def emit(turn: Turn, signal: str, *, people: bool = True) -> None:
    """Emit the signal of a transition and plan what follows; a third-party alert speaks only through a dispatch rule.

    `people`: whether people are told, or programs only.
    """
    alert = turn.current()
    found = matched(turn)
    if not alert.strategy_id and found is None:
        return
    say_signal(turn, signal, NORMAL)
    if passes_quota(turn, signal, retry=True):
        plan(turn, signal, NORMAL, found, people=people)


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


def passes_quota(turn: Turn, signal: str, *, retry: bool = False) -> bool:
    """Count a signal in the action quota; if it is over, say so, and with `retry` remember to try again."""
    alert, scene = turn.current(), turn.scene
    key = quota.action_key(alert, signal)
    if not scene.action_quota.hit(key, turn.now):
        return True
    limit = scene.settings.quota.action
    turn.log(
        OpType.ACTION_QOS,
        Reason.ACTION_QUOTA,
        f"signal {signal}: {scene.action_quota.count(key)} in {limit.window} s; {limit.threshold} are let through",
    )
    if retry:
        turn.keep(retry=Retry(signal, scene.action_quota.end(key, turn.now)))
    return False


def retry(turn: Turn) -> None:
    """Try again to plan a signal that the quota held back, while the alert is still in that state."""
    waiting = turn.state.retry
    if waiting is None:
        return
    if waiting.due > turn.now:
        turn.look(waiting.due)
        return
    turn.keep(retry=None)
    found = matched(turn)
    if waiting.signal == state_signal(turn) and passes_quota(turn, waiting.signal, retry=True):
        plan(turn, waiting.signal, NORMAL, found)
    if turn.state.retry is not None:
        turn.look(turn.state.retry.due)


def state_signal(turn: Turn) -> str:
    """Return the signal that the alert's present state stands for."""
    alert = turn.current()
    if alert.status == ABNORMAL:
        return "no_data" if is_no_data(alert) else "abnormal"
    return alert.status.lower()
