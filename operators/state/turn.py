"""One turn of one fingerprint: what it does and says at one moment.

A turn changes its state in place; nobody else does. What it says (documents, log entries, signals, actions, notices)
goes to the scene in the order of its making, as copies: what was said never changes afterwards.
"""

from typing import Any

import msgspec

from operators.model.alert import ABNORMAL, Extra, KeptAlert
from operators.model.event import Event, described
from operators.model.memory import StrategySnapshot
from operators.model.moves import MOVES
from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from operators.rules.ask.look import Look
from operators.rules.shapes.model import Strategy
from operators.state.minute import entry_of, is_document_due, is_run_over, tell_document
from operators.state.scene import Scene
from operators.state.state import Run, State

EVENT_DROP = OpType.EVENT_DROP
MOST_PREVIOUS = 4

replace = msgspec.structs.replace


class Turn:
    """What may be changed of a fingerprint's state while one input is folded or one deadline fires."""

    __slots__ = (
        "_born", "_changed", "_is_seen", "_look", "_position", "_stale", "alert", "due", "let_go", "now", "scene", "state",
    )  # fmt: skip

    def __init__(self, state: State, scene: Scene, now: int) -> None:
        self.state = state
        self.scene = scene
        self.now = now
        self.alert = state.alert
        self.due: int | None = None
        self.let_go: list[str] | None = None
        """Ids of alerts that nobody can find any more, once another alert has begun."""
        self._look: Look | None = None
        self._is_seen = False
        """Nothing has changed since the look was made."""
        self._born = False
        self._changed = False
        self._stale = False
        self._position = 0

    def current(self) -> KeptAlert:
        """Return the alert; only called where there is one."""
        assert self.alert is not None
        return self.alert

    @property
    def is_open(self) -> bool:
        """Return True if an alert is open now."""
        return self.alert is not None and self.alert.status == ABNORMAL

    @property
    def strategy(self) -> Strategy | None:
        """Return the alert's strategy; one that was not in force when the alert opened has no say in it."""
        alert = self.current()
        if not alert.strategy_id or self.state.snapshot is None:
            return None
        return self.scene.strategy(alert.strategy_id)

    def view(self) -> Look:
        """Return the look at the alert as it stands: one for all who ask until something that they ask changes."""
        if self._is_seen and self._look is not None:
            return self._look
        alert, state, look = self.alert, self.state, self._look
        assert alert is not None
        if look is None or not look.shows(alert, state.checks):
            scene = self.scene
            look = self._look = Look(
                alert, self.strategy, scene.book, scene.settings, self.now, default_notice=scene.default_notice,
                memory=state.checks, snapshot=state.snapshot,
            )  # fmt: skip
        look.remember(state.retry, state.told, state.waiting, state.flapping)
        self._is_seen = True
        return look

    def keep(self, **changes: Any) -> None:
        """Change what is kept beside the alert."""
        state = self.state
        self._is_seen = False
        for name, value in changes.items():
            setattr(state, name, value)

    def put(self, **changes: Any) -> None:
        """Change the alert in a way its document must show at once."""
        alert = self.alert
        assert alert is not None
        for name, value in changes.items():
            setattr(alert, name, value)
        alert.update_time = self.now
        self._changed, self._is_seen = True, False

    def put_extra(self, **changes: Any) -> None:
        """Change the alert's `extra_info`."""
        self.put(extra_info=replace(self.current().extra_info, **changes))

    def extra(self) -> Extra:
        """Return the alert's `extra_info`."""
        return self.current().extra_info

    def grew_stale(self) -> None:
        """Take notice of a change that the document may show at the next deadline."""
        self.current().update_time = self.now
        self._stale, self._is_seen = True, False

    def look(self, at: int | None) -> None:
        """Ask for a deadline later than now: whatever is due already has just been looked at."""
        if at is None:
            return
        if at <= self.now:
            at = self.now + 1
        if self.due is None or at < self.due:
            self.due = at

    def look_as_before(self) -> None:
        """Keep the deadline that was asked for in an earlier turn."""
        at = self.state.due
        if at is not None and (self.due is None or at < self.due):
            self.due = at

    def begin(self, alert: KeptAlert, snapshot: StrategySnapshot | None) -> None:
        """Take over a new alert; the one before it, if any, is written and kept for a while."""
        state = self.state
        if self.alert is not None:
            self.close_run()
            self.write()
            self._put_by(self.alert)
        self.let_go = self.let_go or []
        self.alert = state.alert = alert
        state.snapshot, state.retry, state.waiting, state.ended_at = snapshot, None, None, None
        state.repeat_waits = state.is_assigned = self._is_seen = False
        self._born, self._changed, self._stale, self._position = True, True, False, 0

    def _put_by(self, alert: KeptAlert) -> None:
        state, horizon = self.state, self.now - self.scene.settings.ended_retention
        before = state.previous
        kept = [one for one in before if (one.end_time or 0) > horizon][1 - MOST_PREVIOUS :] if before else []
        state.previous = (*kept, alert)
        if len(kept) < len(before):
            gone = {one.id for one in before} - {one.id for one in state.previous}
            self.let_go = [*(self.let_go or ()), *gone]

    def log(
        self,
        op_type: OpType,
        reason: str,
        description: str = "",
        event: Event | None = None,
        *,
        operator: str | None = None,
    ) -> None:
        """Write one log entry; an open run is closed before it."""
        if self.state.run is not None:
            self.close_run()
        severity, now = self.current().severity, self.now
        event_id, event_time = (None, None) if event is None else (event.id, event.time)
        if event is not None and event.extra_info and description == event.description:
            description = described(event)
        entry = self._entry(op_type, reason, description, now, severity, event_id, event_time, operator=operator)
        self.scene.say(entry)

    def log_move(self, reason: Reason, description: str = "", event: Event | None = None) -> None:
        """Write the log entry of a move."""
        self.log(MOVES[reason].op_type, reason, description, event)

    def log_run(self, reason: Reason, event: Event) -> None:
        """Add an event to the open run of its kind, or begin one."""
        if self.scene.is_lean:
            return
        op_type, run, now = MOVES[reason].op_type, self.state.run, self.now
        severity = event.severity if op_type is EVENT_DROP else self.current().severity
        description = described(event) if event.extra_info else event.description
        if run is None or run.op_type != op_type:
            self.close_run()
            self.state.run = Run(op_type, reason, 1, now, now, event.id, event.time, severity, description)
            return
        run.reason, run.count, run.time, run.severity = reason, run.count + 1, now, severity
        run.event_id, run.event_time, run.description = event.id, event.time, description

    def close_run(self) -> None:
        """Write the open run as one entry."""
        run, alert = self.state.run, self.alert
        if run is None:
            return
        assert alert is not None
        self.state.run = None
        self.scene.say(entry_of(run, alert, alert.revision if self._born else alert.revision + 1, self._position))
        self._position += 1
        self._changed = True

    def entry_to_come(self, op_type: OpType) -> LogEntry:
        """Return the log entry by which another stage will say what became of something; it has its place here."""
        self.close_run()
        return self._entry(op_type, "", "", self.now, self.current().severity, None, None)

    def _entry(
        self, op_type: str, reason: str, description: str, time: int, severity: int, event_id: str | None,
        event_time: int | None, *, operator: str | None = None,
    ) -> LogEntry:  # fmt: skip
        alert = self.alert
        assert alert is not None
        entry = LogEntry(
            f"{alert.id}-{alert.revision if self._born else alert.revision + 1}-{self._position}",
            time,
            alert.id,
            alert.dedupe_md5,
            op_type,
            reason,
            description,
            event_id,
            event_time,
            severity,
            alert.status,
            alert.next_status,
            alert.next_status_time,
            operator,
        )
        self._position += 1
        self._changed = True
        return entry

    def write(self) -> None:
        """Say the alert's document, if anything changed that must not wait."""
        if not self._changed:
            return
        alert = self.alert
        assert alert is not None
        if not self._born:
            alert.revision += 1
        self._born, self._changed, self._stale, self._position = False, False, False, 0
        tell_document(self.state, alert, self.scene)

    def flush(self, *, now_or_never: bool = False) -> None:
        """Close a run and write a stale document once their minute is over."""
        state = self.state
        if now_or_never or is_run_over(state.run, self.now):
            self.close_run()
        if is_document_due(state, self.now) or (now_or_never and state.stale_since is not None):
            self._changed = True

    def finish(self) -> State:
        """Write what must be written; what was asked for by `look` becomes the deadline of the state. Return it."""
        if self._changed:
            self.write()
        state = self.state
        if self._stale and state.stale_since is None:
            state.stale_since = self.now
        state.due = self.due
        return state
