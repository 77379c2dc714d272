"""The rule book: every rule that is in force, immutable, with the indices that decisions look things up in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import msgspec

from operators.rules.index import (
    EVERY_BUSINESS,
    dispatch_by_business,
    groups_by_host,
    hosts_by_address,
    inhibits_by_business,
    shields_by_business,
)
from operators.rules.shapes.model import (
    Business,
    Calendar,
    Channel,
    CircuitBreaking,
    DispatchGroup,
    Duty,
    DynamicGroup,
    Host,
    Inhibit,
    RuleTest,
    ServiceInstance,
    Shield,
    Source,
    Strategy,
    TopoNode,
    User,
    UserGroup,
)

KINDS: Mapping[str, type[msgspec.Struct]] = MappingProxyType(
    {
        "strategies": Strategy,
        "shields": Shield,
        "inhibits": Inhibit,
        "dispatch": DispatchGroup,
        "user_groups": UserGroup,
        "duties": Duty,
        "calendars": Calendar,
        "businesses": Business,
        "users": User,
        "circuit_breaking": CircuitBreaking,
        "channels": Channel,
        "sources": Source,
        "hosts": Host,
        "service_instances": ServiceInstance,
        "topology": TopoNode,
        "dynamic_groups": DynamicGroup,
        "tests": RuleTest,
    }
)
"""Kind, the top-level key of a rule file -> the shape of its documents."""

NOT_YET: frozenset[str] = frozenset()
"""Kinds that are read and checked but not yet acted on."""

_ID_FIELDS = {"channels": "way", "hosts": "bk_host_id", "topology": "key", "tests": "name"}


def acted_on(kind: str) -> bool:
    """Return True if the job acts on documents of a kind, and does not only read them."""
    return kind in KINDS and kind not in NOT_YET


def id_of(kind: str, thing: Any) -> str:
    """Return the id by which a document of a kind is put and deleted: topology by `obj|inst`, channels by way."""
    return str(getattr(thing, _ID_FIELDS.get(kind, "id")))


class Zoned(Protocol):
    """Settings that say what holds where a business says nothing (operators/model/settings.py)."""

    @property
    def time_zone(self) -> str:
        """IANA name."""

    @property
    def language(self) -> str:
        """A language code."""


class Provenance(msgspec.Struct, frozen=True, gc=False):
    """What a book was made under, and what a change of it has to know."""

    default_business: str | None = "0"
    time_zone: str = "UTC"
    digest: int = 0
    """Sum of the digests of all documents."""
    local: dict[tuple[str, str], Any] = {}
    """(kind, id) -> the document as given, of those with datetimes in the zone of their business."""


class RuleBook(msgspec.Struct, frozen=True, kw_only=True):
    """All rules by kind and id, the ids as text. Made by `load`, `build` and `patch`; never changed.

    Which book it is stands in `version`: the same for the same contents, whatever files they came in.
    """

    version: str
    strategies: dict[str, Strategy] = {}
    shields: dict[str, Shield] = {}
    inhibits: dict[str, Inhibit] = {}
    dispatch: dict[str, DispatchGroup] = {}
    user_groups: dict[str, UserGroup] = {}
    duties: dict[str, Duty] = {}
    calendars: dict[str, Calendar] = {}
    businesses: dict[str, Business] = {}
    users: dict[str, User] = {}
    circuit_breaking: dict[str, CircuitBreaking] = {}
    hosts: dict[str, Host] = {}
    """By bk_host_id."""
    service_instances: dict[str, ServiceInstance] = {}
    topology: dict[str, TopoNode] = {}
    """By `obj|inst`."""
    dynamic_groups: dict[str, DynamicGroup] = {}
    sources: dict[str, Source] = {}
    channels: tuple[Channel, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    hosts_by_ip: dict[str, tuple[Host, ...]] = {}
    """By IPv4 and IPv6 address."""
    dynamic_groups_by_host: dict[str, tuple[str, ...]] = {}
    """Host id -> ids of dynamic groups."""
    shield_index: dict[str, tuple[Shield, ...]] = {}
    """By business."""
    inhibit_index: dict[str, tuple[Inhibit, ...]] = {}
    """By business, "0" for those without rules of their own; empty where nothing can be inhibited."""
    dispatch_index: dict[str, tuple[DispatchGroup, ...]] = {}
    """By business, "0" for those without groups of their own."""
    provenance: Provenance = Provenance()

    @staticmethod
    def empty() -> "RuleBook":
        """Return the book without rules."""
        return RuleBook(version=version_text(0))

    @property
    def decides(self) -> bool:
        """Return True if a rule says what becomes of an alert: a strategy, a disabled one too, or a dispatch rule."""
        return bool(self.strategies) or any(group.rules for group in self.dispatch.values())

    def shields_of(self, business: str | int | None) -> tuple[Shield, ...]:
        """Return the enabled shields of a business, by id."""
        return self.shield_index.get(str(business), ())

    def inhibits_of(self, business: str | int | None) -> tuple[Inhibit, ...]:
        """Return the enabled rules of inhibition of a business and of every business, by id."""
        return self.inhibit_index.get(str(business), self.inhibit_index.get(EVERY_BUSINESS, ()))

    def dispatch_of(self, business: str | int | None) -> tuple[DispatchGroup, ...]:
        """Return the enabled groups of a business and of every business, larger priority first, with enabled rules."""
        return self.dispatch_index.get(str(business), self.dispatch_index.get(EVERY_BUSINESS, ()))

    def zone_of(self, business: str | int | None, settings: Zoned) -> ZoneInfo:
        """Return the time zone of a business: its own, else that of the settings."""
        known = self.businesses.get(str(business))
        return ZoneInfo((known.time_zone if known else None) or settings.time_zone)

    def language_of(self, business: str | int | None, settings: Zoned) -> str:
        """Return the language of a business: its own, else that of the settings."""
        known = self.businesses.get(str(business))
        return (known.language if known else "") or settings.language


def version_text(digest: int) -> str:
    """Return a digest of contents as a version: twelve hex digits."""
    return f"{digest:032x}"[:12]


def indices(kinds: Mapping[str, dict[str, Any]], changed: frozenset[str]) -> dict[str, Any]:
    """Return the indices that hang on the kinds that changed, by the name of their field in RuleBook."""
    found: dict[str, Any] = {}
    if "hosts" in changed:
        found["hosts_by_ip"] = hosts_by_address(kinds["hosts"].values())
    if "dynamic_groups" in changed:
        found["dynamic_groups_by_host"] = groups_by_host(kinds["dynamic_groups"].values())
    if "shields" in changed:
        found["shield_index"] = shields_by_business(kinds["shields"])
    if "inhibits" in changed:
        found["inhibit_index"] = inhibits_by_business(kinds["inhibits"])
    if "dispatch" in changed:
        found["dispatch_index"] = dispatch_by_business(kinds["dispatch"])
    return found
