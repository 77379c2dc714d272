"""What may wait for a minute: the entry of a run of like events, and the document that fell behind (replay.md, design.md 6)."""

from operators.model.alert import KeptAlert, document
from operators.model.records import LogEntry
from operators.state.scene import Scene
from operators.state.state import RUN_LENGTH, Run, State

MINUTE = 60


def is_run_over(run: Run | None, now: int) -> bool:
    """Return True if the minute of an open run is over."""
    return run is not None and now >= run.begin + RUN_LENGTH


def is_document_due(state: State, now: int) -> bool:
    """Return True if the minute of a document that fell behind is over."""
    return state.stale_since is not None and now >= state.stale_since + RUN_LENGTH


def entry_of(run: Run, alert: KeptAlert, revision: int, position: int) -> LogEntry:
    """Return the log entry of a run that is over, the one at `position` of those that a revision of its alert tells."""
    return LogEntry(  # by position: Python puts more than fifteen names into a dict first
        f"{alert.id}-{revision}-{position}",
        run.time,
        alert.id,
        alert.dedupe_md5,
        run.op_type,
        run.reason,
        run.description,
        run.event_id,
        run.event_time,
        run.severity,
        alert.status,
        alert.next_status,
        alert.next_status_time,
        None,
        run.count,
        run.begin,
    )


def tell_document(state: State, alert: KeptAlert, scene: Scene) -> None:
    """Say the document of an alert as it stands now."""
    alert.duration = max(alert.latest_time - alert.first_anomaly_time, MINUTE)
    alert.rules_version = scene.book.version
    state.stale_since = None
    scene.say(document(alert))


def end_minute(state: State, alert: KeptAlert, scene: Scene, now: int) -> None:
    """Do what a turn does in which nothing but a minute is over: close the run, write the stale document."""
    run = state.run
    is_over = is_run_over(run, now)
    if not is_over and not is_document_due(state, now):
        return
    state.packed = b""
    alert.revision += 1
    if run is not None and is_over:
        state.run = None
        scene.say(entry_of(run, alert, alert.revision, 0))
    tell_document(state, alert, scene)
