"""The engine's recovery store, read and never written (engine.md 1.7, 2)."""

import io
import pickle
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

PARTITIONS = "partitions"
"""Folder of the store in a recovery directory."""

Snapshots = Mapping[tuple[str, str], Any]
"""(step id, key) -> what was kept."""

EXECUTIONS = "SELECT ex_num, resume_epoch FROM exs"
FRONTIERS = "SELECT ex_num, worker_frontier FROM fronts"
NEWEST = """
SELECT step_id, state_key, snap_epoch FROM snaps JOIN (
    SELECT step_id, state_key, MAX(snap_epoch) AS snap_epoch FROM snaps WHERE snap_epoch < ? GROUP BY step_id, state_key
) USING (step_id, state_key, snap_epoch) WHERE ser_change IS NOT NULL
"""
KEPT = "SELECT ser_change FROM snaps WHERE step_id = ? AND state_key = ? AND snap_epoch = ?"

NEWEST_OF_KEY = "SELECT ser_change FROM snaps WHERE step_id = ? AND state_key = ? ORDER BY snap_epoch DESC LIMIT 1"

WAIT = 5.0
"""Seconds to wait for a job that is writing."""


class StoreUnreadableError(Exception):
    """A store that is not whole; the text says what is missing."""


UNREADABLE = (sqlite3.Error, pickle.UnpicklingError, EOFError)


class _Plain(pickle.Unpickler):
    """The engine pickles what is kept; ours is bytes, numbers, texts, tuples and dicts: no class is ever loaded."""

    def find_class(self, module: str, name: str) -> Any:
        raise StoreUnreadableError(f"a snapshot holds a {module}.{name}: it is not of this job")


class Stored(Mapping[tuple[str, str], Any]):
    """What a job would resume from, by step and key; each value is read when it is asked for. Raises StoreUnreadableError."""

    def __init__(self, found: Mapping[tuple[str, str], tuple[sqlite3.Connection, int]]) -> None:
        self._found = found

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __getitem__(self, key: tuple[str, str]) -> Any:
        connection, epoch = self._found[key]
        try:
            ((data,),) = connection.execute(KEPT, (*key, epoch)).fetchall()
            return _loaded(data)
        except UNREADABLE as error:
            raise StoreUnreadableError(f"{key[0]} {key[1]}: {error}") from error


@contextmanager
def stored(directory: Path) -> Iterator[Stored]:
    """Have what a job would resume from, as of one moment, while it may be running; nothing before its first snapshot.

    Raises StoreUnreadableError.
    """
    files = sorted((directory / PARTITIONS).glob("part-*.sqlite3"))
    with ExitStack() as opened:
        try:
            _check_whole(directory, files)
            connections = [opened.enter_context(_pinned(path)) for path in files]
            epoch = _resume_epoch(connections)
            found = {(step, key): (one, at) for one in connections for step, key, at in one.execute(NEWEST, (epoch,))}
        except UNREADABLE as error:
            raise StoreUnreadableError(f"{directory / PARTITIONS}: {error}") from error
        yield Stored(found)


@contextmanager
def _pinned(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file as it is now: what its job writes meanwhile is not seen."""
    with closing(_opened(path, WAIT)) as connection:
        connection.execute("BEGIN")
        connection.execute(EXECUTIONS).fetchall()
        yield connection


def read_snapshots(directory: Path) -> Snapshots:
    """Return everything a job would resume from; nothing before its first snapshot. Raises StoreUnreadableError."""
    with stored(directory) as found:
        return dict(found)


def newest_in(file: Path, step: str, key: str, wait: float = WAIT) -> list[Any]:
    """Return what a step last kept under a key, if it is in this file; its job may be running. Raises StoreUnreadableError."""
    try:
        return [_loaded(data) for (data,) in _rows(file, NEWEST_OF_KEY, step, key, wait=wait) if data]
    except UNREADABLE as error:
        raise StoreUnreadableError(f"{file}: {error}") from error


def _loaded(data: bytes) -> Any:
    return _Plain(io.BytesIO(data)).load()


def _check_whole(directory: Path, files: list[Path]) -> None:
    known = {row for path in files for row in _rows(path, "SELECT part_index, part_count FROM parts")}
    count = max((count for _, count in known), default=0)
    if {index for index, _ in known} != set(range(count)):
        raise StoreUnreadableError(f"{directory / PARTITIONS}: {len(known)} of {count} files are there")


def _resume_epoch(connections: Sequence[sqlite3.Connection]) -> int:
    """Return the epoch that the next run would begin with: that of the last run, moved on by what it finished."""
    executions = [row for one in connections for row in one.execute(EXECUTIONS)]
    if not executions:
        return 0
    last, begun = max(executions)
    frontiers = (row for one in connections for row in one.execute(FRONTIERS))
    return max(int(begun), *(int(frontier) for number, frontier in frontiers if number == last), 0)


def _rows(path: Path, query: str, *values: object, wait: float = WAIT) -> Iterator[tuple[Any, ...]]:
    with closing(_opened(path, wait)) as connection:
        yield from connection.execute(query, values)


def _opened(path: Path, wait: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=wait, isolation_level=None)
