"""Records read as rules of kind `sources` say: any JSON by the rule of its source, events of other formats with their fields changed.

A rule for a named format sees each event as the format made it, its tags as a mapping.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from operators.intake.decode import Refusal, decode
from operators.intake.formats.format import Made, Read, Refused, line, over, unreadable
from operators.intake.formats.mapping import MappingError, holds, mapped, records_at
from operators.intake.formats.table import FORMATS
from operators.model.identity import digest
from operators.model.reason import DeadReason
from operators.rules.shapes.source import JSON, Source

Sources = Mapping[str, Source]
DEEPEST = 16
"""Levels of a record that is any JSON."""
NO_RULE = "no enabled rule of kind `sources` says how records of {!r} are read"
_any, _event = msgspec.json.Decoder(), msgspec.json.Decoder(dict[str, Any])


def named(name: str, source: str) -> str:
    """Return the name of a format, with that of the source where a rule reads it: `json:nagios`."""
    return f"{name}:{source}" if name == JSON else name


def read_as(name: str, sources: Sources) -> Read:
    """Return how bodies of a format are read under the rules; of any JSON the rule is named by `json:SOURCE`."""
    name, _, source = name.partition(":")
    if name == JSON:
        rule = rule_of(source, sources)
        if rule is None:
            reason = NO_RULE.format(source)
            return lambda *_: Made([], refused=[Refused("body", DeadReason.INVALID_RULES, reason)])
        return lambda body, at: read_json(rule, body, at)
    read = FORMATS[name].read
    rules = [one for _, one in sorted(sources.items()) if one.format == name and one.is_enabled]
    return (lambda body, at: _overlaid(read(body, at), rules)) if rules else read


def rule_of(source: str, sources: Sources) -> Source | None:
    """Return the rule that reads the JSON of a source."""
    rule = sources.get(source)
    return rule if rule is not None and rule.format == JSON and rule.is_enabled else None


# --- any JSON


def read_json(rule: Source, body: bytes, at: int) -> Made:
    """Read a body by a rule; each record of it costs itself."""
    try:
        given = _any.decode(body)
        records = _records(rule, given)
    except MappingError as error:
        return Made([], refused=[Refused("body", DeadReason.BAD_VALUE, str(error))])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if many := over(records):
        return Made([], refused=many)
    made, refused = [], []
    for number, record in enumerate(records):
        place = "body" if records is not given and not rule.each else f"[{number}]"
        event = _read_one(rule, record, at)
        if isinstance(event, bytes):
            made.append(event)
        elif event is not None:
            refused.append(event._replace(place=place, raw=line(record) if place != "body" else b""))
    return Made(made, refused=refused)


def _records(rule: Source, given: Any) -> list[Any]:
    """Return the records of a body. Raises MappingError."""
    if rule.each:
        return records_at(rule.each, given)
    return given if isinstance(given, list) else [given]


def _read_one(rule: Source, record: Any, at: int) -> bytes | Refused | None:
    """Return the event of a record, or why it is none; None for one that the rule passes over."""
    if not isinstance(record, dict):
        return Refused("", DeadReason.NOT_AN_OBJECT, "a record is an object")
    if _is_deeper(record, DEEPEST):
        return Refused("", DeadReason.TOO_DEEP, f"nested deeper than {DEEPEST}")
    try:
        if rule.when and not holds(rule.when, record):
            return None
        event = mapped(rule.event, record, {})
    except MappingError as error:
        return Refused("", DeadReason.BAD_VALUE, str(error))
    event.setdefault("event_id", digest(rule.id, record))
    event.setdefault("plugin_id", rule.id)
    event.setdefault("time", at)
    return _checked(event)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return False
    members = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(one, levels - 1) for one in members)


def _checked(event: dict[str, Any]) -> bytes | Refused:
    """Return the line of an event that the job can use."""
    raw = line(event)
    decoded = decode(raw)
    return Refused("", decoded.reason, decoded.detail) if isinstance(decoded, Refusal) else raw


# --- named formats


def _overlaid(made: Made, rules: list[Source]) -> Made:
    """Return what a format made with the fields that the first rule that holds finds in each event."""
    events, refused = [], list(made.refused)
    for number, raw in enumerate(made.events):
        one = _with_fields(raw, rules)
        if isinstance(one, bytes):
            events.append(one)
        else:
            refused.append(one._replace(place=f"events[{number}]", raw=raw))
    return made._replace(events=events, refused=refused)


def _with_fields(raw: bytes, rules: list[Source]) -> bytes | Refused:
    event = _event.decode(raw)
    tags = {tag["key"]: tag["value"] for tag in event.get("tags", ())}
    record = {**event, "tags": tags}
    try:
        rule = next((one for one in rules if not one.when or holds(one.when, record)), None)
        found = {} if rule is None else mapped(rule.event, record, tags)
    except MappingError as error:
        return Refused("", DeadReason.BAD_VALUE, str(error))
    if rule is None:
        return raw
    if "extra_info" in found:
        found["extra_info"] = {**event.get("extra_info", {}), **found["extra_info"]}
    if "dedupe_keys" in found:
        event.pop("dedupe_md5", None)
    return _checked({**event, **found})
