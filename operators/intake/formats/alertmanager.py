"""Alertmanager: alerts as Prometheus posts them (`/api/v2/alerts`), and as Alertmanager's own webhook sends them.

The mapping of gateway.md 4: all labels are tags, all but the severity make the fingerprint; `endsAt` of a firing alert is
a lease (design.md 7.61), and a resolved one ended at its `endsAt`, so that what is sent again is a duplicate.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from operators.intake.formats.format import ALERTMANAGER, Foreign, Made, Refused, line, over, second_of, unreadable
from operators.intake.formats.recent import Recent
from operators.model.event import RESOLVES, Tag
from operators.model.identity import digest
from operators.model.reason import DeadReason

RESOLVE_TIMEOUT = 300
"""Seconds for which an alert without an end holds, as with Alertmanager's own setting `resolve_timeout`."""
MOST_LABELS, LONGEST_NAME, LONGEST_VALUE = 64, 128, 4096
TARGETS = (("instance", "HOST"), ("host", "HOST"), ("node", "HOST"), ("pod", "K8S-POD"), ("service", "SERVICE"))
"""The first of these labels names the target."""
FIRING, RESOLVED = "firing", "resolved"
EPOCH = 1970
KNOWN = 8 << 20
"""Bytes of what is kept of labels."""
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:.\-/]*")
_PORT = re.compile(r":\d{1,5}$")


class PostedAlert(msgspec.Struct, frozen=True, rename="camel"):
    """An alert of `/api/v2/alerts` or of a webhook; `status` is the webhook's, elsewhere the end decides."""

    labels: dict[str, str]
    annotations: dict[str, str] = {}
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(name="generatorURL", default="")
    status: str = ""
    fingerprint: str = ""


class Span(NamedTuple):
    """Firing or resolved, the time of the event, and until when it holds."""

    state: str
    time: int
    until: int | None


