"""The sum of all differences: counts, the largest causes, the first examples. The order in which they come does not matter."""

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from typing import NamedTuple

import msgspec

from operators.compare.cause import Cause, Difference, Kind, Life, alone, between
from operators.compare.pairing import pairs
from operators.compare.shapes import AlertSeen, NoticeSeen

HOUR = 3600
EXAMPLES = 100
"""Differences of a kind that are named one by one: the earliest."""


class Example(msgspec.Struct, frozen=True, order=True):
    """One difference by name; the earliest of many stands for them."""

    begin_time: int
    fingerprint: str
    old: str
    """Id of the alert there, or empty."""
    new: str
    severity_old: int = 0
    severity_new: int = 0
    name: str = ""
    target: str = ""
    messages: int = 0
    cause: Cause | None = None


class Weight(msgspec.Struct):
    """How much has one cause."""

    alerts: int
    messages: int
    example: Example

    @property
    def total(self) -> int:
        """Alerts and messages together: what causes are ordered by."""
        return self.alerts + self.messages


class Cell(NamedTuple):
    """Where a message is counted."""

    person: str
    way: str
    hour: int
    """Seconds since 1970, by the hour."""


class Tally:
    """Counts what was added to it."""

    def __init__(self) -> None:
        self.alerts: Counter[str] = Counter()
        """Of `old`, `new`, `both`, and of each kind of difference."""
        self.old: Counter[Cell] = Counter()
        self.new: Counter[Cell] = Counter()
        self.notices: dict[str, Counter[str]] = {"old": Counter(), "new": Counter()}
        """Side -> notices by way, each counted once."""
        self.causes: dict[Cause, Weight] = {}
        self.examples: dict[Kind, list[Example]] = {kind: [] for kind in Kind}

    def notice(self, side: str, notice: NoticeSeen) -> None:
        """Count a notice."""
        cells = self.old if side == "old" else self.new
        self.notices[side][notice.way] += 1
        hour = notice.time // HOUR * HOUR
        for person in notice.receivers:
            cells[Cell(person, notice.way, hour)] += 1

    def fingerprint(
        self, old: dict[str, Life], new: dict[str, Life], strategies: tuple[frozenset[str], frozenset[str]]
    ) -> None:
        """Count the alerts of one fingerprint, by id; `strategies` are those of all alerts of each side."""
        sides = [[life.alert for life in side.values()] for side in (old, new)]
        found = pairs(*sides)
        self.alerts.update(old=len(old), new=len(new), both=len(found.both))
        self._add(one for mine, theirs in found.both for one in between(old[mine.id], new[theirs.id]))
        self._add(alone(old[one.id], is_old=True, others=sides[1], strategies=strategies[1]) for one in found.only_old)
        self._add(alone(new[one.id], is_old=False, others=sides[0], strategies=strategies[0]) for one in found.only_new)

    def _add(self, differences: Iterable[Difference]) -> None:
        for difference in differences:
            cause = difference.cause
            self.alerts[cause.kind] += 1
            example = _example(difference)
            weight = self.causes.get(cause)
            if weight is None:
                self.causes[cause] = Weight(1, difference.messages, example)
            else:
                weight.alerts, weight.messages = weight.alerts + 1, weight.messages + difference.messages
                weight.example = min(weight.example, example)
            self._keep(self.examples[cause.kind], example)

    def _keep(self, examples: list[Example], example: Example) -> None:
        examples.append(example)
        if len(examples) >= 2 * EXAMPLES:
            examples[:] = nsmallest(EXAMPLES, examples)

    def largest(self, count: int) -> list[tuple[Cause, Weight]]:
        """Return the causes that most alerts and messages have."""
        return nsmallest(count, self.causes.items(), key=lambda item: (-item[1].total, item[0]))

    def earliest(self, kind: Kind, count: int = EXAMPLES) -> list[Example]:
        """Return the earliest differences of a kind."""
        return nsmallest(count, self.examples[kind])


def _example(difference: Difference) -> Example:
    old, new = (None if life is None else life.alert for life in (difference.old, difference.new))
    shown = new or old
    assert shown is not None
    return Example(
        begin_time=shown.begin_time,
        fingerprint=shown.dedupe_md5,
        old=old.id if old else "",
        new=new.id if new else "",
        severity_old=old.severity if old else 0,
        severity_new=new.severity if new else 0,
        name=shown.alert_name,
        target=shown.event.target or "",
        messages=difference.messages,
        cause=difference.cause,
    )


def strategies_of(alerts: Iterable[AlertSeen]) -> frozenset[str]:
    """Return the strategies of alerts."""
    return frozenset(one.strategy_id for one in alerts if one.strategy_id)
