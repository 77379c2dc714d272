"""Savepoints in parts: each worker writes its own, to a place that all can reach; a manifest closes a set of them.

A place holds, by job, generations: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there. A part
is a savepoint with what one worker keeps, written anew at each backup and at the end of a run. Workers own disjoint
slots and partitions, so parts of different moments belong together; what a part is older than the others, its worker
reads again. Another number of workers begins another generation; the last two are kept.
"""

import re
import time
from pathlib import Path

import msgspec

from flows.recovery import savepoint as savepoints
from flows.recovery.layout import Layout, saved_layout
from flows.recovery.place import Place
from flows.recovery.sets import MANIFEST, Manifest, folder_of, part_name
from operators.savepoint.file import Head, Savepoint, SavepointError, dump

GENERATION = "generation"
"""File in a recovery directory: the generation that its parts go to."""
KEPT = 2
"""Generations that stay."""
TRIES = 5
"""Reads of a store whose job writes at the same time."""


def write_part(directory: Path, place: Place, now: int) -> int:
    """Write the part of a worker from its last snapshot, while its job runs or rests; return its bytes.

    Raises SnapshotError where there is no snapshot yet, PlaceUnavailableError.
    """
    made = _part(directory, now)
    index = _layout(directory).index
    data = b"".join(dump(made))
    folder = folder_of(made.head.job, generation_of(directory))
    place.put(f"{folder}/{part_name(index, made.head.workers)}", data)
    _close(place, folder, made.head, now)
    return len(data)


def _part(directory: Path, now: int) -> Savepoint:
    for attempt in range(TRIES):
        try:
            return savepoints.part(directory, now)
        except SavepointError:
            if attempt == TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)  # a snapshot was taken meanwhile
    raise AssertionError


def _layout(directory: Path) -> Layout:
    found = saved_layout(directory)
    assert found is not None  # the part was made of it
    return found


def generation_of(directory: Path) -> int:
    """Return the generation that the parts of a recovery directory belong to."""
    path = directory / GENERATION
    return int(path.read_text()) if path.exists() else 1


def _close(place: Place, folder: str, head: Head, now: int) -> None:
    """Write the manifest of a set that is complete and has none, and let go of old sets."""
    there = {name.rpartition("/")[2] for name in place.names(folder)}
    wanted = tuple(part_name(index, head.workers) for index in range(head.workers))
    if MANIFEST in there or not there.issuperset(wanted):
        return
    generation = int(folder.rpartition("/")[2])
    place.put(f"{folder}/{MANIFEST}", msgspec.json.encode(Manifest(head.job, generation, head.workers, wanted, now)))
    for name in place.names(head.job):
        found = re.match(r"[^/]+/(\d+)/", name)
        if found and int(found[1]) <= generation - KEPT:
            place.drop(name)
