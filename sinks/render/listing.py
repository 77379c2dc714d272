"""The alerts that a summary stands for: each for templates of users, grouped by what differs for the built-in words."""

from typing import Any

from operators.model.alert import Alert
from sinks.render.case import Case, is_open
from sinks.render.subject import dimension_texts, level_name, other_dimensions, state, target_text, value_text

MOST_ROWS = 20
"""Rows of a list in a notice; how many alerts the others hold is said instead."""
_MOST_TARGETS = 10


def alert_entry(alert: Alert, case: Case) -> dict[str, Any]:
    """Return what a list says of one alert, as plain values."""
    return {
        "id": alert.id,
        "name": alert.alert_name,
        "strategy_id": alert.strategy_id,
        "level": alert.severity,
        "level_name": level_name(alert.severity, case.words, alert),
        "status": alert.status,
        "state": case.words.states[state(alert)],
        "ended": not is_open(alert),
        "target": target_text(alert, case.book),
        "dimension": ", ".join(dimension_texts(alert, case.words)),
        "current_value": value_text(alert),
    }


def entries(case: Case) -> list[dict[str, Any]]:
    """Return an entry for every alert of the notice, the representative one first."""
    return [alert_entry(alert, case) for alert in case.alerts]


def grouped(case: Case) -> tuple[list[dict[str, Any]], int]:
    """Return at most MOST_ROWS rows, one for alerts that differ in their target only, and how many alerts have none."""
    groups: dict[Any, list[Alert]] = {}
    for alert in case.alerts:
        key = (alert.alert_name, alert.severity, state(alert), tuple(other_dimensions(alert)))
        groups.setdefault(key, []).append(alert)
    shown = list(groups.values())[:MOST_ROWS]
    return [_row(alerts, case) for alerts in shown], len(case.alerts) - sum(map(len, shown))


def _row(alerts: list[Alert], case: Case) -> dict[str, Any]:
    targets = [one for one in dict.fromkeys(target_text(alert, case.book) for alert in alerts) if one]
    more = (
        [case.words.phrases["more"].format(count=len(targets) - _MOST_TARGETS)] if len(targets) > _MOST_TARGETS else []
    )
    return {
        **alert_entry(alerts[0], case),
        "id": alerts[0].id if len(alerts) == 1 else "",
        "count": len(alerts),
        "target": case.words.list_separator.join((*targets[:_MOST_TARGETS], *more)),
        "dimension": ", ".join(dimension_texts(alerts[0], case.words, without_target=True)),
        "current_value": value_text(alerts[0]) if len(alerts) == 1 else "",
    }
