"""What a rescale has begun, kept beside the parts, so that the same command goes on where a killed one was."""

from collections.abc import Mapping

import msgspec

from flows.recovery.place import Place

FILE = "rescale.json"


class Journal(msgspec.Struct, frozen=True):
    """From how many workers to how many; `before` are the versions of the parts that lay there when it began."""

    origin: int
    target: int
    begun_at: int
    """Unix seconds."""
    before: Mapping[str, str] = {}
    is_back: bool = False
    """It failed, and is being undone."""


def read(place: Place, job: str) -> Journal | None:
    """Return what is under way. Raises PlaceUnavailableError."""
    if f"{job}/{FILE}" not in place.names(job):
        return None
    return msgspec.json.decode(place.get(f"{job}/{FILE}"), type=Journal)


def keep(place: Place, job: str, journal: Journal) -> None:
    """Note what is under way. Raises PlaceUnavailableError."""
    place.put(f"{job}/{FILE}", msgspec.json.encode(journal))


def forget(place: Place, job: str) -> None:
    """Note that it is done. Raises PlaceUnavailableError."""
    place.drop(f"{job}/{FILE}")
