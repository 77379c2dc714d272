"""Bytes to a record with its key: decode, enrich, name (design.md 2). What cannot be used says why."""

from typing import Any

import msgspec

from operators.check.results import lacks_level
from operators.intake.clean import clean_event
from operators.intake.command import read_command
from operators.intake.decode import Decoded, Refusal, Wire, decode, oversized
from operators.intake.enrich.event import Dropped, enrich_event
from operators.intake.handover import HANDED, Handed, read_handed
from operators.model.bounds import MOST, bounded
from operators.model.check import Check, CheckResult
from operators.model.command import Command
from operators.model.event import NO_EXTRA, SAID_TIME, Event
from operators.model.fields import FieldError, whole_number
from operators.model.identity import dedupe_keys, event_uid, fingerprint, same_text, same_value
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook

replace = msgspec.structs.replace
force_setattr = msgspec.structs.force_setattr


class RulesChange(msgspec.Struct, frozen=True, gc=False):
    """A change of the rule book, in force from here on."""

    put: dict[str, list[Any]] = {}
    delete: dict[str, list[Any]] = {}


class InForce(msgspec.Struct, frozen=True, gc=False):
    """The rule book that is in force from here on."""

    book: RuleBook
    at_once: bool = False
    """Every open alert is looked at now, not within `check_interval`."""
    documents: tuple[Any, ...] = ()
    """What the change is told by: a shield, and the command that set or ended it."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """What is said as it is: a dead letter, with the outcome of the command that it was."""

    documents: tuple[Any, ...]


class ReceiptLine(msgspec.Struct, frozen=True, gc=False):
    """The outcome of a notice, told from outside."""

    fields: dict[str, Any]


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Only moves the clock."""


Body = (
    Event
    | Check
    | Handed
    | Command
    | RulesChange
    | InForce
    | ReceiptLine
    | Tick
    | Dropped
    | Refusal
    | DeadLetter
    | Told
)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record on its way to the core. `raw` is kept where a refusal may still need it."""

    at: int
    body: Body
    source: str = ""
    position: str = ""
    raw: bytes = b""
    is_quiet: bool = False
    """Another worker, which reads it too, says its dead letter."""


def take_in(
    raw: bytes, book: RuleBook, settings: CoreSettings, kind: str = "event", *,
    at: int | None = None, floor: int = 0, latest: int = MOST,
) -> tuple[int, Body]:  # fmt: skip
    """Turn one record's bytes into the second of its arrival and what the core folds. Never raises.

    `kind` is that of its source. It arrived `at` that second, or when it says so itself: not before `floor`, and not
    after `latest`.
    """
    if kind in HANDED:
        return floor if at is None else at, read_handed(raw, kind)
    decoded = decode(raw, kind)
    if at is None:
        said = _said_arrival(raw, decoded)
        if said is not None and said > latest:
            return floor, Refusal(DeadReason.FROM_THE_FUTURE, f"arrives at {said}; it is {latest} at most")
        at = floor if said is None else max(said, floor)
    if isinstance(decoded, Event):
        return at, identify(decoded, book, settings, at)
    return at, decoded if isinstance(decoded, Refusal) else _other(decoded, book, settings, at)


class _Times(msgspec.Struct):
    at: Any = None
    time: Any = None


_times = msgspec.json.Decoder(_Times)


def _said_arrival(raw: bytes, decoded: Event | Decoded | Refusal) -> int | None:
    """Return when a record says that it arrived, if that much of it can be read: its `at`, else its time."""
    if isinstance(decoded, Event):
        return decoded.time if decoded.at is None else decoded.at
    if isinstance(decoded, Decoded) and (decoded.at is not None or decoded.kind != "check"):
        return decoded.at
    if isinstance(decoded, Refusal) and oversized(raw):
        return None
    try:
        times = _times.decode(raw)
        at, time = (None if one is None else whole_number(one, "at") for one in (times.at, times.time))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, FieldError):
        return None
    return time if at is None else at


def identify(event: Event, book: RuleBook, settings: CoreSettings, at: int) -> Event | Dropped:
    """Enrich an event, then give it its fingerprint and id: the key depends on enrichment (spec/lifecycle.md 11.2)."""
    enriched = enrich_event(event, book, settings)
    if isinstance(enriched, Dropped):
        return enriched
    algorithm, dedupe = settings.fingerprint, dedupe_keys(bool(enriched.strategy_id), enriched.dedupe_keys)
    for tag in enriched.tags:  # nobody else has seen them yet
        force_setattr(tag, "key", same_text(tag.key))
        force_setattr(tag, "value", same_value(tag.value))
    named = replace(
        enriched,
        id=event_uid(enriched, algorithm),
        dedupe_md5=enriched.dedupe_md5 or fingerprint(enriched, dedupe, algorithm),
        plugin_id=same_text(enriched.plugin_id),
        alert_name=same_text(enriched.alert_name),
        dedupe_keys=dedupe.chosen,
        extra_info=enriched.extra_info or NO_EXTRA,
        at=at,
        create_time=at,
    )
    bound = at + settings.clock_skew
    return _not_ahead(named, at, bound) if named.time > bound or named.anomaly_time > bound else named


def _not_ahead(event: Event, at: int, bound: int) -> Event:
    """Return an event whose clock runs ahead with its arrival for each time beyond the bound (design.md 7.46)."""
    anomaly_time = at if event.anomaly_time > bound else event.anomaly_time
    if event.time <= bound:
        return replace(event, anomaly_time=anomaly_time)
    return replace(
        event, time=at, anomaly_time=min(anomaly_time, at), extra_info={**event.extra_info, SAID_TIME: event.time}
    )


def _other(decoded: Decoded, book: RuleBook, settings: CoreSettings, at: int) -> Body:
    if decoded.kind == "check":
        return read_check(decoded.fields, book, settings, at)
    if decoded.kind == "command":
        return read_command(decoded.fields)
    if decoded.kind == "rules":
        return read_rules(decoded.fields)
    return ReceiptLine(decoded.fields) if decoded.kind == "receipt" else Tick()


RESULT_FIELDS = frozenset({"anomaly", "level", "value", "item_id", "no_data", "superseded"})


def read_check(fields: dict[str, Any], book: RuleBook, settings: CoreSettings, at: int) -> Check | Tick | Refusal:
    """Return the check that a record holds, or why it holds none; of a series whose events are dropped it says nothing."""
    try:
        time = _check_time(fields)
        time = at if time > at + settings.clock_skew else time
        given = {key: bounded(fields[key]) for key in RESULT_FIELDS if fields.get(key) is not None}
        if "item_id" in given:
            given["item_id"] = str(given["item_id"])
        result = msgspec.convert({**given, "time": time}, CheckResult)
        if lacks_level(result):
            return Refusal(DeadReason.MISSING_FIELD, "`level`: an anomaly names its level")
        series = _as_event(fields, time)
        event = series if series.dedupe_md5 else identify(series, book, settings, at)
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
