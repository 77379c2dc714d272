"""The shield that covers one alert, as a person on call sets it: everything that names the alert has to be the same."""

from typing import Any

from operators.model.alert import Alert


def shield_of_alert(alert: Alert, shield_id: str, begin: int, end: int, operator: str, why: str) -> dict[str, Any]:
    """Return the document of a shield over one alert, and over what opens later under the same strategy and dimensions.

    Without anything that tells the alert from others, its name has to do. Unix seconds, both included.
    """
    same: list[tuple[str, str | int]] = [("alert.name", alert.alert_name)]
    if alert.strategy_id:
        same.append(("strategy_id", alert.strategy_id))
    same += [(one.key, one.value) for one in alert.dimensions if isinstance(one.value, str | int)]
    if alert.event.target:
        same.append(("target", alert.event.target))
    return {
        "id": shield_id,
        "bk_biz_id": 0 if alert.bk_biz_id is None else alert.bk_biz_id,
        "category": "dimension",
        "begin_time": begin,
        "end_time": end,
        "dimension_config": {
            "dimension_conditions": [
                {"key": key, "method": "eq", "value": [str(value)], "condition": "and"} for key, value in same
            ]
        },
        "description": why,
        "created_by": operator,
    }
