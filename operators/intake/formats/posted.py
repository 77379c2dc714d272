"""Alerts that Prometheus posts again and again: each line is joined of parts that were made when the alert came before.

What is sent again has the same labels, and mostly the same annotations, start and link; only its end moves on. The lines are
those of alertmanager.py, byte for byte (a law holds it); a body that is not plain is left to it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from operators.intake.formats import alertmanager
from operators.intake.formats.alertmanager import Span, described, named_by, second_or_none, span_of
from operators.intake.formats.format import ALERTMANAGER, MOST, Foreign, Made, line
from operators.intake.formats.recent import Recent
from operators.model.event import RESOLVES

KNOWN = 24 << 20
"""Bytes of what is kept of alerts that came before: enough for some ten thousand."""
_NONE = msgspec.Raw(b"{}")


class NotPlainError(Exception):
    """An alert that is none, or whose line takes more than to join parts."""


class Rough(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A posted alert whose labels and annotations nobody has looked into."""

    labels: msgspec.Raw
    starts_at: datetime
    annotations: msgspec.Raw = _NONE
    ends_at: datetime | None = None
    generator_url: str = msgspec.field(name="generatorURL", default="")
    status: Literal[""] = ""
    fingerprint: str = ""


class Labelled(NamedTuple):
    """The parts of a line that labels decide, in their order."""

    event_id: bytes
    name: bytes
    severity: bytes
    rest: bytes


class Known(NamedTuple):
    """An alert as it came last, and the parts of its line between which its state and its times stand."""

    labelled: Labelled
    annotations: msgspec.Raw
    starts_at: datetime
    generator_url: str
    began: int
    event_id: bytes
    anomaly_time: bytes
    description: bytes
    extra: bytes


def _size(labels: bytes, known: Known) -> int:
    return len(labels) + sum(map(len, known.labelled)) + len(known.annotations) + sum(map(len, known[-4:]))


_rough = msgspec.json.Decoder(list[Rough])
_texts = msgspec.json.Decoder(dict[str, str])
_known: Recent[bytes, Known] = Recent(KNOWN, _size)


def read(body: bytes, at: int) -> Made:
    """Read the array that Prometheus posts; alerts that are none cost themselves."""
    try:
        alerts = _rough.decode(body)
        if len(alerts) <= MOST and _is_plain(body, alerts):
            return Made(list(_lines(alerts, at)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, NotPlainError):
        pass
    return alertmanager.read_posted(body, at)


def _is_plain(body: bytes, alerts: Sequence[Rough]) -> bool:
    """Return True if no alert has labels or annotations twice: nobody would see that the first of them are wrong."""
    if b"\\u006" in body or b"\\u007" in body:  # how letters of a name can be written
        return False
    annotated = sum(alert.annotations is not _NONE for alert in alerts)
    return body.count(b'"labels"') == len(alerts) and body.count(b'"annotations"') == annotated


def _lines(alerts: Sequence[Rough], at: int) -> Iterator[bytes]:
    ended, ends = None, None
    state, time, holds = _parts_of(span_of(None, at, ""))
    for alert in alerts:
        if alert.ends_at != ended:
            ended, ends = alert.ends_at, second_or_none(alert.ends_at)
            state, time, holds = _parts_of(span_of(ends, at, ""))
        labelled, _, _, _, began, event_id, anomaly_time, description, extra = _known_as(alert)
        if ends is not None and ends < began:
            raise NotPlainError
        _, name, severity, rest = labelled
        yield b"".join((event_id, state, name, time, anomaly_time, holds, severity, description, rest, extra))


def _parts_of(span: Span) -> tuple[bytes, bytes, bytes]:
    """Return the state, the time, and what stands behind the time of the anomaly."""
    state = span.state.encode()
    until = b"" if span.until is None else b',"until":%d' % span.until
    return state, b"%d" % span.time, b'%b,"status":"%b"' % (until, state)


def _known_as(alert: Rough) -> Known:
    labels = bytes(alert.labels)
    known = _known.of(labels)
    if (
        known is not None
        and known.annotations == alert.annotations
        and known.starts_at == alert.starts_at
        and known.generator_url == alert.generator_url
    ):
        return known
    known = _made_known(alert, _labelled_by(labels) if known is None else known.labelled)
    _known.keep(labels, known)
    return known


def _made_known(alert: Rough, labelled: Labelled) -> Known:
    began, texts = second_or_none(alert.starts_at), _texts.decode(alert.annotations)
    if began is None:
        raise NotPlainError
    annotations = b',"annotations":' + line(texts) if texts else b""
    link = b',"generator_url":' + line(alert.generator_url) if alert.generator_url else b""
    return Known(
        labelled, alert.annotations.copy(), alert.starts_at, alert.generator_url, began,
        b"%b%d-" % (labelled.event_id, began), b',"anomaly_time":%d' % began,
        _members(description=described(texts)), annotations + link + b"}}",
    )  # fmt: skip


def _labelled_by(labels: bytes) -> Labelled:
    known = named_by(tuple(sorted(_texts.decode(labels).items())))
    if isinstance(known, str):
        raise NotPlainError
    begin = line(Foreign(event_id=f"{known.fingerprint}-", plugin_id=ALERTMANAGER, alert_name=known.name, time=0))
    id_ends = begin.index(b"-") + 1
    rest = _members(
        target_type=known.target_type, target=known.target, tags=known.tags, dedupe_md5=known.dedupe_md5,
        extra_info={RESOLVES: True, "fingerprint": known.fingerprint},
    )  # fmt: skip
    return Labelled(begin[:id_ends], begin[id_ends:-2], _members(severity=known.severity), rest[:-1])


def _members(**fields: Any) -> bytes:
    """Return fields of an event as they stand behind others; nothing of those that say nothing."""
    return line(Foreign(event_id="", plugin_id="", alert_name="", time=0, **fields))[len(_BARE) - 1 : -1]


_BARE = line(Foreign(event_id="", plugin_id="", alert_name="", time=0))
