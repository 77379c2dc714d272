"""What a shield covers, in words: for whoever is about to set one."""

from datetime import UTC, datetime

from operators.rules.ask.match import condition_groups
from operators.rules.ask.shields import conditions_of
from operators.rules.shapes.model import Condition, Shield

_WORDS = {
    "eq": "is", "neq": "is not", "include": "holds", "exclude": "does not hold", "reg": "matches", "nreg": "does not match",
    "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "issuperset": "has all of",
}  # fmt: skip


def is_whole_business(shield: Shield) -> bool:
    """Return True if nothing but the business decides whether a shield covers an alert."""
    return not any(condition_groups(part) for part in conditions_of(shield))


def covers(shield: Shield) -> str:
    """Return a sentence that says which alerts a shield covers, and until when."""
    until = datetime.fromtimestamp(shield.end_time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if is_whole_business(shield):
        return f"covers every alert of business {shield.bk_biz_id}, until {until}"
    parts = [
        " or ".join(map(_group, condition_groups(part))) for part in conditions_of(shield) if condition_groups(part)
    ]
    return f"covers alerts of business {shield.bk_biz_id} where {' and '.join(parts)}, until {until}"


def _group(group: list[Condition]) -> str:
    return " and ".join(f"{one.field} {_WORDS[one.method]} {' or '.join(map(str, one.value))}" for one in group)
