"""What is no mistake in rules, but hardly meant: people who would not be told, silences without an end, rules that never count."""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from operators.rules.ask.facts import ALERT_FIELDS
from operators.rules.ask.match import condition_groups
from operators.rules.book import RuleBook
from operators.rules.index import EVERY_BUSINESS, id_order
from operators.rules.shapes.model import (
    FOREVER,
    Condition,
    DispatchGroup,
    DispatchRule,
    Shield,
    UserGroup,
)
from operators.rules.shapes.nearest import nearest
from operators.rules.shapes.ways import TABLE

Advice = tuple[str, str, str, str]
"""(kind, id, place in the document, what is hardly meant)."""

_CONTACTS = {way.name: way.contact for way in TABLE if way.contact and not way.chats}
"""Way -> the contact of a person that it needs."""
_LEVELS = {"1", "2", "3"}


def advice(book: RuleBook, used: Collection[str] = ()) -> list[Advice]:
    """Return everything that is hardly meant, by kind and place; `used`: groups that something outside the rules uses."""
    return [one for look in _LOOKS for one in look(book)] + list(_unused_groups(book, used))


def ways_of(group: UserGroup) -> list[str]:
    """Return the ways that a group uses at any hour, each once."""
    return list(
        dict.fromkeys(
            way.name for block in group.alert_notice for config in block.notify_config for way in config.notice_ways
        )
    )


def ways_without_channel(book: RuleBook) -> dict[str, list[str]]:
    """Return the ways that groups use and no channel delivers, with the groups. Webhooks need no channel."""
    delivered = {channel.way for channel in book.channels} | {"webhook"}
    found: dict[str, list[str]] = {}
    for group in book.user_groups.values():
        for way in ways_of(group):
            if way not in delivered:
                found.setdefault(way, []).append(group.id)
    return found


def _ways(book: RuleBook) -> Iterator[Advice]:
    lost = "are given up" if book.channels else "only go to a file"
    for way, groups in ways_without_channel(book).items():
        for group in groups:
            yield "user_groups", group, "", f"way {way!r} has no channel: its notices {lost}"


def groups_used(book: RuleBook) -> set[str]:
    """Return the groups that strategies, dispatch rules and their escalations name."""
    notices = [strategy.notice for strategy in book.strategies.values() if strategy.notice]
    rules = [rule for group in book.dispatch.values() for rule in group.rules]
    used = {name for notice in notices for name in (*notice.user_groups, *notice.options.upgrade_config.user_groups)}
    used |= {name for rule in rules for name in rule.user_groups}
    return used | {name for rule in rules for action in rule.actions for name in action.upgrade_config.user_groups}


def _unused_groups(book: RuleBook, used: Collection[str]) -> Iterator[Advice]:
    named = groups_used(book) | set(used)
    return (("user_groups", name, "", "nobody uses this group") for name in book.user_groups if name not in named)


def _people(book: RuleBook) -> Iterator[Advice]:
    for group in book.user_groups.values():
        needed = {_CONTACTS[way]: way for way in ways_of(group) if way in _CONTACTS}
        for person in (one.id for arrange in group.duty_arranges for one in arrange.users if one.type == "user"):
            known = book.users.get(person)
            for contact, way in needed.items() if known else ():
                if not getattr(known, contact):
                    yield "user_groups", group.id, "", f"{person} has no {contact} for way {way!r}"


def _idle(book: RuleBook) -> Iterator[Advice]:
    for user in book.users.values():
        for field in ("language", "time_zone"):
            if getattr(user, field):
                yield "users", user.id, field, "is read, not acted on: notices speak as their business does"


def _shields(book: RuleBook) -> Iterator[Advice]:
    for shield in book.shields.values():
        if shield.is_enabled and shield.end_time >= FOREVER:
            yield "shields", shield.id, "end_time", "this shield has no end"
        yield from (("shields", shield.id, *found) for found in _of_shield(shield, book))


