"""A configuration of Alertmanager as rules of ours: what can be said is said, and everything else is listed.

Routes become dispatch groups of falling priority, the first that matches decides: children before their parent, as there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from operators.alertmanager.inhibition import Note, inhibits_of
from operators.alertmanager.matchers import Matcher, MatcherError, matchers_in
from operators.alertmanager.silences import SilenceError, conditions_of

Tree = Mapping[str, Any]
TOP = 10_000
"""Priority of the first route."""


class ConfigurationError(Exception):
    """A tree that is no configuration of Alertmanager."""


class Imported(NamedTuple):
    """Rules by kind, and what is left to a person."""

    rules: dict[str, list[dict[str, Any]]]
    notes: list[Note]


class Receivers(NamedTuple):
    """How one kind of receiver is written here."""

    way: str
    address: str
    """Its key that says to whom; empty: the name of the receiver stands for it."""


WAYS = {
    "email_configs": Receivers("mail", "to"),
    "slack_configs": Receivers("slack", "channel"),
    "webhook_configs": Receivers("webhook", "url"),
    "pagerduty_configs": Receivers("pagerduty", ""),
    "telegram_configs": Receivers("telegram", "chat_id"),
    "msteams_configs": Receivers("msteams", ""),
    "msteamsv2_configs": Receivers("msteams", ""),
}
SEVERITIES = (1, 2, 3)


def imported(tree: Tree) -> Imported:
    """Return the rules that a configuration becomes. Raises ConfigurationError."""
    if not isinstance(tree.get("route"), dict) or not isinstance(tree.get("receivers"), list):
        raise ConfigurationError("no configuration of Alertmanager: `route` and `receivers` are missing")
    notes: list[Note] = []
    groups = [_group(one, notes) for one in tree["receivers"] if isinstance(one, dict) and one.get("name")]
    dispatch = list(_dispatch(tree["route"], {group["id"] for group in groups}, notes))
    notes += _beside(tree)
    inhibits = list(inhibits_of(tree.get("inhibit_rules") or (), notes))
    rules = {"user_groups": groups, "dispatch": dispatch, "inhibits": inhibits, "channels": _channels(groups)}
    return Imported({kind: documents for kind, documents in rules.items() if documents}, notes)


# --- receivers


def _group(receiver: Tree, notes: list[Note]) -> dict[str, Any]:
    name = str(receiver["name"])
    ways, people = list[dict[str, Any]](), list[str]()
    for kind, configs in receiver.items():
        known = WAYS.get(kind)
        if known is None:
            if kind != "name":
                notes.append(
                    Note(f"receivers.{name}.{kind}", "no such way here; see docs/channels.md for one that fits")
                )
            continue
        addresses = [str(address) for one in configs or () for address in _addresses(one, known, name)]
        if known.way == "mail":
            people += addresses
            ways.append({"name": "mail"})
        else:
            ways.append({"name": known.way, "receivers": addresses})
    if not ways:
        notes.append(
            Note(f"receivers.{name}", "tells nobody there, and nobody here: alerts of its routes are kept in silence")
        )
    each = [{"level": level, "notice_ways": ways} for level in SEVERITIES]
    group: dict[str, Any] = {"id": name, "name": name, "users": list(dict.fromkeys(people))}
    return {**group, "alert_notice": [{"time_range": "00:00--23:59", "notify_config": each}]} if ways else group


def _addresses(config: Any, known: Receivers, name: str) -> Iterator[str]:
    if not isinstance(config, dict) or not known.address:
        yield name
        return
    value = config.get(known.address)
    if known.way == "mail":
        yield from (one.strip() for one in str(value or "").split(",") if one.strip())
    else:
        yield str(value) if value else name


CHANNELS: Mapping[str, dict[str, Any]] = {
    "mail": {"way": "mail", "host": "localhost", "port": 25, "sender": "tocsin@localhost"},
    "slack": {"way": "slack", "url": {"env": "SLACK_HOOK"}},
    "webhook": {"way": "webhook"},
    "pagerduty": {"way": "pagerduty", "secret": {"env": "PAGERDUTY_ROUTING_KEY"}},
    "telegram": {"way": "telegram", "url": {"env": "TELEGRAM_URL"}},
    "msteams": {"way": "msteams", "url": {"env": "MSTEAMS_HOOK"}},
}
"""Way -> a channel to be completed: secrets are named, and never carried over."""


def _channels(groups: Sequence[Tree]) -> list[dict[str, Any]]:
    notices = (notice for group in groups for notice in group.get("alert_notice", ()))
    used = (way["name"] for notice in notices for config in notice["notify_config"] for way in config["notice_ways"])
    return [CHANNELS[way] for way in dict.fromkeys(used)]


# --- routes


class Route(NamedTuple):
    """One route with all that must match on the way to it."""

    place: str
    tree: Tree
    receiver: str
    matchers: tuple[Matcher, ...]


def _dispatch(top: Tree, groups: set[str], notes: list[Note]) -> Iterator[dict[str, Any]]:
    routes = list(_routes(Route("route", top, str(top.get("receiver", "")), ()), notes))
    for number, route in enumerate(routes):
        if route.receiver not in groups:
            notes.append(Note(route.place, f"names receiver {route.receiver!r}, which is not there; left out"))
            continue
        try:
            conditions = conditions_of(route.matchers)
        except SilenceError as error:
            notes.append(Note(route.place, f"left out: {error}"))
            continue
        rule = {
            "id": f"{route.place}#1",
            "conditions": conditions,
            "user_groups": [route.receiver],
            "actions": [{"action_type": "notice"}],
        }
        yield {
            "id": route.place,
            "name": f"{route.place} to {route.receiver}",
            "priority": TOP - number,
            "rules": [rule],
        }


def _routes(route: Route, notes: list[Note]) -> Iterator[Route]:
    """Yield the routes below one, then itself: whatever no child takes is its own."""
    notes += _of_route(route)
    for number, child in enumerate(route.tree.get("routes") or ()):
        if not isinstance(child, dict):
            continue
        place = f"{route.place}.routes[{number}]"
        try:
            matchers = (*route.matchers, *matchers_in(child))
        except MatcherError as error:
            notes.append(Note(place, f"left out: {error}"))
            continue
        yield from _routes(Route(place, child, str(child.get("receiver") or route.receiver), matchers), notes)
    yield route


_IN_ROUTES = {
    "continue": "the first match decides here: put both receivers into the groups of one rule",
    "group_by": "notices of one subject are merged by themselves (docs/merging.md)",
    "group_wait": "the first notice goes out at once, the rest of its window in one summary (setting `converge`)",
    "group_interval": "set by `converge.window` for all",
    "repeat_interval": "set by `default_notice.config.notify_interval` for all",
    "mute_time_intervals": "write a shield with a cycle, or hours in the group's `alert_notice`",
    "active_time_intervals": "write hours into the group's `alert_notice`",
}


def _of_route(route: Route) -> list[Note]:
    return [Note(f"{route.place}.{key}", why) for key, why in _IN_ROUTES.items() if route.tree.get(key)]


_BESIDE = {
    "templates": "templates are Jinja2 here, by strategy or in the template directory (docs/templates.md)",
    "time_intervals": "write hours into `alert_notice`, or shields with cycles",
    "mute_time_intervals": "write shields with cycles",
    "global": "addresses and secrets of providers stand in `channels`; complete those that were written",
}


def _beside(tree: Tree) -> list[Note]:
    return [Note(key, why) for key, why in _BESIDE.items() if tree.get(key)]
