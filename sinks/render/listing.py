"""The list of all alerts that a summary stands for."""

from typing import Any

from operators.model.alert import Alert
from sinks.render.case import Case, is_open
from sinks.render.subject import dimension_texts, level_name, state, target_text, value_text


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
