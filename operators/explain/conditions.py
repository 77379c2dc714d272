"""Conditions of rules in words."""

from collections.abc import Sequence

from operators.rules.ask.match import condition_groups
from operators.rules.shapes.condition import Condition

_METHODS = {
    "eq": "is",
    "neq": "is not",
    "include": "contains",
    "exclude": "contains none of",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "reg": "matches",
    "nreg": "does not match",
    "issuperset": "has all of",
}


def in_words(conditions: Sequence[Condition]) -> str:
    """Return what is asked, such as `alert.name is Host down and alert.severity is 1`; nothing asked is anything."""
    groups = (" and ".join(map(_one, group)) for group in condition_groups(conditions))
    return " or ".join(groups) or "anything"


def _one(one: Condition) -> str:
    glue = ", " if one.method == "issuperset" else " or "
    return f"{one.field} {_METHODS[one.method]} {glue.join(map(str, one.value))}"
