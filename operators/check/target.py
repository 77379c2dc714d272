"""Whether what an alert is about still belongs to the targets of its strategy (spec/lifecycle.md 4.6)."""

import msgspec

from operators.model.event import Event
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Host, Item, Strategy, TargetCondition

HOST_FIELDS = frozenset({"ip", "bk_target_ip", "bk_host_id", "dynamic_group"})
SERVICE_FIELDS = frozenset({"bk_service_instance_id", "service_instance_id"})

NO_HOST = "0"
"""What an empty dynamic group stands for: a host id that no host has."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """What targets are compared with. None: the alert is not about such a thing."""

    hosts: frozenset[str] | None = None
    """Host id and `ip|cloud`."""
    services: frozenset[str] | None = None
    nodes: frozenset[str] = frozenset()
    """Topology nodes as `obj|inst`."""


def departure(event: Event, strategy: Strategy, book: RuleBook) -> str | None:
    """Return why the target of an alert's newest event left the strategy; None if it did not, or nobody can tell."""
    items = [item for item in strategy.items if item.target]
    if not items:
        return None
    place = _place(event, book)
    if isinstance(place, str):
        return place
    if place is None or all(_covers(item, place, book) for item in items):
        return None
    return f"{event.target_type} {event.target or event.ip} is no longer a target of strategy {strategy.id}"


def _place(event: Event, book: RuleBook) -> Place | str | None:
    """Return where an event's target stands, or why it is gone, or None where that is not checked or not known."""
    if event.target_type == "HOST":
        return _host_place(event, book)
    if event.target_type == "SERVICE":
        return _service_place(event, book)
    if event.target_type == "TOPO":
        nodes = event.bk_topo_node or ((event.target,) if event.target else ())
        return Place(nodes=frozenset(nodes)) if nodes else None
    return None


def _host_place(event: Event, book: RuleBook) -> Place | str | None:
    if not event.ip or event.bk_cloud_id in (None, ""):
        return None  # a gap in enrichment is no departure
    cloud = str(event.bk_cloud_id)
    found = [host for host in book.hosts_by_ip.get(event.ip, ()) if host.bk_cloud_id == cloud]
    if not found:
        return f"host {event.ip}|{cloud} is no longer in the inventory"
    return _place_of_host(next((host for host in found if host.bk_host_id == str(event.bk_host_id)), found[0]))


def _place_of_host(host: Host) -> Place:
    addresses = (f"{address}|{host.bk_cloud_id}" for address in (host.ip, host.ipv6) if address)
    return Place(hosts=frozenset((host.bk_host_id, *addresses)), nodes=frozenset(host.topo))


def _service_place(event: Event, book: RuleBook) -> Place | str | None:
    named = event.target if event.bk_service_instance_id in (None, "") else str(event.bk_service_instance_id)
    if not named:
        return None
    instance = book.service_instances.get(named)
    if instance is None:
        return f"service instance {named} is no longer in the inventory"
    return Place(services=frozenset({instance.id}), nodes=frozenset(instance.topo))


def _covers(item: Item, place: Place, book: RuleBook) -> bool:
    return any(all(_meets(one, place, book) for one in group) for group in item.target)


def _meets(condition: TargetCondition, place: Place, book: RuleBook) -> bool:
    """Return True if a place meets one condition. What the alert is not about is met; a topology nobody knows is not."""
    if condition.field in HOST_FIELDS:
        have, wanted = place.hosts, _host_values(condition, book)
    elif condition.field in SERVICE_FIELDS:
        have, wanted = place.services, frozenset(condition.value)
    elif not place.nodes:
        return False
    else:
        have, wanted = place.nodes, frozenset(condition.value)
    if have is None:
        return True
    return have.isdisjoint(wanted) == (condition.method != "eq")


def _host_values(condition: TargetCondition, book: RuleBook) -> frozenset[str]:
    if condition.field != "dynamic_group":
        return frozenset(condition.value)
    groups = (book.dynamic_groups.get(name) for name in condition.value)
    return frozenset(host for group in groups if group for host in group.host_ids) or frozenset({NO_HOST})
