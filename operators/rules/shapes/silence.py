"""Shields, inhibition, dispatch and circuit breaking: rules about alerts that exist (rules.md)."""

from typing import Any, Literal

import msgspec

from operators.rules.shapes.condition import Condition
from operators.rules.shapes.strategy import FlapConfig, UpgradeConfig
from operators.rules.shapes.words import (
    FOREVER,
    Amount,
    DayTimeOrEmpty,
    Id,
    LastMoment,
    Moment,
    MonthDay,
    Person,
    Plain,
    Way,
    WeekDay,
)


class DimensionConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a shield covers. A file holds the keys of `equals` beside `dimension_conditions`."""

    equals: dict[str, tuple[Any, ...]] = {}
    """Field -> values as text, hosts as `ip|cloud`, nodes as `obj|inst`; cleaned as spec/lifecycle.md 6.3 says."""
    dimension_conditions: tuple[Condition, ...] = ()


class CycleConfig(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """When in its time a shield holds: 1 (or -1) always, 2 daily, 3 weekly, 4 monthly. Times of day or ""."""

    type: Literal[-1, 1, 2, 3, 4] = 1
    begin_time: DayTimeOrEmpty = ""
    end_time: DayTimeOrEmpty = ""
    week_list: tuple[WeekDay, ...] = ()
    day_list: tuple[MonthDay, ...] = ()


class ShieldNotice(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who is told that a shield begins and ends; `notice_time` in minutes before."""

    notice_time: Amount = 5
    notice_way: tuple[Way, ...] = ()
    notice_receiver: tuple[Person, ...] = ()
    """`user#name` or `group#role`."""


class Shield(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A silence: alerts it matches are kept but not told. Begin and end in Unix seconds, both included."""

    id: Id
    bk_biz_id: Id = "0"
    is_enabled: bool = True
    category: Literal["scope", "strategy", "alert", "dimension"] = "strategy"
    scope_type: Literal["", "instance", "ip", "node", "biz", "dynamic_group"] = ""
    begin_time: Moment = 0
    end_time: LastMoment = FOREVER
    dimension_config: DimensionConfig = DimensionConfig()
    cycle_config: CycleConfig = CycleConfig()
    notice_config: ShieldNotice = ShieldNotice()
    is_quick: bool = False
    description: str = ""
    created_by: str = ""
    matchers: tuple[str, ...] = ()
    """Of a silence of Alertmanager, as it was written; the conditions are made of them."""


class Inhibit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What an open alert that `source` matches keeps silent: alerts that `target` matches and that agree in `equal`.

    Both of one business; business "0" is every business, each within itself (design.md 7.66).
    """

    id: Id
    source: tuple[Condition, ...]
    target: tuple[Condition, ...]
    bk_biz_id: Id = "0"
    equal: tuple[str, ...] = ()
    """Tags; one that both alerts lack agrees."""
    is_enabled: bool = True
    description: str = ""


class DispatchTag(msgspec.Struct, frozen=True, gc=False):
    """A tag that a dispatch rule puts on an alert."""

    key: str
    value: Plain


class DispatchAction(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whether a dispatch rule notifies its groups, and how it escalates."""

    action_type: Literal["notice"] = "notice"
    is_enabled: bool = True
    upgrade_config: UpgradeConfig = UpgradeConfig()
    flap: FlapConfig | None = None


class DispatchRule(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Whose an alert is while the conditions hold; `alert_severity` 0 keeps it."""

    id: Id
    is_enabled: bool = True
    conditions: tuple[Condition, ...] = ()
    user_groups: tuple[Id, ...] = ()
    user_type: Literal["main", "follower"] = "main"
    alert_severity: Literal[0, 1, 2, 3] = 0
    additional_tags: tuple[DispatchTag, ...] = ()
    actions: tuple[DispatchAction, ...] = ()


class DispatchGroup(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Rules of one priority, larger first; business "0" is every business."""

    id: Id
    name: str = ""
    priority: int = 10
    bk_biz_id: Id = "0"
    is_enabled: bool = True
    rules: tuple[DispatchRule, ...] = ()


class CircuitBreaking(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What is cut off while the conditions hold, and where in the job."""

    id: Id
    module: Literal["alert.builder", "alert.manager", "action"] = "alert.builder"
    conditions: tuple[Condition, ...] = ()
