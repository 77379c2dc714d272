"""The alert store in one SQLite file: for a run without servers, and for single machines."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

import msgspec

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.notice import NoticeDocument
from operators.model.records import Action, DeadLetter, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument
from sinks.store import (
    sqlite_alerts,
    sqlite_archive,
    sqlite_changes,
    sqlite_facets,
    sqlite_groups,
    sqlite_notices,
    sqlite_past,
    sqlite_reads,
    sqlite_search,
)
from sinks.store.changes import Changes
from sinks.store.decisions import Concerned, Happened
from sinks.store.facets import BySeverity, Facets, Groups
from sinks.store.history import Archived
from sinks.store.interface import Batch, Retention, Told, Written, untold
from sinks.store.over_time import EventCount, Trend
from sinks.store.query import ActionQuery, AlertQuery, CommandQuery, LogQuery, NoticeQuery, PastQuery
from sinks.store.refusal import Record, arrival, encode_each, refusal
from sinks.store.sqlite_index import index_some
from sinks.store.sqlite_retain import DAY, KINDS, WITH_ACTIONS, delete_some
from sinks.store.sqlite_schema import explained, open_to_read, open_to_write, transaction
from sinks.store.sqlite_tallies import SWEEP

QUIET_BATCH = 100
"""After a batch of at most so many records there is time to index some words."""
CATCH_UP = 4
"""Of busy batches there is time after each so manieth: a job that is never quiet is searched too."""

_ACTION_ALERT = "INSERT OR IGNORE INTO action_alerts (alert_id, action_id) VALUES (?, ?)"
_RECEIPT = """
INSERT INTO receipts (notice_id, attempt, time, document) VALUES (?, ?, ?, ?)
ON CONFLICT (notice_id) DO UPDATE SET attempt = excluded.attempt, time = excluded.time, document = excluded.document
WHERE excluded.attempt >= attempt"""
_ACTION_RECEIPT = "INSERT OR IGNORE INTO action_receipts (action_id, notice_id) VALUES (?, ?)"

_NEWEST = """
INSERT INTO {} (id, time, document) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET time = excluded.time, document = excluded.document WHERE excluded.time >= time"""
_SHIELD, _WORKER = map(_NEWEST.format, ("shields", "workers"))
_COMMAND = """
INSERT INTO commands (id, time, operator, alert_id, outcome, document) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING"""

_POISON = (OverflowError, UnicodeEncodeError, sqlite3.DataError, sqlite3.IntegrityError)
"""A value that the tables cannot hold: the fault of one record, not of the store."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_Row = tuple[str | int | bytes | bytearray | None, ...]


