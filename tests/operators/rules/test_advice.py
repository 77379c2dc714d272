"""What is hardly meant is told, and what may well be meant is not."""

import pytest

from operators.rules.advice import advice
from tests.operators.rules.books import book_of

OPS = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}
CPU = {"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}
MAIL = {"way": "mail", "host": "h", "sender": "a@x"}
WELL = {"strategies": [CPU], "user_groups": [OPS], "channels": [MAIL]}
IN = {"field": "tags.a", "method": "eq", "value": ["1"]}


def told(**kinds: list) -> list[str]:
    return [f"{kind} {name} {place}: {reason}" for kind, name, place, reason in advice(book_of(**{**WELL, **kinds}))]


def rule(name: str, *conditions: dict, **fields: object) -> dict:
    return {"id": name, "user_groups": ["ops"], "conditions": list(conditions), **fields}


def group(name: int, priority: int, *rules: dict, **fields: object) -> dict:
    return {"id": name, "priority": priority, "rules": list(rules), **fields}


def condition(field: str, *values: object, method: str = "eq") -> dict:
    return {"field": field, "method": method, "value": list(values)}


def test_rules_in_which_everything_is_meant_are_told_nothing_of():
    assert told() == []


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        ({"channels": []}, "way 'mail' has no channel: its notices only go to a file"),
        ({"user_groups": [{**OPS, "ways": ["mail", "sms"]}]}, "way 'sms' has no channel: its notices are given up"),
        ({"user_groups": [OPS, {**OPS, "id": "idle"}]}, "nobody uses this group"),
        ({"users": [{"id": "alice", "phone": "1"}]}, "alice has no mail for way 'mail'"),
        ({"users": [{"id": "bob", "language": "zh"}]}, "is read, not acted on: notices speak as their business does"),
        ({"users": [{"id": "bob", "time_zone": "UTC"}]}, "is read, not acted on: notices speak as their business does"),
        ({"shields": [{"id": "s", "category": "scope", "scope_type": "biz"}]}, "this shield has no end"),
        ({"shields": [{"id": "s", "end_time": 9, "dimension_config": {"strategy_id": [2]}}]}, "no strategy '2': this matches nothing"),
        ({"dispatch": [group(1, 1, rule("r", condition("alert.nmae", "x")))]}, "alerts have no 'alert.nmae', so this matches nothing; did you mean 'alert.name'?"),
        ({"dispatch": [group(1, 1, rule("r", condition("alert.strategy_id", 7)))]}, "alert.strategy_id is never 7: this matches nothing"),
        ({"dispatch": [group(1, 1, rule("r", condition("alert.severity", "fatal")))]}, "alert.severity is never fatal: this matches nothing"),
        ({"dispatch": [group(1, 2, rule("all")), group(2, 1, rule("dead", IN))]}, "never counts: what it matches, rule 'all' of group '1' takes first"),
        ({"dispatch": [group(1, 2, rule("same", IN)), group(2, 1, rule("dead", IN))]}, "never counts: what it matches, rule 'same' of group '1' takes first"),
        ({"inhibits": [{"id": 1, "source": [condition("alert.name", "x")], "target": [condition("alert.severity", "low")]}]}, "alert.severity is never low: this matches nothing"),
        ({"inhibits": [{"id": 1, "source": [condition("alert.name", "x")], "target": [condition("alert.name", "x")]}]}, "the same as the source: no alert inhibits its like"),
        ({"duties": [{"id": 1, "duty_arranges": [{"duty_time": [{"work_type": "weekly", "work_days": [1, 2], "period_settings": {"duration": 7}}]}]}]}, "turns change after 7 working days, not after a week (2 days are worked in one)"),
    ],
)  # fmt: skip
def test_what_is_hardly_meant_is_told(kinds: dict, reason: str):
    assert [one.partition(": ")[2] for one in told(**kinds)] == [reason]


@pytest.mark.parametrize(
    "kinds",
    [
        {"user_groups": [{**OPS, "ways": ["mail"], "id": "ops"}], "users": [{"id": "bob"}]},
        {"shields": [{"id": "s", "is_enabled": False}]},
        {"shields": [{"id": "s", "end_time": 9, "dimension_config": {"strategy_id": [1]}}]},
        {"dispatch": [group(1, 1, rule("r", condition("alert.strategy_id", 7, method="neq")))]},
        {"dispatch": [group(1, 1, rule("r", condition("alert.strategy_id", 7, 1)))]},
        {"dispatch": [group(1, 1, rule("r", condition("anything", "x")))]},
        {"dispatch": [group(1, 1, rule("all"), rule("also", IN))]},
        {"dispatch": [group(1, 2, rule("all"), bk_biz_id=3), group(2, 1, rule("alive", IN))]},
        {"dispatch": [group(1, 2, rule("all", is_enabled=False)), group(2, 1, rule("alive", IN))]},
        {"dispatch": [group(1, 2, rule("all"), is_enabled=False), group(2, 1, rule("alive", IN))]},
        {"duties": [{"id": 1, "duty_arranges": [{"duty_time": [{"work_type": "weekly", "work_days": [1, 2]}]}]}]},
        {"user_groups": [{"id": "ops", "name": "Ops", "alert_notice": [{"notify_config": [{"level": 1, "notice_ways": [{"name": "webhook", "receivers": ["http://h"]}]}]}]}]},
    ],
)  # fmt: skip
def test_what_may_well_be_meant_is_not_told(kinds: dict):
    assert told(**kinds) == []


def test_a_group_that_an_escalation_names_is_used():
    boss = {"id": "boss", "name": "Boss", "users": ["zoe"], "ways": ["mail"]}
    up = {"is_enabled": True, "user_groups": ["boss"]}
    assert (
        told(
            user_groups=[OPS, boss],
            strategies=[{**CPU, "notice": {"user_groups": ["ops"], "options": {"upgrade_config": up}}}],
        )
        == []
    )
    assert told(user_groups=[OPS, boss], dispatch=[group(1, 1, rule("r", actions=[{"upgrade_config": up}]))]) == []
