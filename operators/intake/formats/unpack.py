"""One foreign record of a topic or a file as the records that it becomes: what the gateway does with a body."""

from types import MappingProxyType
from typing import NamedTuple

import msgspec

from operators.intake.decode import oversized, refused_kind
from operators.intake.formats.by_rule import Sources, read_as
from operators.intake.formats.format import Made, Read
from operators.intake.poll import OURS, Raw
from operators.model.bounds import LAST_SECOND
from operators.model.reason import DeadReason

NO_SOURCES: Sources = MappingProxyType({})
UNTIMED = 'nothing says when it arrived; wrap it: {"at": SECOND, "body": ...}'


class Part(NamedTuple):
    """A record of ours, and its kind; one that is refused holds the bytes of the foreign one."""

    raw: bytes
    kind: str


class Wrapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A foreign record and when it arrived, in seconds."""

    at: int
    body: msgspec.Raw


class Times(msgspec.Struct, frozen=True):
    """The times of an event that a format made."""

    time: int = 0
    anomaly_time: int = 0


_wrapped, _times = msgspec.json.Decoder(Wrapped), msgspec.json.Decoder(Times)


def parts_of(raw: Raw, sources: Sources) -> list[Raw]:
    """Return what a record of a source becomes under the rules; records of other kinds than events are never foreign."""
    if raw.format == OURS or raw.kind != "event":
        return [raw]
    parts = unpack(raw.raw, raw.format, raw.at, sources=sources)
    return [msgspec.structs.replace(raw, raw=part.raw, kind=part.kind, format=OURS) for part in parts]


def unpack(
    body: bytes, name: str, at: int | None = None, *, sources: Sources = NO_SOURCES, otherwise: int | None = None
) -> list[Part]:
    """Return what a record in a format becomes. It arrived `at` that second; None: when it says so, which each part then says too.

    `sources` are the rules of that kind; `otherwise`: when it arrived if it does not say.
    """
    if name == OURS:
        return [Part(body, "event")]
    if (refusal := oversized(body)) is not None:
        return [Part(body, refused_kind(refusal.reason, refusal.detail))]
    read = read_as(name, sources)
    if at is not None:
        return _parts(body, read(body, at), b"", b"")
    given, at = _unwrapped(body)
    if at is None:
        at = _said(given, read)
    if at is None:
        at = otherwise
    if at is None:
        made = read(given, 0)
        untimed = [Part(body, refused_kind(DeadReason.MISSING_FIELD, UNTIMED))]
        return _parts(body, Made([], refused=made.refused), b"", b"") or untimed
    stamp = b'"at":%d,' % at
    return _parts(body, read(given, at), stamp, stamp + b'"kind":"command",')


def _parts(body: bytes, made: Made, event: bytes, command: bytes) -> list[Part]:
    """Return the parts in the order of making, each line with what is to stand in front of its fields."""
    events = [Part(b"{" + event + line[1:], "event") for line in made.events]
    commands = [Part(b"{" + command + line[1:], "command") for line in made.commands]
    refused = [Part(one.raw or body, refused_kind(one.reason, f"{one.place}: {one.detail}")) for one in made.refused]
    return [*events, *commands, *refused]


def _unwrapped(body: bytes) -> tuple[bytes, int | None]:
    try:
        wrapped = _wrapped.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body, None
    return (bytes(wrapped.body), wrapped.at) if 0 <= wrapped.at <= LAST_SECOND else (body, None)


def _said(body: bytes, read: Read) -> int | None:
    """Return the newest time that a record itself names: read as if long ago, or as if it were yet to come."""
    for bound in (0, LAST_SECOND):
        made = read(body, bound)
        told = [_times.decode(line) for line in made.events]
        times = [time for one in told for time in (one.time, one.anomaly_time) if 0 < time < LAST_SECOND]
        if times:
            return max(times)
    return None
