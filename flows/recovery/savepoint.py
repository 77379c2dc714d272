"""Savepoints: the state of a stopped job into a file, and from the file into the state of a job with another number of workers.

Nothing is ever written into the engine's tables. An import lays the file beside where they will be; a worker takes
from it whatever the engine has no snapshot of: everything at its first start, nothing once its first snapshot is
complete.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

import msgspec

from flows.recovery.ids import ALERTS, ALERTS_1, INTAKE, NOTICES, READ, STAGES, step_id
from flows.recovery.ids import FORMAT as STATE_FORMAT
from flows.recovery.layout import FILE as LAYOUT
from flows.recovery.layout import Layout, check_neighbours, hold, save_layout, saved_layout
from flows.recovery.store import PARTITIONS, Snapshots, StoreUnreadableError, read_snapshots
from operators.batch import is_of_several, state_of
from operators.model.slot import ALONE, KEYS, SHARED
from operators.savepoint.file import (
    FORMAT,
    BusinessState,
    FilesPlace,
    Head,
    IntakeState,
    KafkaPlace,
    ReadUpTo,
    Savepoint,
    SavepointError,
    SharedState,
    SlotState,
)
from operators.savepoint.format_1 import MARK, upgraded
from operators.savepoint.framing import dump, parse
from operators.savepoint.inherit import read_on_from, states_for
from operators.state.slot import Slot

FILE = "savepoint"
"""What an import lays into a recovery directory."""
EMPTY = (b"", Slot().snapshot())
"""States of a slot that need not be kept."""


class Worker(msgspec.Struct, frozen=True):
    """What one worker of a stopped job has left."""

    layout: Layout
    place: ReadUpTo
    states: Mapping[str, Mapping[str, bytes]]
    """Step -> key -> state."""


# --- out of the engine's tables


def export(directories: Sequence[Path], now: int) -> Savepoint:
    """Return the state of a stopped job, of which `directories` are those of all its workers. Raises SnapshotError, SettingsError."""
    with ExitStack() as held:
        for directory in directories:
            held.enter_context(hold(directory))
        workers = sorted((_worker(directory) for directory in directories), key=lambda one: one.layout.index)
    _check_complete([one.layout for one in workers])
    made = upgraded(_joined(workers, now))
    read_on_from(made.places)  # what cannot be joined is refused while the job can still mend it
    states_for(made, ALONE)
    return made


def of_format_1(directory: Path, now: int) -> Savepoint:
    """Return the state of one worker that an older program left, in today's format. Raises SnapshotError."""
    return upgraded(_joined([_worker(directory)], now))


def not_begun(directory: Path) -> SavepointError:
    """Return what to say of state without a snapshot."""
    return SavepointError(f"{directory}: the job has not taken its first snapshot; start it, and stop it again")


def layout_in(directory: Path) -> Layout:
    """Return the layout of a worker's state. Raises SavepointError, SettingsError."""
    layout = saved_layout(directory)
    if layout is None:
        raise SavepointError(f"{directory}: no state of a job")
    return layout


def head_of(layout: Layout, kind: int, now: int) -> Head:
    """Return the head of what a worker left."""
    return Head(kind, now, version("tocsin"), layout.job, layout.workers, layout.slots, dict(layout.topics))


def _joined(workers: Sequence[Worker], now: int) -> Savepoint:
    """Return what all workers have left, in the format they left it in."""
    first = workers[0].layout
    kind = FORMAT if first.format == STATE_FORMAT else first.format
    of = [(one.layout.index, one.states) for one in workers]
    slots = [(index, key, data) for index, states in of for key, data in states.get(ALERTS, {}).items()]
    return Savepoint(
        head_of(first, kind, now),
        [one.place for one in workers],
        [IntakeState(index, data) for index, states in of for data in states.get(INTAKE, {}).values()],
        [SharedState(index, data) for index, key, data in slots if key == SHARED],
        [SlotState(*slot) for slot in slots if slot[1] != SHARED and slot[2] not in EMPTY],
        [BusinessState(index, *state) for index, states in of for state in states.get(NOTICES, {}).items()],
    )


def _check_complete(layouts: Sequence[Layout]) -> None:
    first = layouts[0]
    for layout in layouts:
        if msgspec.structs.replace(layout, index=0) != msgspec.structs.replace(first, index=0):
            raise SavepointError(f"workers of different jobs: {first} and {layout}")
    found = [layout.index for layout in layouts]
    if found != list(range(first.workers)):
        raise SavepointError(f"the job has {first.workers} workers; found the state of: {', '.join(map(str, found))}")


