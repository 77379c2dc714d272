"""Shields as a person on call sets them, over alerts at hand: by everything that names one, or by what they have in common."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple, get_args

from operators.model.alert import TARGET_DIMENSIONS, Alert

Scope = Literal["alert", "dimensions", "name", "target", "strategy"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
Same = tuple[str, str | int]
Business = str | int | None
Conditions = Sequence[tuple[str, Sequence[str | int]]]


class Terms(NamedTuple):
    """What the shields of one deed share. Unix seconds, both included."""

    name: str
    """Their ids begin with it."""
    begin: int
    end: int
    operator: str
    why: str


def shield_of_alert(alert: Alert, shield_id: str, begin: int, end: int, operator: str, why: str) -> dict[str, Any]:
    """Return the document of a shield over one alert, and over what opens later under the same strategy and dimensions.

    Without anything that tells the alert from others, its name has to do. Unix seconds, both included.
    """
    (document,) = shields_of([alert], "alert", Terms(shield_id, begin, end, operator, why))
    return document


def shields_of(alerts: Iterable[Alert], scope: Scope, terms: Terms) -> list[dict[str, Any]]:
    """Return the shields over alerts and what is like them: one for each alert, or one a business that names what they share.

    `dimensions`: the same but for the target. An alert without strategy is covered by its name instead.
    """
    if scope in ("alert", "dimensions"):
        is_anywhere = scope == "dimensions"
        first = dict.fromkeys((alert.bk_biz_id, tuple(_naming(alert, is_anywhere=is_anywhere))) for alert in alerts)
        return _numbered([(business, [(key, (value,)) for key, value in same]) for business, same in first], terms)
    found: dict[tuple[Business, str], dict[str | int, None]] = {}
    for alert in alerts:
        key, value = _shared(alert, scope)
        found.setdefault((alert.bk_biz_id, key), {})[value] = None
    return _numbered([(business, [(key, tuple(values))]) for (business, key), values in found.items()], terms)


def _numbered(asked: Sequence[tuple[Business, Conditions]], terms: Terms) -> list[dict[str, Any]]:
    """Return the documents; of several each has a number behind its name."""
    names = [terms.name] if len(asked) == 1 else [f"{terms.name}-{1 + number}" for number in range(len(asked))]
    return [
        _document(business, conditions, name, terms) for (business, conditions), name in zip(asked, names, strict=True)
    ]


def _naming(alert: Alert, *, is_anywhere: bool = False) -> list[Same]:
    """Return all that names an alert; `is_anywhere`: but for where it is."""
    same: list[Same] = [("alert.name", alert.alert_name)]
    if alert.strategy_id:
        same.append(("strategy_id", alert.strategy_id))
    for one in alert.dimensions:
        is_place = one.key.removeprefix("tags.") in TARGET_DIMENSIONS
        if isinstance(one.value, str | int) and not (is_anywhere and is_place):
            same.append((one.key, one.value))
    if alert.event.target and not is_anywhere:
        same.append(("target", alert.event.target))
    return same


def _shared(alert: Alert, scope: Scope) -> Same:
    if scope == "target" and alert.event.target:
        return "target", alert.event.target
    if scope == "strategy" and alert.strategy_id:
        return "strategy_id", alert.strategy_id
    return "alert.name", alert.alert_name


def _document(business: Business, asked: Conditions, shield_id: str, terms: Terms) -> dict[str, Any]:
    return {
        "id": shield_id,
        "bk_biz_id": 0 if business is None else business,
        "category": "dimension",
        "begin_time": terms.begin,
        "end_time": terms.end,
        "dimension_config": {
            "dimension_conditions": [
                {"key": key, "method": "eq", "value": list(map(str, values)), "condition": "and"}
                for key, values in asked
            ]
        },
        "description": terms.why,
        "created_by": terms.operator,
    }
