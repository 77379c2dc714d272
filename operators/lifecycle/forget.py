"""When the state of an alert that has ended is let go of: first the alert, then what tells its events from new ones."""

from operators.check.results import forget_after
from operators.state.turn import Turn


def forget(turn: Turn) -> bool:
    """Let go of what can no longer matter, else ask for the moment at which it will not; return True if nothing is left."""
    until = _matters_until(turn)
    if turn.now < until:
        turn.look(until)
        return False
    turn.flush(now_or_never=True)
    turn.finish()
    return not _remembers(turn)


def _matters_until(turn: Turn) -> int:
    """Return the second until which the alert that has ended may still be asked for."""
    state = turn.state
    until = max(state.touched, state.ended_at or 0) + turn.scene.settings.ended_retention
    if state.checks is not None:
        strategy = turn.scene.strategy(state.alert.strategy_id) if state.alert else None
        last = forget_after(state.checks, strategy)
        until = until if last is None else max(until, last)
    return until if turn.due is None else max(until, turn.due)


def _remembers(turn: Turn) -> bool:
    """Return True if a state still knows events that may come again; its ended alerts go (design.md 7.45)."""
    state = turn.state
    until = max(state.newest + turn.scene.settings.event_expiry + 1, state.late_until) if state.recent else 0
    if turn.now >= until:
        return False
    turn.let_go = [alert.id for alert in (state.alert, *state.previous) if alert is not None]
    state.alert = state.snapshot = state.checks = state.told = state.waiting = None
    state.previous = ()
    turn.look(until)
    return True
