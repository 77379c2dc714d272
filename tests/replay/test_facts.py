"""Shields and dispatch judge by one set of facts; a condition that asks nothing is refused (design.md 7.52)."""

import pytest

from tests.replay.driver import RULES, T0, command, event, put, replay, strategy_event, tick

ALL = {
    "id": 1,
    "name": "all",
    "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}],
}
GROUPS = [*RULES["user_groups"], {"id": "db", "name": "Db", "users": ["bob"], "ways": ["mail"]}]
STAGING = {"tags": [{"key": "env", "value": "staging"}]}
BOTH = pytest.mark.parametrize("make", [event, strategy_event], ids=["third", "strategy"])


def shield(*conditions, **fields):
    return {
        "id": "s",
        "category": "dimension",
        "dimension_config": {"dimension_conditions": list(conditions)},
        **fields,
    }


def asking(key, *values, method="eq"):
    return {"key": key, "method": method, "value": list(values)}


def with_shields(*shields):
    return {**RULES, "dispatch": [ALL], "shields": list(shields)}


CONDITIONS = [
    asking("alert.name", "CPU usage"),
    asking("alert.event_source", "p"),
    asking("alert.severity", "2"),
    asking("level", "2"),
    asking("tags.env", "staging"),
    asking("env", "staging"),
    asking("env", "stag", method="include"),
    asking("tags.env", "^stag", method="reg"),
    asking("env", "prod", method="neq"),
    asking("host.bk_host_name", "web-1"),
    asking("module.bk_module_id", "28"),
]
HOSTS = {"hosts": [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_host_name": "web-1", "topo": ["module|28"]}]}


@BOTH
@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_a_shield_and_a_dispatch_rule_find_the_same(make, condition):
    line = make(0, alert_name="CPU usage", target="10.0.0.1|0", **STAGING)
    shielded = replay({**with_shields(shield(condition)), **HOSTS}, [line])
    assert shielded.alert["is_shielded"] is True
    field = {**condition, "field": condition["key"]}
    del field["key"]
    rule = {"id": 2, "conditions": [field], "user_groups": ["db"], "actions": [{"action_type": "notice"}]}
    rules = {**RULES, **HOSTS, "user_groups": GROUPS, "dispatch": [{"id": 2, "name": "d", "rules": [rule]}]}
    assert [notice["receivers"] for notice in replay(rules, [line]).notices] == [["bob"]]


@BOTH
@pytest.mark.parametrize("ticks", [True, False])
def test_the_tags_of_the_newest_event_decide(make, ticks):
    lines = [make(0), make(60, **STAGING), make(120, **STAGING), make(180)]
    lines = [*lines, *(tick(n) for n in range(181, 240))] if ticks else lines
    out = replay(with_shields(shield(asking("tags.env", "staging"))), lines, until=240)
    assert [row for row in out.story() if row[1] in ("SHIELD", "UNSHIELD")] == [(60, "SHIELD"), (180, "UNSHIELD")]


@pytest.mark.parametrize(("cloud", "held"), [(0, True), (1, False), ("0", True), (None, True)])
@pytest.mark.parametrize("name", ["bk_cloud_id", "bk_target_cloud_id"])
def test_a_shield_on_an_address_knows_the_cloud_that_comes_as_a_tag(cloud, held, name):
    tags = [{"key": "ip", "value": "1.1.1.1"}, *([] if cloud is None else [{"key": name, "value": cloud}])]
    document = {
        "id": "s",
        "category": "scope",
        "scope_type": "ip",
        "dimension_config": {"ip": [{"ip": "1.1.1.1", "bk_cloud_id": 0}]},
    }
    out = replay(with_shields(document), [event(0, tags=tags, target_type="", target="")])
    assert out.alert["is_shielded"] is held


NOTHING = [
    asking("host"),
    asking("", "x"),
    {"value": ["x"]},
    {"key": "host"},
    {"key": "host", "value": None},
    {"key": " ", "value": ["x"]},
]


@pytest.mark.parametrize("condition", NOTHING, ids=str)
def test_a_condition_that_asks_nothing_is_refused_in_the_stream(condition):
    good = asking("env", "staging")
    document = shield(good, condition)
    lines = [put(0, shields=[document]), command(1, "shield", shield=document), strategy_event(2, **STAGING)]
    out = replay(RULES, lines)
    assert out.refused() == [("1", "invalid_rules"), ("2", "invalid_rules")]
    assert out.alert["is_shielded"] is False


def test_an_empty_text_is_a_value():
    out = replay(
        with_shields(shield(asking("tags.env", ""))),
        [event(0, tags=[{"key": "env", "value": ""}]), event(1, target="b", **STAGING)],
    )
    assert [alert["is_shielded"] for alert in sorted(out.alerts, key=lambda one: one["create_time"])] == [True, False]
    assert out.alerts[0]["create_time"] >= T0
