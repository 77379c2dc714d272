"""Bytes to a record with its key: decode, enrich, name (design.md 2). What cannot be used says why."""

from typing import Any

import msgspec

from operators.check.results import lacks_level
from operators.intake.clean import clean_event
from operators.intake.command import read_command
from operators.intake.decode import Decoded, Refusal, Wire, decode, oversized
from operators.intake.enrich.event import Dropped, enrich_event
from operators.intake.handed import HANDED, read_handed
from operators.model.bounds import bounded
from operators.model.check import Check, CheckResult
from operators.model.command import Command
from operators.model.event import Event
from operators.model.fields import FieldError, whole_number
from operators.model.handover import Planned
from operators.model.identity import event_uid, fingerprint
from operators.model.reason import DeadReason
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook

replace = msgspec.structs.replace


class RulesChange(msgspec.Struct, frozen=True, gc=False):
    """A change of the rule book, in force from here on."""

    put: dict[str, list[Any]] = {}
    delete: dict[str, list[Any]] = {}


class ReceiptLine(msgspec.Struct, frozen=True, gc=False):
    """The outcome of a notice, told from outside."""

    fields: dict[str, Any]


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Only moves the clock."""


Body = Event | Check | Planned | Command | RulesChange | ReceiptLine | Tick | Dropped | Refusal


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record on its way to the core. `raw` is kept where a refusal may still need it."""

    at: int
    body: Body
    source: str = ""
    position: str = ""
    raw: bytes = b""
    is_quiet: bool = False
    """Another worker, which reads it too, says its dead letter."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """What a record says of its own arrival: `at` if it names one, and its event's time."""

    at: int | None
    time: int | None


def take_in(raw: bytes, book: RuleBook, settings: CoreSettings, kind: str = "event") -> tuple[Arrival, Body]:
    """Turn one record's bytes into what the core folds; `kind` is that of its source. Never raises."""
    if kind in HANDED:
        return Arrival(None, None), read_handed(raw, kind)
    decoded = decode(raw, kind)
    if isinstance(decoded, Event):
        return Arrival(decoded.at, decoded.time), identify(decoded, book, settings)
    if isinstance(decoded, Refusal):
        return _arrival_of(raw, decoded), decoded
    body = _other(decoded, book, settings)
    if isinstance(body, Check):
        return Arrival(decoded.at, body.result.time), body
    return _arrival_of(raw, body) if decoded.kind == "check" else Arrival(decoded.at, None), body


class _Times(msgspec.Struct):
    at: Any = None
    time: Any = None


_times = msgspec.json.Decoder(_Times)


def _arrival_of(raw: bytes, body: Body) -> Arrival:
    """Return when a record that is of no use arrived, if that much of it can be read."""
    if isinstance(body, Refusal) and oversized(raw):
        return Arrival(None, None)
    try:
        times = _times.decode(raw)
        at, time = (None if one is None else whole_number(one, "at") for one in (times.at, times.time))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, FieldError):
        return Arrival(None, None)
    return Arrival(at, time)


def identify(event: Event, book: RuleBook, settings: CoreSettings) -> Event | Dropped:
    """Enrich an event, then give it its fingerprint and id: the key depends on enrichment (spec/lifecycle.md 11.2)."""
    enriched = enrich_event(event, book, settings)
    if isinstance(enriched, Dropped):
        return enriched
    algorithm = settings.fingerprint
    at = enriched.time if enriched.at is None else enriched.at  # the worker's clock may say otherwise
    return replace(
        enriched,
        id=event_uid(enriched, algorithm),
        dedupe_md5=enriched.dedupe_md5 or fingerprint(enriched, algorithm),
        at=at,
        create_time=at,
    )


def _other(decoded: Decoded, book: RuleBook, settings: CoreSettings) -> Body:
    if decoded.kind == "check":
        return read_check(decoded.fields, book, settings)
    if decoded.kind == "command":
        return read_command(decoded.fields)
    if decoded.kind == "rules":
        return read_rules(decoded.fields)
    return ReceiptLine(decoded.fields) if decoded.kind == "receipt" else Tick()


RESULT_FIELDS = frozenset({"anomaly", "level", "value", "item_id", "no_data", "superseded"})


def read_check(fields: dict[str, Any], book: RuleBook, settings: CoreSettings) -> Check | Tick | Refusal:
    """Return the check that a record holds, or why it holds none; of a series whose events are dropped it says nothing."""
    try:
        time = _check_time(fields)
        given = {key: bounded(fields[key]) for key in RESULT_FIELDS if fields.get(key) is not None}
        if "item_id" in given:
            given["item_id"] = str(given["item_id"])
        result = msgspec.convert({**given, "time": time}, CheckResult)
        if lacks_level(result):
            return Refusal(DeadReason.MISSING_FIELD, "`level`: an anomaly names its level")
        series = _as_event(fields, time)
        event = series if series.dedupe_md5 else identify(series, book, settings)
    except FieldError as error:
        return Refusal(error.reason, str(error))
    except msgspec.ValidationError as error:
        return Refusal(DeadReason.WRONG_TYPE, f"check: {error}")
    return Tick() if isinstance(event, Dropped) else Check(event.dedupe_md5, result, event)


def _check_time(fields: dict[str, Any]) -> int:
    if fields.get("time") is None:
        raise FieldError(DeadReason.MISSING_FIELD, "time", "missing")
    return whole_number(fields["time"], "time")


def _as_event(fields: dict[str, Any], time: int) -> Event:
    """Return the event that has the check's identity; one that brings its fingerprint needs no more."""
    known = {key: fields[key] for key in Wire.__struct_fields__ if key in fields and key not in ("kind", "at")}
    known.update(event_id="check", plugin_id="check", time=time)
    if fields.get("dedupe_md5") is not None and not known.get("strategy_id"):
        known.setdefault("alert_name", "check")
    return clean_event(msgspec.convert(known, Wire))


def read_rules(fields: dict[str, Any]) -> RulesChange | Refusal:
    """Return the change of rules that a record holds, or why it holds none."""
    try:
        return msgspec.convert({key: value for key, value in fields.items() if value is not None}, RulesChange)
    except msgspec.ValidationError as error:
        return Refusal(DeadReason.WRONG_TYPE, f"rules: {error}")
