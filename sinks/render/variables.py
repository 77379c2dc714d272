"""Everything a user's template may name, at the top level (spec/notices.md 5.3)."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sinks.render.about import business_name
from sinks.render.alarm import ALARM
from sinks.render.case import Case
from sinks.render.content import CONTENT
from sinks.render.headline import name_text, tags_text
from sinks.render.inventory import TARGET
from sinks.render.listing import entries
from sinks.render.media import MARKDOWN_WAYS
from sinks.render.sandbox.tools import JSON, RE, arrow
from sinks.render.sandbox.values import FAILURES, View
from sinks.render.subject import level_color, level_name


def _alert(case: Case) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(case.alert)
    return found


def _event(case: Case) -> dict[str, Any]:
    found = _alert(case)
    return {**found["event"], **found}


def _metric(metric_id: str) -> tuple[str, str]:
    table, _, field = metric_id.rpartition(".")
    return table, field


def _strategy(case: Case) -> dict[str, Any]:
    strategy = case.strategy
    if strategy is None:
        return {"strategy_id": case.alert.strategy_id, **(case.alert.extra_info.strategy or {})}
    item = strategy.items[0] if strategy.items else None
    query = item.query_configs[0] if item and item.query_configs else None
    table, field = _metric(query.metric_id) if query else ("", "")
    return {
        "strategy_id": strategy.id,
        "id": strategy.id,
        "name": strategy.name,
        "scenario": strategy.scenario,
        "bk_biz_id": strategy.bk_biz_id,
        "labels": list(strategy.labels),
        "item": {
            "name": item.name if item else "",
            "metric_field": field,
            "result_table_id": table,
            "unit": query.unit if query else "",
            "agg_interval": query.agg_interval if query else None,
            "agg_method": "",
        },
    }


def _business(case: Case) -> dict[str, Any]:
    known = case.book.businesses.get(case.business_id)
    return {
        "bk_biz_id": case.business_id,
        "bk_biz_name": business_name(case),
        "time_zone": str(case.zone),
        "language": case.language,
        "roles": {role: list(names) for role, names in (known.roles if known else {}).items()},
    }


def _action(case: Case) -> dict[str, Any]:
    message = case.message
    return {
        "id": message.action_ids[0] if message.action_ids else "",
        "ids": list(message.action_ids),
        "signal": message.signal,
        "notice_type": message.notice_type,
        "relation_id": message.relation_id,
        "plugin_type": message.way if message.config is not None else "notice",
    }


def _anomaly_record(case: Case) -> dict[str, Any]:
    alert = case.alert
    return {"anomaly_id": alert.event.event_id, "source_time": alert.latest_time, "create_time": alert.update_time}


_TOP: Mapping[str, Callable[[Case], Any]] = {
    "alarm": lambda case: View(ALARM, case),
    "content": lambda case: View(CONTENT, case),
    "target": lambda case: View(TARGET, case),
    "alert": _alert,
    "event": _event,
    "strategy": _strategy,
    "business": _business,
    "action": _action,
    "action_instance": _action,
    "anomaly_record": _anomaly_record,
    "alerts_info": entries,
    "alert_level": lambda case: case.alert.severity,
    "level_name": lambda case: level_name(case.alert.severity, case.words, case.alert),
    "level_color": lambda case: level_color(case.alert.severity),
    "notice_way": lambda case: case.message.way,
    "notice_channel": lambda case: case.message.way if case.message.way in MARKDOWN_WAYS else "user",
    "notice_receiver": lambda case: list(case.message.receivers),
    "mentioned_users": lambda case: case.message.mentions,
    "user_type": lambda case: "follower" if case.message.followed else "main",
    "user_title": name_text,
    "notice_title": lambda case: case.settings.product.name,
    "signal": lambda case: case.message.signal,
    "notice_type": lambda case: case.message.notice_type,
    "collect_type": lambda case: case.message.collect_type,
    "tags": tags_text,
    "shield": lambda case: (case.message.shield or {}).get("shield"),
    "product": lambda case: {"name": case.settings.product.name},
    "product_name": lambda case: case.settings.product.name,
    "json": lambda _: JSON,
    "re": lambda _: RE,
    "arrow": lambda case: arrow(case.now, case.zone),
    "_zone": lambda case: case.zone,
}


class Variables(Mapping[str, Any]):
    """The variables of one case, computed when asked for; one that cannot be computed is None."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            compute = _TOP[name]
            try:
                self._known[name] = compute(self._case)
            except FAILURES:
                self._known[name] = None
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(_TOP)

    def __len__(self) -> int:
        return len(_TOP)
