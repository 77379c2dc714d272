"""A silence as a person asks for one, on a command line or a page: a target, matchers, one alert, for how long and why."""

from collections.abc import Sequence
from typing import Any

import msgspec

from operators.alertmanager.matchers import Matcher
from operators.alertmanager.silences import BUSINESS, Condition, Document, alternatives, spread

LONGEST_WHILE_OPEN = 30 * 86400
"""Seconds after which a silence that ends with its alert ends anyway: a shield set by command needs an end."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be silent, besides the business: every condition given must hold; of several targets or names, one."""

    targets: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    matchers: tuple[Matcher, ...] = ()
    alert_id: str | None = None
    """This alert alone, so that the silence ends with it."""

    @property
    def asks(self) -> bool:
        """True if anything is asked for."""
        return self != Asked()

    @property
    def business(self) -> str | None:
        """The business that a matcher names."""
        plain = (one for one in self.matchers if one.name == BUSINESS and one.is_equal and not one.is_regex)
        return next((one.value for one in plain), None)


def shield_asked(
    asked: Asked, shield_id: str, business: str | int, begin: int, end: int, operator: str, why: str
) -> Document:
    """Return the shield. Unix seconds, both included. Raises SilenceError where it takes too many conditions."""
    document: dict[str, Any] = {
        "id": shield_id,
        "bk_biz_id": business,
        "category": "dimension",
        "begin_time": begin,
        "end_time": end,
        "dimension_config": {"dimension_conditions": spread(_terms(asked))},
        "description": why,
        "created_by": operator,
    }
    only_matchers = asked.matchers and asked == Asked(matchers=asked.matchers)
    return {**document, "matchers": [str(one) for one in asked.matchers]} if only_matchers else document


def _terms(asked: Asked) -> list[list[list[Condition]]]:
    """Return a term a condition: the ways in which it can hold."""
    terms = [alternatives(one) for one in asked.matchers if one.name != BUSINESS]
    if asked.targets:
        terms.append([[_is("target", _as_reported(asked.targets))], [_is("ip", asked.targets)]])
    if asked.names:
        terms.append([[_is("alert.name", asked.names)]])
    if asked.alert_id is not None:
        terms.append([[_is("alert.id", (asked.alert_id,))]])
    return terms


def _as_reported(targets: Sequence[str]) -> list[str]:
    """Return targets as alerts have them: a host is its address with its cloud, which is 0 unless it is said."""
    return [name for one in targets for name in ((one,) if "|" in one else (one, f"{one}|0"))]


def _is(key: str, values: Sequence[str]) -> Condition:
    return {"key": key, "method": "eq", "value": list(values)}


def silenced_alert(shield: Document) -> str | None:
    """Return the alert with which a shield ends, if it is one of that kind."""
    conditions = (shield.get("dimension_config") or {}).get("dimension_conditions") or []
    named = [one for one in conditions if isinstance(one, dict) and one.get("key") == "alert.id"]
    return str(named[0]["value"][0]) if len(named) == len(conditions) == 1 and named[0].get("value") else None
