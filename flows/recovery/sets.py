"""Sets of parts in a place: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec

from flows.recovery.layout import Layout
from flows.recovery.place import Place
from operators.model.slot import Owner
from operators.savepoint.file import KafkaPlace, Savepoint, SavepointError, parse
from operators.state.slot import count_in

MANIFEST = "manifest.json"


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


def joined(place: Place, manifest: Manifest) -> Savepoint:
    """Return what all workers of a set kept. Raises SavepointError, PlaceUnavailableError."""
    parts = [_parsed(place, f"{folder_of(manifest.job, manifest.generation)}/{name}") for name in manifest.parts]
    fields = [name for name in Savepoint.__struct_fields__ if name != "head"]
    return Savepoint(parts[0].head, *([one for part in parts for one in getattr(part, name)] for name in fields))


def _parsed(place: Place, name: str) -> Savepoint:
    try:
        return parse(place.get(name))
    except SavepointError as error:
        raise SavepointError(f"{name}: {error}") from error


def versions(place: Place, job: str) -> dict[str, str]:
    """Return of each part in a place a text that changes with it. Raises PlaceUnavailableError."""
    return {name: place.version(name) for name in place.names(job) if "/part-" in name}


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


def held_in(savepoint: Savepoint, now: Layout) -> Holding:
    """Return what a worker takes over of a savepoint."""
    owner = Owner(now.index, now.workers)
    states = sum(count_in(one.data) for one in savepoint.slots if owner.owns(one.key))
    return Holding(states, _offsets(savepoint))


def held_by(place: Place, manifest: Manifest) -> Holding:
    """Return what a set holds. Raises SavepointError, PlaceUnavailableError."""
    found = joined(place, manifest)
    return Holding(sum(count_in(one.data) for one in found.slots), _offsets(found))


def _offsets(savepoint: Savepoint) -> dict[str, int]:
    """Return the least place of each partition: commands are read by every worker."""
    least: dict[str, int] = {}
    for place in savepoint.places:
        if isinstance(place, KafkaPlace):
            for name, (offset, _) in place.partitions.items():
                least[name] = min(offset, least.get(name, offset))
    return least


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
