"""The machine an alert is about, and where it stands in the topology."""

from typing import TYPE_CHECKING, Any

from operators.model.alert import Alert

if TYPE_CHECKING:
    from operators.rules.book import RuleBook
    from operators.rules.shapes.model import Host

DEFAULT_CLOUD = "0"


def host_at(address: Any, cloud: Any, book: "RuleBook") -> "Host | None":
    """Return the host of an address in a cloud; no cloud means the default one."""
    wanted = DEFAULT_CLOUD if cloud in (None, "") else str(cloud)
    for host in book.hosts_by_ip.get(str(address), ()):
        if host.bk_cloud_id == wanted:
            return host
    return None


def host_of(alert: Alert, book: "RuleBook") -> "Host | None":
    """Return the host of the alert's event, by id, service instance or address; else that of its dimensions."""
    event = alert.event
    instance = book.service_instances.get(str(event.bk_service_instance_id))
    known = book.hosts.get(str(event.bk_host_id)) or (book.hosts.get(instance.bk_host_id) if instance else None)
    if known or event.ip or event.ipv6:
        return known or host_at(event.ip or event.ipv6, event.bk_cloud_id, book)
    named = dimension_values(alert)
    return book.hosts.get(str(named.get("bk_host_id"))) or host_at(named.get("ip"), named.get("bk_cloud_id"), book)


def nodes_of(alert: Alert, book: "RuleBook") -> tuple[str, ...]:
    """Return the topology nodes of the alert's event and host, `obj|inst`, each once."""
    host = host_of(alert, book)
    return tuple(dict.fromkeys((*alert.event.bk_topo_node, *(host.topo if host else ()))))


def dimension_values(alert: Alert) -> dict[str, Any]:
    """Return the alert's dimensions by key, prefixes kept."""
    return {dimension.key: dimension.value for dimension in alert.dimensions}
