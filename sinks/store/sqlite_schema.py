"""The tables of the SQLite store, and how its file is opened."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sinks.store.interface import StoreError, StoreUnavailableError

APPLICATION_ID = 0x746F6373
"""`tocs`, in the header of every file of ours."""
VERSION = 3
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
STEPS = {1: _TABLES, 2: _SINCE_2, 3: _SINCE_3}
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
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Take the write lock; commit at the end, or roll all of it back."""
    connection.execute("BEGIN IMMEDIATE")
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
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
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
    _take_steps(connection)


def _grow(connection: sqlite3.Connection) -> None:
    """Bring a file of an older version up to this one."""
    with transaction(connection):
        _take_steps(connection)  # none are left where another process was quicker


def _take_steps(connection: sqlite3.Connection) -> None:
    present = _value(connection, "PRAGMA user_version")
    for statements in (STEPS[version] for version in range(present + 1, VERSION + 1)):
        for statement in statements.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


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
