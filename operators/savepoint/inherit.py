"""What one worker takes over from a savepoint: its slots, its part of what is shared, and where to read on (design.md 5)."""

from collections.abc import Mapping, Sequence

import msgspec

from operators.model.slot import SHARED, Owner
from operators.savepoint.divide import intake_for, shared_out
from operators.savepoint.divide_merging import business_for
from operators.savepoint.file import FilesPlace, KafkaPlace, ReadUpTo, Savepoint, SavepointError


class States(msgspec.Struct, frozen=True):
    """The state of every step of a job."""

    intake: bytes | None
    slots: Mapping[str, bytes]
    """By key: slots, and what none of them owns."""
    businesses: Mapping[str, bytes]


def states_for(savepoint: Savepoint, owner: Owner) -> States:
    """Return the states that a worker goes on with. Raises SnapshotError."""
    slots: dict[str, bytes] = {}
    for slot in savepoint.slots:
        if slot.key in slots:
            raise twice(slot.key)
        slots[slot.key] = slot.data
    slots = {key: data for key, data in slots.items() if owner.owns(key)}
    if savepoint.shared:
        slots[SHARED] = shared_out([one.data for one in savepoint.shared], owner)
    return States(intake_for([one.data for one in savepoint.intake]), slots, _businesses(savepoint, owner))


def _businesses(savepoint: Savepoint, owner: Owner) -> dict[str, bytes]:
    """Return the notices of businesses: with their slot where they are a job, else every worker knows all windows."""
    by_slot: dict[str, list[bytes]] = {}
    for one in savepoint.businesses:
        by_slot.setdefault(one.key, []).append(one.data)
    if savepoint.head.job != "notices":
        return {slot: business_for(states, owner) for slot, states in by_slot.items()}
    if doubled := next((slot for slot, states in by_slot.items() if len(states) > 1), None):
        raise twice(doubled)
    return {slot: states[0] for slot, states in by_slot.items() if owner.owns(slot)}


def twice(slot: str) -> SavepointError:
    """Return what to say of a slot that several workers have kept."""
    return SavepointError(f"slot {slot} has state in several workers: its topics were not keyed by slot")


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
