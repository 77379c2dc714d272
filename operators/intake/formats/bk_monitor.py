"""bk-monitor's push of custom events: `{data_id, access_token, data: [...]}` (gateway.md 5). The token is never kept."""

from typing import Annotated, Any

import msgspec

from operators.intake.formats.format import (
    BK_MONITOR,
    Foreign,
    Made,
    Refused,
    line,
    over,
    plain_tags,
    text_in,
    unreadable,
)
from operators.model.bounds import LAST_SECOND

OVER = "recovery"
"""Value of the dimension `event_type` of an event that ends its problem."""


class Content(msgspec.Struct, frozen=True):
    """What happened, in words."""

    content: str = ""


class Pushed(msgspec.Struct, frozen=True):
    """One event."""

    event_name: Annotated[str, msgspec.Meta(min_length=1)]
    target: str = ""
    event: Content = Content()
    dimension: dict[str, Any] = {}
    timestamp: Annotated[int, msgspec.Meta(ge=0, le=LAST_SECOND * 1000)] | None = None


class Push(msgspec.Struct, frozen=True):
    """The body."""

    data_id: int | str
    data: list[msgspec.Raw]


_push, _pushed = msgspec.json.Decoder(Push), msgspec.json.Decoder(Pushed)


def secret(body: bytes) -> str:
    """Return the access token of a body, "" if it has none."""
    return text_in(body, "access_token")


def read(body: bytes, at: int) -> Made:
    """Read a body."""
    try:
        push = _push.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if many := over(push.data):
        return Made([], refused=many)
    events: list[bytes] = []
    refused: list[Refused] = []
    for number, part in enumerate(push.data):
        try:
            events.append(line(_event(_pushed.decode(part), str(push.data_id), at)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused.append(unreadable(error, f"data[{number}]"))
    return Made(events, refused=refused)


def _event(pushed: Pushed, data_id: str, at: int) -> Foreign:
    dimension = {name: value for name, value in pushed.dimension.items() if name != "event_type"}
    is_over = pushed.dimension.get("event_type") == OVER
    return Foreign(
        event_id=f"{data_id}-{pushed.event_name}-{pushed.target}",
        plugin_id=BK_MONITOR,
        alert_name=pushed.event_name,
        time=_second(pushed.timestamp, at),
        status="recovery" if is_over else "abnormal",
        severity=dimension.get("severity", dimension.get("level", "warning")),
        description=pushed.event.content,
        target=pushed.target,
        tags=plain_tags({**dimension, "data_id": data_id}),
        dedupe_keys=(
            "tags.data_id",
            *(f"tags.{name}" for name in sorted(dimension) if name not in ("severity", "level")),
        ),
        extra_info={"format": BK_MONITOR},
    )


def _second(timestamp: int | None, at: int) -> int:
    if timestamp is None:
        return at
    return timestamp // 1000 if timestamp > LAST_SECOND else timestamp
