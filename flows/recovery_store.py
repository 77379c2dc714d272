"""The engine's recovery store, read and never written: what a stopped job would resume from (engine.md 1.7, 2)."""

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


class StoreUnreadableError(Exception):
    """A store that is not whole; the text says what is missing."""


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
        return {(step, key): _Plain(io.BytesIO(data)).load() for step, key, data in rows}
    except (sqlite3.Error, pickle.UnpicklingError, EOFError) as error:
        raise StoreUnreadableError(f"{directory / PARTITIONS}: {error}") from error


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


def _rows(path: Path, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        yield from connection.execute(query, values)
