"""The facts of a notice that a shield begins or ends (spec/notices.md 5.4)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from operators.rules.shapes.model import FOREVER
from sinks.render.case import Case
from sinks.render.subject import text_of
from sinks.render.times import local_text

_CYCLES = {2: "daily", 3: "weekly", 4: "monthly"}


def shield_document(case: Case) -> Mapping[str, Any]:
    """Return the shield's document; empty where the message brings none."""
    shield = (case.message.shield or {}).get("shield")
    if isinstance(shield, msgspec.Struct):
        shield = msgspec.to_builtins(shield)
    return shield if isinstance(shield, dict) else {}


def shield_id(case: Case) -> str:
    """Return the id of the shield."""
    return text_of(shield_document(case).get("id"))


def edge_text(case: Case) -> str:
    """Return when the shield begins or ends."""
    moment = (case.message.shield or {}).get("time")
    return local_text(moment if isinstance(moment, int) else case.now, case.zone) or ""


def category_text(case: Case) -> str:
    """Return the kind of the shield."""
    category = text_of(shield_document(case).get("category", "strategy"))
    return case.words.shield_categories.get(category, category)


def period_text(case: Case) -> str:
    """Return from when to when the shield is in force."""
    document = shield_document(case)
    begin, end = document.get("begin_time", 0), document.get("end_time", FOREVER)
    endless = case.words.phrases["endless"]
    return case.words.phrases["period"].format(
        begin=endless if not begin else local_text(begin, case.zone),
        end=endless if end >= FOREVER else local_text(end, case.zone),
    )


def cycle_text(case: Case) -> str:
    """Return how the shield repeats."""
    cycle = shield_document(case).get("cycle_config") or {}
    name = _CYCLES.get(cycle.get("type", 1), "once")
    days = cycle.get("week_list") if name == "weekly" else cycle.get("day_list")
    return case.words.shield_cycles[name].format(
        begin=cycle.get("begin_time") or "00:00", end=cycle.get("end_time") or "23:59:59", days=text_of(days or ())
    )


def cover_text(case: Case) -> str:
    """Return what the shield covers: `field=values` and its conditions."""
    covered = shield_document(case).get("dimension_config") or {}
    equal = covered.get("equals") or {key: value for key, value in covered.items() if key not in _KNOWN}
    parts = [f"{name}={text_of(values)}" for name, values in equal.items()]
    for one in covered.get("dimension_conditions") or ():
        field = one.get("field") or one.get("key")
        parts.append(f"{field} {one.get('method', 'eq')} {text_of(one.get('value'))}")
    return case.words.list_separator.join(parts) or case.words.phrases["everything"]


_KNOWN = ("equals", "dimension_conditions")


def reason_text(case: Case) -> str:
    """Return why the shield was made."""
    return text_of(shield_document(case).get("description"))
