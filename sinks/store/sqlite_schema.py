"""The tables of the SQLite store, and how its file is opened."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sinks.store.interface import StoreError, StoreUnavailableError
from sinks.store.sqlite_alerts import fill_facts
from sinks.store.sqlite_past import fill_past
from sinks.store.sqlite_tallies import keep_tallies

APPLICATION_ID = 0x746F6373
"""`tocs`, in the header of every file of ours."""
VERSION = 8
"""Of the tables; a file of a newer version is refused."""
BUSY_SECONDS = 30

# Documents are the last column of their row: SQLite reads a row from its start, so a scan by the others skips them.
# `pending` marks words that are not in `alert_text` yet; they are found by reading them (sqlite_index.py).
_TABLES = """
CREATE TABLE alerts (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, pending INTEGER NOT NULL,
  status TEXT NOT NULL, severity INTEGER NOT NULL, strategy_id TEXT NOT NULL, bk_biz_id TEXT, dedupe_md5 TEXT NOT NULL,
  begin_time INTEGER NOT NULL, end_time INTEGER, words TEXT NOT NULL, document BLOB NOT NULL);
CREATE INDEX alerts_of_fingerprint ON alerts (dedupe_md5);
CREATE INDEX open_alerts ON alerts (id) WHERE status = 'ABNORMAL';
CREATE INDEX pending_alerts ON alerts (key) WHERE pending = 1;
CREATE VIRTUAL TABLE alert_text USING fts5 (words, tokenize = 'trigram');
CREATE TABLE logs (
  key INTEGER PRIMARY KEY, alert_id TEXT NOT NULL, id TEXT NOT NULL, time INTEGER NOT NULL, count INTEGER NOT NULL,
  document BLOB NOT NULL, UNIQUE (alert_id, id));
CREATE INDEX logs_by_time ON logs (time);
CREATE TABLE actions (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, revision INTEGER NOT NULL, time INTEGER NOT NULL,
  document BLOB NOT NULL);
CREATE INDEX actions_by_time ON actions (time);
CREATE TABLE action_alerts (
  alert_id TEXT NOT NULL, action_id TEXT NOT NULL, PRIMARY KEY (alert_id, action_id)) WITHOUT ROWID;
CREATE TABLE receipts (
  key INTEGER PRIMARY KEY, notice_id TEXT NOT NULL UNIQUE, attempt INTEGER NOT NULL, time INTEGER NOT NULL,
  document BLOB NOT NULL);
CREATE INDEX receipts_by_time ON receipts (time);
CREATE TABLE action_receipts (
  action_id TEXT NOT NULL, notice_id TEXT NOT NULL, PRIMARY KEY (action_id, notice_id)) WITHOUT ROWID;
