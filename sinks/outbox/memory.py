"""The outbox in memory: for tests and dry runs. Nothing in it outlives the process."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from operators.deliver.delivery import Bury, Decision, Outcome, Release, Results, Retry, Settle, Taken, revived
from operators.deliver.lane import lane
from operators.deliver.worded import worded
from operators.model.records import Notice
from sinks.outbox.outbox import Depth, Entry, Logged, Room, State, Terms


@dataclass(slots=True)
class _Row:
    notice: Notice
    lane: str
    due: float
    created: float
    held: bool = False
    dead: bool = False
    attempt: int = 0
    results: Results = field(default_factory=dict)
    error: str = ""

    def state(self, now: float) -> State:
        if self.dead:
            return State.DEAD
        if self.due <= now:
            return State.READY
        return State.IN_FLIGHT if self.held else State.LATER

    def taken(self) -> Taken:
        return Taken(
            notice=self.notice,
            lane=self.lane,
            attempt=self.attempt,
            created=self.created,
            until=self.due,
            results=self.results,
        )


class MemoryOutbox:
    """An Outbox of dicts."""

    def __init__(self, terms: Terms | None = None) -> None:
        self._terms = terms or Terms()
        self._rows: dict[str, _Row] = {}
        self._settled: dict[str, float] = {}
        self._receipts: dict[str, Logged] = {}
        self._count = 0
        self._lock = threading.RLock()

    @property
    def terms(self) -> Terms:
        """How long it keeps what."""
        return self._terms

    def put(self, notices: Sequence[Notice], now: float) -> int:
        """Store new notices."""
        with self._lock:
            before = len(self._rows)
            for one in notices:
                if one.id not in self._settled and one.id not in self._rows:
                    self._rows[one.id] = _Row(one, lane(one), due=now, created=now)
            return len(self._rows) - before

    def take(self, room: Room, now: float) -> list[Taken]:
        """Hold what is due."""
        with self._lock:
            due = sorted((row for row in self._rows.values() if row.state(now) is State.READY), key=lambda row: row.due)
            rooms = {name: room(name) for name in {row.lane for row in due}}
            taken = []
            for row in due:
                if rooms[row.lane] > 0:
                    rooms[row.lane] -= 1
                    row.held, row.due, row.attempt = True, now + self._terms.visibility, row.attempt + 1
                    taken.append(row.taken())
            return taken

    def extend(self, taken: Iterable[Taken], now: float) -> None:
        """Move the end of holds."""
        with self._lock:
            for one in taken:
                row = self._held(one)
                if row is not None:
                    row.due = now + self._terms.visibility

    def record(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Apply decisions."""
        with self._lock:
            for outcome in outcomes:
                self._record(outcome.taken, outcome.decision, now)
            horizon = now - self._terms.retention
            self._settled = {name: time for name, time in self._settled.items() if time >= horizon}

    def _record(self, taken: Taken, decision: Decision, now: float) -> None:
        if isinstance(decision, Settle):
            self._settle(taken, decision, now)
            return
        row = self._held(taken)
        if row is None:
            return
        match decision:
            case Retry(due, _, results, error):
                row.held, row.due, row.results, row.error = False, due, results, error
                self._log(taken, decision)
            case Bury(reason, _, results, error):
                row.held, row.dead, row.due, row.results, row.error = False, True, now, results, f"{reason}: {error}"
                self._log(taken, decision)
            case Release():
                row.held, row.due, row.attempt = False, now, row.attempt - 1
            case _:
                assert_never(decision)

    def _settle(self, taken: Taken, decision: Settle, now: float) -> None:
        if self._rows.pop(taken.notice.id, None) is not None:
            self._settled[taken.notice.id] = now
            self._log(taken, decision)

    def _held(self, taken: Taken) -> _Row | None:
        row = self._rows.get(taken.notice.id)
        return row if row is not None and row.held and row.attempt == taken.attempt else None

    def _log(self, taken: Taken, decision: Settle | Retry | Bury) -> None:
        self._count += 1
        cursor = str(self._count)
        self._receipts[cursor] = Logged(cursor, decision.receipt, worded(taken, decision))

    def depth(self, now: float) -> Depth:
        """Count by looking at every notice."""
        with self._lock:
            states = [row.state(now) for row in self._rows.values()]
            oldest = min((row.created for row in self._rows.values() if not row.dead), default=now)
        ready, later, flying, dead = (states.count(state) for state in State)
        return Depth(ready, later, flying, dead, max(0.0, now - oldest))

    def entries(self, state: State, limit: int, now: float) -> list[Entry]:
        """List by due time."""
        with self._lock:
            rows = sorted(self._rows.values(), key=lambda row: row.due)
            return [_entry(row, now) for row in rows if row.state(now) is state][:limit]

    def find(self, ids: Sequence[str], now: float) -> list[Entry]:
        """Look up."""
        with self._lock:
            return [_entry(self._rows[name], now) for name in ids if name in self._rows]

    def revive(self, ids: Sequence[str], now: float) -> int:
        """Make dead notices ready."""
        with self._lock:
            rows = [self._rows[name] for name in dict.fromkeys(ids) if name in self._rows and self._rows[name].dead]
            for row in rows:
                row.dead, row.due, row.created, row.results = False, now, now, revived(row.results)
            return len(rows)

    def receipts(self, limit: int) -> list[Logged]:
        """Return the oldest receipts."""
        with self._lock:
            return list(self._receipts.values())[:limit]

    def forget(self, cursors: Sequence[str]) -> None:
        """Drop receipts."""
        with self._lock:
            for cursor in cursors:
                self._receipts.pop(cursor, None)

    def close(self) -> None:
        """Keep everything: there is nothing to let go of."""


def _entry(row: _Row, now: float) -> Entry:
    return Entry(taken=row.taken(), state=row.state(now), due=row.due, error=row.error)
