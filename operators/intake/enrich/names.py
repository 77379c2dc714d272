"""How the inventory calls what a dimension names by id."""

from typing import Any

from operators.model.event import Event
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Host

DISPLAY_KEYS = {
    "bk_biz_id": "Business",
    "bk_host_id": "Host",
    "bk_service_instance_id": "Service instance",
    "bk_target_service_instance_id": "Service instance",
    "bk_topo_node": "Topology node",
    "bk_inst_id": "Topology node",
    "bk_set_id": "Set",
    "bk_module_id": "Module",
}
"""Dimension -> how it is headed once its value has a name."""


def display_name(name: str, value: Any, event: Event, book: RuleBook) -> Any:
    """Return the name of what a dimension holds; None if the inventory does not know it."""
    if isinstance(value, (list, tuple)):
        names = [display_name(name, member, event, book) for member in value]
        known = [member if shown is None else shown for member, shown in zip(value, names, strict=True)]
        return None if all(shown is None for shown in names) else known
    text = str(value)
    if name == "bk_biz_id":
        business = book.businesses.get(text)
        return business.name or None if business else None
    if name == "bk_host_id":
        host = book.hosts.get(text)
        return host_name(host) if host else None
    if name in ("bk_service_instance_id", "bk_target_service_instance_id"):
        instance = book.service_instances.get(text)
        return instance.name or None if instance else None
    return node_name(_node(name, text, event), book)


def host_name(host: Host) -> str | None:
    """Return how a host is called: its name, else an address."""
    return host.bk_host_name or host.ip or host.ipv6 or None


def node_name(node: str, book: RuleBook) -> str | None:
    """Return the name of a topology node, `obj|inst`."""
    known = book.topology.get(node)
    return known.name or None if known else None


def _node(name: str, text: str, event: Event) -> str:
    if name == "bk_topo_node":
        return text
    if name == "bk_inst_id":
        return f"{next((tag.value for tag in event.tags if tag.key == 'bk_obj_id'), '')}|{text}"
    return f"{name.removeprefix('bk_').removesuffix('_id')}|{text}"
