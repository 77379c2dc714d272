"""Indices of a rule book: rules that name their strategies are found by strategy, inventory by address and host."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec
from msgspec.structs import replace

from operators.rules.match import condition_groups
from operators.rules.model import Condition, DispatchGroup, DispatchRule, DynamicGroup, Host, ServiceInstance, Shield

Rule = TypeVar("Rule")
Thing = TypeVar("Thing")

EVERY_BUSINESS = "0"
_STRATEGY_FIELDS = ("strategy_id", "alert.strategy_id", "tags.strategy_id")


def id_order(text: str) -> tuple[int, int, str]:
    """Return the sort key of an id: integers first, by their value."""
    return (0, int(text), "") if text.isdecimal() and text.isascii() and len(text) < 20 else (1, 0, text)  # noqa: PLR2004


class Ordered(msgspec.Struct, Generic[Rule], frozen=True, gc=False):
    """Rules in order, those that can only concern certain strategies apart."""

    everything: tuple[Rule, ...] = ()
    rest: tuple[tuple[int, Rule], ...] = ()
    """Of (place in everything, rule): rules that may concern any alert."""
    by_strategy: dict[str, tuple[tuple[int, Rule], ...]] = {}

    def for_strategy(self, strategy_id: str) -> tuple[Rule, ...]:
        """Return the rules that may concern alerts of a strategy ("" = third-party), in order."""
        own = self.by_strategy.get(strategy_id)
        if own is None and not self.by_strategy:
            return self.everything
        return tuple(rule for _, rule in sorted([*self.rest, *(own or ())], key=_place))


def _place(placed: tuple[int, object]) -> int:
    return placed[0]


def ordered(rules: Iterable[Rule], strategies_of: Callable[[Rule], frozenset[str] | None]) -> Ordered[Rule]:
    """Return rules, given in order, by the strategies they can concern; None = any alert."""
    everything, rest = tuple(rules), []
    by_strategy: dict[str, list[tuple[int, Rule]]] = {}
    for placed in enumerate(everything):
        strategies = strategies_of(placed[1])
        if strategies is None:
            rest.append(placed)
        for strategy_id in strategies or ():
            by_strategy.setdefault(strategy_id, []).append(placed)
    return Ordered(everything, tuple(rest), {key: tuple(placed) for key, placed in by_strategy.items()})


def strategies_of_conditions(conditions: tuple[Condition, ...]) -> frozenset[str] | None:
    """Return the only strategies whose alerts can meet the conditions, or None if they are not told from them."""
    found: set[str] = set()
    groups = condition_groups(conditions)
    for group in groups:
        named = [one.value for one in group if one.method == "eq" and one.field in _STRATEGY_FIELDS[:2]]
        if not named:
            return None
        found.update(str(value) for value in named[0])
    return frozenset(found) if groups else None


def strategies_of_shield(shield: Shield) -> frozenset[str] | None:
    """Return the only strategies a shield can concern, or None."""
    if shield.category != "dimension" and "strategy_id" in shield.dimension_config.equals:
        return frozenset(map(str, shield.dimension_config.equals["strategy_id"]))
    return strategies_of_conditions(shield.dimension_config.dimension_conditions)


class Assignment(msgspec.Struct, frozen=True, gc=False):
    """A dispatch rule with the group it stands in."""

    group: DispatchGroup
    rule: DispatchRule


def shields_by_business(shields: Mapping[str, Shield]) -> dict[str, Ordered[Shield]]:
    """Return the enabled shields of each business, by id."""
    enabled = sorted((one for one in shields.values() if one.is_enabled), key=lambda shield: id_order(shield.id))
    grouped = gathered((shield.bk_biz_id, shield) for shield in enabled)
    return {business: ordered(members, strategies_of_shield) for business, members in grouped.items()}


def dispatch_by_business(groups: Mapping[str, DispatchGroup]) -> dict[str, tuple[DispatchGroup, ...]]:
    """Return the enabled groups that concern each business, larger priority first, with their enabled rules.

    Groups of every business stand with each; a business without its own groups has those under EVERY_BUSINESS.
    """
    enabled = [_with_enabled_rules(group) for group in groups.values() if group.is_enabled]
    enabled.sort(key=lambda group: (-group.priority, id_order(group.id)))
    businesses = {EVERY_BUSINESS, *(group.bk_biz_id for group in enabled)} if enabled else set()
    return {
        business: tuple(group for group in enabled if group.bk_biz_id in (business, EVERY_BUSINESS))
        for business in businesses
    }


def _with_enabled_rules(group: DispatchGroup) -> DispatchGroup:
    return replace(group, rules=tuple(rule for rule in group.rules if rule.is_enabled))


def assignments_of(groups: tuple[DispatchGroup, ...]) -> Ordered[Assignment]:
    """Return the rules of groups in their order, by the strategies they can concern."""
    pairs = (Assignment(group, rule) for group in groups for rule in group.rules)
    return ordered(pairs, lambda pair: strategies_of_conditions(pair.rule.conditions))


def gathered(pairs: Iterable[tuple[str, Thing]]) -> dict[str, tuple[Thing, ...]]:
    """Return the things of each key, in the order they come."""
    found: dict[str, list[Thing]] = {}
    for key, thing in pairs:
        found.setdefault(key, []).append(thing)
    return {key: tuple(things) for key, things in found.items()}


def addresses(host: Host) -> Iterator[str]:
    """Yield the addresses by which a host is found."""
    if host.ip:
        yield host.ip
    if host.ipv6 and host.ipv6 != host.ip:
        yield host.ipv6


def hosts_by_address(hosts: Iterable[Host]) -> dict[str, tuple[Host, ...]]:
    """Return the hosts of each address, by id."""
    found = gathered((address, host) for host in hosts for address in addresses(host))
    shared = {address: in_order(members) for address, members in found.items() if len(members) > 1}
    return {**found, **shared}


def moved_hosts(
    found: Mapping[str, tuple[Host, ...]], gone: Sequence[Host], come: Sequence[Host]
) -> dict[str, tuple[Host, ...]]:
    """Return `hosts_by_address` after some hosts left and some came, at the cost of those alone."""
    moved = dict(found)
    for host in gone:
        for address in addresses(host):
            moved[address] = tuple(one for one in moved[address] if one is not host)
    for host in come:
        for address in addresses(host):
            moved[address] = in_order((*moved.get(address, ()), host))
    for host in gone:
        for address in addresses(host):
            if not moved.get(address, True):
                del moved[address]
    return moved


def in_order(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """Return hosts by id."""
    return tuple(sorted(hosts, key=lambda host: id_order(host.bk_host_id)))


def instances_by_host(instances: Iterable[ServiceInstance]) -> dict[str, tuple[ServiceInstance, ...]]:
    """Return the service instances of each host, by id."""
    return gathered((one.bk_host_id, one) for one in sorted(instances, key=lambda one: id_order(one.id)))


def groups_by_host(groups: Iterable[DynamicGroup]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the dynamic groups each host is in, in order."""
    in_turn = sorted(groups, key=lambda group: id_order(group.id))
    return gathered((host_id, group.id) for group in in_turn for host_id in dict.fromkeys(group.host_ids))