def _of_shield(shield: Shield, book: RuleBook) -> Iterator[tuple[str, str]]:
    config = shield.dimension_config
    for name in config.equals.get("strategy_id", ()):
        if name not in book.strategies:
            yield "dimension_config.strategy_id", f"no strategy {name!r}: this matches nothing"
    yield from _conditions("dimension_config.dimension_conditions", config.dimension_conditions, book)


def _inhibits(book: RuleBook) -> Iterator[Advice]:
    for rule in book.inhibits.values():
        if condition_groups(rule.source) == condition_groups(rule.target):
            yield "inhibits", rule.id, "target", "the same as the source: no alert inhibits its like"
        for side in ("source", "target"):
            for place, reason in _conditions(side, getattr(rule, side), book):
                yield "inhibits", rule.id, place, reason


def _dispatch(book: RuleBook) -> Iterator[Advice]:
    for group in book.dispatch.values():
        for number, rule in enumerate(group.rules):
            for place, reason in _conditions(f"rules[{number}].conditions", rule.conditions, book):
                yield "dispatch", group.id, place, reason
            if rule.is_enabled and group.is_enabled and (above := _shadow(group, rule, book)) is not None:
                yield "dispatch", group.id, f"rules[{number}]", f"never counts: what it matches, {above} takes first"


def _shadow(group: DispatchGroup, rule: DispatchRule, book: RuleBook) -> str | None:
    """Return the rule of a larger priority that matches whatever a rule matches."""
    higher = [
        one
        for one in book.dispatch.values()
        if one.is_enabled and one.priority > group.priority and one.bk_biz_id in (group.bk_biz_id, EVERY_BUSINESS)
    ]
    for one in sorted(higher, key=lambda other: (-other.priority, id_order(other.id))):
        for other in one.rules:
            groups = condition_groups(other.conditions)
            if other.is_enabled and (not groups or groups == condition_groups(rule.conditions)):
                return f"rule {other.id!r} of group {one.id!r}"
    return None


def _conditions(place: str, conditions: tuple[Condition, ...], book: RuleBook) -> Iterator[tuple[str, str]]:
    for index, one in enumerate(conditions):
        if one.method in ("neq", "exclude", "nreg", ""):
            continue
        if (reason := _matches_nothing(one, book)) is not None:
            yield f"{place}[{index}]", reason


def _matches_nothing(one: Condition, book: RuleBook) -> str | None:
    """Return why a condition can match nothing that is known; None if it can."""
    if one.field.startswith("alert.") and one.field not in ALERT_FIELDS:
        return f"alerts have no {one.field!r}, so this matches nothing{nearest(one.field, ALERT_FIELDS)}"
    values, known = set(map(str, one.value)), _known_values(one, book)
    if known is not None and one.method == "eq" and values.isdisjoint(known):
        return f"{one.field} is never {' or '.join(sorted(values))}: this matches nothing"
    return None


def _known_values(one: Condition, book: RuleBook) -> Collection[str] | None:
    if one.field in ("strategy_id", "alert.strategy_id"):
        return book.strategies.keys()
    return _LEVELS if one.field in ("level", "alert.severity", "severity") else None


def _duties(book: RuleBook) -> Iterator[Advice]:
    for duty in book.duties.values():
        for row, arrangement in enumerate(duty.duty_arranges):
            for index, time in enumerate(arrangement.duty_time):
                if (
                    time.work_type == "weekly"
                    and time.period_settings is not None
                    and len(time.work_days) not in (0, 7)
                ):
                    days, count = time.period_settings.duration, len(time.work_days)
                    place = f"duty_arranges[{row}].duty_time[{index}].period_settings"
                    said = f"turns change after {days} working days, not after a week ({count} days are worked in one)"
                    yield "duties", duty.id, place, said


_LOOKS: tuple[Callable[[RuleBook], Iterator[Any]], ...] = (
    _ways,
    _people,
    _idle,
    _shields,
    _inhibits,
    _dispatch,
    _duties,
)
