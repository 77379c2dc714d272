"""The variables `alarm.*` of templates (spec/notices.md 5.3)."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from operators.model.alert import is_no_data
from sinks.render.case import NO_DATA, Case, is_open
from sinks.render.headline import is_without_data
from sinks.render.inventory import related_text
from sinks.render.listing import entries
from sinks.render.payload import alert_info, legacy_info
from sinks.render.subject import (
    bare,
    current_value,
    data_source_name,
    description,
    dimension_links,
    dimension_texts,
    dispatch_group_name,
    duration,
    heading,
    level_name,
    ordered_dimensions,
    origin_data,
    people,
    state,
    target_text,
    target_type_name,
    targets_text,
)
from sinks.render.times import local_text


def _dimension_list(case: Case) -> list[str]:
    if case.medium.name == "markdown":
        return [Markup(one) for one in dimension_links(case.alert, case)]  # noqa: S704 (escaped part by part)
    return dimension_texts(case.alert, case.words)


def _dimension_string(case: Case) -> str:
    parts = _dimension_list(case)
    return Markup("\n").join(parts) if case.medium.name == "markdown" else ", ".join(parts)


def _dimensions(case: Case) -> dict[str, dict[str, Any]]:
    return {
        bare(one.key): {
            "key": bare(one.key),
            "value": one.value,
            "display_key": heading(one, case.words),
            "display_name": heading(one, case.words),
            "display_value": one.display_value,
        }
        for one in ordered_dimensions(case.alert)
    }


def _origin_dimensions(case: Case) -> dict[str, Any]:
    found = origin_data(case.alert).get("dimensions")
    return found if isinstance(found, dict) else {bare(one.key): one.value for one in case.alert.dimensions}


def _nothing(_: Case) -> None:
    return None


_OF_ALERT: Mapping[str, Callable[[Case], Any]] = {
    "id": lambda case: case.alert.id,
    "name": lambda case: case.alert.alert_name,
    "strategy_id": lambda case: case.alert.strategy_id,
    "level": lambda case: case.alert.severity,
    "level_name": lambda case: level_name(case.alert.severity, case.words, case.alert),
    "status": lambda case: case.alert.status,
    "state": lambda case: case.words.states[state(case.alert)],
    "begin_timestamp": lambda case: case.alert.begin_time,
    "begin_time": lambda case: local_text(case.alert.begin_time, case.zone),
    "end_time": lambda case: local_text(case.alert.end_time, case.zone),
    "latest_time": lambda case: local_text(case.alert.latest_time, case.zone),
    "time": lambda case: local_text(case.alert.create_time, case.zone),
    "duration": lambda case: case.alert.duration or 60,
    "duration_string": lambda case: duration(case.alert, case.words),
    "description": lambda case: description(case.alert, case.words),
    "end_description": lambda case: case.alert.extra_info.end_description,
    "event_count": lambda case: case.alert.event_count,
    "labels": lambda case: list(case.alert.labels),
    "current_value": lambda case: current_value(case.alert),
    "display_type": lambda case: case.words.kinds[NO_DATA if is_without_data(case) else "anomaly"],
    "is_abnormal": lambda case: is_open(case.alert),
    "is_no_data_alarm": lambda case: is_no_data(case.alert),
    "is_shielded": lambda case: case.alert.is_shielded,
    "data_source_name": data_source_name,
}

_OF_TARGET: Mapping[str, Callable[[Case], Any]] = {
    "target_string": targets_text,
    "display_targets": lambda case: [target_text(alert, case.book) for alert in case.alerts],
    "target_type": lambda case: case.alert.event.target_type,
    "target_type_name": target_type_name,
    "target_display": lambda case: target_text(case.alert, case.book),
    "dimension_string": _dimension_string,
    "dimension_string_list": _dimension_list,
    "display_dimensions": _dimensions,
    "dimensions": _dimensions,
    "new_dimensions": _dimensions,
    "origin_dimensions": _origin_dimensions,
    "related_info": lambda case: related_text(case.alert, case.book),
    "topo_related_info": lambda case: related_text(case.alert, case.book),
}

_OF_PEOPLE: Mapping[str, Callable[[Case], Any]] = {
    "assignees": lambda case: people(case.alert.assignee),
    "appointees": lambda case: people(case.alert.appointee),
    "followers": lambda case: people(case.alert.follower),
    "supervisors": lambda case: people(case.alert.supervisor),
    "receivers": lambda case: people(case.message.receivers),
    "ack_operator": lambda case: case.alert.ack_operator or "",
    "ack_operators": lambda case: case.alert.ack_operator or "",
    "ack_reason": lambda case: case.alert.extra_info.comment or "",
    "ack_title": lambda case: case.words.tags["ack"] if case.alert.is_ack else "",
    "assign_detail": dispatch_group_name,
    "latest_assign_group": dispatch_group_name,
}

_OF_NOTICE: Mapping[str, Callable[[Case], Any]] = {
    "collect_count": lambda case: len(case.alerts),
    "alert_ids": lambda case: list(case.message.alert_ids),
    "alerts": entries,
    "detail_url": lambda case: case.link,
    "callback_message": legacy_info,
    "alert_info": alert_info,
    "notice_from": lambda case: case.settings.product.name,
    "company": lambda case: case.settings.product.name,
}

_NOT_HERE = (
    "log_related_info", "log_raw_related_info", "example_detail_url", "strategy_url", "quick_ack_url",
    "quick_shield_url", "redirect_infos", "chart_image", "chart_name", "chart_image_enabled", "attachments",
    "bkm_info", "anomaly_dimensions", "recommended_metrics",
)  # fmt: skip
"""Variables of the reference system that stand for what does not exist here: they print nothing."""

ALARM = {**_OF_ALERT, **_OF_TARGET, **_OF_PEOPLE, **_OF_NOTICE, **dict.fromkeys(_NOT_HERE, _nothing)}
"""Name -> how the fact is computed."""
