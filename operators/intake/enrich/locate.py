"""Where the target of an event stands in the inventory (spec/lifecycle.md 5.1, CMDB)."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from operators.model.bounds import whole
from operators.model.event import Event
from operators.model.reason import DropReason
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Host

Refusal = tuple[DropReason, str]

NO_BUSINESS = "0"
"""Business of inventory that names none."""

TOPO_PARTS = 2
"""`obj|inst`."""


def number(text: str | None) -> int | str | None:
    """Return an id of the rule book, which is text there, as the number it was written as."""
    found = None if text is None else whole(text)
    return text if found is None or str(found) != text else found


def locate_host(event: Event, book: RuleBook) -> Event | Refusal:
    """Find a HOST target given as host id, `ip` or `ip|cloud`; an address alone must be of one host."""
    target = event.target
    if not target or not book.hosts:
        return event
    if (host_id := whole(target)) is not None:
        host = book.hosts.get(str(host_id))
        return event if host is None else with_host(event, host)
    address, separator, cloud = target.partition("|")
    candidates = book.hosts_by_ip.get(address, ())
    if separator:
        found = next((host for host in candidates if host.bk_cloud_id == cloud), None)
        return event if found is None else with_host(event, found)
    if len(candidates) > 1:
        candidates = tuple(_of_business(candidates, event.bk_biz_id))
    if len(candidates) > 1:
        return DropReason.HOST_CONFLICT, f"address {address} is of {len(candidates)} hosts"
    # the form without a cloud is completed by cloud 0 whatever the host's own, as in the reference system
    return with_host(event, candidates[0], target=f"{address}|0") if candidates else event


def locate_service(event: Event, book: RuleBook) -> Event | Refusal:
    """Find a SERVICE target given as id of a service instance."""
    instance = book.service_instances.get(event.target or "")
    if instance is None:
        return replace(event, bk_service_instance_id=event.target)
    found: dict[str, Any] = {"target": instance.id, "bk_service_instance_id": number(instance.id)}
    if event.bk_biz_id is None and instance.bk_biz_id != NO_BUSINESS:
        found["bk_biz_id"] = number(instance.bk_biz_id)
    host = book.hosts.get(instance.bk_host_id)
    if host is None:
        return replace(event, bk_host_id=number(instance.bk_host_id), bk_topo_node=_distinct(instance.topo), **found)
    return with_host(event, host, **(found | ({"bk_topo_node": _distinct(instance.topo)} if instance.topo else {})))


def locate_node(event: Event, _: RuleBook) -> Event | Refusal:
    """Take a TOPO target, `obj|inst`, as the node it names."""
    parts = (event.target or "").split("|")
    if len(parts) != TOPO_PARTS or not event.target:
        return DropReason.NOT_A_TOPO_NODE, f"target {event.target!r} is not obj|inst"
    return replace(event, bk_topo_node=(event.target,))


LOCATORS: dict[str, Callable[[Event, RuleBook], Event | Refusal]] = {
    "HOST": locate_host,
    "SERVICE": locate_service,
    "TOPO": locate_node,
}
"""By target type; targets of other types are not looked up."""


def with_host(event: Event, host: Host, **more: Any) -> Event:
    """Return the event with the fields of its host; a business that the event names stays, even if not the host's."""
    changes: dict[str, Any] = {
        "bk_host_id": number(host.bk_host_id),
        "ip": host.ip or None,
        "ipv6": host.ipv6 or None,
        "bk_cloud_id": number(host.bk_cloud_id),
        "bk_topo_node": _distinct(host.topo),
    }
    if event.bk_biz_id is None and host.bk_biz_id != NO_BUSINESS:
        changes["bk_biz_id"] = number(host.bk_biz_id)
    return replace(event, **(changes | more))


def _of_business(hosts: Iterable[Host], business: str | int | None) -> list[Host]:
    """Return the hosts of a business; all of them if none, or none in particular, is named."""
    wanted = "" if business is None else str(business)
    if wanted in ("", NO_BUSINESS) or wanted.startswith("-"):
        return list(hosts)
    return [host for host in hosts if host.bk_biz_id == wanted]


def _distinct(nodes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(nodes))
