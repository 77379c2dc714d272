"""How each worker of the job stands, by its own last word in the store."""

from collections.abc import Iterable, Sequence

import msgspec

from operators.model.worker import WorkerDocument

SILENT = 60.0
"""Seconds without a word after which a worker seems to be dead; it says one every ten."""
GONE = 86400.0
"""Seconds after which a worker that says nothing is no longer spoken of."""
BEHIND = 120
"""Seconds that the clock of the stream may be behind before it is named."""


class Standing(msgspec.Struct, frozen=True):
    """One worker."""

    said: WorkerDocument
    age: float
    """Seconds since it said so."""
    is_silent: bool
    is_other: bool
    """It works by other rules than those in force here."""

    @property
    def behind(self) -> int:
        """Seconds that the stream's clock was behind that of its machine."""
        return max(0, self.said.time - self.said.clock) if self.said.clock else 0


class Backlog(msgspec.Struct, frozen=True):
    """How far the job is behind what has come in, all of its workers that speak together."""

    records: int | None
    size: int | None
    """Bytes of a spool."""
    behind: int
    """Seconds of the clock that is furthest behind."""
    silent: tuple[str, ...]
    """Workers that have said nothing for a while."""
    has_other_rules: bool
    """A worker works by other rules than the rest."""

    @property
    def is_behind(self) -> bool:
        """True: somebody should look."""
        return self.behind > BEHIND


def standings(words: Iterable[WorkerDocument], version: str, now: float) -> tuple[Standing, ...]:
    """Return the workers that there are, by job and number; `version` is that of the rules in force here."""
    counts: dict[str, int] = {}
    found = []
    for one in sorted(words, key=lambda one: -one.time):
        count = counts.setdefault(one.job, one.workers)  # as the newest word of its job says
        age = max(0.0, now - one.time)
        if one.worker < count and age <= GONE:
            is_other = bool(one.rules_version and version and one.rules_version != version)
            found.append(Standing(one, age, age > SILENT, is_other))
    return tuple(sorted(found, key=lambda one: (one.said.job, one.said.worker)))


def backlog_of(found: Sequence[Standing]) -> Backlog | None:
    """Return how far they are behind together; None where no worker has said anything."""
    if not found:
        return None
    speaking = [one for one in found if not one.is_silent]
    return Backlog(
        records=_sum(speaking, "records"),
        size=_sum(speaking, "bytes"),
        behind=max((one.behind for one in speaking), default=0),
        silent=tuple(one.said.id for one in found if one.is_silent),
        has_other_rules=len({one.said.rules_version for one in speaking if one.said.rules_version}) > 1,
    )


def _sum(found: Sequence[Standing], unit: str) -> int | None:
    counts = [one.said.waits for one in found if one.said.waits is not None and one.said.unit == unit]
    return sum(counts) if counts else None
