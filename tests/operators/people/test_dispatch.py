"""Whose an alert is by dispatch rules."""

import pytest

from operators.model.settings import CoreSettings
from operators.people.dispatch import assign_mode, default_groups, dispatch
from operators.rules.ask.look import Look
from operators.rules.shapes.model import DispatchTag
from tests.operators.rules.drawn import T0, alert, book, event

SETTINGS = CoreSettings()
USER_GROUPS = [{"id": name, "name": name, "users": [name]} for name in ("ops", "dba", "boss", "net")]
NOTICE = {"action_type": "notice"}
ESCALATING = NOTICE | {"upgrade_config": {"is_enabled": True, "upgrade_interval": 5, "user_groups": ["boss"]}}
SEEN = alert({"tags.device": "cpu0"}, event=event(tags={"device": "cpu0"}, bk_host_id=7))


def rule(number=1, device="cpu0", groups=("ops",), **changes):
    conditions = [{"field": "device", "method": "eq", "value": [device]}]
    return {"id": number, "conditions": conditions, "user_groups": list(groups), "actions": [NOTICE]} | changes


def group(*rules, number=1, priority=10, business=0, **changes):
    return {
        "id": number,
        "name": f"g{number}",
        "priority": priority,
        "bk_biz_id": business,
        "rules": list(rules),
    } | changes


def found(*groups, seen=SEEN, mode=("by_rule", "only_notice"), notice=("net",)):
    relation = {"user_groups": list(notice), "options": {"assign_mode": list(mode)}}
    strategy = {"id": 1, "name": "cpu", "scenario": "os", "bk_biz_id": 2, "notice": relation}
    rules = book(
        dispatch=list(groups), user_groups=USER_GROUPS, strategies=[strategy], hosts=[{"bk_host_id": 7}, {"bk_host_id": 8}],
        dynamic_groups=[{"id": "mine", "host_ids": [7]}, {"id": "theirs", "host_ids": [8]}],
    )  # fmt: skip
    return dispatch(Look(seen, rules.strategies.get(seen.strategy_id), rules, SETTINGS, T0))


def rules_of(*groups, **changes):
    result = found(*groups, **changes)
    return () if result is None else result.rule_ids


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((), ()),
        ((group(rule(device="cpu1")),), ()),
        ((group(rule()),), ("1",)),
        ((group(rule(1), rule(2), rule(3, "cpu1"), rule(4)),), ("1", "2", "4")),
        ((group(rule(1)), group(rule(2), number=2, priority=20)), ("2",)),
        ((group(rule(1)), group(rule(2, "cpu1"), number=2, priority=20)), ("1",)),
        ((group(rule(1), business=2), group(rule(2), number=2)), ("1", "2")),
        ((group(rule(1), business=2), group(rule(2), number=2, priority=11)), ("2",)),
        ((group(rule(1), business=3),), ()),
        ((group(rule(1), business=3), group(rule(2), number=2)), ("2",)),
        ((group(rule(is_enabled=False)),), ()),
        ((group(rule(), is_enabled=False),), ()),
        ((group(rule(conditions=[])),), ("1",)),
        ((group(rule(), priority=-1),), ("1",)),
    ],
)
def test_all_rules_of_the_first_priority_with_a_match_count(groups, expected):
    assert rules_of(*groups) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"field": "tags.device", "method": "eq", "value": ["cpu0"]}, True),
        ({"field": "alert.event_source", "method": "eq", "value": ["p"]}, True),
        ({"field": "alert.scenario", "method": "eq", "value": ["os"]}, True),
        ({"field": "alert.strategy_id", "method": "eq", "value": [1]}, True),
        ({"field": "alert.strategy_id", "method": "eq", "value": [2]}, False),
        ({"field": "alert.name", "method": "include", "value": ["usage"]}, True),
        ({"field": "is_empty_users", "method": "eq", "value": ["false"]}, True),
        ({"field": "notice_users", "method": "eq", "value": ["net"]}, True),
        ({"field": "dynamic_group", "method": "eq", "value": ["mine"]}, True),
        ({"field": "dynamic_group", "method": "eq", "value": ["theirs"]}, False),
        ({"field": "dynamic_group", "method": "neq", "value": ["theirs"]}, True),
        ({"field": "room", "method": "eq", "value": ["a"]}, False),
        ({"field": "room", "method": "neq", "value": ["a"]}, True),
        ({"field": "room", "method": "gt", "value": [1]}, False),
    ],
)
def test_a_rule_matches_by_what_is_known_of_the_alert(condition, expected):
    assert bool(rules_of(group(rule(conditions=[condition])))) is expected


