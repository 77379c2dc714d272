"""Which commands the slots that a worker takes over have heard, where those who kept them stood at different places."""

from collections.abc import Mapping, Sequence

from operators.intake.heard import IN_FORCE, TOLD, Places
from operators.model.slot import SLOTS
from operators.savepoint.file import Head, KafkaPlace


def read_by_all(places: Sequence[KafkaPlace]) -> set[str]:
    """Return the partitions that every worker reads: those of commands. Of one worker nobody can say."""
    if len(places) < 2:  # noqa: PLR2004 - of several
        return set()
    return set.intersection(*(set(place.partitions) for place in places))


def heard_by(head: Head, places: Sequence[KafkaPlace], before: Mapping[int, Places]) -> Places:
    """Return what each slot has heard beyond the hindmost; `before` is what each worker had yet to pass over itself."""
    if len(places) == 1:
        return before.get(places[0].worker, {})
    common = read_by_all(places)
    size = _partitions(head, common)
    by_worker = {place.worker: place for place in places}
    found: dict[str, Mapping[str, int]] = {}
    for name in sorted(common):

        def reached(worker: int, key: str, name: str = name) -> int:
            own = by_worker[worker].partitions[name][0]
            return max(own, before.get(worker, {}).get(name, {}).get(key, 0))

        least = min(place.partitions[name][0] for place in places)
        heard = {slot: reached(int(slot, 16) % size % head.workers, slot) for slot in SLOTS}
        heard[IN_FORCE] = max(reached(worker, IN_FORCE) for worker in by_worker)
        heard[TOLD] = reached(0, TOLD)
        beyond = {key: offset for key, offset in heard.items() if offset > least}
        if beyond:
            found[name] = beyond
    return found


def _partitions(head: Head, common: set[str]) -> int:
    """Return over how many partitions slots are spread: all topics that are shared out have equally many."""
    of_commands = {name.rpartition(":")[0] for name in common}
    return next((size for topic, size in sorted(head.topics.items()) if topic not in of_commands), len(SLOTS))
