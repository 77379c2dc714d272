"""Sets of parts in a place: `all/000001/part-0-of-2`, and `manifest.json` beside the parts once all are there."""

import msgspec

from flows.recovery.place import Place
from operators.savepoint.file import Savepoint, SavepointError, parse

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


def newest(place: Place, job: str) -> Manifest | None:
    """Return the manifest of the newest complete set of a job. Raises PlaceUnavailableError."""
    closed = sorted(name for name in place.names(job) if name.endswith(f"/{MANIFEST}"))
    return msgspec.json.decode(place.get(closed[-1]), type=Manifest) if closed else None


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
