"""The fields of an event as a rule of kind `sources` finds them in a record (docs/gateway.md)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from operators.intake.formats.format import plain_tags, second_of
from operators.model.bounds import LAST_SECOND
from operators.rules.shapes.paths import PathError, found
from operators.rules.shapes.source import EventFields, Found

MOMENTS = frozenset({"time", "anomaly_time", "until"})
LISTS = frozenset({"assignee", "metric", "bk_topo_node"})
SINGLE = tuple(
    name for name in EventFields.__struct_fields__
    if name not in ("tags_from", "tags", "extra_info", "dedupe_keys", "dedupe_except")
)  # fmt: skip
"""Fields that are one value each."""
Tags = dict[str, Any]


class MappingError(ValueError):
    """A field that cannot be what was found; the text names it."""


def mapped(fields: EventFields, record: Any, tags: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a rule finds: fields of an event, the tags among them with those that were there. Raises MappingError."""
    named = {**tags, **_all_tags(fields, record)}
    named |= _each("tags", fields.tags, record, named)
    event = {
        name: value
        for name in SINGLE
        if (spec := getattr(fields, name)) is not None
        and (value := _as_field(name, _value(name, spec, record, named))) is not None
    }
    if named:
        event["tags"] = named
    if fields.extra_info:
        event["extra_info"] = _each("extra_info", fields.extra_info, record, named)
    if fields.dedupe_except:
        event["dedupe_keys"] = [f"tags.{name}" for name in sorted(_but(named, fields.dedupe_except))]
    elif fields.dedupe_keys:
        event["dedupe_keys"] = fields.dedupe_keys
    return event


def holds(expression: str, record: Any) -> bool:
    """Return True if an expression is true of a record, as JMESPath has it: nothing, "", [] and {} are false. Raises MappingError."""
    value = _look("when", expression, record)
    return value is not None and value is not False and value not in ("", [], {})


def records_at(each: str, body: Any) -> list[Any]:
    """Return the records that a path finds in a body; a single one is a list of one. Raises MappingError."""
    value = _look("each", each, body)
    if value is None:
        raise MappingError("each: finds nothing")
    return value if isinstance(value, list) else [value]


def _but(names: Iterable[str], others: tuple[str, ...]) -> set[str]:
    return set(names) - {"severity", *others}


def _all_tags(fields: EventFields, record: Any) -> Tags:
    if not fields.tags_from:
        return {}
    value = _look("tags_from", fields.tags_from, record)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MappingError("tags_from: finds no mapping")
    return {tag.key: tag.value for tag in plain_tags(value)}


def _each(place: str, specs: Mapping[str, str | Found], record: Any, tags: Tags) -> Tags:
    values = {name: _value(f"{place}.{name}", spec, record, tags) for name, spec in specs.items()}
    return {name: value for name, value in values.items() if value is not None}


def _value(place: str, spec: str | Found, record: Any, tags: Tags) -> Any:
    """Return the value of a field, None where there is none."""
    one = Found(path=spec) if isinstance(spec, str) else spec
    value = one.value
    if one.label:
        value = tags.get(one.label)
    elif one.path:
        value = _look(place, one.path, record)
    if value is None or value == "":
        return one.default
    return one.words.get(_text(value).strip().casefold(), value) if one.words else value


def _look(place: str, expression: str, record: Any) -> Any:
    try:
        return found(expression, record)
    except PathError as error:
        raise MappingError(f"{place}: {error}") from error


def _text(value: Any) -> str:
    """Return a value as its word: flags as JSON has them."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _as_field(name: str, value: Any) -> Any:
    """Return a value in the type of its field, as far as that is a matter of spelling."""
    if name in MOMENTS and value is not None:
        return _second(name, value)
    if name in LISTS and isinstance(value, str):
        return [value]
    return _text(value) if isinstance(value, bool) else value


def _second(name: str, value: Any) -> int:
    """Return a moment in Unix seconds: of seconds or milliseconds, as a number or its text, or of RFC 3339."""
    if isinstance(value, str):
        try:
            value = float(value) if _is_number(value) else _moment(value)
        except (msgspec.ValidationError, OverflowError, ValueError):
            raise MappingError(f"{name}: {value[:60]!r} is no moment") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LAST_SECOND * 1000:
        raise MappingError(f"{name}: no moment")
    return int(value / 1000 if value > LAST_SECOND else value)


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit()


def _moment(text: str) -> int:
    """Return a moment of ISO 8601 in Unix seconds."""
    return second_of(msgspec.convert(text.strip(), datetime))
