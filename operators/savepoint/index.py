"""What stands where in a part of a savepoint, so that a worker reads its own slots of it and nothing else."""

from collections.abc import Sequence

import msgspec

from operators.model.slot import Owner
from operators.savepoint.file import Head, KafkaPlace, ReadUpTo, SavepointError, SlotState

VERSION = 1
SLOT = SlotState.__struct_config__.tag


class Where(msgspec.Struct, frozen=True, array_like=True):
    """Where the body of a frame lies: of what kind and key, how many states, and the CRC-32 of its bytes."""

    kind: str
    key: str
    at: int
    size: int
    states: int
    check: int


class Index(msgspec.Struct, frozen=True):
    """The head and the places of a part, and where all else of it lies."""

    head: Head
    places: tuple[ReadUpTo, ...]
    frames: tuple[Where, ...]
    version: int = VERSION

    @property
    def states(self) -> int:
        """How many fingerprints have state."""
        return sum(where.states for where in self.frames)


_decode = msgspec.msgpack.Decoder(Index).decode


def index_bytes(index: Index) -> bytes:
    """Return the bytes of an index."""
    return msgspec.msgpack.encode(index)


def index_in(data: bytes) -> Index:
    """Return the index in `data`. Raises SavepointError."""
    try:
        return _decode(data)
    except msgspec.DecodeError as error:
        raise SavepointError(f"its index is damaged: {error}") from error


def wanted_by(index: Index, owner: Owner) -> list[Where]:
    """Return what a worker takes over of a part: all but the slots of others.

    Where the number of workers is no power of two, who owns a slot depends on the partitions too, so all are taken.
    """
    if owner.workers & (owner.workers - 1):
        return list(index.frames)
    return [where for where in index.frames if where.kind != SLOT or owner.owns(where.key)]


def offsets_of(indices: Sequence[Index]) -> dict[str, int]:
    """Return by `topic:partition` the offset that all is read from again; of what several read, the least."""
    least: dict[str, int] = {}
    places = [place for index in indices for place in index.places if isinstance(place, KafkaPlace)]
    for place in places:
        for name, (offset, _) in place.partitions.items():
            least[name] = min(offset, least.get(name, offset))
    return least
