"""Indices of a rule book: shields and dispatch by business, inventory by address and host."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from operators.rules.shapes.model import DispatchGroup, DynamicGroup, Host, Inhibit, Shield

Thing = TypeVar("Thing")

EVERY_BUSINESS = "0"


def id_order(text: str) -> tuple[int, int, str]:
    """Return the sort key of an id: integers first, by their value."""
    return (0, int(text), "") if text.isdecimal() and text.isascii() and len(text) < 20 else (1, 0, text)  # noqa: PLR2004


def shields_by_business(shields: Mapping[str, Shield]) -> dict[str, tuple[Shield, ...]]:
    """Return the enabled shields of each business, by id."""
    enabled = sorted((one for one in shields.values() if one.is_enabled), key=lambda shield: id_order(shield.id))
    return gathered((shield.bk_biz_id, shield) for shield in enabled)


def inhibits_by_business(rules: Mapping[str, Inhibit]) -> dict[str, tuple[Inhibit, ...]]:
    """Return the enabled rules of inhibition that concern each business, by id; those of every business stand with each."""
    enabled = sorted((one for one in rules.values() if one.is_enabled), key=lambda rule: id_order(rule.id))
    businesses = {EVERY_BUSINESS, *(rule.bk_biz_id for rule in enabled)} if enabled else set()
    return {
        business: tuple(rule for rule in enabled if rule.bk_biz_id in (business, EVERY_BUSINESS))
        for business in businesses
    }


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


def groups_by_host(groups: Iterable[DynamicGroup]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the dynamic groups each host is in, in order."""
    in_turn = sorted(groups, key=lambda group: id_order(group.id))
    return gathered((host_id, group.id) for group in in_turn for host_id in dict.fromkeys(group.host_ids))
