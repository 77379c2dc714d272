"""Dispatch: whose an alert is (spec/lifecycle.md 7; spec/notices.md 6.6, 7.1; design.md 7.4, 7.20)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import T0, command, event, put, replay, strategy_event

NAMES = ("ops", "db", "net", "boss")
GROUPS = [{"id": name, "name": name, "users": [f"{name}-1"], "ways": ["mail"]} for name in NAMES]
SEEN = [{"field": "alert.strategy_id", "method": "eq", "value": ["1"]}]
NOTICE = [{"action_type": "notice"}]


def rule(number=1, groups=("db",), **fields):
    return {"id": number, "conditions": SEEN, "user_groups": list(groups), "actions": NOTICE, **fields}


def group(*rules, number=1, **fields):
    return {"id": number, "name": f"group {number}", "rules": list(rules), **fields}


def book(*groups, **options):
    notice = {"user_groups": ["ops"], **({"options": options} if options else {})}
    return {"strategies": [{"id": 1, "name": "CPU", "notice": notice}], "user_groups": GROUPS, "dispatch": list(groups)}


def told(out):
    """Rows (second, receivers, whether they only follow)."""
    return [(time, names, followed) for time, _, names, followed in out.noticed("followed")]


# --- who


def test_the_groups_of_a_rule_replace_those_of_the_strategy():
    assert told(replay(book(group(rule())), [strategy_event(0)])) == [(0, "db-1", False)]


def test_without_a_match_the_strategys_own_groups_are_told():
    other = rule(conditions=[{"field": "alert.strategy_id", "method": "eq", "value": ["2"]}])
    assert told(replay(book(group(other)), [strategy_event(0)])) == [(0, "ops-1", False)]


@pytest.mark.parametrize(
    ("mode", "matches", "receivers"),
    [
        (["by_rule", "only_notice"], True, "db-1"),
        (["by_rule", "only_notice"], False, "ops-1"),
        (["by_rule"], True, "db-1"),
        (["by_rule"], False, None),
        (["only_notice"], True, "ops-1"),
        (["only_notice"], False, "ops-1"),
    ],
)
def test_the_mode_decides_who_has_a_say(mode, matches, receivers):
    conditions = [{"field": "alert.strategy_id", "method": "eq", "value": ["1" if matches else "2"]}]
    out = replay(book(group(rule(conditions=conditions)), assign_mode=mode), [strategy_event(0)])
    assert [names for _, names, _ in told(out)] == ([receivers] if receivers else [])
    (action,) = out.actions
    assert (action["status"], action["reason"]) == (("success", "delivered") if receivers else ("skipped", "nobody"))


def test_mains_are_told_before_followers():
    out = replay(book(group(rule(1, ("net",), user_type="follower"), rule(2, ("db",)))), [strategy_event(0)])
    assert told(out) == [(0, "db-1", False), (0, "net-1", True)]
    (action,) = out.actions
    assert (action["receivers"], action["followers"]) == ({"mail": ["db-1"]}, {"mail": ["net-1"]})
    assert (out.alert["assignee"], out.alert["appointee"], out.alert["follower"]) == (["db-1"], ["db-1"], ["net-1"])


def test_who_is_responsible_does_not_also_follow():
    out = replay(book(group(rule(1, ("db",), user_type="follower"), rule(2, ("db", "net")))), [strategy_event(0)])
    assert told(out) == [(0, "db-1,net-1", False)]


def test_followers_alone_follow_and_appointees_are_responsible_by_their_ways():
    rules = book(group(rule(user_type="follower")))
    alert_id = replay(rules, [strategy_event(0)]).alert["id"]
    lines = [
        strategy_event(0),
        command(10, "assign", alert_id=alert_id, appointee=["carol"]),
        strategy_event(60, "RECOVERED"),
    ]
    assert told(replay(rules, lines)) == [(0, "db-1", True), (60, "carol", False), (60, "db-1", True)]


def test_all_rules_of_the_first_priority_that_matches_count_and_no_other():
    low = group(rule(1, ("net",)), number=1, priority=1)
    first, second = group(rule(2, ("db",)), number=2, priority=5), group(rule(3, ("boss",)), number=3, priority=5)
    assert told(replay(book(low, first, second), [strategy_event(0)])) == [(0, "db-1,boss-1", False)]


def test_a_higher_priority_that_does_not_match_leaves_the_word_to_the_next():
    high = group(rule(1, ("net",), conditions=[{"field": "ip", "method": "eq", "value": ["no"]}]), priority=50)
    assert told(replay(book(high, group(rule(2), number=2)), [strategy_event(0)])) == [(0, "db-1", False)]


@pytest.mark.parametrize("where", ["group", "rule"])
def test_what_is_disabled_does_not_count(where):
    off = {"is_enabled": False}
    dispatch = group(rule(), **off) if where == "group" else group(rule(**off))
    out = replay(book(dispatch), [strategy_event(0)])
    assert told(out) == [(0, "ops-1", False)]
    assert out.told("ASSIGN") == []


@pytest.mark.parametrize(("biz", "counts"), [(0, True), (2, True), (3, False)])
def test_groups_of_the_business_and_of_every_business_count(biz, counts):
    out = replay(book(group(rule(), bk_biz_id=biz)), [strategy_event(0, bk_biz_id=2)])
    assert told(out) == [(0, "db-1" if counts else "ops-1", False)]


@pytest.mark.parametrize("actions", [[], [{"action_type": "notice", "is_enabled": False}]])
def test_a_rule_without_notice_names_nobody_but_its_severity_and_tags_count(actions):
    quiet = rule(actions=actions, alert_severity=1, additional_tags=[{"key": "team", "value": "db"}])
    out = replay(book(group(quiet)), [strategy_event(0)])
    assert (out.actions[0]["status"], out.actions[0]["reason"]) == ("skipped", "nobody")
    assert (out.alert["severity"], out.alert["assign_tags"]) == (1, [{"key": "team", "value": "db"}])


# --- severity and tags


@pytest.mark.parametrize(
    ("severities", "severity", "source"),
    [
        ([0], 2, None),
        ([1], 1, "by_rule"),
        ([3], 3, "by_rule"),
        ([3, 1], 1, "by_rule"),
        ([0, 3], 2, "by_rule"),
        ([0, 0], 2, None),
    ],
)
def test_the_worst_severity_of_the_rules_counts(severities, severity, source):
    rules = [rule(number, alert_severity=one) for number, one in enumerate(severities, 1)]
    out = replay(book(group(*rules)), [strategy_event(0)])
    assert (out.alert["severity"], out.alert["extra_info"].get("severity_source")) == (severity, source)
    assert {out.signals[0]["severity"], out.actions[0]["severity"]} == {severity}


def test_a_severity_by_rule_is_not_raised_by_a_worse_event():
    out = replay(book(group(rule(alert_severity=3))), [strategy_event(0), strategy_event(10, severity=1)])
    assert (out.alert["severity"], out.alert["event"]["severity"], out.alert["latest_time"]) == (3, 1, T0 + 10)
    assert out.signalled() == [(0, "abnormal")]


def test_a_severity_by_rule_is_not_lowered_by_a_milder_event():
    out = replay(book(group(rule(alert_severity=1))), [strategy_event(0), strategy_event(10, severity=3)])
    assert (out.alert["severity"], out.alert["event"]["severity"], out.alert["event_count"]) == (1, 3, 2)


def test_a_rule_that_keeps_the_severity_does_not_freeze_it():
    out = replay(book(group(rule())), [strategy_event(0), strategy_event(10, severity=1)])
    assert [(alert["severity"], alert["status"]) for alert in out.alerts] == [(2, "CLOSED"), (1, "ABNORMAL")]


def test_the_ways_are_those_of_the_severity_by_rule():
    db = {
        "id": "db", "name": "db", "users": ["dave"],
        "alert_notice": [{"notify_config": [
            {"level": 1, "notice_ways": [{"name": "voice"}]}, {"level": 2, "notice_ways": [{"name": "mail"}]},
        ]}],
    }  # fmt: skip
    rules = book(group(rule(alert_severity=1))) | {"user_groups": [GROUPS[0], db]}
    assert replay(rules, [strategy_event(0)]).noticed() == [(0, "voice", "dave")]


def test_tags_of_rules_are_on_the_alert_and_on_its_event():
    tags = [{"key": "team", "value": "db"}]
    out = replay(
        book(group(rule(additional_tags=tags))),
        [strategy_event(0, tags=[{"key": "team", "value": "x"}]), strategy_event(5)],
    )
    assert out.alert["assign_tags"] == tags
    assert [(tag["key"], tag["value"]) for tag in out.alert["event"]["tags"]] == [("team", "db")]


def test_a_tag_that_several_rules_add_is_on_the_alert_once_with_the_last_rules_value():
    first = rule(1, additional_tags=[{"key": "team", "value": "db"}, {"key": "tier", "value": "1"}])
    second = rule(2, additional_tags=[{"key": "team", "value": "net"}])
    out = replay(book(group(first, second)), [strategy_event(0)])
    assert out.alert["assign_tags"] == [{"key": "team", "value": "net"}, {"key": "tier", "value": "1"}]


# --- the log


def test_dispatch_is_an_assign_entry_of_the_birth():
    out = replay(book(group(rule(7, alert_severity=1))), [strategy_event(0), strategy_event(60)])
    (entry,) = out.told("ASSIGN")
    assert (entry["time"] - T0, entry["reason"], entry["severity"]) == (0, "dispatched", 1)
    assert entry["description"] == "rules 7 of group group 1: severity changed from 2 to 1"
    assert out.alert["extra_info"]["matched_rule_info"]["rules"] == ["7"]


def test_a_severity_that_is_kept_is_said_to_be_kept():
    (entry,) = replay(book(group(rule())), [strategy_event(0)]).told("ASSIGN")
    assert entry["description"].endswith("severity kept")


# --- afresh


def test_a_rule_holds_only_while_its_conditions_hold():
    lines = [strategy_event(0), put(10, dispatch=[group(rule(groups=("net",)))]), strategy_event(60, "RECOVERED")]
    assert told(replay(book(group(rule())), lines)) == [(0, "db-1", False), (60, "net-1,db-1", False)]


def test_a_rule_that_stops_matching_gives_the_alert_back_to_its_strategy():
    tagged = rule(conditions=[{"field": "tags.zone", "method": "eq", "value": ["a"]}])
    lines = [
        strategy_event(0, tags=[{"key": "zone", "value": "a"}]),
        strategy_event(10),
        strategy_event(60, "RECOVERED"),
    ]
    assert told(replay(book(group(tagged)), lines)) == [(0, "db-1", False), (60, "ops-1,db-1", False)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alert.event_source", "p"),
        ("alert.scenario", "os"),
        ("alert.strategy_id", "1"),
        ("alert.name", "CPU usage"),
        ("alert.metric", "m1"),
        ("alert.labels", "prod"),
        ("labels", "prod"),
        ("is_empty_users", "false"),
        ("notice_users", "ops-1"),
        ("ip", "10.0.0.1"),
        ("bk_cloud_id", "0"),
        ("bk_host_id", "77"),
        ("tags.device", "sda"),
        ("device", "sda"),
        ("host.bk_host_name", "web-1"),
    ],
)
def test_rules_see_the_facts_of_the_alert(field, value):
    matching = rule(conditions=[{"field": field, "method": "eq", "value": [value]}])
    rules = book(group(matching))
    rules["strategies"][0] |= {"scenario": "os", "labels": ["prod"]}
    rules["hosts"] = [{"bk_host_id": 77, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0, "bk_host_name": "web-1"}]
    fields = {"tags": [{"key": "device", "value": "sda"}], "dedupe_keys": ["tags.device"], "metric": ["m1"]}
    assert told(replay(rules, [strategy_event(0, **fields)])) == [(0, "db-1", False)]


def test_third_party_alerts_are_for_rules_alone():
    named = rule(conditions=[{"field": "alert.name", "method": "eq", "value": ["CPU usage"]}])
    assert told(replay({"user_groups": GROUPS, "dispatch": [group(named)]}, [event(0)])) == [(0, "db-1", False)]


@settings(max_examples=30)
@given(
    by_rule=st.sampled_from([1, 2, 3]),
    severities=st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=12),
)
def test_a_severity_by_rule_is_never_overridden(by_rule, severities):
    lines = [strategy_event(10 * number, severity=one) for number, one in enumerate(severities)]
    out = replay(book(group(rule(alert_severity=by_rule))), lines)
    assert (out.alert["severity"], out.alert["event_count"]) == (by_rule, len(severities))
    assert out.alert["event"]["severity"] == severities[-1]
    assert {one["severity"] for one in (*out.signals, *out.actions)} == {by_rule}
