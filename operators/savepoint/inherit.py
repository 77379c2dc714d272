"""What one worker takes over from a savepoint: its slots, its part of what is shared, and where to read on (design.md 5)."""

from collections.abc import Mapping, Sequence

import msgspec

from operators.model.slot import SHARED, Owner
from operators.savepoint.divide import intake_for, shared_out
from operators.savepoint.divide_merging import business_for
from operators.savepoint.file import FilesPlace, KafkaPlace, ReadUpTo, Savepoint, SavepointError
from operators.savepoint.heard import read_by_all


class States(msgspec.Struct, frozen=True):
    """The state of every step of a job."""

    intake: bytes | None
    slots: Mapping[str, bytes]
    """By key: slots, and what none of them owns."""
    businesses: Mapping[str, bytes]


def states_for(savepoint: Savepoint, owner: Owner) -> States:
    """Return the states that a worker goes on with. Raises SnapshotError."""
    if is_own(savepoint, owner):
        slots = {one.key: one.data for one in savepoint.slots}
        slots.update((SHARED, one.data) for one in savepoint.shared)
        businesses = {one.key: one.data for one in savepoint.businesses}
        return States(next((one.data for one in savepoint.intake), None), slots, businesses)
    slots = {}
    for slot in savepoint.slots:
        if slot.key in slots:
            raise twice(slot.key)
        slots[slot.key] = slot.data
    slots = {key: data for key, data in slots.items() if owner.owns(key)}
    if savepoint.shared:
        slots[SHARED] = shared_out([one.data for one in savepoint.shared], owner)
    kafka = [place for place in savepoint.places if isinstance(place, KafkaPlace)]
    return States(intake_for(savepoint.intake, savepoint.head, kafka), slots, _businesses(savepoint, owner))


def is_own(savepoint: Savepoint, owner: Owner) -> bool:
    """Return True for what the same worker of as many kept: it goes on with exactly that."""
    return savepoint.head.workers == owner.workers and [one.worker for one in savepoint.places] == [owner.worker]


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
    """Return where all workers together had read to; each that goes on reads its own partitions.

    What all of them read goes on where the hindmost stood (operators/savepoint/heard.py). Raises SavepointError.
    """
    first = places[0]
    if isinstance(first, FilesPlace):
        return first
    kafka = [place for place in places if isinstance(place, KafkaPlace)]
    common = read_by_all(kafka)
    partitions: dict[str, tuple[int, int]] = {}
    for place in kafka:
        for name, reached in place.partitions.items():
            if name in partitions and name not in common:
                raise SavepointError(f"{name} was read by several workers, not by all: these are not of one job")
            partitions[name] = min(reached, partitions.get(name, reached))
    clocks = [place.clock for place in kafka if place.clock]
    return KafkaPlace(first.worker, min(clocks, default=0), partitions)


def topics_of(partitions: Mapping[str, object]) -> set[str]:
    """Return the topics whose partitions are named."""
    return {name.rpartition(":")[0] for name in partitions}
