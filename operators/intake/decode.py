"""Bytes to a record: an event, a check, a command, a change of rules, a receipt or a tick (replay.md, Input).

Nothing here raises: what cannot be used comes back as a `Refusal` that names the field.
"""

from codecs import BOM_UTF8
from typing import Any

import msgspec

from operators.intake.clean import clean_event, clean_typed
from operators.model.bounds import fits
from operators.model.event import Event
from operators.model.fields import FieldError, whole_number
from operators.model.reason import DeadReason

MAX_BYTES = 1 << 20
MAX_DEPTH = 64
MARKED = BOM_UTF8 + b"{"
"""Windows puts a mark before text. Looked for only in what cannot be read, so that it costs nothing."""
QUOTE, BACKSLASH = b'"\\'


class Wire(msgspec.Struct, gc=False):
    """A record as it stands on the wire: any JSON in any field."""

    kind: Any = None
    at: Any = None
    event_id: Any = None
    plugin_id: Any = None
    strategy_id: Any = None
    alert_name: Any = None
    description: Any = None
    severity: Any = None
    data_type: Any = None
    tags: Any = None
    target_type: Any = None
    target: Any = None
    assignee: Any = None
    status: Any = None
    metric: Any = None
    category: Any = None
    dedupe_keys: Any = None
    dedupe_md5: Any = None
    time: Any = None
    anomaly_time: Any = None
    until: Any = None
    bk_ingest_time: Any = None
    bk_clean_time: Any = None
    bk_biz_id: Any = None
    ip: Any = None
    ipv6: Any = None
    bk_cloud_id: Any = None
    bk_host_id: Any = None
    bk_service_instance_id: Any = None
    bk_topo_node: Any = None
    extra_info: Any = None
    bk_tenant_id: Any = None


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """Why a record cannot be used; the caller adds its place and its bytes."""

    reason: DeadReason
    detail: str
    raw: str = ""
    """What a gateway had refused already; empty: the record itself."""


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A record of any kind but event: its fields as a mapping."""

    kind: str
    at: int | None
    fields: dict[str, Any]


TOMBSTONE = "tombstone"
"""Kind of a record that has a key and no value; no line can name it."""
NOTHING = Refusal(DeadReason.TOMBSTONE, "a key without a value")

KINDS = frozenset({"event", "check", "command", "rules", "receipt", "tick"})
MIXED = "mixed"
"""Kind of a source whose records say themselves what they are: the lines of a replay, or of a recording."""
TYPED = frozenset({"event", MIXED})
"""Kinds whose records are mostly events with the right types."""
MAY_BE = {
    "event": frozenset({"event"}), "check": frozenset({"check"}), "command": frozenset({"command", "rules"}),
    MIXED: KINDS,
}  # fmt: skip
"""Kind of a source -> what its records may be: whoever may write events must not command (design.md 7.58)."""
REFUSED = "refused"
"""Kind of a record that its source could not use; the kind goes on with the reason and the detail."""
STRICT = frozenset({"command", "rules"})
"""Kinds whose fields are kept as they come."""

_event = msgspec.json.Decoder(Event)
_wire = msgspec.json.Decoder(Wire)
_any = msgspec.json.Decoder(dict[str, Any])


def refused_kind(reason: DeadReason, detail: str) -> str:
    """Return the kind of a record that is to be a dead letter."""
    return f"{REFUSED} {reason.value} {detail}"


def depth(raw: bytes) -> int:
    """Return how deep the brackets of JSON text nest, those inside of strings not counted."""
    level = deepest = 0
    in_text = escaped = False
    for byte in raw:
        if in_text:
            in_text, escaped = escaped or byte != QUOTE, not escaped and byte == BACKSLASH
        elif byte == QUOTE:
            in_text = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def oversized(raw: bytes) -> Refusal | None:
    """Refuse a record over 1 MiB or nested deeper than 64, before anything parses it."""
    if len(raw) > MAX_BYTES:
        return Refusal(DeadReason.TOO_LARGE, f"more than {MAX_BYTES} bytes")
    without = raw.replace(b"{", b"").replace(b"[", b"")  # finds bytes three times as fast as `count`
    if len(raw) - len(without) > MAX_DEPTH and depth(raw) > MAX_DEPTH:
        return Refusal(DeadReason.TOO_DEEP, f"nested deeper than {MAX_DEPTH}")
    return None


def decode(raw: bytes, kind: str = "event") -> Event | Decoded | Refusal:
    """Decode one record: a cleaned event, or another kind's fields, or why not.

    `kind` is that of its source: what a record is that says nothing, and what it may be (`MAY_BE`).
    """
    if kind not in TYPED and kind.startswith(REFUSED):
        _, reason, detail = kind.split(" ", 2)
        return Refusal(DeadReason(reason), detail)
    refusal = oversized(raw)
    if refusal is not None:
        return refusal
    if kind not in TYPED:
        return NOTHING if kind == TOMBSTONE else _decode_untyped(raw, kind)
    try:
        typed = _event.decode(raw)
        event = None if typed.kind not in (None, "event") else clean_typed(typed)
        return event or _decode_untyped(raw, kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_untyped(raw, kind)


def _decode_untyped(raw: bytes, kind: str) -> Event | Decoded | Refusal:
    """Take the long way: fields of any type, each judged by name."""
    try:
        wire = _wire.decode(raw)
        named = wire.kind if wire.kind is not None else "event" if kind == MIXED else kind
        if named == REFUSED and kind == "event":
            return _refused_before(raw)
        if (refusal := _foreign(named, kind)) is not None:
            return refusal
        if named == "event":
            return clean_event(wire)
        return _other(named, None if wire.at is None else whole_number(wire.at, "at"), raw)
    except FieldError as error:
        return Refusal(error.reason, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if raw.startswith(MARKED):
            return _decode_untyped(raw.removeprefix(BOM_UTF8), kind)
        return _malformed(raw, error)


class _Before(msgspec.Struct):
    """What a gateway writes of a record that it has refused."""

    reason: DeadReason
    detail: str
    body: str


_before = msgspec.json.Decoder(_Before)


def refused_line(refusal: Refusal) -> bytes:
    """Return the line by which a gateway hands a refused record to the job, for its dead letters."""
    told = {"reason": refusal.reason, "detail": refusal.detail, "body": refusal.raw}
    return msgspec.json.encode({"kind": REFUSED, **told})


def _refused_before(raw: bytes) -> Refusal:
    one = _before.decode(raw)
    return Refusal(one.reason, one.detail, one.body)


def _foreign(named: Any, kind: str) -> Refusal | None:
    """Refuse a record that is what its source does not carry."""
    if not isinstance(named, str) or named not in KINDS:
        return Refusal(DeadReason.UNKNOWN_KIND, f"`kind`: {str(named)[:80]!r} is none of {', '.join(sorted(KINDS))}")
    if named in MAY_BE[kind]:
        return None
    return Refusal(DeadReason.FOREIGN_KIND, f"`kind`: {named!r} does not come by a source of {kind}s")


def _other(kind: str, at: int | None, raw: bytes) -> Decoded | Refusal:
    fields = _any.decode(raw)
    if kind in STRICT and not fits(fields):
        return Refusal(DeadReason.BAD_VALUE, "holds a whole number of more than 64 bits")
    return Decoded(kind, at, {k: v for k, v in fields.items() if k not in ("kind", "at")})


def _malformed(raw: bytes, error: Exception) -> Refusal:
    if not raw.strip():
        return Refusal(DeadReason.EMPTY, "an empty record")
    if raw.lstrip()[:1] == b"{" and isinstance(error, msgspec.ValidationError):
        return Refusal(DeadReason.BAD_VALUE, str(error))  # a number that no type can hold
    if isinstance(error, msgspec.ValidationError):
        return Refusal(DeadReason.NOT_AN_OBJECT, f"a record is a JSON object: {error}")
    if isinstance(error, UnicodeDecodeError):
        return Refusal(DeadReason.NOT_JSON, f"not UTF-8: {error.reason} 0x{error.object[error.start]:02x}")
    return Refusal(DeadReason.NOT_JSON, str(error))
