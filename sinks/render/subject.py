"""What an alert is about, in the words of people: target, dimensions, value, duration, level."""

import re
from collections.abc import Iterable
from typing import Any

from operators.model.alert import NO_DATA_TAG, TARGET_DIMENSIONS, Alert, Dimension, is_no_data
from operators.rules.book import RuleBook
from sinks.render.case import Case, is_open
from sinks.render.times import duration_text
from sinks.render.words import Words

COLORS = {1: "#EA3636", 2: "#FF9C01", 3: "#FFDE3A"}
_BLACK = "#000000"
_DOUBLE_CHECK, _SUSPECTED = "__double_check_result", "SUSPECTED_MISSING_POINTS"
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`\\]+", re.IGNORECASE)
_TAG_PREFIX = "tags."


def text_of(value: Any) -> str:
    """Return a value of an event as text: lists by commas, nothing for none."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(text_of(one) for one in value)
    return value if isinstance(value, str) else str(value)


def level_name(severity: int, words: Words, alert: Alert | None = None) -> str:
    """Return the name of a severity; of an alert that may only miss points, it says so."""
    name = words.levels.get(severity) or words.unknown_level.format(severity)
    if alert is not None and any(tag.key == _DOUBLE_CHECK and tag.value == _SUSPECTED for tag in alert.event.tags):
        return words.suspected.format(name)
    return name


def level_color(severity: int) -> str:
    """Return the colour of a severity."""
    return COLORS.get(severity, _BLACK)


def state(alert: Alert) -> str:
    """Return the state as people see it: RECOVERING is an abnormal alert whose last window is quiet."""
    return "RECOVERING" if is_open(alert) and alert.extra_info.is_recovering else alert.status


def bare(key: str) -> str:
    """Return the name of a dimension without its prefix."""
    return key.removeprefix(_TAG_PREFIX)


def ordered_dimensions(alert: Alert) -> list[Dimension]:
    """Return the dimensions by name, those the strategy aggregates by first."""
    first = alert.extra_info.agg_dimensions
    shown = [one for one in alert.dimensions if bare(one.key) != NO_DATA_TAG]
    return sorted(shown, key=lambda one: (bare(one.key) not in first, bare(one.key)))


def heading(one: Dimension, words: Words) -> str:
    """Return what a dimension is called in a language."""
    name = text_of(one.display_key)
    return words.headings.get(name, name)


def dimension_texts(alert: Alert, words: Words, *, without_target: bool = False) -> list[str]:
    """Return `name=value` of every dimension, or of those that do not say what the target is."""
    shown = [one for one in ordered_dimensions(alert) if not (without_target and bare(one.key) in TARGET_DIMENSIONS)]
    return [f"{heading(one, words)}={text_of(one.display_value)}" for one in shown]


def dimension_links(alert: Alert, case: Case) -> list[str]:
    """Return `name: value` of every dimension in markdown, addresses as links."""
    escape = case.medium.escape
    return [
        f"{escape(heading(one, case.words))}: {_linked(text_of(one.display_value), case)}"
        for one in ordered_dimensions(alert)
    ]


def _linked(text: str, case: Case) -> str:
    escaped = case.medium.escape(text)
    return f"[{escaped}]({text})" if _URL.fullmatch(text) else escaped


def target_text(alert: Alert, book: RuleBook) -> str:
    """Return the target as people know it: the address of a host, the name of a node or instance."""
    kind, target = alert.event.target_type, alert.event.target or ""
    if kind == "HOST":
        return _host_text(alert, target, book)
    if kind == "SERVICE":
        instance = book.service_instances.get(target)
        return (instance.name if instance else "") or target
    if kind == "TOPO":
        node = book.topology.get(target)
        return (node.name if node else "") or target
    return target


def _host_text(alert: Alert, target: str, book: RuleBook) -> str:
    address, _, cloud = target.partition("|")
    if cloud in ("", "0") and address:
        host = book.hosts.get(address)
        return (host.ip or host.ipv6 or address) if host else address
    return target or alert.event.ip or alert.event.ipv6 or ""


def same_subject(first: Alert, other: Alert) -> bool:
    """Return True if two alerts differ in nothing but their target."""
    return first.alert_name == other.alert_name and other_dimensions(first) == other_dimensions(other)


def other_dimensions(alert: Alert) -> list[tuple[str, str]]:
    """Return the dimensions that do not say what the target is, by name."""
    pairs = ((bare(one.key), str(one.value)) for one in alert.dimensions)
    return sorted(pair for pair in pairs if pair[0] not in TARGET_DIMENSIONS)


def targets_text(case: Case) -> str:
    """Return the targets of the alerts that share the first one's subject; one that comes again with a count."""
    counts: dict[str, int] = {}
    for alert in case.alerts:
        target = target_text(alert, case.book)
        if target and (alert is case.alert or same_subject(case.alert, alert)):
            counts[target] = counts.get(target, 0) + 1
    named = (target if count == 1 else f"{target}({count})" for target, count in counts.items())
    return case.words.list_separator.join(named)


def origin_data(alert: Alert) -> dict[str, Any]:
    """Return what the detector said of the triggering point; empty where nothing usable came."""
    origin = alert.extra_info.origin_alarm or alert.event.extra_info.get("origin_alarm")
    data = origin.get("data") if isinstance(origin, dict) else None
    return data if isinstance(data, dict) else {}


def current_value(alert: Alert) -> Any:
    """Return the value that counts now: none without data, the normal one after recovery, else the anomalous one."""
    if is_no_data(alert):
        return None
    if not is_open(alert) and alert.extra_info.recovery_value is not None:
        return alert.extra_info.recovery_value
    return origin_data(alert).get("value")


def value_text(alert: Alert, unit: str = "") -> str:
    """Return the current value with its unit; "" where there is none."""
    value = current_value(alert)
    if value is None or isinstance(value, dict | list):
        return ""
    return f"{value}{unit}" if unit == "%" else f"{value} {unit}".rstrip()


def duration(alert: Alert, words: Words) -> str | None:
    """Return how long the alert has lasted, or None while only one anomaly is known."""
    if alert.latest_time <= alert.first_anomaly_time:
        return None
    return duration_text(alert.duration, words.units)


def description(alert: Alert, words: Words) -> str:
    """Return the end's description of an ended alert, else new or lasting, and the event's own."""
    own = alert.event.description
    if not is_open(alert):
        return alert.extra_info.end_description or own
    lasting = duration(alert, words)
    phrase = "new" if lasting is None else "lasting"
    if not own:
        return words.phrases[f"{phrase}_bare"].format(duration=lasting)
    return words.phrases[phrase].format(duration=lasting, description=own)


def target_type_name(case: Case) -> str:
    """Return what kind of thing the target is."""
    kind = case.alert.event.target_type
    return case.words.target_types.get(kind, kind)


def data_source_name(case: Case) -> str:
    """Return where the data comes from: the strategy's first query, else the plugin that sent the event."""
    queries = case.strategy.items[0].query_configs if case.strategy and case.strategy.items else ()
    label = queries[0].data_source_label if queries else case.alert.event.plugin_id
    return case.words.data_sources.get(label, label)


def dispatch_group_name(case: Case) -> str:
    """Return the dispatch group whose rule decided who is told; "" where none did."""
    info = case.alert.extra_info.matched_rule_info or {}
    return text_of(info.get("group_name") or info.get("group_id"))


def people(names: Iterable[Any]) -> str:
    """Return people by commas."""
    return ", ".join(dict.fromkeys(map(str, names)))
