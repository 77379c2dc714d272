"""Savepoints in parts: each worker writes its own, to a place that all can reach; a manifest closes a set of them.

A place holds, by job, generations: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there. A part
is a savepoint with what one worker keeps, written anew at each backup and at the end of a run. Workers own disjoint
slots and partitions, so parts of different moments belong together; what a part is older than the others, its worker
reads again. Another number of workers begins another generation; the last two are kept.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from flows.recovery.ids import ALERTS, INTAKE, NOTICES, READ, STAGES, step_id
from flows.recovery.ids import FORMAT as STATE_FORMAT
from flows.recovery.layout import Layout
from flows.recovery.place import Place
from flows.recovery.savepoint import EMPTY, head_of, layout_in, not_begun, of_a_cluster, of_format_1, place_of
from flows.recovery.sets import INDEX, MANIFEST, Manifest, folder_of, part_name
from flows.recovery.store import StoreUnreadableError, stored
from operators.batch import is_of_several, state_of
from operators.model.slot import KEYS, SHARED
from operators.savepoint.file import (
    FORMAT,
    BusinessState,
    Frame,
    Head,
    IntakeState,
    ReadUpTo,
    SavepointError,
    SharedState,
    SlotState,
)
from operators.savepoint.framing import dump_frames, frames_of
from operators.savepoint.index import Index, Where, index_bytes

GENERATION = "generation"
"""File in a recovery directory: the generation that its parts go to."""
KEPT = 2
"""Generations that stay."""
TRIES = 5
"""Reads of a store whose job writes at the same time."""


class Part(msgspec.Struct, frozen=True):
    """What one worker kept, its frames read one by one."""

    index: int
    head: Head
    places: Sequence[ReadUpTo]
    frames: Iterable[Frame]


@contextmanager
def part(directory: Path, now: int) -> Iterator[Part]:
    """Have the state of one worker as of its last snapshot; its job may be running. Raises SnapshotError."""
    layout = layout_in(directory)
    if layout.format < STATE_FORMAT:
        made = of_format_1(directory, now)
        yield Part(layout.index, made.head, made.places, frames_of(made))
        return
    try:
        with stored(directory) as kept:
            place = place_of(layout.index, kept[_read_key(kept, layout, directory)])
            _check_begun(kept, layout, directory)
            yield Part(layout.index, head_of(layout, FORMAT, now), [place], _frames(kept, layout))
    except StoreUnreadableError as error:
        raise SavepointError(str(error)) from error


def _frames(kept: Mapping[tuple[str, str], Any], layout: Layout) -> Iterator[Frame]:
    """Yield what a worker kept in the order of the file, each read when it is asked for."""
    index, steps = layout.index, {step: step_id(layout.job, step) for step in (INTAKE, ALERTS, NOTICES)}
    keys = {step: sorted(key for found, key in kept if found == name) for step, name in steps.items()}
    for key in keys[INTAKE]:
        yield IntakeState(index, kept[steps[INTAKE], key])
    for key in sorted(keys[ALERTS], key=lambda key: key != SHARED):
        data = kept[steps[ALERTS], key]
        if is_of_several(data):
            raise of_a_cluster()
        state = state_of(data)
        if key == SHARED:
            yield SharedState(index, state)
        elif state not in EMPTY:
            yield SlotState(index, key, state)
    for key in keys[NOTICES]:
        yield BusinessState(index, key, kept[steps[NOTICES], key])


def _check_begun(kept: Iterable[tuple[str, str]], layout: Layout, directory: Path) -> None:
    """Refuse state that is not whole: no snapshot was taken yet."""
    steps = {step: {key for found, key in kept if found == step_id(layout.job, step)} for step in (INTAKE, ALERTS)}
    if not steps[INTAKE] or ("alerts" in STAGES[layout.job] and steps[ALERTS] != set(KEYS)):
        raise not_begun(directory)


def _read_key(kept: Iterable[tuple[str, str]], layout: Layout, directory: Path) -> tuple[str, str]:
    found = [key for key in kept if key[0] == step_id(layout.job, READ)]
    if len(found) != 1:
        raise not_begun(directory)
    return found[0]


def write_part(directory: Path, place: Place, now: int) -> int:
    """Write the part of a worker from its last snapshot, while its job runs or rests; return its bytes.

    Raises SnapshotError where there is no snapshot yet, PlaceUnavailableError.
    """
    for attempt in range(TRIES):
        try:
            with part(directory, now) as made:
                return put_part(made, place, folder_of(made.head.job, generation_of(directory)), now)
        except SavepointError:
            if attempt == TRIES - 1:
                raise
            time.sleep(0.1 * 2**attempt)  # a snapshot was taken meanwhile
    raise AssertionError


def put_part(part: Part, place: Place, folder: str, now: int) -> int:
    """Write a part, then what stands where in it; close its set."""
    name = f"{folder}/{part_name(part.index, part.head.workers)}"
    found: list[Where] = []
    size = 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        for piece in dump_frames(chain(part.places, part.frames), part.head, found.append):
            size += len(piece)
            yield piece

    place.put_from(name, pieces())
    place.put(f"{name}{INDEX}", index_bytes(Index(part.head, tuple(part.places), tuple(found))))
    _close(place, folder, part.head, now)
    return size


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
