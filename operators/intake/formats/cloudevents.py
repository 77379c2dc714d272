"""CloudEvents 1.0 in structured mode, one or a batch; a binary one is made structured by `structured` (gateway.md 5).

(source, id) names the event by contract: with its `time`, or without any, the same one twice is a duplicate.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from operators.intake.formats.format import (
    CLOUDEVENTS,
    Foreign,
    Made,
    Refused,
    line,
    moment,
    over,
    plain_tags,
    unreadable,
)
from operators.model.reason import DeadReason

CONTEXT = frozenset(
    {"specversion", "id", "source", "type", "time", "subject", "data", "data_base64", "datacontenttype", "dataschema"}
)
"""Attributes that have a meaning of their own; every other one is an extension."""
_body = msgspec.json.Decoder(dict[str, Any] | list[Any])


def read(body: bytes, at: int) -> Made:
    """Read a body."""
    try:
        given = _body.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    made: list[bytes] = []
    refused: list[Refused] = []
    is_batch = isinstance(given, list)
    if is_batch and (many := over(given)):
        return Made([], refused=many)
    for number, one in enumerate(given if is_batch else [given]):
        event = _event(one, at) if isinstance(one, dict) else "expected an object"
        place = f"[{number}]" if is_batch else "body"
        if isinstance(event, str):
            refused.append(Refused(place, DeadReason.BAD_VALUE, event))
        else:
            made.append(line(event))
    return Made(made, refused=refused)


def structured(headers: Mapping[str, str], body: bytes) -> bytes:
    """Return the structured form of an event in binary mode: attributes in `ce-` headers, data in the body."""
    attributes: dict[str, Any] = {
        name.lower().removeprefix("ce-"): value for name, value in headers.items() if name.lower().startswith("ce-")
    }
    try:
        attributes["data"] = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        attributes["data"] = body.decode("utf-8", "replace")
    return msgspec.json.encode(attributes)


def _event(one: dict[str, Any], at: int) -> Foreign | str:
    """Return the event, or why it is none."""
    for name in ("id", "source", "type"):
        if not isinstance(one.get(name), str) or not one[name]:
            return f"`{name}`: missing, or no text"
    if one.get("specversion") != "1.0":
        return f"`specversion`: {one.get('specversion')!r} is not 1.0"
    data = one.get("data")
    fields: dict[str, Any] = data if isinstance(data, dict) else {}
    extensions = {name: value for name, value in one.items() if name not in CONTEXT}
    happened = moment(one.get("time"), at)
    return Foreign(
        event_id=one["id"],
        plugin_id=one["source"],
        alert_name=one["type"],
        time=at if happened is None else happened,
        status=_text(fields, "status", "state"),
        severity=_text(extensions, "severity") or _text(fields, "severity", "level", "priority"),
        description=_text(fields, "summary", "description", "message") or (data if isinstance(data, str) else ""),
        target=str(one.get("subject") or ""),
        tags=plain_tags({**fields, **extensions, "source": one["source"]}),
        dedupe_keys=("tags.source",),
        extra_info={"format": CLOUDEVENTS, **({} if data is None else {"data": data})},
    )


def _text(fields: Mapping[str, Any], *names: str) -> str:
    return next((str(fields[name]) for name in names if isinstance(fields.get(name), (str, int))), "")
