"""Which repeats no checker has to look at: those that are alike in all that rules and windows may ask (design.md 7.36)."""

import pytest

from operators.lifecycle.skip import are_alike, may_skip
from operators.model.event import Tag
from operators.model.memory import Anomaly, CheckMemory
from operators.rules.shapes.model import Host
from tests.operators.check.made import T0, book, event, strategy
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

OF_RULES = {
    "severity": 1, "tags": (Tag("a", 1),), "target": "h", "target_type": "HOST", "ip": "10.0.0.1", "ipv6": "::1",
    "bk_host_id": 1, "bk_cloud_id": 0, "bk_service_instance_id": 5, "bk_topo_node": ("set|1",), "plugin_id": "q",
    "metric": ("cpu",), "extra_info": {"origin_alarm": {"data": {"dimensions": {"disk": "sda"}}}},
}  # fmt: skip
"""Every field that a rule may ask (spec/lifecycle.md 6.4), with a value that another event lacks."""


@pytest.mark.parametrize("field", OF_RULES)
def test_events_that_rules_may_tell_apart_are_not_alike(field):
    assert not are_alike(event(), event(**{field: OF_RULES[field]}))
    assert are_alike(event(**OF_RULES), event(T0 + 60, **OF_RULES))


@pytest.mark.parametrize(
    "changed",
    [{"description": "other"}, {"event_id": "x"}, {"id": "x"}, {"anomaly_time": 5}, {"at": 7}, {"extra_info": {"annotations": 1}}],
    ids=["words", "event id", "id", "anomaly", "arrival", "what no rule asks"],
)  # fmt: skip
def test_what_no_rule_may_ask_makes_no_difference(changed):
    assert are_alike(event(), event(T0 + 60, **changed))


def test_raw_values_may_differ_where_the_raw_dimensions_agree():
    def origin(value, **dimensions):
        return {"extra_info": {"origin_alarm": {"data": {"value": value, "dimensions": dimensions}}}}

    assert are_alike(event(**origin(1, disk="sda")), event(**origin(2, disk="sda")))
    assert not are_alike(event(**origin(1, disk="sda")), event(**origin(1, disk="sdb")))


# --- alerts of strategies

WATCHING = strategy()


def skips(*, about=None, known=None, by=WATCHING, newer=None):
    stage = Stage(kept(**(about or {})), rules=book(strategies={"1": strategy()}))
    for name, value in ({"rules": "1"} | (known or {})).items():
        setattr(stage.state, name, value)
    return may_skip(stage.state, by, event(), event(T0 + 60, **(newer or {})), stage.scene.book)


def stage_of(rules, **about):
    return Stage(kept(strategy_id="", **about), rules=rules)


def checked(last_check=None, anomaly=None):
    return {"checks": CheckMemory((Anomaly(anomaly, 2),) if anomaly else (), last_check=last_check)}


@pytest.mark.parametrize(
    ("asked", "skipped"),
    [
        ({}, True),
        ({"by": None}, False),
        ({"known": {"rules": "0"}}, False),
        ({"about": {"is_shielded": True}}, False),
        ({"about": {"is_blocked": True}}, False),
        ({"about": {"extra": {"is_recovering": True}}}, False),
        ({"newer": {"target": "h"}}, False),
        ({"known": checked()}, True),
        ({"known": checked(last_check=T0 + 60)}, True),
        ({"known": checked(last_check=T0 + 61)}, False),
        ({"known": checked(anomaly=T0 + 60)}, True),
        ({"known": checked(anomaly=T0 + 61)}, False),
    ],
    ids=[
        "nothing new", "no strategy has a say", "other rules", "shielded", "blocked", "recovering", "another target",
        "no check known", "as new as the last check", "older than a check", "as new as an anomaly", "older than an anomaly",
    ],
)  # fmt: skip
def test_when_a_repeat_of_a_strategys_alert_is_not_looked_at(asked, skipped):
    assert skips(**asked) is skipped


# --- third-party alerts


@pytest.mark.parametrize(
    ("rules", "skipped"),
    [
        (book_of(), True),
        (book_of(strategies=[{"id": 1, "name": "CPU"}]), True),
        (book_of(dispatch=[{"id": 1, "name": "d", "rules": [{"id": 1, "conditions": [], "user_groups": []}]}]), False),
        (book_of(shields=[{"id": 1, "category": "scope", "scope_type": "biz", "begin_time": 0, "end_time": 9}]), False),
        (book(hosts=(Host("1", ip="10.0.0.1"),)), False),
    ],
    ids=["no rules", "strategies alone", "dispatch", "shields", "hosts"],
)
def test_where_rules_may_ask_a_third_party_event_that_is_not_alike_is_looked_at(rules, skipped):
    stage = stage_of(rules)
    assert may_skip(stage.state, None, event(), event(target="h"), rules) is skipped
    assert may_skip(stage.state, None, event(), event(T0 + 60), rules)
