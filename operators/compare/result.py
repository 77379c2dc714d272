"""The difference of two replays as a document: what a table, a page and a program are made of."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from operators.compare.cause import Cause, Kind, Why
from operators.compare.shapes import AlertSeen, EntrySeen, NoticeSeen
from operators.compare.tally import Cell, Example, Tally

FORMAT = 1
LONGEST_STORY = 60
"""Entries of a story that are shown; the rest is counted."""


class Told(msgspec.Struct, frozen=True):
    """Messages to one person by one way, on each side."""

    person: str
    way: str
    old: int
    new: int
    hours: dict[int, tuple[int, int]]
    """Hour (Unix seconds) -> messages old and new, where they differ."""


class Hour(msgspec.Struct, frozen=True):
    """Messages to anybody in one hour, on each side."""

    hour: int
    old: int
    new: int


class Line(msgspec.Struct, frozen=True):
    """One entry of a story: what happened, or what was told."""

    time: int
    what: str
    """An op type, or `NOTICE`."""
    reason: str = ""
    text: str = ""


class Story(msgspec.Struct, frozen=True):
    """What happened to one alert on one side."""

    alert_id: str
    lines: tuple[Line, ...]
    left_out: int = 0
    """Further entries."""


class CauseFound(msgspec.Struct, frozen=True):
    """One of the largest causes, with the stories of the earliest alert that it concerns."""

    cause: Cause
    alerts: int
    messages: int
    example: Example
    old: Story | None = None
    new: Story | None = None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """How two replays of the same history differ."""

    format: int = FORMAT
    old: str
    new: str
    alerts: dict[str, int]
    """`old`, `new`, `both`, and of each kind of difference how many."""
    notices: dict[str, dict[str, int]]
    """Way -> `old` and `new`: notices, to however many people."""
    messages: dict[str, int]
    """`old`, `new`, `more`, `fewer`: messages to one person by one way in one hour."""
    people: tuple[Told, ...]
    """Those whose messages differ most first; only those with a difference."""
    hours: tuple[Hour, ...]
    """Every hour with a message."""
    causes: tuple[CauseFound, ...]
    examples: dict[str, tuple[Example, ...]]
    """Kind -> the earliest differences of it."""
    not_compared: tuple[str, ...] = ()
    """Outputs that one side lacks."""

    @property
    def is_empty(self) -> bool:
        """Return True if nothing that is compared differs."""
        return not (any(self.alerts[kind] for kind in Kind) or self.messages["more"] or self.messages["fewer"])


def difference_of(
    tally: Tally, *, names: tuple[str, str], stories: Mapping[str, tuple[Story | None, Story | None]],
    causes: int, not_compared: Iterable[str] = (),
) -> Difference:  # fmt: skip
    """Return the document of a tally. `stories` are those of the causes' examples, by `story_key`."""
    more, fewer = tally.new - tally.old, tally.old - tally.new
    ways = sorted(tally.notices["old"].keys() | tally.notices["new"].keys())
    return Difference(
        old=names[0],
        new=names[1],
        alerts={name: tally.alerts[name] for name in ("old", "new", "both", *Kind)},
        notices={way: {side: tally.notices[side][way] for side in ("old", "new")} for way in ways},
        messages={
            "old": tally.old.total(),
            "new": tally.new.total(),
            "more": more.total(),
            "fewer": fewer.total(),
        },
        people=tuple(_people(tally, more.keys() | fewer.keys())),
        hours=tuple(_hours(tally)),
        causes=tuple(
            CauseFound(cause, weight.alerts, weight.messages, weight.example, *stories.get(story_key(weight.example), (None, None)))
            for cause, weight in tally.largest(causes)
        ),
        examples={str(kind): tuple(tally.earliest(kind)) for kind in Kind if tally.alerts[kind]},
        not_compared=tuple(not_compared),
    )  # fmt: skip


def story_key(example: Example) -> str:
    """Return the name of the two stories of an example."""
    return f"{example.old}/{example.new}"


