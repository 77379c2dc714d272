"""A configuration of Alertmanager as rules: the same receiver is told, and nothing is dropped in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.alertmanager.configuration import ConfigurationError, imported
from operators.alertmanager.matchers import all_hold, parse_matcher
from operators.rules.ask.match import compile_conditions
from operators.rules.shapes.condition import Condition

NAMES, VALUES = ("a", "b"), ("x", "y", "xy")
TEXTS = [
    f'{name}{sign}"{value}"'
    for name in NAMES
    for sign in ("=", "!=", "=~", "!~")
    for value in (*VALUES, "x.*", ".*", "")
]
RECEIVERS = ("r0", "r1", "r2")
ROUTES = st.recursive(
    st.fixed_dictionaries(
        {"receiver": st.sampled_from(RECEIVERS), "matchers": st.lists(st.sampled_from(TEXTS), max_size=2)}
    ),
    lambda children: st.fixed_dictionaries(
        {
            "receiver": st.sampled_from(RECEIVERS),
            "matchers": st.lists(st.sampled_from(TEXTS), max_size=2),
            "routes": st.lists(children, max_size=3),
        }
    ),
    max_leaves=6,
)


def configuration(route, receivers=RECEIVERS):
    mails = [{"name": name, "email_configs": [{"to": f"{name}@example.org"}]} for name in receivers]
    return {"route": {**route, "matchers": []}, "receivers": mails}


def told_there(route, labels):
    """Return the receiver that Alertmanager tells: the first child that matches, else the route itself."""
    for child in route.get("routes", ()):
        if all_hold(tuple(map(parse_matcher, child["matchers"])), labels):
            return told_there(child, labels)
    return route["receiver"]


def told_here(dispatch, labels):
    facts = {f"tags.{name}": [value] for name, value in labels.items() if value}
    for group in sorted(dispatch, key=lambda one: -one["priority"]):
        (rule,) = group["rules"]
        conditions = [
            Condition(one["key"], one["method"], tuple(one["value"]), one["condition"]) for one in rule["conditions"]
        ]
        if compile_conditions(conditions)(facts):
            return rule["user_groups"][0]
    return None


@given(ROUTES, st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES)))
def test_the_rules_tell_whom_the_routes_told(route, labels):
    rules = imported(configuration(route)).rules
    assert told_here(rules["dispatch"], labels) == told_there(route, labels)


def test_receivers_become_groups_with_their_ways():
    receivers = [
        {"name": "ops", "email_configs": [{"to": "a@example.org, b@example.org"}]},
        {"name": "chat", "slack_configs": [{"channel": "#x"}], "webhook_configs": [{"url": "http://127.0.0.1/x"}]},
    ]
    rules = imported({"route": {"receiver": "ops"}, "receivers": receivers}).rules
    ops, chat = rules["user_groups"]
    assert ops["users"] == ["a@example.org", "b@example.org"]
    ways = chat["alert_notice"][0]["notify_config"][0]["notice_ways"]
    assert ways == [{"name": "slack", "receivers": ["#x"]}, {"name": "webhook", "receivers": ["http://127.0.0.1/x"]}]
    assert [channel["way"] for channel in rules["channels"]] == ["mail", "slack", "webhook"]


@pytest.mark.parametrize(
    ("route", "more", "place"),
    [
        ({"continue": True}, {}, "route.routes[0].continue"),
        ({"group_by": ["x"]}, {}, "route.routes[0].group_by"),
        ({"repeat_interval": "4h"}, {}, "route.routes[0].repeat_interval"),
        ({"matchers": ['a=~"("']}, {}, "route.routes[0]"),
        ({"receiver": "nobody"}, {}, "route.routes[0]"),
        ({}, {"inhibit_rules": [{"source_matchers": ['a=~"("']}]}, "inhibit_rules[0]"),
        ({}, {"inhibit_rules": [{"target_match_re": {"a": "("}}]}, "inhibit_rules[0]"),
        ({}, {"inhibit_rules": [{"source_match": {"bk_biz_id": "2"}}]}, "inhibit_rules[0]"),
        ({}, {"inhibit_rules": ["a"]}, "inhibit_rules[0]"),
        ({}, {"templates": ["x"]}, "templates"),
    ],
)
def test_what_cannot_be_said_is_listed(route, more, place):
    tree = {**configuration({"receiver": "r0", "routes": [{"receiver": "r1", **route}]}), **more}
    assert place in [note.place for note in imported(tree).notes]


def test_a_receiver_of_an_unknown_kind_is_listed():
    tree = {"route": {"receiver": "r"}, "receivers": [{"name": "r", "opsgenie_configs": [{}]}]}
    assert [note.place for note in imported(tree).notes] == ["receivers.r.opsgenie_configs", "receivers.r"]


@pytest.mark.parametrize("text", ['{a="x,y",b="z"}', 'a="x,y"', '{a=~"x{1,2}"}'])
def test_a_comma_within_quotes_parts_nothing(text):
    tree = configuration({"receiver": "r0", "routes": [{"receiver": "r1", "matchers": [text]}]})
    found = imported(tree)
    assert not found.notes
    (conditions,) = [rule["conditions"] for group in found.rules["dispatch"][:1] for rule in group["rules"]]
    assert len(conditions) == text.count('="') + text.count('=~"')


@pytest.mark.parametrize("tree", [{}, {"route": []}, {"route": {}, "receivers": {}}, {"groups": []}])
def test_what_is_no_configuration_is_refused(tree):
    with pytest.raises(ConfigurationError):
        imported(tree)
