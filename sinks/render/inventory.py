"""What the inventory knows about an alert's target: `target.*` (spec/notices.md 5.3)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from operators.model.alert import Alert
from operators.rules.ask.hosts import host_of, nodes_of
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Business, Host, ServiceInstance
from sinks.render.case import Case
from sinks.render.subject import people

_ROLES = ("bk_biz_developer", "bk_biz_maintainer", "bk_biz_tester", "bk_biz_productor", "operator")


def nodes_by_kind(alert: Alert, book: RuleBook) -> dict[str, list[str]]:
    """Return the names of the topology nodes above the alert's target, by kind."""
    found: dict[str, list[str]] = {}
    for node in nodes_of(alert, book):
        kind, _, instance = node.partition("|")
        known = book.topology.get(node)
        found.setdefault(kind, []).append((known.name if known else "") or instance)
    return found


def related_text(alert: Alert, book: RuleBook) -> str:
    """Return where the target stands: `set(prod) module(web)`."""
    nodes = nodes_by_kind(alert, book)
    kinds = (kind for kind in ("set", "module") if nodes.get(kind))
    return " ".join(f"{kind}({', '.join(dict.fromkeys(nodes[kind]))})" for kind in kinds)


def _names(kind: str, alert: Alert, book: RuleBook) -> str:
    return ", ".join(dict.fromkeys(nodes_by_kind(alert, book).get(kind, ())))


def host_facts(alert: Alert, book: RuleBook) -> dict[str, Any] | None:
    """Return `target.host`, or None where the inventory does not know it."""
    host: Host | None = host_of(alert, book)
    if host is None:
        return None
    return {
        **host.attributes,
        **msgspec.to_builtins(host),
        "bk_host_innerip": host.ip or host.ipv6,
        "bk_host_name": host.bk_host_name,
        "bk_cloud_id": host.bk_cloud_id,
        "operator_string": people(host.operator),
        "bk_bak_operator_string": people(host.bk_bak_operator),
        "module_string": _names("module", alert, book),
        "set_string": _names("set", alert, book),
    }


def _business_facts(case: Case) -> dict[str, Any]:
    known = case.book.businesses.get(case.business_id) or Business(id=case.business_id)
    roles = {f"{role}_string": people(known.roles.get(role, ())) for role in (*_ROLES, *known.roles)}
    return {**roles, "bk_biz_id": case.business_id, "bk_biz_name": known.name or case.business_id}


def _instance_facts(alert: Alert, book: RuleBook) -> dict[str, Any] | None:
    wanted = alert.event.target if alert.event.target_type == "SERVICE" else alert.event.bk_service_instance_id
    instance: ServiceInstance | None = book.service_instances.get(str(wanted))
    if instance is None:
        return None
    return {**msgspec.to_builtins(instance), "service_instance_id": instance.id}


def _all(
    facts: Callable[[Alert, RuleBook], dict[str, Any] | None],
) -> Callable[[Case], list[dict[str, Any]]]:
    return lambda case: [found for alert in case.alerts if (found := facts(alert, case.book)) is not None]


TARGET: Mapping[str, Callable[[Case], Any]] = {
    "business": _business_facts,
    "host": lambda case: host_facts(case.alert, case.book),
    "hosts": _all(host_facts),
    "service_instance": lambda case: _instance_facts(case.alert, case.book),
    "service_instances": _all(_instance_facts),
    "sets": lambda case: nodes_by_kind(case.alert, case.book).get("set", []),
    "modules": lambda case: nodes_by_kind(case.alert, case.book).get("module", []),
    "processes": lambda _: [],
    "process": lambda _: {},
}
"""Name -> how the fact is computed."""
