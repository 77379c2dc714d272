"""The dimensions that name an alert's target (spec/lifecycle.md 5.2, standard translate)."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from typing import Any

from operators.intake.enrich.locate import number
from operators.intake.enrich.names import host_name, node_name
from operators.model.alert import Dimension
from operators.model.event import Event
from operators.rules.book import RuleBook

ADDRESS_FIELDS = frozenset({"bk_target_ip", "ip"})
CLOUD_FIELDS = frozenset({"bk_target_cloud_id", "bk_cloud_id"})


def target_dimensions(event: Event, book: RuleBook) -> Iterable[Dimension]:
    """Return the dimensions that say what an event is about."""
    match event.target_type:
        case "HOST":
            return _host(event, book)
        case "SERVICE":
            return _service(event, book)
        case "TOPO":
            return _node(event, book)
        case _:
            return _custom(event)


def _host(event: Event, book: RuleBook) -> Iterable[Dimension]:
    if not (event.extra_info or event.ip or may_be_address(event.target or "")):
        return ()  # a host by its name, as most are
    return _addressed(event, book)


def _addressed(event: Event, book: RuleBook) -> Iterator[Dimension]:
    fields = _dimension_fields(event)
    if event.bk_host_id is not None and "bk_host_id" in fields:
        host = book.hosts.get(str(event.bk_host_id))
        name = host_name(host) if host else None
        yield _dimension("bk_host_id", event.bk_host_id, "Host" if name else "Host ID", name)
    if fields.isdisjoint(ADDRESS_FIELDS):
        return
    if event.ip:
        yield _dimension("ip", event.ip, "Target IP")
        if event.bk_cloud_id is not None:
            yield _dimension("bk_cloud_id", event.bk_cloud_id, "Cloud ID")
    else:
        yield from _literal_host(event.target or "", has_cloud=not fields.isdisjoint(CLOUD_FIELDS))


def may_be_address(target: str) -> bool:
    """Return False for a target that is a name and no address: at a glance."""
    return ":" in target or target[:1].isdigit()


def _literal_host(target: str, *, has_cloud: bool) -> Iterator[Dimension]:
    """Read a target that the inventory does not know, if it is an address at all."""
    address, _, cloud = target.partition("|")
    if not may_be_address(address):
        return  # parsing one is dear
    try:
        ip_address(address)
    except ValueError:
        return
    yield _dimension("ip", address, "Target IP")
    if has_cloud and cloud.isdecimal():
        yield _dimension("bk_cloud_id", number(cloud), "Cloud ID")


def _service(event: Event, book: RuleBook) -> Iterator[Dimension]:
    if event.target:
        instance = book.service_instances.get(event.target)
        name = instance.name if instance else None
        heading = "Service instance" if name else "Service instance ID"
        yield _dimension("bk_service_instance_id", event.target, heading, name or None)


def _node(event: Event, book: RuleBook) -> Iterator[Dimension]:
    if event.target:
        obj = event.target.partition("|")[0]
        name = node_name(event.target, book)
        yield _dimension("bk_topo_node", event.target, obj if name else "Topology node", name)


def _custom(event: Event) -> Iterator[Dimension]:
    if event.target_type:
        yield _dimension("target_type", event.target_type, "Target type")
    if event.target:
        yield _dimension("target", event.target, "Target")


def _dimension(key: str, value: Any, heading: str, shown: Any = None) -> Dimension:
    return Dimension(key, value, heading, value if shown is None else shown)


def _dimension_fields(event: Event) -> frozenset[str]:
    """Return the dimensions that the producer says the data has; the two names of an address if it says nothing."""
    place: Any = event.extra_info
    for name in ("origin_alarm", "data", "dimension_fields"):
        place = place.get(name) if isinstance(place, dict) else None
    if not isinstance(place, list):
        return ADDRESS_FIELDS
    return frozenset(field.removeprefix("tags.") for field in place if isinstance(field, str))
