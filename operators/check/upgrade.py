"""Upgrade: when the next group of an escalation is told (spec/lifecycle.md 7.6; design.md 7.6, 7.22)."""

from typing import NamedTuple

import msgspec

from operators.check.verdict import Verdict
from operators.model.alert import Alert, UpgradeRecord
from operators.people.dispatch import FOLLOWER, ONLY_NOTICE, dispatch, notice_of, rules_escalate
from operators.rules.ask.look import Look
from operators.rules.shapes.model import UpgradeConfig

MINUTE = 60


class Step(msgspec.Struct, frozen=True, gc=False):
    """The next step of an escalation."""

    due: int
    index: int
    group: str


class Escalation(NamedTuple):
    """An escalation in force: that of a dispatch rule by its id, or that of the strategy under key ""."""

    key: str
    is_follower: bool
    """Its groups follow only."""
    config: UpgradeConfig


class UpgradeVerdict(Verdict, frozen=True, gc=False, kw_only=True):
    """Which escalations are due."""

    due: tuple[Escalation, ...] = ()


QUIET = UpgradeVerdict()


def upgrade_verdict(look: Look) -> UpgradeVerdict:
    """Judge the escalations of an alert; none goes on once somebody has acknowledged it, or while it flaps."""
    alert = look.alert
    if alert.is_ack or look.flapping.is_on or not _may_escalate(look):
        return QUIET
    told, due, later = alert.extra_info.upgrades(), [], []
    for one in escalations(look):
        step = next_step(one.config, told.get(one.key), alert)
        if step is not None and step.due > look.now:
            later.append(step.due)
        elif step is not None:
            due.append(one)
    return UpgradeVerdict(due=tuple(due), next_look=min(later, default=None)) if due or later else QUIET


def _may_escalate(look: Look) -> bool:
    """Return True if an escalation is configured where the alert might find one; most books have few."""
    notice = look.strategy.notice if look.strategy else None
    if notice is not None and notice.options.upgrade_config.is_enabled:
        return True
    return rules_escalate(look.book.dispatch_of(look.alert.bk_biz_id))


def escalations(look: Look) -> list[Escalation]:
    """Return the escalations in force: of the dispatch rules that match, else of the strategy itself."""
    found = dispatch(look)
    if found is not None:
        return [Escalation(rule_id, user_type == FOLLOWER, config) for rule_id, user_type, config in found.upgrades]
    relation = notice_of(look)
    if relation is None or ONLY_NOTICE not in relation.options.assign_mode:
        return []
    return [Escalation("", is_follower=False, config=relation.options.upgrade_config)]


def next_step(config: UpgradeConfig, record: UpgradeRecord | None, alert: Alert) -> Step | None:
    """Return the next step, counted from the one before, the beginning, or the end of an ack; None when off or exhausted."""
    index = record.last_group_index + 1 if record else 0
    if not config.is_enabled or index >= len(config.user_groups):
        return None
    since = max(record.last_upgrade_time if record else alert.create_time, alert.extra_info.ack_over or 0)
    return Step(since + config.upgrade_interval * MINUTE, index, config.user_groups[index])


def later_steps(config: UpgradeConfig, step: Step) -> list[Step]:
    """Return a step and those behind it, each as if it were due with the first (design.md 7.47)."""
    groups = enumerate(config.user_groups[step.index :], step.index)
    return [Step(step.due, index, group) for index, group in groups]
