"""The outbox in one SQLite file: the run without servers. Several processes may share it."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, assert_never

from operators.deliver.delivery import Bury, Decision, Outcome, Release, Results, Retry, Settle, Taken, revived
from operators.deliver.lane import lane
from operators.model.records import Notice
from sinks.outbox import sqlite_schema as sql
from sinks.outbox.codec import (
    NO_RESULTS,
    Stored,
    pack,
    pack_receipt,
    unpack_receipt,
    unpack_results,
    unpack_taken,
)
from sinks.outbox.outbox import Depth, Entry, Logged, OutboxUnavailableError, Room, State, Terms

BUSY_TIMEOUT = 30.0
"""Seconds a transaction waits for another process's."""


class SqliteOutbox:
    """An Outbox in a file.

    Every commit is on the disk before a call returns (WAL, synchronous=FULL), so it outlives a lost machine as well as
    a killed process; docs/outbox.md says what that costs. One connection, used by one thread at a time.
    """

    def __init__(self, path: str | Path, terms: Terms | None = None) -> None:
        self._terms = terms or Terms()
        self._lock = threading.RLock()
        self._place = str(path)
        with _translated(self._place):
            self._db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
            self._prepare(path)

    def _prepare(self, path: str | Path) -> None:
        version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
        if version > sql.VERSION:
            self._db.close()
            raise OutboxUnavailableError(
                f"{path} was written by a newer version (schema {version}, known {sql.VERSION})"
            )
        self._db.execute("PRAGMA synchronous = FULL")
        if version == 0:
            self._db.execute("PRAGMA journal_mode = WAL")
            with self._transaction() as db:
                for statement in sql.SCHEMA:
                    db.execute(statement)

    @property
    def terms(self) -> Terms:
        """How long it keeps what."""
        return self._terms

    def put(self, notices: Sequence[Notice], now: float) -> int:
        """Store new notices in one transaction."""
        rows = [(one.id, lane(one), now, now, pack(one), NO_RESULTS) for one in notices]
        if not rows:
            return 0
        with self._transaction() as db:
            return db.executemany(sql.PUT, rows).rowcount

    def take(self, room: Room, now: float) -> list[Taken]:
        """Hold what is due; an idle look writes nothing and so blocks nobody."""
        with self._connection() as db:
            lanes = [str(name) for (name,) in db.execute(sql.LANES, {"now": now})]
        rooms = {name: count for name in lanes if (count := room(name)) > 0}
        if not rooms:
            return []
        until = now + self._terms.visibility
        with self._transaction() as db:
            rows: list[Any] = []
            for name, count in rooms.items():
                held = db.execute(sql.TAKE, {"until": until, "now": now, "lane": name, "room": count})
                rows += sorted(held.fetchall())
        return [_taken(row[1:]) for row in rows]

    def extend(self, taken: Iterable[Taken], now: float) -> None:
        """Move the end of holds."""
        rows = [(now + self._terms.visibility, one.notice.id, one.attempt) for one in taken]
        if rows:
            with self._transaction() as db:
                db.executemany(sql.EXTEND, rows)

    def record(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Apply decisions in one transaction, and let go of ids that were remembered long enough."""
        with self._transaction() as db:
            for outcome in outcomes:
                body = _apply(db, outcome.taken, outcome.decision, now)
                if body is not None:
                    db.execute("INSERT INTO receipts (body) VALUES (?)", (body,))
            db.execute(sql.FORGET, (now - self._terms.retention,))

    def depth(self, now: float) -> Depth:
        """Count along the index."""
        with self._connection() as db:
            ready, later, flying, oldest = db.execute(sql.COUNT_LIVE, {"now": now}).fetchone()
            (dead,) = db.execute(sql.COUNT_DEAD).fetchone()
        return Depth(ready, later, flying, dead, oldest_age=max(0.0, now - oldest))

    def entries(self, state: State, limit: int, now: float) -> list[Entry]:
        """List by due time."""
        with self._connection() as db:
            rows = db.execute(sql.LIST[state], {"now": now, "limit": limit}).fetchall()
        return [_entry(row, now) for row in rows]

    def find(self, ids: Sequence[str], now: float) -> list[Entry]:
        """Look up."""
        with self._connection() as db:
            rows = [row for name in ids for row in db.execute(sql.FIND, (name,))]
        return [_entry(row, now) for row in rows]

    def revive(self, ids: Sequence[str], now: float) -> int:
        """Make dead notices ready."""
        with self._transaction() as db:
            return sum(_revive(db, name, now) for name in ids)

    def receipts(self, limit: int) -> list[Logged]:
        """Return the oldest receipts."""
        with self._connection() as db:
            rows = db.execute("SELECT seq, body FROM receipts ORDER BY seq LIMIT ?", (limit,)).fetchall()
        return [Logged(str(seq), *unpack_receipt(body)) for seq, body in rows]

    def forget(self, cursors: Sequence[str]) -> None:
        """Drop receipts."""
        with self._transaction() as db:
            db.executemany("DELETE FROM receipts WHERE seq = ?", [(int(cursor),) for cursor in cursors])

    def close(self) -> None:
        """Close the file."""
        with self._connection() as db:
            db.close()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self._place):
            yield self._db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutboxUnavailableError(f"outbox {place}: {error}") from error


def _apply(db: sqlite3.Connection, taken: Taken, decision: Decision, now: float) -> bytes | None:
    """Carry a decision out; return its receipt, or None where there is none or the hold was lost."""
    match decision:
        case Settle():
            done = db.execute(sql.SETTLE, (now, taken.notice.id)).rowcount
        case Retry(due, _, results, error):
            done = _move(db, taken, sql.WAITING, due, results, error)
        case Bury(reason, _, results, error):
            done = _move(db, taken, sql.DEAD, now, results, f"{reason}: {error}")
        case Release():
            db.execute(sql.RELEASE, (now, taken.notice.id, taken.attempt))
            return None
        case _:
            assert_never(decision)
    return pack_receipt(taken, decision) if done else None


def _move(db: sqlite3.Connection, taken: Taken, state: int, due: float, results: Results, error: str) -> int:
    return db.execute(sql.MOVE, (state, due, pack(results), error, taken.notice.id, taken.attempt)).rowcount


def _revive(db: sqlite3.Connection, name: str, now: float) -> int:
    row = db.execute("SELECT results FROM notices WHERE id = ? AND state = 2", (name,)).fetchone()
    if row is None:
        return 0
    return db.execute(sql.REVIVE, (now, now, pack(revived(unpack_results(row[0]))), name)).rowcount


def _taken(row: Sequence[Any]) -> Taken:
    name, lane_, attempt, created, until, body, results = row
    return unpack_taken(
        Stored(id=name, lane=lane_, attempt=attempt, created=created, until=until, body=body, results=results)
    )


def _entry(row: Sequence[Any], now: float) -> Entry:
    *stored, state, error = row
    taken = _taken(stored)
    return Entry(taken=taken, state=_state(state, taken.until, now), due=taken.until, error=error)


def _state(state: int, due: float, now: float) -> State:
    if state == sql.DEAD:
        return State.DEAD
    if due <= now:
        return State.READY
    return State.IN_FLIGHT if state == sql.HELD else State.LATER
