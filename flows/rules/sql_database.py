"""The two kinds of database that hold rules, behind one small face: SQLite, and MariaDB or MySQL."""

import os
import sqlite3
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import pymysql

from flows.rules.source import SourceUnavailableError
from flows.rules.sql_place import SqlPlace

CONNECT_TIMEOUT, ANSWER_TIMEOUT = 3, 30
"""Seconds."""

Rows = Sequence[tuple[Any, ...]]


class Database(Protocol):
    """An open transaction: all reads in it see one moment. Statements are constants, values are arguments (`%s`)."""

    @property
    def tables(self) -> str:
        """The statement that lists the tables."""
        ...

    @property
    def mark(self) -> str:
        """The statement whose rows differ when those of a table do; `{table}` is to be filled in."""
        ...

    @property
    def create(self) -> tuple[str, ...]:
        """The statements that make a table; `{table}` is to be filled in."""
        ...

    def run(self, statement: str, *values: object) -> Rows:
        """Run one statement and return its rows."""
        ...


SQLITE_TABLE = """
CREATE TABLE IF NOT EXISTS `{table}` (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1,
  update_time TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
  document TEXT NOT NULL CHECK (json_valid(document)))"""
SQLITE_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS `{table}_updated` AFTER UPDATE ON `{table}` WHEN NEW.update_time IS OLD.update_time
BEGIN
  UPDATE `{table}` SET update_time = strftime('%Y-%m-%d %H:%M:%f', 'now') WHERE id = NEW.id;
END"""
MYSQL_TABLE = """
CREATE TABLE IF NOT EXISTS `{table}` (
  id VARCHAR(191) COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  name VARCHAR(512) NOT NULL DEFAULT '',
  enabled TINYINT(1) NOT NULL DEFAULT 1,
  update_time TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  document JSON NOT NULL) DEFAULT CHARACTER SET utf8mb4"""


class Sqlite:
    """A SQLite file."""

    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    mark = "SELECT id, enabled, update_time FROM `{table}` ORDER BY id"
    create = (SQLITE_TABLE, SQLITE_TRIGGER)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def run(self, statement: str, *values: object) -> Rows:
        """Run one statement and return its rows."""
        return self._connection.execute(statement.replace("%s", "?") if values else statement, values).fetchall()


class Mysql:
    """A database of a MariaDB or MySQL server."""

    tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    mark = "SELECT COUNT(*), MAX(update_time), BIT_XOR(CRC32(CONCAT_WS('|', id, enabled, update_time))) FROM `{table}`"
    create = (MYSQL_TABLE,)

    def __init__(self, connection: "pymysql.Connection[Any]") -> None:
        self._connection = connection

    def run(self, statement: str, *values: object) -> Rows:
        """Run one statement and return its rows."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return list(cursor.fetchall())


@contextmanager
def reading(place: SqlPlace, environment: Mapping[str, str] = os.environ) -> Iterator[Database]:
    """Open one moment of a database to be read. Raises SourceUnavailableError, also in the middle."""
    with _translated(place), _opened(place, environment, must_exist=True) as (database, begin, _):
        begin()
        yield database


@contextmanager
def writing(place: SqlPlace, environment: Mapping[str, str] = os.environ) -> Iterator[Database]:
    """Open a transaction that is committed at the end, and rolled back by an exception. Raises SourceUnavailableError.

    SQLite makes the file if it is missing.
    """
    with _translated(place), _opened(place, environment, must_exist=False) as (database, begin, commit):
        begin()
        yield database
        commit()


@contextmanager
def _translated(place: SqlPlace) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, pymysql.MySQLError, OSError) as error:
        raise SourceUnavailableError(f"{place.name}: {_said(error)}") from error


def _said(error: Exception) -> str:
    """Return what a database said, in one line; PyMySQL puts a number before it."""
    text = error.args[1] if isinstance(error, pymysql.MySQLError) and len(error.args) > 1 else error
    return " ".join(str(text).split())


_Opened = tuple[Database, Callable[[], object], Callable[[], object]]


@contextmanager
def _opened(place: SqlPlace, environment: Mapping[str, str], *, must_exist: bool) -> Iterator[_Opened]:
    """Yield a database with what begins and what commits a transaction; closing rolls back."""
    if place.path:
        mode = "ro" if must_exist else "rwc"
        where = f"file:{quote(str(Path(place.path).absolute()))}?mode={mode}"
        lite = sqlite3.connect(where, uri=True, timeout=5.0, isolation_level=None)
        with closing(lite):
            yield Sqlite(lite), lambda: lite.execute("BEGIN" if must_exist else "BEGIN IMMEDIATE"), lite.commit
        return
    with closing(_connect(place, environment)) as server:
        yield Mysql(server), server.begin, server.commit


def _connect(place: SqlPlace, environment: Mapping[str, str]) -> "pymysql.Connection[Any]":
    return pymysql.connect(
        host=place.host,
        port=place.port,
        user=place.user,
        password=place.password(environment),
        database=place.database,
        charset="utf8mb4",
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=ANSWER_TIMEOUT,
        write_timeout=ANSWER_TIMEOUT,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        ssl=ssl.create_default_context(cafile=place.tls_ca) if place.tls_ca else None,
    )