def test_nobody_to_tell_by_default_is_something_rules_can_ask():
    asks = rule(conditions=[{"field": "is_empty_users", "method": "eq", "value": ["true"]}])
    assert rules_of(group(asks), notice=()) == ("1",)
    assert rules_of(group(asks)) == ()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [(("by_rule", "only_notice"), ("1",)), (("by_rule",), ("1",)), (("only_notice",), ()), ((), ())],
)
def test_rules_have_a_say_only_where_the_mode_lets_them(mode, expected):
    assert rules_of(group(rule()), mode=mode) == expected


def test_a_third_party_alert_is_decided_by_rules():
    seen = alert(event=event(strategy_id="", tags={"device": "cpu0"}))
    assert rules_of(group(rule()), seen=seen) == ("1",)


def test_an_alert_without_business_meets_the_rules_of_every_business():
    seen = alert({"device": "cpu0"}, event=event(bk_biz_id=None))
    assert rules_of(group(rule()), group(rule(2), number=2, business=2), seen=seen) == ("1",)


@pytest.mark.parametrize(
    ("severities", "severity", "source"),
    [
        ((0,), 2, ""),
        ((1,), 1, "by_rule"),
        ((3,), 3, "by_rule"),
        ((3, 0), 2, "by_rule"),
        ((3, 1), 1, "by_rule"),
        ((0, 0), 2, ""),
        ((3, 2), 2, "by_rule"),
    ],
)
def test_the_worst_severity_of_the_rules_counts(severities, severity, source):
    result = found(group(*(rule(number, alert_severity=level) for number, level in enumerate(severities, 1))))
    assert (result.severity, result.severity_source) == (severity, source)


def test_groups_are_named_once_in_the_order_of_the_rules():
    follows = rule(3, groups=["ops", "net"], user_type="follower")
    result = found(group(rule(1, groups=["dba", "ops"]), rule(2, groups=["ops", "boss"]), follows))
    assert (result.main, result.follower) == (("dba", "ops", "boss"), ("ops", "net"))


@pytest.mark.parametrize("actions", [[], [NOTICE | {"is_enabled": False}], [ESCALATING | {"is_enabled": False}]])
def test_a_rule_without_an_enabled_notice_names_nobody_but_counts(actions):
    silent = rule(actions=actions, alert_severity=1, additional_tags=[{"key": "team", "value": "db"}])
    result = found(group(silent))
    assert (result.main, result.follower, result.upgrades) == ((), (), ())
    assert (result.severity, result.additional_tags) == (1, (DispatchTag("team", "db"),))


def test_tags_of_all_rules_come_in_their_order_by_key_and_the_last_value_counts():
    keys = (("a", "both"), ("b", "both"))
    tagged = [rule(n, additional_tags=[{"key": key, "value": n} for key in keys[n]]) for n in (0, 1)]
    assert found(group(*tagged)).additional_tags == (
        DispatchTag("a", "0"),
        DispatchTag("both", "1"),
        DispatchTag("b", "1"),
    )


def test_the_group_of_the_first_match_is_told():
    result = found(group(rule(1, "cpu1"), number=1), group(rule(2), number=2), group(rule(3), number=3))
    assert (result.group_id, result.group_name) == ("2", "g2")


def test_each_rule_has_its_own_escalation():
    result = found(group(rule(1), rule(2, actions=[ESCALATING]), rule(3, actions=[ESCALATING], user_type="follower")))
    assert [(rule_id, kind, config.user_groups) for rule_id, kind, config in result.upgrades] == [
        ("2", "main", ("boss",)),
        ("3", "follower", ("boss",)),
    ]


@pytest.mark.parametrize(
    ("mode", "expected"), [(["by_rule", "only_notice"], ("net",)), (["only_notice"], ("net",)), (["by_rule"], ())]
)
def test_the_groups_of_the_strategy_are_told_where_the_mode_lets_them(mode, expected):
    relation = {"user_groups": ["net"], "options": {"assign_mode": mode}}
    rules = book(strategies=[{"id": 1, "name": "cpu", "notice": relation}], user_groups=USER_GROUPS)
    strategy = rules.strategies["1"]
    assert default_groups(strategy, strategy.notice) == expected
    assert default_groups(None, strategy.notice) == ()


def test_a_strategy_without_notice_leaves_its_alerts_to_rules_too():
    rules = book(strategies=[{"id": 1, "name": "cpu"}])
    assert "by_rule" in assign_mode(rules.strategies["1"])