def _people(tally: Tally, differing: Iterable[Cell]) -> list[Told]:
    found: dict[tuple[str, str], dict[int, tuple[int, int]]] = {}
    for cell in sorted(differing):
        found.setdefault((cell.person, cell.way), {})[cell.hour] = (tally.old[cell], tally.new[cell])
    old, new = (_by_person(side) for side in (tally.old, tally.new))
    told = [Told(*one, old.get(one, 0), new.get(one, 0), hours) for one, hours in found.items()]
    return sorted(told, key=lambda one: (-abs(one.new - one.old), -(one.new + one.old), one.person, one.way))


def _by_person(cells: Mapping[Cell, int]) -> dict[tuple[str, str], int]:
    sums: dict[tuple[str, str], int] = {}
    for cell, count in cells.items():
        sums[cell.person, cell.way] = sums.get((cell.person, cell.way), 0) + count
    return sums


def _hours(tally: Tally) -> Iterable[Hour]:
    old, new = _by_hour(tally.old), _by_hour(tally.new)
    return (Hour(hour, old.get(hour, 0), new.get(hour, 0)) for hour in sorted(old.keys() | new.keys()))


def _by_hour(cells: Mapping[Cell, int]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for cell, count in cells.items():
        sums[cell.hour] = sums.get(cell.hour, 0) + count
    return sums


def story_of(alert_id: str, told: Iterable[EntrySeen | NoticeSeen | AlertSeen]) -> Story:
    """Return the story of an alert: the entries of its log, and what was told of it, by time."""
    lines = [line for thing in told if (line := _line(thing)) is not None]
    lines.sort(key=lambda line: (line.time, line.what == "NOTICE"))
    return Story(alert_id, tuple(lines[:LONGEST_STORY]), max(0, len(lines) - LONGEST_STORY))


def _line(thing: EntrySeen | NoticeSeen | AlertSeen) -> Line | None:
    if isinstance(thing, EntrySeen):
        return Line(thing.time, thing.op_type, thing.reason, thing.description)
    return Line(thing.time, "NOTICE", thing.signal, _words(thing)) if isinstance(thing, NoticeSeen) else None


def _words(notice: NoticeSeen) -> str:
    kind = "" if notice.notice_type in ("", "normal") else f", {notice.notice_type}"
    others = f", with {len(notice.alert_ids) - 1} more" if len(notice.alert_ids) > 1 else ""
    return f"{notice.way} to {', '.join(notice.receivers)}{kind}{others}"


TITLES: Mapping[Kind, str] = {
    Kind.ONLY_OLD: "alerts only in the old",
    Kind.ONLY_NEW: "alerts only in the new",
    Kind.SEVERITY: "other severity",
    Kind.TOLD_MORE: "told more",
    Kind.TOLD_FEWER: "told less",
    Kind.TOLD_OTHERS: "told to others",
    Kind.ENDED: "another end",
}
REASONS: Mapping[Why, str] = {
    Why.NO_SUCH_STRATEGY: "this strategy opens nothing on the other side",
    Why.NO_ALERT: "no alert on the other side at that time",
    Why.ONE_ALERT: "one alert on the other side lasts as long as several here",
    Why.DISPATCH: "other dispatch rules matched",
    Why.WITHHELD: "withheld",
    Why.OTHER_SEVERITY: "its severity",
    Why.EVENT: "the events",
    Why.ESCALATION: "escalation",
    Why.REPEATS: "repeats",
    Why.LIFE: "it began or ended at another time",
    Why.RECEIVERS: "other receivers or ways",
    Why.RULES: "what the rules say, or how notices were merged",
}


def in_words(cause: Cause) -> str:
    """Return a cause as a phrase."""
    return f"{TITLES[cause.kind]} - {reason_of(cause)}"


def reason_of(cause: Cause) -> str:
    """Return because of what something differs."""
    return f"{REASONS[cause.why]}: {cause.detail}" if cause.detail else REASONS[cause.why]


def subject_of(cause: Cause) -> str:
    """Return what a cause concerns: a strategy, or the alerts of a name."""
    return f"{cause.subject} (strategy {cause.strategy_id})" if cause.strategy_id else cause.subject


def document(difference: Difference) -> dict[str, Any]:
    """Return the difference as plain values."""
    found: dict[str, Any] = msgspec.to_builtins(difference, str_keys=True)
    return found
