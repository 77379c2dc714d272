"""Who is signed in where a proxy before the console says so: by headers, which count from its own address only."""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from flows.gateway.tokens import Need
from flows.settings.sections import ConsoleSettings
from flows.settings.settings import SettingsError
from sinks.store.query import AlertQuery

EVERYBODY = "*"
NOWHERE = "none of these"
"""A business that no alert has."""


class Who(NamedTuple):
    """Somebody who is signed in."""

    name: str
    scopes: frozenset[Need]
    businesses: tuple[str, ...]
    """Those whose alerts may be seen; empty: all."""


def by_proxy(settings: ConsoleSettings, peer: str, headers: Mapping[str, str]) -> Who | None:
    """Return who a proxy says is there; None where no proxy of the settings speaks, or it names nobody."""
    if not is_trusted(settings.proxies, peer):
        return None
    name = headers.get(settings.user_header.lower(), "").strip()
    if not name:
        return None
    groups = {one.strip() for one in headers.get(settings.groups_header.lower(), "").split(",")} - {""}
    known = {name, *groups, EVERYBODY}
    roles: tuple[tuple[Need, tuple[str, ...]], ...] = (
        ("read", settings.see),
        ("command", settings.act),
        ("admin", settings.admin),
    )
    scopes = frozenset(need for need, allowed in roles if known & set(allowed))
    seen = (one for group in (name, *sorted(groups)) for one in settings.businesses.get(group, ()))
    return Who(name, scopes, tuple(dict.fromkeys(map(str, seen))))


def is_trusted(proxies: Iterable[str], peer: str) -> bool:
    """Return True if an address is one of the proxies'."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(one, strict=False) for one in proxies)


def checked(settings: ConsoleSettings) -> None:
    """Raise SettingsError where a proxy is no address and no network."""
    for one in settings.proxies:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise SettingsError(f"console.proxies: {one}: no address and no network") from error


def within(query: AlertQuery, businesses: tuple[str, ...]) -> AlertQuery:
    """Return a query that finds only alerts of some businesses; empty: of all."""
    if not businesses:
        return query
    asked = tuple(one for one in query.bk_biz_id if one in businesses) if query.bk_biz_id else businesses
    return msgspec.structs.replace(query, bk_biz_id=asked or (NOWHERE,))
