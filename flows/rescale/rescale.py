"""The steps of a rescale, each of which may be cut off and begun again (docs/savepoints.md)."""

import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from flows.recovery.place import Place, PlaceUnavailableError
from flows.recovery.sets import Holding, Manifest, drop_set, held_by, newest, taken_by, versions
from flows.rescale import journal as journals
from flows.rescale.fleet import Fleet, FleetError
from flows.rescale.journal import Journal
from operators.savepoint.file import SavepointError

EVERY = 0.5
"""Seconds between two looks."""
LATE = 30.0
"""Seconds for which a part is waited for when its worker has ended."""

put = msgspec.structs.replace


class RescaleError(Exception):
    """A rescale that was not begun, or was undone; the text says why."""


class UndoneError(RescaleError):
    """It was begun, failed, and the job runs with its old number of workers."""


class Outcome(msgspec.Struct, frozen=True):
    """What a rescale has come to."""

    origin: int
    target: int
    states: int
    """Fingerprints with state, taken over."""
    partitions: int
    """Partitions whose offsets were taken over."""
    standstill: float
    """Seconds in which no worker ran, or none was ready; 0 where an earlier command had stopped them."""
    warnings: tuple[str, ...] = ()


class Rescale:
    """Takes a job from one number of workers to another; `tell` hears of each step, `wait` sleeps."""

    def __init__(
        self, fleet: Fleet, place: Place, job: str, *,
        timeout: float, tell: Callable[[str], None], wait: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self._fleet, self._place, self._job = fleet, place, job
        self._timeout, self._tell, self._wait = timeout, tell, wait
        self._stopped_at: float | None = None
        self._warnings: list[str] = []

    def under_way(self) -> Journal | None:
        """Return the rescale that was begun and has not ended. Raises PlaceUnavailableError."""
        return journals.read(self._place, self._job)

    def run(self, target: int) -> Outcome:
        """Do it, or go on with it. Raises RescaleError, UndoneError, FleetError, PlaceUnavailableError."""
        journal = self._begun(target)
        if journal.is_back or target == journal.origin:
            raise self._undone(journal, "an earlier rescale was to be undone")
        try:
            outcome = self._forth(journal)
        except (RescaleError, FleetError, PlaceUnavailableError, SavepointError, KeyboardInterrupt) as error:
            raise self._undone(journal, str(error) or "interrupted") from error
        journals.forget(self._place, self._job)
        return outcome

    def _begun(self, target: int) -> Journal:
        """Return what is to be done, noted down before anything is."""
        journal = self.under_way()
        if journal is None:
            origin = self._fleet.workers()
            if origin == target:
                raise RescaleError(f"the job has {target} workers already")
            journal = Journal(origin, target, int(time.time()), versions(self._place, self._job))
            journals.keep(self._place, self._job, journal)
        elif target not in (journal.origin, journal.target):
            raise RescaleError(
                f"a rescale from {journal.origin} to {journal.target} workers has not ended: `--to {journal.target}`"
                f" goes on with it, `--to {journal.origin}` undoes it"
            )
        return journal

    # --- forth

    def _forth(self, journal: Journal) -> Outcome:
        if self._fleet.workers() != journal.target:
            self._stop(f"stopping {journal.origin} workers, each with its part of a savepoint")
            begun_from = self._closed(journal)
            held = held_by(self._place, begun_from)
            self._tell(f"{held.states:,} states and {len(held.offsets)} offsets in {journal.origin} parts")
            self._tell(f"starting {journal.target} workers")
            self._fleet.start(journal.target)
        else:
            begun_from = self._origin_of(journal)
            held = held_by(self._place, begun_from)
        standstill = self._until_ready(journal.target, begun_from)
        self._compare(journal, begun_from, held)
        return Outcome(
            journal.origin, journal.target, held.states, len(held.offsets), standstill, tuple(self._warnings)
        )

    def _stop(self, told: str) -> None:
        self._tell(told)
        self._fleet.stop()
        self._stopped_at = time.monotonic()
        self._until(lambda: self._fleet.running() == 0, "the workers do not end")

    def _closed(self, journal: Journal) -> Manifest:
        """Return the set that the workers have left."""

        def is_closed() -> bool:
            found = newest(self._place, self._job)
            return found is not None and found.workers == journal.origin

        self._until(is_closed, f"there is no complete set of {journal.origin} parts in {self._place}", LATE)
        found = newest(self._place, self._job)
        assert found is not None
        now = versions(self._place, self._job)
        for name in found.parts:
            path = f"{self._job}/{found.generation:06}/{name}"
            if now.get(path) == journal.before.get(path):
                self._warn(f"{name} was not written as its worker stopped: what it had read since is read again")
        return found

    def _origin_of(self, journal: Journal) -> Manifest:
        """Return the set that workers which run already began from."""
        found = newest(self._place, self._job, workers=journal.origin)
        if found is None:
            raise RescaleError(f"there is no complete set of {journal.origin} parts in {self._place}")
        return found

    def _until_ready(self, workers: int, begun_from: Manifest) -> float:
        self._until(lambda: self._fleet.ready() == workers, f"not all of {workers} workers become ready")
        self._until(
            lambda: taken_by(self._place, begun_from, workers) is not None,
            f"not all of {workers} workers began from generation {begun_from.generation}",
        )
        return time.monotonic() - self._stopped_at if self._stopped_at is not None else 0.0

    def _compare(self, journal: Journal, begun_from: Manifest, held: Holding) -> None:
        """Refuse workers that did not take over everything; then wait for their first parts."""
        taken = taken_by(self._place, begun_from, journal.target)
        assert taken is not None
        if taken.states != held.states:
            raise RescaleError(f"{held.states:,} states were left and {taken.states:,} taken over")
        if taken.offsets != held.offsets:
            apart = sorted(name for name in held.offsets if taken.offsets.get(name) != held.offsets[name])
            raise RescaleError(f"offsets were not taken over as they were left: {', '.join(apart[:5])}")
        self._tell(f"{taken.states:,} states and {len(taken.offsets)} offsets taken over; waiting for the first parts")
        self._until(lambda: self._has_left(journal.target, begun_from), "not every worker has left a first part")
        ahead = newest(self._place, self._job)
        assert ahead is not None
        now = held_by(self._place, ahead)
        behind = [name for name, offset in held.offsets.items() if now.offsets.get(name, -1) < offset]
        if behind:
            raise RescaleError(f"read less far than before: {', '.join(sorted(behind)[:5])}")

    def _has_left(self, workers: int, begun_from: Manifest) -> bool:
        found = newest(self._place, self._job)
        return found is not None and found.workers == workers and found.generation > begun_from.generation

    # --- back

    def _undone(self, journal: Journal, reason: str) -> RescaleError:
        """Go back to the old number from the same parts, and return what to say."""
        self._tell(f"{reason}: going back to {journal.origin} workers")
        try:
            journals.keep(self._place, self._job, put(journal, is_back=True))
            self._stop_again(journal)
        except PlaceUnavailableError as error:
            if self._fleet.workers() == journal.target:
                return RescaleError(f"{reason}; it cannot be undone while the place of parts is away: {error}")
            self._tell(str(error))  # the old workers have state of their own, and need no place
        self._fleet.start(journal.origin)
        self._until(lambda: self._fleet.ready() == journal.origin, f"not all of {journal.origin} workers become ready")
        with suppress(PlaceUnavailableError):
            journals.forget(self._place, self._job)
        return UndoneError(f"{reason}; the job runs with {journal.origin} workers as before")

    def _stop_again(self, journal: Journal) -> None:
        """Stop workers of the new number, and let go of what they have left."""
        if self._fleet.workers() != journal.target:
            return
        self._stop(f"stopping {journal.target} workers")
        begun_from = newest(self._place, self._job, workers=journal.origin)
        if begun_from is not None:
            drop_set(self._place, self._job, begun_from.generation + 1)

    def _until(self, is_so: Callable[[], bool], trouble: str, patience: float | None = None) -> None:
        limit = self._timeout if patience is None else patience
        deadline = time.monotonic() + limit
        while not is_so():
            if time.monotonic() > deadline:
                raise RescaleError(f"{trouble} within {limit:.0f} s")
            self._wait(EVERY)

    def _warn(self, text: str) -> None:
        self._warnings.append(text)
        self._tell(text)
