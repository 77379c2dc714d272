"""What one worker takes over from a savepoint: its slots, its part of what is shared, and where to read on (design.md 5)."""

from collections.abc import Mapping, Sequence

from operators.model.slot import SHARED, Owner
from operators.savepoint.divide import shared_out
from operators.savepoint.file import FilesPlace, KafkaPlace, ReadUpTo, Savepoint, SavepointError


def states_for(savepoint: Savepoint, owner: Owner) -> dict[str, bytes]:
    """Return the state of every key that a worker goes on with. Raises SnapshotError."""
    states: dict[str, bytes] = {}
    for slot in savepoint.slots:
        if slot.key in states:
            raise SavepointError(f"slot {slot.key} has state in several workers: its topics were not keyed by slot")
        if owner.owns(slot.key):
            states[slot.key] = slot.data
    states[SHARED] = shared_out([one.data for one in savepoint.shared], owner)
    return states


def read_on_from(places: Sequence[ReadUpTo]) -> ReadUpTo:
    """Return where all workers together had read to; each that goes on reads its own partitions. Raises SavepointError."""
    first = places[0]
    if isinstance(first, FilesPlace):
        return first
    partitions: dict[str, tuple[int, int]] = {}
    by: dict[str, int] = {}
    kafka = [place for place in places if isinstance(place, KafkaPlace)]
    for place in kafka:
        for name, reached in place.partitions.items():
            if name in partitions and partitions[name][0] != reached[0]:
                raise SavepointError(_apart(name, partitions[name], by[name], reached, place.worker))
            partitions[name], by[name] = reached, place.worker
    clocks = [place.clock for place in kafka if place.clock]
    return KafkaPlace(first.worker, min(clocks, default=0), partitions)


def _apart(name: str, one: tuple[int, int], first: int, other: tuple[int, int], second: int) -> str:
    return (
        f"all workers read {name}; worker {first} stands at {one[0]}, worker {second} at {other[0]}: "
        "start the job, let it read on, and stop it again"
    )


def topics_of(partitions: Mapping[str, object]) -> set[str]:
    """Return the topics whose partitions are named."""
    return {name.rpartition(":")[0] for name in partitions}
