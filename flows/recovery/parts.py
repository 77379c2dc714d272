"""Savepoints in parts: each worker writes its own, to a place that all can reach; a manifest closes a set of them.

A place holds, by job, generations: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there. A part
is a savepoint with what one worker keeps, written anew at each backup and at the end of a run. Workers own disjoint
slots and partitions, so parts of different moments belong together; what a part is older than the others, its worker
reads again. Another number of workers begins another generation; the last two are kept.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from flows.recovery import savepoint as savepoints
from flows.recovery.layout import Layout, saved_layout
from flows.recovery.place import Place
from flows.recovery.sets import MANIFEST, Manifest, folder_of, joined, newest, part_name
from operators.savepoint.file import Head, Savepoint, SavepointError, dump

GENERATION = "generation"
"""File in a recovery directory: the generation that its parts go to."""
KEPT = 2
"""Generations that stay."""
TRIES = 5
"""Reads of a store whose job writes at the same time."""


# --- out of a recovery directory


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


# --- into one


def restore(place: Place, directory: Path, now: Layout) -> Manifest | None:
    """Lay the newest set into the recovery directory of a worker that has no state, or that of another number of workers.

    Return its manifest; None where nothing was to be done. State of another number is moved aside first, and moved back
    by hand if it is ever wanted: its parts are what counts. Raises SnapshotError, SettingsError, PlaceUnavailableError.
    """
    if (found := saved_layout(directory)) and (found.workers, found.index, found.job) == (
        now.workers,
        now.index,
        now.job,
    ):
        return None
    others = dict(_others(directory, now))
    manifest = newest(place, now.job)
    if manifest is None:
        if others or found:
            raise SavepointError(
                f"{directory}: holds state of another number of workers, and {place} no complete set of parts"
            )
        return None
    made = joined(place, manifest)
    for path, layout in others.items():
        path.rename(path.with_name(f"was-{path.name}-of-{layout.workers}-{manifest.generation:06}"))
    file = directory.parent / f".{directory.name}.parts"
    directory.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    try:
        savepoints.write(made, file)
        savepoints.lay(file, {directory: msgspec.structs.replace(now, topics=made.head.topics)})
    finally:
        file.unlink(missing_ok=True)
    same = manifest.workers == now.workers
    (directory / GENERATION).write_text(str(manifest.generation if same else manifest.generation + 1))
    return manifest


def _others(directory: Path, now: Layout) -> Iterator[tuple[Path, Layout]]:
    """Yield the recovery directories in the place of this job that are of another number of workers."""
    top = directory.parent if now.workers > 1 else directory
    for path in (top, *top.glob("worker-*")):
        layout = saved_layout(path) if re.fullmatch(r"worker-\d+", path.name) or path == top else None
        if layout is not None and layout.workers != now.workers:
            yield path, layout
