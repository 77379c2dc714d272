"""The commonest event in one go: it repeats an open alert and moves nothing.

What folding means is said in `dedupe.py`. This does the same, without a turn, for the events that none of its questions
concern; a law holds the two together (tests/replay/test_laws.py).
"""

from typing import Any

from operators.check.results import fold_event as fold_event_check
from operators.lifecycle.ends import timeout_of
from operators.lifecycle.skip import may_skip
from operators.model.alert import ABNORMAL, KeptAlert
from operators.model.event import SAID_TIME, Event
from operators.model.reason import OpType, Reason
from operators.state.scene import Scene
from operators.state.state import Run, State, id_key, remember

# Looked up once: Python 3.11 takes as long for a member of an enum as for three calls.
CONVERGE, REPEATED = OpType.CONVERGE, Reason.REPEATED


def fold_repeat(state: State, event: Event, scene: Scene, now: int) -> bool:
    """Fold an event that moves nothing; return False, with nothing changed, for one that may be of another kind."""
    alert, run, time, settings = state.alert, state.run, event.time, scene.settings
    if alert is None or not (  # it is newer and no worse or milder, and nothing waits for one
        event.status == ABNORMAL
        and alert.status == ABNORMAL
        and event.severity == alert.severity
        and time >= alert.latest_time
        and event.anomaly_time >= alert.first_anomaly_time
        and time >= now - settings.event_expiry
        and event.strategy_id == alert.strategy_id
        and (not event.extra_info or _says_one_time(event.extra_info))
        and not (alert.is_blocked or alert.assign_tags or state.repeat_waits)
        and (run is None or run.op_type == CONVERGE)
        and state.said_over is None
        and not scene.book.circuit_breaking
    ):
        return False
    strategy = scene.strategy(alert.strategy_id) if alert.strategy_id and state.snapshot is not None else None
    if not may_skip(state, strategy, alert.event, event, scene.book):
        return False
    status, at = timeout_of(scene, now, alert, event)
    if (at is not None and (state.due is None or at < state.due)) or not remember(state.recent, id_key(event.id)):
        return False
    if strategy is not None and (state.checks is not None or strategy.items):
        state.checks = fold_event_check(state.checks, event, strategy)
    if time > state.newest:  # noqa: PLR1730 - half the time of max()
        state.newest = time
    state.touched = alert.update_time = now
    state.packed = b""
    alert.event, alert.next_status, alert.next_status_time = event, status, at
    alert.event_count += 1
    alert.latest_time = time
    if state.stale_since is None:
        state.stale_since = now
    if not scene.is_lean:
        _say(state, alert, event, scene, now)
    return True


def _says_one_time(extra: dict[str, Any]) -> bool:
    """Return True if an event tells no other time than its own: neither that of its data, nor that of a clock ahead."""
    return "origin_alarm" not in extra and SAID_TIME not in extra


def _say(state: State, alert: KeptAlert, event: Event, scene: Scene, now: int) -> None:
    scene.say(event)
    run = state.run
    if run is None:
        state.run = Run(CONVERGE, REPEATED, 1, now, now, event.id, event.time, alert.severity, event.description)
        return
    run.reason, run.count, run.time, run.severity = REPEATED, run.count + 1, now, alert.severity
    run.event_id, run.event_time, run.description = event.id, event.time, event.description
