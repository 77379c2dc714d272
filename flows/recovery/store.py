"""The engine's recovery store, read and never written (engine.md 1.7, 2)."""

import io
import pickle
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

PARTITIONS = "partitions"
"""Folder of the store in a recovery directory."""

Snapshots = Mapping[tuple[str, str], Any]
"""(step id, key) -> what was kept."""

EXECUTIONS = "SELECT ex_num, resume_epoch FROM exs"
FRONTIERS = "SELECT ex_num, worker_frontier FROM fronts"
NEWEST = """
SELECT step_id, state_key, ser_change FROM snaps JOIN (
    SELECT step_id, state_key, MAX(snap_epoch) AS snap_epoch FROM snaps WHERE snap_epoch < ? GROUP BY step_id, state_key
) USING (step_id, state_key, snap_epoch) WHERE ser_change IS NOT NULL
"""

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


def read_snapshots(directory: Path) -> Snapshots:
    """Return everything a job would resume from; nothing before its first snapshot. Raises StoreUnreadableError."""
    files = sorted((directory / PARTITIONS).glob("part-*.sqlite3"))
    if not files:
        return {}
    try:
        _check_whole(directory, files)
        epoch = _resume_epoch(files)
        rows = (row for path in files for row in _rows(path, NEWEST, epoch))
        return {(step, key): _loaded(data) for step, key, data in rows}
    except UNREADABLE as error:
        raise StoreUnreadableError(f"{directory / PARTITIONS}: {error}") from error


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


def _resume_epoch(files: list[Path]) -> int:
    """Return the epoch that the next run would begin with: that of the last run, moved on by what it finished."""
    executions = [row for path in files for row in _rows(path, EXECUTIONS)]
    if not executions:
        return 0
    last, begun = max(executions)
    frontiers = (row for path in files for row in _rows(path, FRONTIERS))
    return max(int(begun), *(int(frontier) for number, frontier in frontiers if number == last), 0)


def _rows(path: Path, query: str, *values: object, wait: float = WAIT) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=wait)) as connection:
        yield from connection.execute(query, values)
