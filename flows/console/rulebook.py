"""The page Rules: what is in force here, what a newer set has wrong, which rules concern an alert; nothing is changed here."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import yaml

from flows.console.rule_tests import Tested, count_of
from flows.console.standing import Standing, standings
from flows.settings.settings import Settings
from flows.telemetry.redaction import Redactor
from operators.model.alert import Alert
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of
from operators.people.dispatch import dispatch, notice_of
from operators.rules.ask.look import Look
from operators.rules.ask.shields import shields_covering
from operators.rules.book import KINDS, RuleBook, id_of
from operators.rules.read.documents import RuleError
from operators.rules.read.export import to_document
from operators.rules.read.references import references
from sinks.store.interface import Store
from sinks.store.query import AlertQuery

SHOWN = 200
"""Rules of one list; a search narrows it."""
NEWEST = 200
"""Alerts that are asked which rules made them."""


class Entry(msgspec.Struct, frozen=True):
    """One rule in a list."""

    kind: str
    id: str
    name: str
    is_enabled: bool
    why: str = ""
    """Why it concerns an alert."""


class InForce(msgspec.Struct, frozen=True):
    """A version by which a worker of the job made alerts, and when last."""

    worker: int
    version: str
    alerts: int
    last: int


class Rules(msgspec.Struct, frozen=True):
    """The page."""

    version: str
    counts: dict[str, int]
    entries: tuple[Entry, ...]
    total: int
    q: str
    kind: str
    alert: str
    mistakes: tuple[RuleError, ...]
    workers: tuple[Standing, ...]
    """As each says itself by which rules it works."""
    in_force: tuple[InForce, ...]
    """Where none says so: what its newest alerts say."""
    tests: int
    """Tests that stand in the rules."""
    tested: tuple[Tested, ...] | None = None
    """How they went; None: nobody asked."""


class Rule(msgspec.Struct, frozen=True):
    """The page of one rule."""

    kind: str
    id: str
    name: str
    text: str
    """As YAML, without secrets."""
    names: tuple[Entry, ...]
    named_by: tuple[Entry, ...]
    version: str


def rules(
    store: Store,
    book: RuleBook,
    mistakes: tuple[RuleError, ...],
    given: Mapping[str, str],
    settings: Settings,
    now: int,
) -> Rules:
    """Return the rules that an address asks for, by words and kind."""
    q, kind = given.get("q", "").strip(), given.get("kind", "")
    return _page(store, book, mistakes, listed(book, q, kind), settings, now, q=q, kind=kind)


def listed(book: RuleBook, q: str, kind: str = "") -> tuple[Entry, ...]:
    """Return the rules that hold all words, those of one kind if one is named."""
    words = q.lower().split()
    return tuple(one for one, text in _all(book) if kind in ("", one.kind) and all(word in text for word in words))


def rules_of(
    store: Store, book: RuleBook, mistakes: tuple[RuleError, ...], alert: Alert, settings: Settings, now: int
) -> Rules:
    """Return the rules that concern an alert now, with what each is to it."""
    found = tuple(concerning(alert, book, settings, now))
    return _page(store, book, mistakes, found, settings, now, alert=alert.id)


def concerning(alert: Alert, book: RuleBook, settings: CoreSettings, now: int) -> Iterator[Entry]:
    """Yield the rules that have a say in an alert: strategy, dispatch, user groups, shields, business."""
    strategy = book.strategies.get(alert.strategy_id) if alert.strategy_id else None
    if strategy is not None:
        yield _entry("strategies", strategy, "the strategy that found it")
    look = Look(alert, strategy, book, settings, now)
    found = dispatch(look)
    if found is not None and found.group_id in book.dispatch:
        yield _entry("dispatch", book.dispatch[found.group_id], f"dispatches it: {', '.join(found.rule_ids)}")
    notice = notice_of(look)
    groups = (*found.main, *found.follower) if found is not None else notice.user_groups if notice is not None else ()
    for group in dict.fromkeys(groups):
        if group in book.user_groups:
            yield _entry("user_groups", book.user_groups[group], "is told")
    for timed in shields_covering(alert, book):
        yield _entry("shields", timed.shield, "covers it, whenever it holds")
    if str(alert.bk_biz_id) in book.businesses:
        yield _entry("businesses", book.businesses[str(alert.bk_biz_id)], "its business")


def rule(book: RuleBook, kind: str, name: str) -> Rule | None:
    """Return one rule, what it names, and what names it."""
    thing = _held(book, kind).get(name) if kind in KINDS else None
    if thing is None:
        return None
    text = yaml.safe_dump(to_document(kind, thing), allow_unicode=True, sort_keys=False, width=110)
    named = {(to, str(target)) for _, to, target in references(kind, thing)}
    known = ((to, _held(book, to).get(target), target) for to, target in sorted(named) if to in KINDS)
    names = tuple(_entry(to, found) for to, found, _ in known if found is not None)
    entry = _entry(kind, thing)
    return Rule(
        kind=kind, id=name, name=entry.name, text=Redactor().text(text), names=names,
        named_by=tuple(_naming(book, kind, name)), version=book.version,
    )  # fmt: skip


def _naming(book: RuleBook, kind: str, name: str) -> Iterator[Entry]:
    for other in KINDS:
        for thing in _held(book, other).values():
            if any(to == kind and str(target) == name for _, to, target in references(other, thing)):
                yield _entry(other, thing)


def _page(
    store: Store, book: RuleBook, mistakes: tuple[RuleError, ...], found: tuple[Entry, ...], settings: Settings,
    now: int, *, q: str = "", kind: str = "", alert: str = "",
) -> Rules:  # fmt: skip
    workers = standings(store.workers(), book.version, now)
    counts = {kind: len(_held(book, kind)) for kind in KINDS}
    return Rules(
        version=book.version, counts={kind: count for kind, count in counts.items() if count}, entries=found[:SHOWN],
        total=len(found), q=q, kind=kind, alert=alert, mistakes=mistakes, workers=workers,
        in_force=() if workers else _in_force(store, settings.kafka.workers), tests=count_of(book),
    )  # fmt: skip


def _in_force(store: Store, workers: int) -> tuple[InForce, ...]:
    """Return the versions by which each worker made the newest alerts, the latest first."""
    last: dict[tuple[int, str], list[int]] = {}
    for alert in store.alerts(AlertQuery(limit=NEWEST)):
        worker = int(slot_of(alert.dedupe_md5), 16) % workers
        last.setdefault((worker, alert.rules_version), []).append(alert.create_time)
    made = (InForce(worker, version, len(times), max(times)) for (worker, version), times in last.items() if version)
    return tuple(sorted(made, key=lambda one: -one.last))


def _all(book: RuleBook) -> Iterator[tuple[Entry, str]]:
    """Yield every rule with the text in which words are looked for."""
    for kind in KINDS:
        for thing in _held(book, kind).values():
            yield _entry(kind, thing), msgspec.json.encode(thing).decode().lower()


def _held(book: RuleBook, kind: str) -> dict[str, Any]:
    held = getattr(book, kind)
    return held if isinstance(held, dict) else {id_of(kind, thing): thing for thing in held}


def _entry(kind: str, thing: Any, why: str = "") -> Entry:
    names = (getattr(thing, one, None) for one in ("name", "description", "bk_host_name", "ip"))
    name, known = str(next(filter(None, names), "")), id_of(kind, thing)
    is_enabled = bool(getattr(thing, "is_enabled", getattr(thing, "enabled", True)))
    return Entry(kind, known, "" if name == known else name, is_enabled, why)
