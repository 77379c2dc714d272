"""Documents put together: read one by one, checked against each other, made into a rule book."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from operators.rules.book import KINDS, Provenance, RuleBook, id_of, indices, version_text
from operators.rules.read.documents import RuleError, Sourced, unknown_kind
from operators.rules.read.references import ROLES, broken_parents, dangling, roles_of
from operators.rules.shapes.shape import place_text, read
from operators.rules.shapes.words import Reading, RefusedError, kind_of, zone_named

_ID_KEYS = {"channels": "way", "hosts": "bk_host_id", "tests": "name"}
_LOCAL_KINDS = ("shields", "calendars")
"""Kinds whose datetimes may hang on a zone."""
_DIGEST_BITS = 128


class Draft:
    """A rule book in the making: what is in it by kind and id, and what is wrong so far."""

    def __init__(self, origin: Provenance, check_template: Callable[[str], str | None]) -> None:
        self.origin = origin
        self.check_template = check_template
        self.errors: list[RuleError] = []
        self.kinds: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self.local: dict[tuple[str, str], Any] = {}
        """(kind, id) -> the document, of those with datetimes in the zone of their business."""
        self.digest = 0
        """Sum of the digests of the documents put."""
        self._sources: dict[str, dict[str, Sourced]] = {kind: {} for kind in KINDS}
        self._broken: dict[str, set[str]] = {kind: set() for kind in KINDS}
        """Ids of documents that could not be read: naming them is no further mistake."""

    def put(self, documents: Iterable[Sourced]) -> None:
        """Read documents; businesses first, because they say in which zone the others' times are."""
        for one in sorted(documents, key=lambda one: one.kind != "businesses"):
            if one.kind in KINDS:
                self._put(one)
            else:
                self.errors.append(RuleError(one.file, one.path, unknown_kind(one.kind)))

    def _put(self, source: Sourced) -> None:
        kind = source.kind
        reading = Reading(self._zone(source), self.check_template, self.origin.default_business)
        thing = read(source.document, KINDS[kind], reading)
        self.errors += [source.error(place_text(place), reason) for place, reason in reading.errors]
        if thing is None:
            self._broken[kind].add(raw_id(source))
            return
        name = id_of(kind, thing)
        first = self._sources[kind].setdefault(name, source)
        if first is not source:
            self.errors.append(source.error("", f"duplicate id {name!r}, first in {first.file}: {first.path}"))
            return
        try:
            self.digest += digest_of(kind, thing)
        except (UnicodeEncodeError, RecursionError):
            self.errors.append(source.error("", "holds half a surrogate pair, or is nested too deep"))
            return
        self.kinds[kind][name] = thing
        self.local.pop((kind, name), None)
        if reading.is_local:
            self.local[kind, name] = source.document

    def _zone(self, source: Sourced) -> ZoneInfo:
        """Return the zone of a document's datetimes: that of its business, else the origin's."""
        business = None
        if source.kind in _LOCAL_KINDS and isinstance(source.document, dict):
            business = self.kinds["businesses"].get(str(source.document.get("bk_biz_id", "0")))
        return ZoneInfo((business.time_zone if business else None) or self.origin.time_zone)

    def put_ids(self) -> list[tuple[str, str]]:
        """Return kind and id of every document that was put and read."""
        return [(kind, name) for kind, sources in self._sources.items() for name in sources]

    def known(self) -> dict[str, Any]:
        """Return the ids that documents may name, by kind."""
        ids = {kind: things.keys() | self._broken[kind] for kind, things in self.kinds.items() if self._broken[kind]}
        return {**self.kinds, **ids, ROLES: roles_of(self.kinds["businesses"].values())}

    def check(self, kinds: Iterable[str] = KINDS) -> None:
        """Note every reference of documents of the kinds to something that is not there."""
        known = self.known()
        for kind in kinds:
            for name, thing in self.kinds[kind].items():
                self.check_one(kind, name, thing, known)

    def check_one(self, kind: str, name: str, thing: Any, known: Mapping[str, Any]) -> None:
        """Note every reference of one document to something that is not there."""
        for place, reason in dangling(kind, thing, known):
            self.errors.append(self._source(kind, name).error(place, reason))

    def check_topology(self) -> None:
        """Note nodes without their parent, and circles."""
        for name, reason in broken_parents(self.kinds["topology"]):
            if not self._broken["topology"]:
                self.errors.append(self._source("topology", name).error("parent", reason))

    def _source(self, kind: str, name: str) -> Sourced:
        return self._sources[kind].get(name) or Sourced(kind, None, "", f"{kind}[{name}]")


def raw_id(source: Sourced) -> str:
    """Return the id that a document names, unread."""
    document = source.document
    if not isinstance(document, dict):
        return ""
    if source.kind == "topology":
        return f"{document.get('bk_obj_id')}|{document.get('bk_inst_id')}"
    return str(document.get(_ID_KEYS.get(source.kind, "id")))


def provenance(default_business: str | int | None, time_zone: str) -> Provenance:
    """Return what a book is made under. Raises `RefusedError` for an unknown zone or an impossible business."""
    if isinstance(default_business, bool) or not isinstance(default_business, str | int | None):
        raise RefusedError(f"default_business: expected an id, got {kind_of(default_business)}")
    return Provenance(None if default_business is None else str(default_business), zone_named(time_zone).key)


def assembled(draft: Draft) -> RuleBook:
    """Return the book of a draft without errors."""
    return book_of(draft.kinds, draft.origin, draft.digest, draft.local, indices(draft.kinds, frozenset(KINDS)))


def book_of(
    kinds: Mapping[str, dict[str, Any]],
    origin: Provenance,
    digest: int,
    local: dict[tuple[str, str], Any],
    found: Mapping[str, Any],
) -> RuleBook:
    """Return a book of things by kind and id, with indices by the names of their fields."""
    digest %= 1 << _DIGEST_BITS
    by_id = {kind: things for kind, things in kinds.items() if kind not in ("channels", "tests")}
    return RuleBook(
        version=version_text(digest),
        channels=tuple(sorted(kinds["channels"].values(), key=lambda channel: channel.way)),
        tests=tuple(kinds["tests"].values()),
        provenance=msgspec.structs.replace(origin, digest=digest, local=local),
        **by_id,
        **found,
    )


def digest_of(kind: str, thing: msgspec.Struct) -> int:
    """Return a number made of a kind and a document. A book's digest is their sum, so it knows no order."""
    text = _ENCODER.encode(thing)
    return int.from_bytes(hashlib.blake2b(kind.encode() + b"\0" + text, digest_size=_DIGEST_BITS // 8).digest())


_ENCODER = msgspec.json.Encoder(order="deterministic")
