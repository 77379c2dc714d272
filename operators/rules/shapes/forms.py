"""What rule shapes mean beyond the types of their fields: short forms, normal forms, checks across fields."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec.structs import replace

from operators.rules.shapes.channel import Channel, Secret
from operators.rules.shapes.condition import HOST_FIELDS, NODE_FIELDS, Condition, condition_text
from operators.rules.shapes.forms_channel import checked_channel, checked_secret, named_secret
from operators.rules.shapes.patterns import pattern_error
from operators.rules.shapes.people import (
    AlertNotice,
    CalendarItem,
    CalendarRepeat,
    DutyArrange,
    DutyTime,
    NoticeWay,
    NotifyConfig,
    UserGroup,
    UserRef,
)
from operators.rules.shapes.silence import DimensionConfig, DispatchGroup, Inhibit, Shield
from operators.rules.shapes.source import Found, Source, checked_found, checked_source
from operators.rules.shapes.strategy import ActionRelation, Strategy, TargetCondition
from operators.rules.shapes.words import Reading, RefusedError, node_text

SEVERITIES = (1, 2, 3)


def _person(document: Any, _: Reading) -> Any:
    """Write out the short form of a person: plain text."""
    return {"type": "user", "id": document} if isinstance(document, str) else document


def _condition(document: Any, reading: Reading) -> Any:
    """Let `key` stand for `field`."""
    if not isinstance(document, dict) or "key" not in document:
        return document
    if "field" in document:
        reading.fail("give either 'field' or 'key'")
    return {"field" if name == "key" else name: value for name, value in document.items()}


def _compared(condition: Condition, reading: Reading) -> Condition:
    """Make the values of a condition text, and check those that are patterns. One that asks nothing would hold for all."""
    if not condition.field.strip():
        reading.fail("missing: what is compared?", "field")
    if not condition.value:
        reading.fail("missing: with what is it compared?", "value")
    value = _value_texts(condition.field, condition.value, reading, "value")
    if condition.method in ("reg", "nreg"):
        for index, pattern in enumerate(value):
            wrong = pattern_error(pattern)
            if wrong is not None:
                reading.fail(f"invalid pattern {pattern!r}: {wrong}", "value", index)
    return replace(condition, value=value)


def _value_texts(field: str, values: Iterable[Any], reading: Reading, *place: str) -> tuple[str, ...]:
    """Return values of a condition as text; those that cannot be are failed at their place."""
    texts = []
    for index, value in enumerate(values):
        try:
            texts.append(_value_text(field, value))
        except ValueError as wrong:
            reading.fail(str(wrong), *place, index)
    return tuple(texts)


def _value_text(field: str, value: Any) -> str:
    if value is None or isinstance(value, list):
        raise RefusedError("expected text, a number or a mapping")
    if isinstance(value, dict) and field == "dynamic_group" and value.keys() == {"dynamic_group_id"}:
        return str(value["dynamic_group_id"])
    return condition_text(field, value)


def _dimension_config(document: Any, _: Reading) -> Any:
    """Gather all keys but the conditions; single values become lists, and what means "any" goes (6.3)."""
    if not isinstance(document, dict):
        return document
    equals = {
        key: value if isinstance(value, list) else [] if value in (None, "") else [value]
        for key, value in document.items()
        if key != "dimension_conditions" and not (isinstance(key, str) and key.startswith("_"))
    }
    kept = {key: value for key, value in equals.items() if not _means_any(key, value)}
    rest = {key: document[key] for key in ("dimension_conditions",) if key in document}
    return {**rest, "equals": kept}


def _means_any(key: Any, values: list[Any]) -> bool:
    return "00" in values or (key == "category" and "all" in values)


def _covered(config: DimensionConfig, reading: Reading) -> DimensionConfig:
    """Make all values text. A key without any would hold for nothing or for all: nobody could tell (design.md 7.52)."""
    for key, values in config.equals.items():
        if not key.strip() or not values:
            reading.fail("missing: what is covered?", key)
    equals = {key: _value_texts(key, values, reading, key) for key, values in config.equals.items()}
    return replace(config, equals=equals)


def _targeted(condition: TargetCondition, reading: Reading) -> TargetCondition:
    """Make the values of a target condition text; a host given with address and id stands as both."""
    texts: list[str] = []
    for index, value in enumerate(condition.value):
        try:
            texts += _target_texts(condition.field, value)
        except ValueError as wrong:
            reading.fail(str(wrong), "value", index)
    return replace(condition, value=tuple(texts))


def _target_texts(field: str, value: Any) -> list[str]:
    if field in NODE_FIELDS:
        return [node_text(value)]
    if field in HOST_FIELDS and isinstance(value, dict):
        return _host_texts(field, value)
    if isinstance(value, dict) and field in value and len(value) == 1:
        value = value[field]
    text = _value_text(field, value)
    return [f"{text}|0"] if field in HOST_FIELDS and "|" not in text else [text]


def _host_texts(field: str, value: dict[str, Any]) -> list[str]:
    address = {key: part for key, part in value.items() if key not in ("bk_host_id", "bk_supplier_id")}
    host_id = [str(value["bk_host_id"])] if "bk_host_id" in value else []
    if host_id and not address.keys() & {field, "ip"}:
        return host_id
    return [condition_text(field, address), *host_id]


def _group(group: UserGroup, reading: Reading) -> UserGroup:
    """Write out the short forms of a user group."""
    if group.users and group.duty_arranges:
        reading.fail("give either 'users' or 'duty_arranges'")
    if group.ways and group.alert_notice:
        reading.fail("give either 'ways' or 'alert_notice'")
    arranges = (DutyArrange(group.users),) if group.users else group.duty_arranges
    notice = (_all_day(group.ways),) if group.ways else group.alert_notice
    return replace(group, users=(), ways=(), duty_arranges=arranges, alert_notice=notice)


def _all_day(ways: tuple[str, ...]) -> AlertNotice:
    named = tuple(NoticeWay(way) for way in ways)
    return AlertNotice(notify_config=tuple(NotifyConfig(level, named) for level in SEVERITIES))


def _strategy(strategy: Strategy, reading: Reading) -> Strategy:
    if strategy.items and strategy.timeout is not None:
        reading.fail("only a strategy without items can have a timeout", "timeout")
    relation_ids = [action.id for action in strategy.actions]
    relation_ids += [strategy.notice.id] if strategy.notice else []
    _unique(relation_ids, "id among notice and actions", reading, "actions")
    _unique((item.id for item in strategy.items if item.id), "item id", reading, "items")
    _unique((str(detect.level) for detect in strategy.detects), "level", reading, "detects")
    return strategy if strategy.bk_biz_id is not None else replace(strategy, bk_biz_id=reading.default_business)


def _unique(ids: Iterable[str], what: str, reading: Reading, place: str) -> None:
    for one, count in Counter(ids).items():
        if count > 1:
            reading.fail(f"duplicate {what} {one!r}", place)


def _action(action: ActionRelation, reading: Reading) -> ActionRelation:
    needed, foreign = ("url", "dsn") if action.plugin_type == "webhook" else ("dsn", "url")
    if not getattr(action.config, needed):
        reading.fail(f"a {action.plugin_type} needs {needed!r}", "config")
    if getattr(action.config, foreign):
        reading.fail(f"a {action.plugin_type} takes no {foreign!r}", "config")
    return action


SCOPE_FIELDS = {
    "ip": ("ip", "bk_target_ip"),
    "instance": ("bk_service_instance_id", "service_instance_id", "bk_target_service_instance_id"),
    "node": ("bk_topo_node",),
    "dynamic_group": ("dynamic_group",),
}
"""Scope of a shield -> keys of `dimension_config`, one of which says what is in the scope."""


def _shield(shield: Shield, reading: Reading) -> Shield:
    if shield.begin_time > shield.end_time:
        reading.fail("ends before it begins", "end_time")
    fields = SCOPE_FIELDS.get(shield.scope_type, ())
    if shield.category == "scope" and fields and shield.dimension_config.equals.keys().isdisjoint(fields):
        reading.fail(f"scope {shield.scope_type} needs {fields[0]!r}", "dimension_config")
    return shield


def _inhibit(rule: Inhibit, reading: Reading) -> Inhibit:
    """Refuse a side without conditions: it would hold for every alert."""
    for side in ("source", "target"):
        if not getattr(rule, side):
            reading.fail("missing: which alerts?", side)
    for index, tag in enumerate(rule.equal):
        if not tag.strip():
            reading.fail("expected the name of a tag, got nothing", "equal", index)
    _unique(rule.equal, "tag", reading, "equal")
    return rule


def _dispatch_group(group: DispatchGroup, reading: Reading) -> DispatchGroup:
    _unique((rule.id for rule in group.rules), "rule id", reading, "rules")
    return group


def _duty_time(duty: DutyTime, reading: Reading) -> DutyTime:
    last = {"weekly": 7, "monthly": 31}.get(duty.work_type, 31)
    for index, day in enumerate(duty.work_days):
        if day > last:
            reading.fail(f"expected at most {last}, got {day}", "work_days", index)
    for index, text in enumerate(duty.work_time):
        if (" " in text) != (duty.work_time_type == "datetime_range"):
            reading.fail(f"not a {duty.work_time_type}: {text!r}", "work_time", index)
    if duty.work_type == "date_range" and not duty.work_date_range:
        reading.fail("work type date_range needs 'work_date_range'")
    return duty


def _item(item: CalendarItem, reading: Reading) -> CalendarItem:
    if item.start_time > item.end_time:
        reading.fail("ends before it starts", "end_time")
    return item


def _repeat(repeat: CalendarRepeat, reading: Reading) -> CalendarRepeat:
    last = {"week": 7, "month": 31, "year": 12}.get(repeat.freq, 0)
    for index, number in enumerate(repeat.every):
        if number > last:
            reading.fail(f"expected at most {last}, got {number}", "every", index)
    return repeat


Form = Callable[[Any, Reading], Any]

BEFORE: dict[type[msgspec.Struct], Form] = {
    Condition: _condition,
    DimensionConfig: _dimension_config,
    Secret: named_secret,
    UserRef: _person,
}
"""Shape -> what turns another form of its document into the one of its fields."""

AFTER: dict[type[msgspec.Struct], Form] = {
    ActionRelation: _action,
    CalendarItem: _item,
    CalendarRepeat: _repeat,
    Channel: checked_channel,
    Condition: _compared,
    DimensionConfig: _covered,
    DispatchGroup: _dispatch_group,
    DutyTime: _duty_time,
    Inhibit: _inhibit,
    Found: checked_found,
    Secret: checked_secret,
    Shield: _shield,
    Source: checked_source,
    Strategy: _strategy,
    TargetCondition: _targeted,
    UserGroup: _group,
}
"""Shape -> what turns the value just read into its normal form, and fails what does not fit together."""
