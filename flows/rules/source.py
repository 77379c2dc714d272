"""A place that rules or inventory come from, and how its documents are told apart."""

import json
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

import msgspec

from operators.rules.book import KINDS
from operators.rules.read.documents import Found, RuleError, Sourced

INVENTORY = ("hosts", "service_instances", "topology", "dynamic_groups")
"""Kinds that say what is watched, and not what is done about it."""

_ID_KEYS = {"channels": "way", "hosts": "bk_host_id", "tests": "name"}
_FLAGS = ("is_enabled", "enabled")


class SourceUnavailableError(Exception):
    """A source cannot be asked now; what it said last stays. The text names it without secrets."""


class Source(Protocol):
    """Holds documents. Called from one thread at a time.

    An implementation must not judge documents beyond taking them apart, and must not hold a connection between calls
    in a way that a dead server could hang.
    """

    @property
    def name(self) -> str:
        """Say where it is, without secrets."""
        ...

    @property
    def interval(self) -> float:
        """Return the seconds between two looks."""
        ...

    def stamp(self) -> Hashable:
        """Return a value that differs when the documents may differ. Raises SourceUnavailableError."""
        ...

    def read(self) -> Found:
        """Return the documents. Raises SourceUnavailableError."""
        ...


class Terms(msgspec.Struct, frozen=True):
    """What every book is made under: the keywords of `operators.rules.read.load.build`."""

    check_template: Callable[[str], str | None] | None = None
    default_business: str | int | None = 0
    time_zone: str = "UTC"

    def keywords(self) -> dict[str, Any]:
        """Return them as keywords."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


def id_in(kind: str, document: Mapping[str, Any]) -> str | None:
    """Return the id that a raw document says, as text; None if it says none that could be one."""
    if kind == "topology":
        parts = [document.get(key) for key in ("bk_obj_id", "bk_inst_id")]
        return None if None in parts else "|".join(map(str, parts))
    found = document.get(_ID_KEYS.get(kind, "id"))
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else None


def with_id(kind: str, document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the document with the id under which it was kept, if it says none itself."""
    if id_in(kind, document) is not None:
        return document
    if kind == "topology":
        obj, _, inst = name.partition("|")
        return {"bk_obj_id": obj, "bk_inst_id": inst, **document}
    return {_ID_KEYS.get(kind, "id"): name, **document}


def flag_of(kind: str) -> str | None:
    """Return the key by which documents of a kind are switched off, or None."""
    return next((flag for flag in _FLAGS if flag in KINDS[kind].__struct_fields__), None)


def document_from(kind: str, name: str, text: str | bytes, file: str) -> Sourced | RuleError:
    """Return the document kept as JSON text under an id, or what is wrong with it."""
    path = f"{kind}[{name}]"
    try:
        document = json.loads(text, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as wrong:
        return RuleError(file, path, f"not JSON: {wrong}")
    if not isinstance(document, dict):
        return RuleError(file, path, "expected a mapping")
    said = id_in(kind, document)
    if said not in (None, name):
        return RuleError(file, path, f"the document says id {said!r}")
    return Sourced(kind, with_id(kind, document, name), file, path)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"duplicate key {next(name for name in names if names.count(name) > 1)!r}")
    return found