def _worker(directory: Path) -> Worker:
    layout = layout_in(directory)
    try:
        snapshots = read_snapshots(directory)
    except StoreUnreadableError as error:
        raise SavepointError(str(error)) from error
    states = _states_1(snapshots, layout) if layout.format < STATE_FORMAT else _states(snapshots, layout)
    places = [data for (step, _), data in snapshots.items() if step == step_id(layout.job, READ)]
    if len(places) != 1 or not states:
        raise not_begun(directory)
    return Worker(layout, place_of(layout.index, places[0]), states)


def _states(snapshots: Snapshots, layout: Layout) -> Mapping[str, Mapping[str, bytes]]:
    """Return what each step keeps; nothing before its first snapshot. Raises SavepointError."""
    found = {step: _of_step(snapshots, layout, step) for step in (INTAKE, ALERTS, NOTICES)}
    stages = STAGES[layout.job]
    if not found[INTAKE] or ("alerts" in stages and found[ALERTS].keys() != set(KEYS)):
        return {}
    if any(map(is_of_several, found[ALERTS].values())):
        raise of_a_cluster()
    return {**found, ALERTS: {key: state_of(data) for key, data in found[ALERTS].items()}}


def _states_1(snapshots: Snapshots, layout: Layout) -> Mapping[str, Mapping[str, bytes]]:
    """Return what the one step kept in format 1, its key before each state."""
    states = {key: data[2:] for key, data in _of_step(snapshots, layout, ALERTS_1).items()}
    if any(data[:1] == bytes((MARK,)) for data in states.values()):
        raise of_a_cluster()
    return {ALERTS: states} if states.keys() == set(KEYS) else {}


def _of_step(snapshots: Snapshots, layout: Layout, step: str) -> dict[str, bytes]:
    wanted = step_id(layout.job, step)
    return {key: data for (found, key), data in snapshots.items() if found == wanted}


def of_a_cluster() -> SavepointError:
    """Return what to say of state that is no worker's."""
    return SavepointError("the state of one process of a Bytewax cluster; savepoints are of workers")


def place_of(worker: int, kept: object) -> ReadUpTo:
    """Return how far a worker had read, as its source kept it."""
    if isinstance(kept, dict):
        return KafkaPlace(worker, kept["clock"], kept["partitions"])
    if isinstance(kept, tuple) and kept and isinstance(kept[0], dict):
        folders, files = kept
        return msgspec.convert({"type": "files", "worker": worker, "files": files, "spool": folders}, FilesPlace)
    named = "place" if isinstance(kept, tuple) and kept and isinstance(kept[0], int) else "files"
    return msgspec.convert({"type": "files", "worker": worker, named: kept}, FilesPlace)


def write(savepoint: Savepoint, path: Path) -> None:
    """Write a savepoint; the file is whole, or not there. Raises SavepointError."""
    if path.exists():
        raise SavepointError(f"{path} is there already")
    write_pieces(dump(savepoint), path)


def write_pieces(pieces: Iterable[bytes], path: Path) -> None:
    """Write a savepoint as it is made, never all of it in memory."""
    sibling = path.with_name(f"{path.name}.new")
    with sibling.open("wb") as out:
        out.writelines(pieces)
        out.flush()
        os.fsync(out.fileno())
    sibling.rename(path)


def read(path: Path) -> Savepoint:
    """Return the savepoint in a file. Raises SavepointError."""
    try:
        return upgraded(parse(path.read_bytes()))
    except SavepointError as error:
        raise SavepointError(f"{path}: {error}") from error
    except OSError as error:
        raise SavepointError(f"{path}: {error.strerror}") from error


# --- into recovery directories


def lay(path: Path, layouts: Mapping[Path, Layout]) -> None:
    """Lay a savepoint into the recovery directories of workers that have never run. Raises SavepointError, SettingsError."""
    savepoint = read(path)
    if isinstance(savepoint.places[0], FilesPlace) and any(layout.workers > 1 for layout in layouts.values()):
        raise SavepointError(f"{path}: of a job that reads files; it has one worker")
    for directory in layouts:
        if found := [name for name in (LAYOUT, PARTITIONS, FILE) if (directory / name).exists()]:
            raise SavepointError(f"{directory} holds state already ({', '.join(found)}): move it away first")
    for directory, layout in layouts.items():
        if refusal := check_neighbours(directory, layout):
            raise SavepointError(refusal)
    for directory, layout in layouts.items():
        directory.mkdir(parents=True, exist_ok=True)
        with hold(directory):
            made = directory / f"{FILE}.new"
            shutil.copyfile(path, made)
            made.rename(directory / FILE)
            save_layout(directory, layout)


def states_in(directory: Path) -> list[Path]:
    """Return the recovery directories of a job's workers: this one, or those in it."""
    if (directory / LAYOUT).exists():
        return [directory]
    return sorted(path.parent for path in directory.glob(f"worker-*/{LAYOUT}"))
