"""PagerDuty Events v2: trigger and resolve are events, acknowledge is a command (gateway.md 5).

`dedup_key` names the problem within its `routing_key`, which is hashed and never kept.
"""

from typing import Annotated, Any, Literal

import msgspec

from operators.intake.formats.format import PAGERDUTY, Foreign, Made, line, moment, plain_tags, text_in, unreadable
from operators.model.event import RESOLVES, Tag
from operators.model.identity import digest

Key = Annotated[str, msgspec.Meta(max_length=255)]


class Payload(msgspec.Struct, frozen=True):
    """What a trigger says of its problem."""

    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    source: Annotated[str, msgspec.Meta(min_length=1)]
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: str = ""
    component: str = ""
    group: str = ""
    class_: str = msgspec.field(name="class", default="")
    custom_details: Any = None


class Sent(msgspec.Struct, frozen=True):
    """The body."""

    routing_key: Annotated[str, msgspec.Meta(min_length=1)]
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: Key = ""
    payload: Payload | None = None
    links: list[dict[str, Any]] = []
    images: list[dict[str, Any]] = []
    client: str = ""
    client_url: str = ""


_sent = msgspec.json.Decoder(Sent)


def secret(body: bytes) -> str:
    """Return the routing key of a body, "" if it has none."""
    return text_in(body, "routing_key")


def read(body: bytes, at: int) -> Made:
    """Read a body."""
    try:
        sent = _sent.decode(body)
        missing = _missing(sent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if missing:
        return Made([], refused=[unreadable(msgspec.ValidationError(f"`{missing}`: missing"))])
    key = sent.dedup_key or digest(PAGERDUTY, body.decode(), at)
    md5 = digest(PAGERDUTY, sent.routing_key, key)
    if sent.event_action == "acknowledge":
        ack = {"command": "ack", "dedupe_md5": md5, "operator": sent.client or PAGERDUTY}
        return Made([], [line(ack)], key=key)
    return Made([line(_event(sent, key, md5, at))], key=key)


def _missing(sent: Sent) -> str:
    """Return the field that an action cannot do without."""
    if sent.event_action == "trigger":
        return "" if sent.payload is not None else "payload"
    return "" if sent.dedup_key else "dedup_key"


def _event(sent: Sent, key: str, md5: str, at: int) -> Foreign:
    payload = sent.payload
    return Foreign(
        event_id=f"{key}-{sent.event_action}",
        plugin_id=PAGERDUTY,
        alert_name=payload.summary if payload else key,
        time=at,
        anomaly_time=moment(payload.timestamp, at) if payload else None,
        status=sent.event_action if sent.event_action == "trigger" else "resolved",
        severity=payload.severity if payload else "",
        target_type="HOST" if payload else "",
        target=payload.source if payload else "",
        tags=_tags(payload) if payload else (),
        dedupe_md5=md5,
        extra_info=_extra(sent, key),
    )


def _tags(payload: Payload) -> tuple[Tag, ...]:
    named = {"source": payload.source, "component": payload.component, "group": payload.group, "class": payload.class_}
    return plain_tags({**named, **(payload.custom_details if isinstance(payload.custom_details, dict) else {})})


def _extra(sent: Sent, key: str) -> dict[str, Any]:
    details = sent.payload.custom_details if sent.payload else None
    more = {
        "custom_details": details,
        "links": sent.links,
        "images": sent.images,
        "client": sent.client,
        "client_url": sent.client_url,
    }
    return {RESOLVES: True, "dedup_key": key, **{name: value for name, value in more.items() if value}}
