"""Dispatch: whose an alert is, by rules instead of by its strategy (spec/lifecycle.md 7, design.md 7.20)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from operators.model.alert import ABNORMAL
from operators.people.groups import people_of
from operators.rules.ask.facts import rule_facts
from operators.rules.ask.look import Look
from operators.rules.ask.selection import Selection
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import (
    ActionRelation,
    DispatchAction,
    DispatchGroup,
    DispatchRule,
    DispatchTag,
    FlapConfig,
    NoticeRelation,
    UpgradeConfig,
)

if TYPE_CHECKING:
    from operators.rules.shapes.model import Strategy

BY_RULE, ONLY_NOTICE = "by_rule", "only_notice"
MAIN, FOLLOWER = "main", "follower"

Relation = NoticeRelation | ActionRelation


class Dispatch(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the dispatch rules that match an alert say, taken together. Groups are ids of user groups."""

    severity: int
    severity_source: str
    """`by_rule` if a rule sets a severity."""
    main: tuple[str, ...]
    follower: tuple[str, ...]
    additional_tags: tuple[DispatchTag, ...]
    rule_ids: tuple[str, ...]
    group_id: str
    """Of the first rule that matches."""
    group_name: str
    upgrades: tuple[tuple[str, str, UpgradeConfig], ...]
    """Escalations in force, of (rule id, user type, configuration)."""
    flap: FlapConfig | None = None
    """Of the first rule that says when its alerts flap."""


class Assignment(msgspec.Struct, frozen=True, gc=False, eq=False):
    """A dispatch rule with its group; made once a book, and compared by identity, so that it can be a key."""

    group: DispatchGroup
    rule: DispatchRule


def dispatch(look: Look) -> Dispatch | None:
    """Return what the dispatch rules say about an alert now, or None if none matches or rules have no say.

    All matching rules of the first priority with any match count. Who is on duty now decides for rules that ask for
    `notice_users`. Worked out once a look.
    """
    return look.once(_dispatch)


def _dispatch(look: Look) -> Dispatch | None:
    alert, strategy, book = look.alert, look.strategy, look.book
    groups = book.dispatch_of(alert.bk_biz_id) if book.dispatch else ()
    if not groups or BY_RULE not in assign_mode(strategy):
        return None
    selection = _selection(groups)
    if not selection.may_match(alert.strategy_id):
        return None
    facts = rule_facts(alert, strategy, book, lambda: _notice_users(look))
    matched = tuple(_first_priority(selection.matching(facts)))
    return _taken_together(matched, alert.severity) if matched else None


def relations(look: Look) -> list[Relation]:
    """Return what may follow a signal of the alert: its strategy's notice and actions, or the default notice.

    Of a third-party alert that no dispatch rule matches any more, those who were told of it hear the end.
    """
    notice, strategy = notice_of(look), look.strategy
    actions = strategy.actions if strategy is not None and look.alert.strategy_id else ()
    return [*actions, notice] if notice is not None else [*actions]


def notice_of(look: Look) -> NoticeRelation | None:
    """Return the relation by which people are told of the alert."""
    if look.alert.strategy_id:
        return look.strategy.notice if look.strategy is not None else None
    knows = look.told is not None and look.alert.status != ABNORMAL
    return look.default_notice if knows or dispatch(look) is not None else None


def _have_escalations(groups: tuple[DispatchGroup, ...]) -> bool:
    return any(
        action.upgrade_config.is_enabled for group in groups for rule in group.rules for action in _notices(rule)
    )


rules_escalate: Remembered[tuple[DispatchGroup, ...], bool] = Remembered(_have_escalations)
"""Return whether any rule of some groups has an escalation in force."""


def assign_mode(strategy: "Strategy | None") -> tuple[str, ...]:
    """Return who decides the people of an alert: an alert without strategy is decided by rules."""
    if strategy is None:
        return (BY_RULE,)
    return strategy.notice.options.assign_mode if strategy.notice else (BY_RULE, ONLY_NOTICE)


def default_groups(strategy: "Strategy | None", relation: NoticeRelation) -> tuple[str, ...]:
    """Return the user groups told when no dispatch rule matched: the relation's own, if its mode has `only_notice`."""
    if strategy is None or ONLY_NOTICE not in relation.options.assign_mode:
        return ()
    return relation.user_groups


def _first_priority(matching: Iterator[Assignment]) -> Iterator[Assignment]:
    first = next(matching, None)
    if first is not None:
        yield first
        yield from takewhile(lambda one: one.group.priority == first.group.priority, matching)


@lru_cache(maxsize=1024)
def _taken_together(matched: tuple[Assignment, ...], severity: int) -> Dispatch:
    """Return what rules say together of an alert of a severity."""
    rules = [one.rule for one in matched]
    upgrades = [(rule, action.upgrade_config) for rule in rules for action in _notices(rule)]
    return Dispatch(
        severity=min(rule.alert_severity or severity for rule in rules),
        severity_source=BY_RULE if any(rule.alert_severity for rule in rules) else "",
        main=_told(rules, MAIN),
        follower=_told(rules, FOLLOWER),
        additional_tags=tuple({tag.key: tag for rule in rules for tag in rule.additional_tags}.values()),
        rule_ids=tuple(rule.id for rule in rules),
        group_id=matched[0].group.id,
        group_name=matched[0].group.name,
        flap=next((one.flap for rule in rules for one in _notices(rule) if one.flap is not None), None),
        upgrades=tuple((rule.id, rule.user_type, config) for rule, config in upgrades if config.is_enabled),
    )


def _told(rules: Iterable[DispatchRule], user_type: str) -> tuple[str, ...]:
    """Return the groups of the rules of a type, each once; a rule that notifies nobody names nobody."""
    naming = (rule for rule in rules if rule.user_type == user_type and _notices(rule))
    return tuple(dict.fromkeys(group for rule in naming for group in rule.user_groups))


def _notices(rule: DispatchRule) -> list[DispatchAction]:
    return [action for action in rule.actions if action.action_type == "notice" and action.is_enabled]


def _notice_users(look: Look) -> list[str]:
    """Return the people of the strategy's own groups, each once."""
    alert, strategy, book = look.alert, look.strategy, look.book
    groups = strategy.notice.user_groups if strategy and strategy.notice else ()
    people = (user for group in groups for user in people_of(group, alert, book, look.settings, look.now))
    return list(dict.fromkeys(people))


def _select(groups: tuple[DispatchGroup, ...]) -> Selection[Assignment]:
    return Selection((Assignment(group, rule), (rule.conditions,)) for group in groups for rule in group.rules)


_selection: Remembered[tuple[DispatchGroup, ...], Selection[Assignment]] = Remembered(_select)