class SqliteStore:
    """Keeps everything in one file in WAL mode: one writer, readers in any process at the same time."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._connection = open_to_read(path) if read_only else open_to_write(path)
        self._lock = threading.Lock()  # a transaction is several statements
        self._busy = 0
        """Busy batches since the last quiet one."""

    def write(self, batch: Batch) -> Written:
        """Write the batch in one transaction; records that cannot be held are refused one by one."""
        written = self._alone(lambda connection: _write(connection, batch))
        self._busy = 0 if len(batch) <= QUIET_BATCH else self._busy + 1
        if self._busy % CATCH_UP == 0:
            self._alone(index_some)
        return written

    def alert(self, alert_id: str) -> Alert | None:
        """Return the latest document of one alert."""
        return self._alone(lambda connection: sqlite_reads.alert(connection, alert_id))

    def alerts(self, query: AlertQuery) -> list[Alert]:
        """Return the alerts that match, newest first."""
        return self._at_once(lambda connection: sqlite_search.alerts(connection, query))

    def count(self, query: AlertQuery) -> int:
        """Return how many alerts match."""
        return self._at_once(lambda connection: sqlite_facets.count(connection, query))

    def by_severity(self, query: AlertQuery) -> BySeverity:
        """Return how many alerts match of each severity."""
        return self._at_once(lambda connection: sqlite_facets.by_severity(connection, query))

    def by_shield(self, query: AlertQuery) -> dict[str, int]:
        """Return how many of the alerts that match each shield keeps quiet."""
        return self._at_once(lambda connection: sqlite_facets.by_shield(connection, query))

    def facets(self, query: AlertQuery) -> Facets:
        """Return counts of the alerts that match."""
        return self._at_once(lambda connection: sqlite_facets.facets(connection, query))

    def groups(self, query: AlertQuery, by: str) -> Groups:
        """Return the alerts that match as groups, from the query's offset on."""
        return self._at_once(lambda connection: sqlite_groups.groups(connection, query, by))

    def logs(self, alert_id: str) -> list[LogEntry]:
        """Return the log of one alert, oldest first."""
        return self._alone(lambda connection: sqlite_reads.logs(connection, alert_id))

    def actions(self, alert_id: str) -> list[Action]:
        """Return the actions that were planned for one alert, oldest first."""
        return self._alone(lambda connection: sqlite_reads.actions(connection, alert_id))

    def events(self, dedupe_md5: str, since: int, until: int) -> list[Event]:
        """Return the archived events of one fingerprint that arrived from `since` to `until`, oldest first."""
        return self._alone(lambda connection: sqlite_archive.find(connection, dedupe_md5, since, until))

    def archive(self, since: int, until: int, businesses: Collection[str] = ()) -> Iterator[Archived]:
        """Yield the archived events that arrived from `since` to `until`, in order of arrival."""
        return sqlite_archive.scan(self._alone, since, until, businesses)

    def archive_span(self) -> tuple[int, int] | None:
        """Return when the first and the last event that the archive holds arrived."""
        return self._alone(sqlite_archive.span)

    def shields(self) -> list[ShieldDocument]:
        """Return the shields set by command, the newest change first."""
        return self._alone(sqlite_reads.shields)

    def workers(self) -> list[WorkerDocument]:
        """Return what each worker last said of itself, the newest word first."""
        return self._alone(sqlite_reads.workers)

    def commands(self, query: CommandQuery) -> list[CommandDocument]:
        """Return the commands that match, newest first."""
        return self._alone(lambda connection: sqlite_reads.commands(connection, query))

    def notices(self, query: NoticeQuery) -> list[NoticeDocument]:
        """Return the notices that match, newest first."""
        return self._alone(lambda connection: sqlite_notices.find(connection, query))

    def entries(self, query: LogQuery) -> list[LogEntry]:
        """Return the log entries of any alert that match, newest first."""
        return self._alone(lambda connection: sqlite_past.entries(connection, query))

    def planned(self, query: ActionQuery) -> list[Action]:
        """Return the actions that match, newest first."""
        return self._at_once(lambda connection: sqlite_reads.planned(connection, query))

    def happened(self, query: PastQuery, step: int) -> tuple[Happened, ...]:
        """Return how often what matches was decided, by steps of so many seconds, oldest first."""
        return self._alone(lambda connection: sqlite_past.happened(connection, query, step))

    def concerned(self, query: PastQuery) -> tuple[Concerned, ...]:
        """Return the alerts that it was decided of, the worst first."""
        return self._at_once(lambda connection: sqlite_past.concerned_by(connection, query))

    def changes(self, since: str = "") -> Changes:
        """Return what was written behind a place."""
        return self._at_once(lambda connection: sqlite_changes.changes(connection, since))

    def event_counts(self, dedupe_md5: str, since: int, until: int, step: int) -> tuple[EventCount, ...]:
        """Return how many events of one fingerprint arrived in each step."""
        return self._alone(lambda connection: sqlite_archive.counts(connection, dedupe_md5, since, until, step))

    def trend(self, query: AlertQuery, since: int, until: int, step: int) -> tuple[Trend, ...]:
        """Return how many alerts were opened, ended, and were open at each step."""
        return self._at_once(lambda connection: sqlite_facets.trend(connection, query, since, until, step))

    def retain(self, now: int, retention: Retention, told: Told = untold) -> dict[str, int]:
        """Delete what is older than its days in small transactions, and index words left over from busy times."""
        days = {**msgspec.structs.asdict(retention), **dict.fromkeys(WITH_ACTIONS, retention.actions)}
        removed = {kind: self._remove(kind, now - days[kind] * DAY, told) for kind in KINDS if days[kind]}
        while self._alone(index_some):
            pass
        self._alone(lambda connection: connection.execute(SWEEP))
        return removed

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _alone(self, act: Callable[[sqlite3.Connection], T]) -> T:
        with self._lock, explained(self._path):
            return act(self._connection)

    def _at_once(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Read the file of one moment by several statements."""
        with self._lock, explained(self._path), transaction(self._connection, reads=True):
            return read(self._connection)

    def _remove(self, kind: str, before: int, told: Told) -> int:
        removed = 0
        while chunk := self._alone(lambda connection: delete_some(connection, kind, before)):
            removed += chunk
            told(kind, removed)
        return removed


def _write(connection: sqlite3.Connection, batch: Batch) -> Written:
    try:
        with transaction(connection):
            written = _put_all(connection, batch)
    except _POISON:
        with transaction(connection):
            written = _put_singly(connection, batch)
    return written


def _put_all(connection: sqlite3.Connection, batch: Batch) -> Written:
    alerts, bad_alerts = encode_each(batch.alerts, sqlite_alerts.row)
    logs, bad_logs = encode_each(batch.logs, sqlite_past.log_row)
    actions, bad_actions = encode_each(batch.actions, sqlite_past.action_row)
    receipts, bad_receipts = encode_each(batch.receipts, _receipt_row)
    events, bad_events = encode_each(batch.events, _event_row)
    shields, bad_shields = encode_each(batch.shields, _newest_row)
    workers, bad_workers = encode_each(batch.workers, _newest_row)
    commands, bad_commands = encode_each(batch.commands, _command_row)
    notices, bad_notices = encode_each(batch.notices, sqlite_notices.row)
    versioned = ((sqlite_past.PUT_ACTION, actions), (_RECEIPT, receipts), (sqlite_notices.PUT, notices))
    conflicts = sqlite_alerts.put(connection, alerts) + sum(_put(connection, *put) for put in versioned)
    _put(connection, sqlite_past.PUT_LOG, logs)
    _put(connection, _SHIELD, shields)
    _put(connection, _WORKER, workers)
    _put(connection, _COMMAND, commands)
    sqlite_archive.put(connection, events)
    _put(connection, _ACTION_ALERT, [(alert, action.id) for action in batch.actions for alert in action.alert_ids])
    _put(connection, _ACTION_RECEIPT, [(action, one.notice_id) for one in batch.receipts for action in one.action_ids])
    sqlite_past.link(connection, batch.actions)
    sqlite_notices.link(connection, batch.notices)
    sqlite_changes.note(connection, batch)
    bad = (bad_alerts, bad_logs, bad_actions, bad_receipts, bad_events, bad_shields, bad_workers, bad_commands,
           bad_notices)  # fmt: skip
    return Written(conflicts, tuple(chain(*bad)))


def _put(connection: sqlite3.Connection, statement: str, rows: Sequence[_Row]) -> int:
    """Return how many rows changed nothing."""
    return len(rows) - connection.executemany(statement, rows).rowcount if rows else 0


def _put_singly(connection: sqlite3.Connection, batch: Batch) -> Written:
    conflicts, refused = 0, list[DeadLetter]()
    for record, single in _singles(batch):
        try:
            written = _put_all(connection, single)
        except _POISON as error:
            refused.append(refusal(record, str(error)))
        else:
            conflicts += written.conflicts
            refused.extend(written.refused)
    return Written(conflicts, tuple(refused))


def _singles(batch: Batch) -> list[tuple[Record, Batch]]:
    return [(one, Batch(**{kind: (one,)})) for kind in Batch.__struct_fields__ for one in getattr(batch, kind)]


def _receipt_row(receipt: Receipt) -> _Row:
    return receipt.notice_id, receipt.attempt, receipt.time, _encode(receipt)


def _newest_row(one: ShieldDocument | WorkerDocument) -> _Row:
    return one.id, one.time, _encode(one)


def _command_row(command: CommandDocument) -> _Row:
    return command.id, command.time, command.operator, command.alert_id, command.outcome, _encode(command)


def _event_row(event: Event) -> tuple[int, str, bytes]:
    return arrival(event), event.dedupe_md5, _encode(event)