class Group(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook's body: a group of alerts."""

    alerts: list[msgspec.Raw]
    truncated_alerts: int = 0


_list = msgspec.json.Decoder(list[PostedAlert])
_parts = msgspec.json.Decoder(list[msgspec.Raw])
_one = msgspec.json.Decoder(PostedAlert)
_group = msgspec.json.Decoder(Group)


def read_posted(body: bytes, at: int) -> Made:
    """Read the array that Prometheus posts; alerts that are none cost themselves."""
    try:
        alerts = _list.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _read_one_by_one(body, at)
    if many := over(alerts):
        return Made([], refused=many)
    return _made(enumerate(alerts), [], at)


def read_webhook(body: bytes, at: int) -> Made:
    """Read a webhook's body."""
    try:
        group = _group.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if many := over(group.alerts):
        return Made([], refused=many)
    return _made(*_each(group.alerts), at)._replace(truncated=group.truncated_alerts)


def _read_one_by_one(body: bytes, at: int) -> Made:
    try:
        parts = _parts.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Made([], refused=[unreadable(error)])
    if many := over(parts):
        return Made([], refused=many)
    return _made(*_each(parts), at)


def _each(parts: list[msgspec.Raw]) -> tuple[list[tuple[int, PostedAlert]], list[Refused]]:
    alerts, refused = [], []
    for number, part in enumerate(parts):
        try:
            alerts.append((number, _one.decode(part)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            refused.append(unreadable(error, f"alerts[{number}]"))
    return alerts, refused


def _made(alerts: Iterable[tuple[int, PostedAlert]], refused: list[Refused], at: int) -> Made:
    events = []
    for number, alert in alerts:
        event = event_of(alert, at, ALERTMANAGER)
        if isinstance(event, str):
            refused.append(Refused(f"alerts[{number}]", DeadReason.BAD_VALUE, event))
        else:
            events.append(line(event))
    return Made(events, refused=refused)


def event_of(alert: PostedAlert, at: int, plugin: str, extra: Mapping[str, Any] | None = None) -> Foreign | str:
    """Return the event that an alert is, or why it is none."""
    known = named(tuple(sorted(alert.labels.items())))
    if isinstance(known, str):
        return known
    starts, ends = second_or_none(alert.starts_at), second_or_none(alert.ends_at)
    if starts is not None and ends is not None and ends < starts:
        return "`endsAt` lies before `startsAt`"
    began = starts if starts is not None else min(at, ends or at)
    span = span_of(ends, at, alert.status)
    return Foreign(
        event_id=f"{known.fingerprint}-{began}-{span.state}",
        plugin_id=plugin,
        alert_name=known.name,
        time=span.time,
        anomaly_time=began,
        until=span.until,
        status=span.state,
        severity=known.severity,
        description=described(alert.annotations),
        target_type=known.target_type,
        target=known.target,
        tags=known.tags,
        dedupe_md5=known.dedupe_md5,
        extra_info=_extra(alert, known.fingerprint, extra),
    )


def span_of(ends: int | None, at: int, status: str) -> Span:
    """Return what the end of an alert says, or a status that says more."""
    if status == RESOLVED or (not status and ends is not None and ends <= at):
        return Span(RESOLVED, ends or at, None)
    return Span(FIRING, at, _lease(status, ends, at))


def _lease(status: str, ends: int | None, at: int) -> int | None:
    """Return until when a firing alert holds; a webhook tells the end itself, and none is promised before."""
    if ends is not None and ends > at:
        return ends
    return None if status else at + RESOLVE_TIMEOUT


def second_or_none(moment: datetime | None) -> int | None:
    """Return a moment in Unix seconds; the year 1 is how Go writes that there is none."""
    return None if moment is None or moment.year < EPOCH else second_of(moment)


def described(annotations: Mapping[str, str]) -> str:
    """Return the description among annotations."""
    return next((text for name in ("summary", "description", "message") if (text := annotations.get(name))), "")


def _extra(alert: PostedAlert, fingerprint: str, more: Mapping[str, Any] | None) -> dict[str, Any]:
    extra: dict[str, Any] = {RESOLVES: True, "fingerprint": fingerprint, **(more or {})}
    if alert.annotations:
        extra["annotations"] = alert.annotations
    if alert.generator_url:
        extra["generator_url"] = alert.generator_url
    return extra


class Named(msgspec.Struct, frozen=True):
    """What the labels of an alert say, whenever it is sent: worked out once for each set of labels."""

    name: str
    severity: str
    target_type: str
    target: str
    tags: tuple[Tag, ...]
    dedupe_md5: str
    fingerprint: str


Pairs = tuple[tuple[str, str], ...]
_named: Recent[Pairs, Named | str] = Recent(
    KNOWN, lambda labels, _: 10 * sum(len(key) + len(value) for key, value in labels)
)


def named(labels: Pairs) -> Named | str:
    """Return what sorted labels say, as `named_by` does, worked out once for those that come again."""
    known = _named.of(labels)
    if known is None:
        known = named_by(labels)
        _named.keep(labels, known)
    return known


def named_by(labels: Pairs) -> Named | str:
    """Return what sorted labels say, or why they are no alert's; labels without a value do not count."""
    pairs = tuple(pair for pair in labels if pair[1])
    wrong = _wrong(pairs)
    if wrong:
        return wrong
    values = dict(pairs)
    target_type, target = _target(values)
    return Named(
        name=values.get("alertname") or next(iter(values.values())),
        severity=values.get("severity", ""),
        target_type=target_type,
        target=target,
        tags=tuple(Tag(name, value) for name, value in pairs),
        dedupe_md5=digest([pair for pair in pairs if pair[0] != "severity"]),
        fingerprint=fingerprint(pairs),
    )


def _wrong(pairs: Pairs) -> str:
    if not pairs:
        return "at least one label with a value is needed"
    if len(pairs) > MOST_LABELS:
        return f"{len(pairs)} labels; {MOST_LABELS} are taken"
    for name, value in pairs:
        if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
            return f"{name[:LONGEST_NAME]!r} is no name of a label"
        if len(value) > LONGEST_VALUE:
            return f"label {name}: {len(value)} characters; {LONGEST_VALUE} are taken"
    return ""


def _target(values: Mapping[str, str]) -> tuple[str, str]:
    for label, kind in TARGETS:
        if value := values.get(label):
            return kind, _PORT.sub("", value) if label == "instance" else value
    return "", ""


OFFSET, PRIME, WIDTH = 14695981039346656037, 1099511628211, (1 << 64) - 1


def fingerprint(pairs: Iterable[tuple[str, str]]) -> str:
    """Return Alertmanager's own fingerprint of sorted labels: FNV-1a of 64 bits, each text ended by the byte 0xFF."""
    hashed = OFFSET
    for pair in pairs:
        for text in pair:
            for byte in (*text.encode("utf-8", "surrogatepass"), 0xFF):
                hashed = ((hashed ^ byte) * PRIME) & WIDTH
    return f"{hashed:016x}"
