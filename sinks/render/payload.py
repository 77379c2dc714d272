"""Alerts as documents for programs: what webhooks post and queues get (spec/notices.md 9)."""

from typing import Any

import msgspec

from operators.model.alert import Alert
from sinks.render.case import Case
from sinks.render.sandbox.values import dump
from sinks.render.subject import (
    bare,
    current_value,
    description,
    level_name,
    ordered_dimensions,
    origin_data,
    text_of,
)

_LEGACY_TYPES = {"abnormal": "ANOMALY_NOTICE", "no_data": "ANOMALY_NOTICE", "recovered": "RECOVERY_NOTICE"}


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return the alert's document without `extra_info`, its own and its event's."""
    document: dict[str, Any] = msgspec.to_builtins(alert)
    document.pop("extra_info", None)
    document["event"].pop("extra_info", None)
    return document


def push_document(case: Case) -> dict[str, Any]:
    """Return what a queue gets of the representative alert."""
    alert = case.alert
    return {
        **alert_document(alert),
        "strategy": strategy_document(case),
        "current_value": current_value(alert),
        "description": description(alert, case.words),
        "log_related_info": "",
        "related_info": "",
        "signal": case.message.signal,
        "notice_type": case.message.notice_type,
    }


def strategy_document(case: Case) -> dict[str, Any] | None:
    """Return the strategy in force, else what the alert remembers; without actions: their addresses may be secret."""
    if case.strategy is None:
        return case.alert.extra_info.strategy
    found: dict[str, Any] = msgspec.to_builtins(case.strategy)
    return {name: value for name, value in found.items() if name not in ("actions", "notice")}


def push_documents(case: Case) -> str:
    """Return one JSON line for every alert of the notice (design.md 7.12)."""
    return "\n".join(dump(push_document(case.about(alert))) for alert in case.alerts)


def alert_info(case: Case) -> str:
    """Return the representative alert as JSON text."""
    return dump(push_document(case))


def webhook_document(case: Case) -> dict[str, Any]:
    """Return what a webhook without a body of its own posts: the notice and all its alerts."""
    message = case.message
    return {
        "time": message.time,
        "signal": message.signal,
        "notice_type": message.notice_type,
        "severity": message.severity,
        "bk_biz_id": message.bk_biz_id,
        "strategy_id": message.strategy_id,
        "action_ids": list(message.action_ids),
        "alerts": [push_document(case.about(alert)) for alert in case.alerts],
    }


def legacy_info(case: Case) -> str:
    """Return the representative alert as JSON text in the older format of callbacks."""
    alert, strategy = case.alert, case.strategy
    business = case.book.businesses.get(case.business_id)
    return dump(
        {
            "type": _LEGACY_TYPES.get(case.message.signal, case.message.signal),
            "scenario": strategy.scenario if strategy else "",
            "bk_biz_id": alert.bk_biz_id,
            "bk_biz_name": business.name if business else "",
            "event": _legacy_event(case),
            "strategy": {"id": alert.strategy_id, "name": strategy.name if strategy else "", "item_list": _items(case)},
            "latest_anomaly_record": {
                "anomaly_id": alert.event.event_id,
                "source_time": alert.latest_time,
                "create_time": alert.update_time,
                "origin_alarm": {"data": origin_data(alert)},
            },
            "current_value": current_value(alert),
            "description": description(alert, case.words),
            "related_info": "",
            "labels": list(alert.labels),
        }
    )


def _legacy_event(case: Case) -> dict[str, Any]:
    alert = case.alert
    dimensions = ordered_dimensions(alert)
    return {
        "id": alert.id,
        "event_id": alert.id,
        "is_shielded": alert.is_shielded,
        "begin_time": alert.begin_time,
        "create_time": alert.create_time,
        "end_time": alert.end_time,
        "level": alert.severity,
        "level_name": level_name(alert.severity, case.words, alert),
        "agg_dimensions": list(alert.extra_info.agg_dimensions),
        "dimensions": {bare(one.key): one.value for one in dimensions},
        "dimension_translation": {
            bare(one.key): {
                "value": one.value,
                "display_name": one.display_key,
                "display_value": text_of(one.display_value),
            }
            for one in dimensions
        },
    }


def _items(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "metric_field": query.metric_id.rpartition(".")[2],
            "metric_field_name": item.name,
            "data_source_label": query.data_source_label,
            "data_type_label": query.data_type_label,
            "metric_id": query.metric_id,
        }
        for item in (case.strategy.items if case.strategy else ())
        for query in item.query_configs
    ]
