"""What a format makes of a body: lines of ours, and what it could not use (gateway.md 4, 5)."""

from collections.abc import Callable, Mapping, Sized
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from operators.model.event import Tag
from operators.model.reason import DeadReason

PAGERDUTY, ZABBIX, ALERTMANAGER, GRAFANA = "pagerduty", "zabbix", "alertmanager", "grafana"
CLOUDEVENTS, BK_MONITOR = "cloudevents", "bk-monitor"
MOST = 10_000
"""Records of one body."""
MOST_PLAIN = 100
"""Members of a foreign mapping that become tags."""


class Foreign(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """An event on its way from a foreign record to the wire: the fields that a format may fill (docs/events.md)."""

    event_id: str
    plugin_id: str
    alert_name: str
    time: int
    anomaly_time: int | None = None
    until: int | None = None
    """The statement holds until this second (design.md 7.61)."""
    status: str = ""
    severity: str | int = ""
    description: str = ""
    target_type: str = ""
    target: str = ""
    bk_biz_id: str | int | None = None
    tags: tuple[Tag, ...] = ()
    dedupe_keys: tuple[str, ...] = ()
    dedupe_md5: str = ""
    extra_info: dict[str, Any] = {}


class Refused(NamedTuple):
    """A part of a body that is no event: where it stands, and why."""

    place: str
    reason: DeadReason
    detail: str
    raw: bytes = b""
    """That part alone, where a dead letter is to hold no more; empty: the body."""


class Made(NamedTuple):
    """What became of a body. Lines are JSON objects of ours, in the order of the body."""

    events: list[bytes]
    commands: list[bytes] = []  # noqa: RUF012 - a default that nobody changes
    refused: list[Refused] = []  # noqa: RUF012 - as above
    truncated: int = 0
    """Alerts that the sender says it has left out."""
    key: str = ""
    """By what the sender names the problem from now on, where the format made it."""


Read = Callable[[bytes, int], Made]
"""(body, second of its arrival) -> what became of it. Never raises."""

line = msgspec.json.Encoder().encode


def plain_tags(fields: Mapping[str, Any]) -> tuple[Tag, ...]:
    """Return the members of a mapping that are texts, numbers or flags as tags; empty ones say nothing."""
    plain = [
        Tag(str(name), value) for name, value in fields.items() if isinstance(value, (str, int, float)) and value != ""
    ]
    return tuple(plain[:MOST_PLAIN])


def text_in(body: bytes, name: str) -> str:
    """Return a text at the top of a body that is an object, "" for none."""
    try:
        found = msgspec.json.decode(body, type=dict[str, Any]).get(name)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""


def second_of(moment: datetime) -> int:
    """Return a moment in Unix seconds; one that names no zone is one of UTC, whatever the zone of this machine."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def moment(text: Any, at: int) -> int | None:
    """Return a moment of RFC 3339, or of seconds, no later than `at`; None for what is none."""
    if isinstance(text, (int, float)) and not isinstance(text, bool):
        return min(int(text), at) if 0 <= text < at + 1 else None
    try:
        second = second_of(msgspec.convert(text, datetime))
    except (msgspec.ValidationError, OverflowError, ValueError):
        return None
    return min(second, at) if second >= 0 else None


def over(parts: Sized) -> list[Refused]:
    """Return why a body holds too much, looked at before any of it is read; nothing where it does not."""
    count = len(parts)
    return [Refused("body", DeadReason.TOO_LARGE, f"{count} records; {MOST} are taken")] if count > MOST else []


def unreadable(error: Exception, place: str = "body") -> Refused:
    """Return why a body is none of its format."""
    is_json = isinstance(error, msgspec.ValidationError)
    return Refused(place, DeadReason.WRONG_TYPE if is_json else DeadReason.NOT_JSON, str(error)[:300])
