"""References between rules: what each document names, and whether it is there."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from operators.rules.shapes.model import (
    Condition,
    DispatchGroup,
    DynamicGroup,
    Inhibit,
    ServiceInstance,
    Shield,
    Strategy,
    TopoNode,
    UpgradeConfig,
    UserGroup,
    UserRef,
)
from operators.rules.shapes.nearest import nearest

Reference = tuple[str, str, str]
"""(place in the document, kind referred to, id)."""
Known = Mapping[str, Collection[str]]
"""Kind -> its ids; of ROLES the roles."""

ROLES = "roles"
HOST_ROLES = ("operator", "bk_bak_operator")
"""Roles that a host fills (design.md 7.28)."""
KNOWN_ROLES = (*HOST_ROLES, "bk_biz_maintainer", "bk_biz_productor", "bk_biz_developer", "bk_biz_tester")
"""Roles that may be named although no business fills them."""
EVERYONE = "all"
"""In a mention list: the people of the group."""

_NAMES = {
    "user_groups": "user group",
    "duties": "duty",
    "calendars": "calendar",
    "dynamic_groups": "dynamic group",
    "hosts": "host",
    "topology": "topology node",
    ROLES: "role",
}


def references(kind: str, document: Any) -> Iterable[Reference]:
    """Return what a document names."""
    of_kind = _REFERENCES.get(kind)
    return of_kind(document) if of_kind else ()


def dangling(kind: str, document: Any, known: Known) -> Iterator[tuple[str, str]]:
    """Yield (place, reason) of each reference of a document to something that is not there."""
    for place, target, name in references(kind, document):
        if name not in known[target]:
            yield place, f"unknown {_NAMES[target]} {name!r}{nearest(name, known[target])}"


def _list(place: str, kind: str, names: Iterable[str]) -> Iterator[Reference]:
    return ((f"{place}[{index}]", kind, name) for index, name in enumerate(names))


def _strategy(strategy: Strategy) -> Iterator[Reference]:
    if strategy.notice is not None:
        yield from _list("notice.user_groups", "user_groups", strategy.notice.user_groups)
        yield from _upgrade("notice.options.upgrade_config", strategy.notice.options.upgrade_config)
    for index, detect in enumerate(strategy.detects):
        place = f"detects[{index}].trigger_config.uptime"
        uptime = detect.trigger_config.uptime
        yield from _list(f"{place}.calendars", "calendars", uptime.calendars)
        yield from _list(f"{place}.active_calendars", "calendars", uptime.active_calendars)
    yield from _targets(strategy)


def _targets(strategy: Strategy) -> Iterator[Reference]:
    for number, item in enumerate(strategy.items):
        for row, group in enumerate(item.target):
            for index, condition in enumerate(group):
                if condition.field == "dynamic_group":
                    place = f"items[{number}].target[{row}][{index}].value"
                    yield from _list(place, "dynamic_groups", condition.value)


def _upgrade(place: str, config: UpgradeConfig) -> Iterator[Reference]:
    return _list(f"{place}.user_groups", "user_groups", config.user_groups)


def _shield(shield: Shield) -> Iterator[Reference]:
    config = shield.dimension_config
    yield from _list("dimension_config.dynamic_group", "dynamic_groups", config.equals.get("dynamic_group", ()))
    yield from _conditions("dimension_config.dimension_conditions", config.dimension_conditions)
    for index, receiver in enumerate(shield.notice_config.notice_receiver):
        if receiver.startswith("group#"):
            yield f"notice_config.notice_receiver[{index}]", ROLES, receiver.removeprefix("group#")


def _conditions(place: str, conditions: Iterable[Condition]) -> Iterator[Reference]:
    for index, condition in enumerate(conditions):
        if condition.field == "dynamic_group" and condition.method:
            yield from _list(f"{place}[{index}].value", "dynamic_groups", condition.value)


def _inhibit(rule: Inhibit) -> Iterator[Reference]:
    yield from _conditions("source", rule.source)
    yield from _conditions("target", rule.target)


def _dispatch(group: DispatchGroup) -> Iterator[Reference]:
    for number, rule in enumerate(group.rules):
        yield from _list(f"rules[{number}].user_groups", "user_groups", rule.user_groups)
        yield from _conditions(f"rules[{number}].conditions", rule.conditions)
        for index, action in enumerate(rule.actions):
            yield from _upgrade(f"rules[{number}].actions[{index}].upgrade_config", action.upgrade_config)


def _user_group(group: UserGroup) -> Iterator[Reference]:
    yield from _list("duty_rules", "duties", group.duty_rules)
    for index, arrange in enumerate(group.duty_arranges):
        yield from _roles(f"duty_arranges[{index}].users", arrange.users)
    mentioned = ((index, one) for index, one in enumerate(group.mention_list) if one.id != EVERYONE)
    yield from ((f"mention_list[{index}]", ROLES, one.id) for index, one in mentioned if one.type == "group")


def _roles(place: str, people: Iterable[UserRef]) -> Iterator[Reference]:
    return ((f"{place}[{index}]", ROLES, one.id) for index, one in enumerate(people) if one.type == "group")


def _duty(duty: Any) -> Iterator[Reference]:
    for number, arrangement in enumerate(duty.duty_arranges):
        for index, team in enumerate(arrangement.duty_users):
            yield from _roles(f"duty_arranges[{number}].duty_users[{index}]", team)


def _circuit_breaking(rule: Any) -> Iterator[Reference]:
    return _conditions("conditions", rule.conditions)


def _service_instance(instance: ServiceInstance) -> Iterator[Reference]:
    yield "bk_host_id", "hosts", instance.bk_host_id


def _dynamic_group(group: DynamicGroup) -> Iterator[Reference]:
    return _list("host_ids", "hosts", group.host_ids)


_REFERENCES: dict[str, Callable[[Any], Iterator[Reference]]] = {
    "strategies": _strategy,
    "shields": _shield,
    "inhibits": _inhibit,
    "dispatch": _dispatch,
    "user_groups": _user_group,
    "duties": _duty,
    "circuit_breaking": _circuit_breaking,
    "service_instances": _service_instance,
    "dynamic_groups": _dynamic_group,
}


REFERRERS: dict[str, tuple[str, ...]] = {
    "user_groups": ("strategies", "dispatch"),
    "duties": ("user_groups",),
    "calendars": ("strategies",),
    "businesses": ("user_groups", "duties", "shields"),
    "hosts": ("service_instances", "dynamic_groups"),
    "dynamic_groups": ("strategies", "shields", "inhibits", "dispatch", "circuit_breaking"),
}
"""Kind -> kinds whose documents may name its documents (of businesses: their roles)."""


def roles_of(businesses: Iterable[Any]) -> frozenset[str]:
    """Return the roles that may be named: the well-known ones and those of businesses."""
    return frozenset(KNOWN_ROLES).union(*(business.roles for business in businesses))


def broken_parents(topology: Mapping[str, TopoNode]) -> Iterator[tuple[str, str]]:
    """Yield (node, reason) of nodes whose parent is not there, or that are above themselves.

    A parent of an object type of which the book lists no node is taken to exist.
    """
    listed = {node.bk_obj_id for node in topology.values()}
    for key, node in topology.items():
        if node.parent and node.parent not in topology and node.parent.partition("|")[0] in listed:
            yield key, f"unknown topology node {node.parent!r}"
    for key in _in_circles(topology):
        yield key, "is above itself in the topology"


def _in_circles(topology: Mapping[str, TopoNode]) -> Iterator[str]:
    settled: set[str] = set()
    for start in topology:
        path: dict[str, None] = {}
        key = start
        while key in topology and key not in settled and key not in path:
            path[key] = None
            key = topology[key].parent
        if key in path:
            yield from list(path)[list(path).index(key) :]
        settled.update(path)
