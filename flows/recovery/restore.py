"""What a worker does before it starts: take its slots from the newest complete set of parts, if its own state is not to go on.

Its own state goes on if it is of the set that counts: of its generation, or begun from it. A volume that a worker of the
same number left behind, before the job had another number for a while, is of an older one.
"""

import fcntl
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import msgspec
import structlog

from flows.recovery import savepoint as savepoints
from flows.recovery.layout import Layout, check_neighbours, hold, save_layout, saved_layout
from flows.recovery.parts import GENERATION, generation_of
from flows.recovery.place import Place, PlaceUnavailableError
from flows.recovery.sets import (
    INDEX,
    Holding,
    Manifest,
    StoredPart,
    Taken,
    folder_of,
    newest,
    part_name,
    parts_of,
    set_id,
    tell_taken,
)
from operators.model.slot import Owner
from operators.savepoint.file import FilesPlace, SavepointError
from operators.savepoint.framing import dump_frames
from operators.savepoint.index import SLOT, offsets_of, wanted_by

BEGUN_FROM = "begun-from"
"""File in a recovery directory: the set that its state was taken from."""
ASIDE = re.compile(r"was-.+-of-\d+-\d{6}")
"""Names of what was moved aside."""

log = structlog.get_logger()


def restore(place: Place, directory: Path, now: Layout) -> Manifest | None:
    """Lay the newest set into the recovery directory of a worker whose own state is none, or is not to go on.

    Return its manifest; None where nothing was to be done. Other state is moved aside first; the last such stays.
    Raises SnapshotError, SettingsError, PlaceUnavailableError.
    """
    top = directory.parent if now.workers > 1 else directory
    with _alone(top):
        found = saved_layout(directory)
        is_ours = found is not None and (found.workers, found.index, found.job) == (now.workers, now.index, now.job)
        manifest = _newest(place, now, is_ours=is_ours)
        others = dict(_others(top, now))
        if manifest is None:
            if not is_ours and (others or found):
                raise SavepointError(
                    f"{directory}: holds state of another number of workers, and {place} no complete set of parts"
                )
            return None
        if is_ours and found is not None:
            if _goes_on(place, directory, manifest, now):
                return None
            others[directory] = found
        for path, layout in others.items():
            _move_aside(path, layout, manifest.generation)
        _lay(place, manifest, directory, now)
    return manifest


@contextmanager
def _alone(top: Path) -> Iterator[None]:
    """Keep other workers of this machine, which begin at the same time, from moving the same folders."""
    top.parent.mkdir(parents=True, exist_ok=True)
    with (top.parent / f".{top.name}.restoring").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _newest(place: Place, now: Layout, *, is_ours: bool) -> Manifest | None:
    """Return the set that counts; where the place is away, a worker with state of its own goes on with that."""
    try:
        return newest(place, now.job)
    except PlaceUnavailableError as error:
        if not is_ours:
            raise
        log.warning("the state goes on unseen, its place of parts is away", place=str(place), error=str(error))
        return None


def _goes_on(place: Place, directory: Path, manifest: Manifest, now: Layout) -> bool:
    own = generation_of(directory)
    if own == manifest.generation:
        return manifest.workers == now.workers
    begun_from = directory / BEGUN_FROM
    return own > manifest.generation and begun_from.exists() and begun_from.read_text() == set_id(place, manifest)


def _others(top: Path, now: Layout) -> Iterator[tuple[Path, Layout]]:
    """Yield the recovery directories in the place of this job that are of another number of workers."""
    for path in (top, *top.glob("worker-*")):
        layout = saved_layout(path) if re.fullmatch(r"worker-\d+", path.name) or path == top else None
        if layout is not None and layout.workers != now.workers:
            yield path, layout


def _move_aside(path: Path, layout: Layout, generation: int) -> None:
    for old in path.parent.glob(f"was-{path.name}-of-*"):
        if ASIDE.fullmatch(old.name):
            shutil.rmtree(old)
    path.rename(path.with_name(f"was-{path.name}-of-{layout.workers}-{generation:06}"))


def _lay(place: Place, manifest: Manifest, directory: Path, now: Layout) -> None:
    """Lay down what a worker takes over of a set; the layout comes last, and without one a worker begins here again."""
    is_same = manifest.workers == now.workers
    generation = manifest.generation if is_same else manifest.generation + 1
    begun_from = set_id(place, manifest)
    owner = Owner(now.index, now.workers)
    parts = [parts_of(place, manifest)[now.index]] if is_same else parts_of(place, manifest)
    if not is_same:
        name = f"{folder_of(now.job, generation)}/{part_name(now.index, now.workers)}"
        for of_an_attempt_that_failed in (name, f"{name}{INDEX}"):
            place.drop(of_an_attempt_that_failed)
        tell_taken(place, generation, now, Taken(begun_from, _taken(parts, owner)))
    if now.workers > 1 and any(isinstance(one, FilesPlace) for part in parts for one in part.index.places):
        raise SavepointError(f"{place}: parts of a job that reads files; it has one worker")
    if refusal := check_neighbours(directory, now):
        raise SavepointError(refusal)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / savepoints.FILE).unlink(missing_ok=True)
    (directory / GENERATION).write_text(str(generation))
    (directory / BEGUN_FROM).write_text(begun_from)
    with hold(directory):
        head = parts[0].index.head
        places = [one for part in parts for one in part.index.places]
        frames = (frame for part in parts for frame in part.frames(lambda index: wanted_by(index, owner)))
        savepoints.write_pieces(dump_frames(chain(places, frames), head), directory / savepoints.FILE)
        save_layout(directory, msgspec.structs.replace(now, topics=head.topics))


def _taken(parts: Sequence[StoredPart], owner: Owner) -> Holding:
    indices = [part.index for part in parts]
    states = sum(one.states for index in indices for one in index.frames if one.kind == SLOT and owner.owns(one.key))
    return Holding(states, offsets_of(indices))
