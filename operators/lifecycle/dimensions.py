"""The dimensions of a new alert as people read them (spec/lifecycle.md 2.4, 5.2).

Only what the inventory knows is translated: the names of hosts, service instances, topology nodes and businesses.
"""

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from msgspec.structs import replace

from operators.intake.enrich.names import DISPLAY_KEYS, display_name
from operators.intake.enrich.target import target_dimensions
from operators.model.alert import NO_DATA_TAG, Dimension
from operators.model.event import Event
from operators.model.identity import field_value, first_tag
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy

TAG = "tags."
TRANSLATED = frozenset(f"{TAG}{name}" for name in DISPLAY_KEYS)
"""Keys of the dimensions that the inventory may have a name for."""

IDENTITY_FIELDS = frozenset({"alert_name", "strategy_id", "target_type", "target", "bk_biz_id"})
"""Dedupe keys that every event has: they stand in the document itself."""

SYNONYMS = {
    "bk_target_ip": "ip",
    "bk_target_cloud_id": "bk_cloud_id",
    "bk_target_service_instance_id": "bk_service_instance_id",
}
"""Names that mean the same when dimensions are put in order."""


def dimensions_of(
    event: Event, strategy: Strategy | None, book: RuleBook
) -> tuple[tuple[Dimension, ...], tuple[str, ...]]:
    """Return the dimensions of the alert an event opens, and the names of the aggregated ones, which come first."""
    keys, names = _chosen(event.dedupe_keys)
    found = {key: _own_dimension(event, key, name) for key, name in keys}
    for dimension in _additional_dimensions(event) if event.extra_info else ():
        found.setdefault(dimension.key, dimension)
    for dimension in target_dimensions(event, book):
        found[dimension.key] = dimension
    dimensions = [*found.values()]
    if strategy is not None:  # what a third party calls its tags need not be what the inventory means by it
        for place, dimension in enumerate(dimensions):
            if dimension.key in TRANSLATED:
                dimensions[place] = _translated(dimension, event, book)
    return (_in_order(dimensions, names) if len(found) > 1 else tuple(dimensions)), names


@lru_cache(maxsize=256)
def _chosen(dedupe_keys: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """Return key and name of what tells an alert apart beyond its identity, and the names of tags among all keys."""
    keys = [(key, key.removeprefix(TAG)) for key in dict.fromkeys(dedupe_keys)]
    own = tuple((key, name) for key, name in keys if key not in IDENTITY_FIELDS and name != NO_DATA_TAG)
    return own, tuple(name for key, name in keys if key != name)


def _own_dimension(event: Event, key: str, name: str) -> Dimension:
    """Return the dimension of a dedupe key; a tag is shown as it says."""
    if key == name:
        value = field_value(event, key)
        return Dimension(key, value, name, value)
    tag = first_tag(event, name)
    if tag is None:
        return Dimension(key, None, name, None)
    shown = tag.value if tag.display_value is None else tag.display_value
    return Dimension(key, tag.value, tag.display_key or name, shown)


def _additional_dimensions(event: Event) -> Iterable[Dimension]:
    """Return what the producer adds: a list of {key, value, display_key, display_value}, or a mapping."""
    given: Any = event.extra_info.get("additional_dimensions")
    if isinstance(given, dict):
        given = [{"key": key, "value": value} for key, value in given.items()]
    for entry in given if isinstance(given, list) else ():
        key = entry.get("key") if isinstance(entry, dict) else None
        if not isinstance(key, str) or key.removeprefix(TAG) == NO_DATA_TAG:
            continue
        value = entry.get("value")
        shown = entry.get("display_value")
        display_key = str(entry.get("display_key") or key.removeprefix(TAG))
        yield Dimension(key, value, display_key, value if shown is None else shown)


def _translated(dimension: Dimension, event: Event, book: RuleBook) -> Dimension:
    """Show a tag by the name that the inventory has for it."""
    name = dimension.key.removeprefix(TAG)
    shown = display_name(name, dimension.value, event, book)
    return dimension if shown is None else replace(dimension, display_key=DISPLAY_KEYS[name], display_value=shown)


def _in_order(dimensions: list[Dimension], names: tuple[str, ...]) -> tuple[Dimension, ...]:
    places, found = _places(names), []
    for dimension in dimensions:
        name = dimension.key.removeprefix(TAG)
        found.append(places.get(SYNONYMS.get(name, name), len(names)))
    if found == sorted(found):
        return tuple(dimensions)
    return tuple(dimension for _, dimension in sorted(zip(found, dimensions, strict=True), key=itemgetter(0)))


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...]) -> dict[str, int]:
    """Return the first place of each name, whichever of its synonyms stands there."""
    return {SYNONYMS.get(name, name): place for place, name in reversed(list(enumerate(names)))}
