"""Sets of parts in a place: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from flows.recovery.layout import Layout
from flows.recovery.place import Place
from operators.savepoint.file import Frame, Savepoint, SavepointError
from operators.savepoint.framing import frame_of, of_frames, scan
from operators.savepoint.index import Index, Where, index_in, offsets_of

MANIFEST = "manifest.json"
INDEX = ".index"
"""Behind the name of a part: the file that says what stands where in it."""
AT_A_TIME = 32 << 20
"""Bytes of a part that are read at a time."""


class Manifest(msgspec.Struct, frozen=True):
    """Says that a set is complete."""

    job: str
    generation: int
    workers: int
    parts: tuple[str, ...]
    closed_at: int
    """Unix seconds."""


def folder_of(job: str, generation: int) -> str:
    """Return the folder of a set in a place."""
    return f"{job}/{generation:06}"


def part_name(index: int, workers: int) -> str:
    """Return the name of a worker's part in the folder of its set."""
    return f"part-{index}-of-{workers}"


def newest(place: Place, job: str, workers: int | None = None) -> Manifest | None:
    """Return the manifest of the newest complete set of a job, or of that of so many workers. Raises PlaceUnavailableError."""
    closed = sorted((name for name in place.names(job) if name.endswith(f"/{MANIFEST}")), reverse=True)
    found = (msgspec.json.decode(place.get(name), type=Manifest) for name in closed)
    return next((one for one in found if workers in (None, one.workers)), None)


class StoredPart:
    """A part in a place: what stands where in it, and the frames that are asked for.

    Where its index is not of it (a crash lay between the two, or it is being written anew), all of it is read.
    """

    def __init__(self, place: Place, path: str) -> None:
        self._place, self._path = place, path
        self._whole: memoryview | None = None
        self.index = self._found()

    def _found(self) -> Index:
        if f"{self._path}{INDEX}" in self._place.names(self._path.rpartition("/")[0]):
            return index_in(self._place.get(f"{self._path}{INDEX}"))
        return self._scanned()

    def _scanned(self) -> Index:
        try:
            self._whole = memoryview(self._place.get(self._path))
            return scan(self._whole, counts=True)
        except SavepointError as error:
            raise SavepointError(f"{self._path}: {error}") from error

    def frames(self, wanted: Callable[[Index], Sequence[Where]]) -> Iterator[Frame]:
        """Yield the frames that are wanted, some megabytes at a time. Raises SavepointError, PlaceUnavailableError."""
        found = wanted(self.index)
        if self._whole is None and not self._is_of(found):
            self.index = self._scanned()
            found = wanted(self.index)
        for group in _in_groups(found):
            for where, body in zip(group, self._bodies(group), strict=True):
                try:
                    yield frame_of(where, body)
                except SavepointError as error:
                    raise SavepointError(f"{self._path}: {error}") from error

    def _is_of(self, found: Sequence[Where]) -> bool:
        """Return True if the first frame is what the index says."""
        first = next(iter(found), None)
        if first is None:
            return True
        try:
            frame_of(first, self._bodies([first])[0])
        except SavepointError:
            return False
        return True

    def _bodies(self, group: Sequence[Where]) -> Sequence[bytes | memoryview]:
        if self._whole is not None:
            return [self._whole[one.at : one.at + one.size] for one in group]
        return self._place.get_ranges(self._path, [(one.at, one.size) for one in group])


def _in_groups(found: Sequence[Where]) -> Iterator[list[Where]]:
    """Yield frames some at a time: few requests, and little in memory."""
    group: list[Where] = []
    for where in found:
        group.append(where)
        if sum(one.size for one in group) >= AT_A_TIME:
            yield group
            group = []
    if group:
        yield group


def parts_of(place: Place, manifest: Manifest) -> list[StoredPart]:
    """Return the parts of a set. Raises SavepointError, PlaceUnavailableError."""
    folder = folder_of(manifest.job, manifest.generation)
    return [StoredPart(place, f"{folder}/{name}") for name in manifest.parts]


def joined(place: Place, manifest: Manifest) -> Savepoint:
    """Return what all workers of a set kept. Raises SavepointError, PlaceUnavailableError."""
    parts = parts_of(place, manifest)
    frames = [frame for part in parts for frame in part.frames(lambda index: index.frames)]
    index = parts[0].index
    places = tuple(one for part in parts for one in part.index.places)
    return of_frames(msgspec.structs.replace(index, places=places), frames)


def versions(place: Place, job: str) -> dict[str, str]:
    """Return of each part in a place a text that changes with it. Raises PlaceUnavailableError."""
    return {name: place.version(name) for name in place.names(job) if "/part-" in name and not name.endswith(INDEX)}


def set_id(place: Place, manifest: Manifest) -> str:
    """Return a text that changes when any part of a set is written anew. Raises PlaceUnavailableError."""
    folder = folder_of(manifest.job, manifest.generation)
    found = "\n".join(place.version(f"{folder}/{name}") for name in manifest.parts)
    return sha256(f"{folder}\n{found}".encode()).hexdigest()


def drop_set(place: Place, job: str, generation: int) -> None:
    """Forget a set, its manifest first: nobody begins from it any more. Raises PlaceUnavailableError."""
    folder = folder_of(job, generation)
    for name in sorted(place.names(folder), key=lambda name: not name.endswith(f"/{MANIFEST}")):
        place.drop(name)


# --- what is in them


class Holding(msgspec.Struct, frozen=True):
    """What there is to be taken over: fingerprints with state, and by `topic:partition` the offset to read on from."""

    states: int
    offsets: Mapping[str, int]


class Taken(msgspec.Struct, frozen=True):
    """What a worker says that it took over, and from which set."""

    begun_from: str
    holding: Holding


def held_by(place: Place, manifest: Manifest) -> Holding:
    """Return what a set holds. Raises SavepointError, PlaceUnavailableError."""
    indices = [part.index for part in parts_of(place, manifest)]
    return Holding(sum(index.states for index in indices), offsets_of(indices))


def tell_taken(place: Place, generation: int, now: Layout, taken: Taken) -> None:
    """Leave word of what a worker took over. Raises PlaceUnavailableError."""
    place.put(f"{folder_of(now.job, generation)}/{_taken_name(now.index, now.workers)}", msgspec.json.encode(taken))


def taken_by(place: Place, manifest: Manifest, workers: int) -> Holding | None:
    """Return what so many workers took over of a set; None where not all did. Raises PlaceUnavailableError."""
    folder, wanted = folder_of(manifest.job, manifest.generation + 1), set_id(place, manifest)
    there = set(place.names(folder))
    names = [f"{folder}/{_taken_name(index, workers)}" for index in range(workers)]
    if not there.issuperset(names):
        return None
    found = [msgspec.json.decode(place.get(name), type=Taken) for name in names]
    if any(one.begun_from != wanted for one in found):
        return None
    offsets = {name: offset for one in found for name, offset in one.holding.offsets.items()}
    return Holding(sum(one.holding.states for one in found), offsets)


def _taken_name(index: int, workers: int) -> str:
    return f"taken-{index}-of-{workers}.json"
