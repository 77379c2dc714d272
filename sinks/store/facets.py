"""How many alerts match, by what they have in common: facets to narrow a list by, groups to fold it by."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from operators.model.alert import Alert
from operators.model.event import Tag

TOP = 20
"""Values of a facet that are told: the most frequent."""
TOP_KEYS, TOP_VALUES = 10, 10
"""Keys of tags, and values of each."""
GROUPED = ("name", "target", "strategy")
"""What alerts may be grouped by: fields of a query's text."""

Told = dict[str, tuple[tuple[str, int], ...]]


class Facets(msgspec.Struct, frozen=True):
    """Counts of the alerts that match a query, whatever its limit."""

    total: int
    counts: Told
    """Field of a query's text -> its values with how many alerts have each, the most frequent first. Tags are `tags.KEY`."""
    tags_of: int
    """Tags are counted among so many of the alerts, the worst."""


class BySeverity(msgspec.Struct, frozen=True):
    """How many alerts match a query of each severity, whatever its limit."""

    counts: dict[int, int]
    most: int = 0
    """A count of so many means as many at least: it took too long to go on; 0: all are exact."""


class Group(msgspec.Struct, frozen=True):
    """Alerts that have one thing in common."""

    value: str
    count: int
    severity: int
    """The worst of them."""
    since: int
    """When the oldest of them was opened, in Unix seconds."""
    acked: int
    shielded: int
    blocked: int
    first: Alert
    """One of the worst, the newest."""


class Groups(msgspec.Struct, frozen=True):
    """A page of groups: the worst first, of these the largest."""

    total: int
    """Groups in all."""
    groups: tuple[Group, ...]
    of: int = 0
    """Only so many of the alerts were grouped, the worst; 0: all."""


def told(counts: Mapping[str, Counter[str]], top: int = TOP) -> Told:
    """Return counts by field as they are told; what has no value is left out."""
    return {field: _most(counter, top) for field, counter in counts.items()}


def told_tags(tags: Iterable[Tag]) -> Told:
    """Return the counts of tags by key: the most frequent keys, and the most frequent values of each."""
    by_key: dict[str, Counter[str]] = {}
    for tag in tags:
        by_key.setdefault(tag.key, Counter()).update(_texts(tag.value))
    keys = sorted(by_key, key=lambda key: (-by_key[key].total(), key))[:TOP_KEYS]
    return {f"tags.{key}": _most(by_key[key], TOP_VALUES) for key in keys if by_key[key]}


def _most(counter: Counter[str], top: int) -> tuple[tuple[str, int], ...]:
    there = ((value, count) for value, count in counter.items() if value and count)
    return tuple(sorted(there, key=lambda one: (-one[1], one[0]))[:top])


def _texts(value: Any) -> Iterable[str]:
    """Return what counts of a value of a tag: texts and numbers, empty ones left out."""
    ones = value if isinstance(value, list | tuple) else (value,)
    return (str(one) for one in ones if one != "" and isinstance(one, str | int | float) and not isinstance(one, bool))


def yes_or_no(flag: Any) -> str:
    """Return a flag as the text of a query says it."""
    return "yes" if flag else "no"