CREATE TABLE events (key INTEGER PRIMARY KEY, first INTEGER NOT NULL, last INTEGER NOT NULL, block BLOB NOT NULL);
CREATE INDEX events_by_time ON events (last, first);
"""
_SINCE_2 = """
CREATE TABLE shields (id TEXT PRIMARY KEY, time INTEGER NOT NULL, document BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE commands (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, operator TEXT NOT NULL, alert_id TEXT,
  outcome TEXT NOT NULL, document BLOB NOT NULL);
CREATE INDEX commands_by_time ON commands (time);
"""
_SINCE_3 = """
CREATE TABLE notices (
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, attempt INTEGER NOT NULL, time INTEGER NOT NULL, way TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT NOT NULL, bk_biz_id TEXT, document BLOB NOT NULL);
CREATE INDEX notices_by_time ON notices (time, id);
CREATE TABLE notice_receivers (
  receiver TEXT NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (receiver, time, id)) WITHOUT ROWID;
CREATE TABLE notice_alerts (
  alert_id TEXT NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (alert_id, time, id)) WITHOUT ROWID;
"""
# What lists, counts and groups of alerts are made of is in one index, so that they read no document. An alert's repeats
# move none of it; `magnitude`, the bits of `event_count` beyond the first, moves with the doubling of it.
_SINCE_4 = """
ALTER TABLE alerts ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN target TEXT;
ALTER TABLE alerts ADD COLUMN target_type TEXT;
ALTER TABLE alerts ADD COLUMN acked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN shielded INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alerts ADD COLUMN people TEXT NOT NULL DEFAULT '';
ALTER TABLE alerts ADD COLUMN event_count INTEGER NOT NULL DEFAULT 1;
ALTER TABLE alerts ADD COLUMN magnitude INTEGER NOT NULL DEFAULT 1;
"""
_FACTS_INDEXED = """
CREATE INDEX alerts_by_facts ON alerts (
  status, severity, id DESC, begin_time, end_time, strategy_id, bk_biz_id, target_type, acked, shielded, blocked, people,
  name, target);
CREATE INDEX open_alerts_by_events ON alerts (magnitude) WHERE status = 'ABNORMAL';
"""
# Entries that say why somebody was not told are few, and asked for across alerts; the others stand in no index of reasons.
_SINCE_5 = """
ALTER TABLE logs ADD COLUMN op_type TEXT NOT NULL DEFAULT '';
ALTER TABLE logs ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE logs ADD COLUMN not_told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN status TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN bk_biz_id TEXT;
CREATE TABLE action_receivers (
  receiver TEXT NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (receiver, time, id)) WITHOUT ROWID;
"""
_PAST_INDEXED = """
CREATE INDEX logs_not_told ON logs (reason, time, op_type, count, alert_id) WHERE not_told = 1;
"""
# `prints` says in a few bytes which fingerprints a block may hold; blocks of older versions have none and are all read.
_SINCE_6 = """
CREATE TABLE changes (seq INTEGER PRIMARY KEY, alerts BLOB NOT NULL, kinds TEXT NOT NULL);
CREATE TABLE event_prints (key INTEGER PRIMARY KEY, prints BLOB NOT NULL);
CREATE INDEX alerts_by_end ON alerts (end_time, severity) WHERE end_time IS NOT NULL;
"""
_SINCE_7 = """
CREATE INDEX open_targets ON alerts (target, severity) WHERE status = 'ABNORMAL' AND target IS NOT NULL;
"""
_SINCE_8 = """
CREATE TABLE workers (id TEXT PRIMARY KEY, time INTEGER NOT NULL, document BLOB NOT NULL) WITHOUT ROWID;
"""
_Step = str | Callable[[sqlite3.Connection], None]
_STEPS: dict[int, tuple[_Step, ...]] = {
    1: (_TABLES,),
    2: (_SINCE_2,),
    3: (_SINCE_3,),
    4: (_SINCE_4, fill_facts, _FACTS_INDEXED, keep_tallies),
    5: (_SINCE_5, fill_past, _PAST_INDEXED),
    6: (_SINCE_6,),
    7: (_SINCE_7,),
    8: (_SINCE_8,),
}
"""Version -> what it adds to the one before."""


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open the file, made with its folder if missing. Commits reach the disk before they return."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        return _prepared(_connect(str(path), uri=False), path, _make)


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open an existing file for reading only, also while another process writes to it."""
    if not path.is_file():
        raise StoreError(f"there is no store at {path}")
    with explained(path):
        return _prepared(_connect(f"{path.absolute().as_uri()}?mode=ro", uri=True), path, _check_made)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into those of the store."""
    try:
        yield
    except sqlite3.OperationalError as error:  # locked for too long, disk full, unreadable
        raise StoreUnavailableError(f"store {path}: {error}") from error
    except (sqlite3.DatabaseError, OSError) as error:
        raise StoreError(f"store {path}: {error}") from error


@contextmanager
def transaction(connection: sqlite3.Connection, *, reads: bool = False) -> Iterator[None]:
    """Take the write lock; commit at the end, or roll all of it back. One that `reads` sees the file of one moment."""
    connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _connect(name: str, *, uri: bool) -> sqlite3.Connection:
    return sqlite3.connect(name, uri=uri, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def _prepared(
    connection: sqlite3.Connection, path: Path, prepare: Callable[[sqlite3.Connection, Path], None]
) -> sqlite3.Connection:
    with ExitStack() as undo:
        undo.callback(connection.close)
        prepare(connection, path)
        undo.pop_all()
    return connection


def _make(connection: sqlite3.Connection, path: Path) -> None:
    if _is_made(connection):  # checked first: the file of another program is left as it is
        _check(connection, path)
    # Only before the first table is the page size heeded: documents are about 2 kB, four to a page.
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA wal_autocheckpoint = 8000")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    with transaction(connection):
        if not _is_made(connection):  # not even a moment ago by another process
            _create(connection)
    _check(connection, path)
    if _value(connection, "PRAGMA user_version") < VERSION:
        _grow(connection)


def _is_made(connection: sqlite3.Connection) -> bool:
    return _value(connection, "PRAGMA schema_version") != 0


def _create(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    grow(connection, VERSION)


def _grow(connection: sqlite3.Connection) -> None:
    """Bring a file of an older version up to this one."""
    with transaction(connection):
        grow(connection, VERSION)  # nothing is left to do where another process was quicker


def grow(connection: sqlite3.Connection, upto: int) -> None:
    """Take the steps that lead to a version."""
    present = _value(connection, "PRAGMA user_version")
    for step in (step for version in range(present + 1, upto + 1) for step in _STEPS[version]):
        if isinstance(step, str):
            for statement in step.split(";"):
                connection.execute(statement)
        else:
            step(connection)
    connection.execute(f"PRAGMA user_version = {upto}")


def _check_made(connection: sqlite3.Connection, path: Path) -> None:
    if not _is_made(connection):  # the job that makes it has only begun
        raise StoreUnavailableError(f"there is nothing in {path} yet")
    _check(connection, path)
    if (version := _value(connection, "PRAGMA user_version")) < VERSION:
        raise StoreError(f"{path} is of store version {version}: a job that is started on it brings it up to {VERSION}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if _value(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise StoreError(f"{path} is an SQLite file, but not a store of Tocsin")
    if (version := _value(connection, "PRAGMA user_version")) > VERSION:
        raise StoreError(f"{path} was written by a newer Tocsin (store version {version}, this one knows {VERSION})")


def _value(connection: sqlite3.Connection, statement: str) -> int:
    return int(connection.execute(statement).fetchone()[0])
