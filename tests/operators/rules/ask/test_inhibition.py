"""Which side of a rule of inhibition an alert is on, with which alerts it agrees, and what keeps what silent (design.md 7.66)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.ask.inhibition import NEITHER, Side, inhibited_among, inhibits, sides_of
from operators.rules.book import RuleBook
from tests.operators.rules.drawn import alert, book, event


def named(*names):
    return [{"field": "alert.name", "method": "eq", "value": list(names)}]


def rule(number=1, business=0, equal=("instance",), source=("down",), target=("slow",), **changes):
    return {
        "id": number,
        "bk_biz_id": business,
        "source": named(*source),
        "target": named(*target),
        "equal": list(equal),
        **changes,
    }


BOOK = book(inhibits=[rule()])


def one(name="slow", business=2, number="1", **tags):
    top = event(tags, alert_name=name, bk_biz_id=business, strategy_id="")
    return alert(id=number, event=top, alert_name=name, bk_biz_id=business)


def names(sides):
    return [side.rule for side in sides.source], [side.rule for side in sides.target]


# --- sides


@pytest.mark.parametrize(
    ("name", "rules", "source", "target"),
    [
        ("down", [rule()], ["1"], []),
        ("slow", [rule()], [], ["1"]),
        ("other", [rule()], [], []),
        ("down", [rule(10), rule(9)], ["9", "10"], []),
        ("slow", [rule(1), rule(2, source=("slow",), target=("x",))], ["2"], ["1"]),
        ("slow", [rule(1, source=("slow", "down"))], ["1"], ["1"]),
        ("down", [rule(is_enabled=False)], [], []),
        ("down", [rule(business=3)], [], []),
        ("down", [rule(business=2)], ["1"], []),
    ],
    ids=["source", "target", "neither", "of several by id", "of one this, of another that", "both", "disabled", "of another business", "of its business"],
)  # fmt: skip
def test_which_side_of_which_rules_an_alert_is_on(name, rules, source, target):
    assert names(sides_of(one(name), book(inhibits=rules))) == (source, target)


def test_without_rules_it_is_on_neither():
    assert sides_of(one(), RuleBook.empty()) == NEITHER


@pytest.mark.parametrize(("name", "both"), [("slow", False), ("down", False), ("twice", True)])
def test_an_alert_on_both_sides_of_a_rule_says_so(name, both):
    rules = book(inhibits=[rule(source=("down", "twice"), target=("slow", "twice"))])
    sides = sides_of(one(name), rules)
    assert {side.is_both for side in (*sides.source, *sides.target)} == {both}


# --- agreement


def agree(one_, other, equal=("instance",), rules=None):
    made = rules or book(inhibits=[rule(equal=equal)])
    (source,), (target,) = sides_of(one_, made).source, sides_of(other, made).target
    return source.agrees == target.agrees


@pytest.mark.parametrize(
    ("source", "target", "equal", "does"),
    [
        ({"instance": "a"}, {"instance": "a"}, ["instance"], True),
        ({"instance": "a"}, {"instance": "b"}, ["instance"], False),
        ({"instance": "a"}, {}, ["instance"], False),
        ({}, {}, ["instance"], True),
        ({"instance": ""}, {}, ["instance"], True),
        ({"instance": 1}, {"instance": "1"}, ["instance"], True),
        ({"instance": " a "}, {"instance": "a"}, ["instance"], True),
        ({"instance": ["a", "b"]}, {"instance": ["b", "a", "b"]}, ["instance"], True),
        ({"instance": ["a", "b"]}, {"instance": "a"}, ["instance"], False),
        ({"instance": "a", "x": 1}, {"instance": "a", "x": 2}, ["instance"], True),
        ({"instance": "a", "x": 1}, {"instance": "a", "x": 2}, ["instance", "x"], False),
        ({"instance": "a"}, {"instance": "b"}, [], True),
        ({"instance": "a"}, {"instance": "a"}, ["tags.instance"], True),
        ({"instance": "a"}, {"instance": "b"}, ["tags.instance"], False),
    ],
    ids=[
        "the same", "another", "one lacks it", "both lack it", "an empty one is none", "a number and its text", "blanks", "lists as sets",
        "a part of a list", "a tag that is not asked", "one of two", "nothing is asked", "with its prefix", "another with its prefix",
    ],
)  # fmt: skip
def test_alerts_agree_in_the_tags_that_the_rule_names(source, target, equal, does):
    assert agree(one("down", **source), one("slow", **target), equal) is does


def test_alerts_of_two_businesses_never_agree():
    assert not agree(one("down", 2, instance="a"), one("slow", 3, instance="a"))
    assert agree(one("down", 2, instance="a"), one("slow", "2", instance="a"))


def test_rules_agree_each_for_itself():
    rules = book(inhibits=[rule(1, target=("x",)), rule(2, source=("y",))])
    assert not agree(one("down", instance="a"), one("slow", instance="a"), rules=rules)


# --- what keeps what silent


@pytest.mark.parametrize(
    ("source", "target", "does"),
    [
        (Side("1", "x"), Side("1", "x"), True),
        (Side("1", "x"), Side("1", "y"), False),
        (Side("1", "x", True), Side("1", "x"), True),
        (Side("1", "x"), Side("1", "x", True), True),
        (Side("1", "x", True), Side("1", "x", True), False),
    ],
    ids=["they agree", "they do not", "a source on both sides", "a target on both sides", "its like"],
)
def test_a_source_keeps_a_target_silent_that_is_not_its_like(source, target, does):
    assert inhibits(source, target) is does


def silent(*alerts, rules=BOOK):
    return {name: [(by.rule, by.alert.id) for by in found] for name, found in inhibited_among(alerts, rules).items()}


def test_of_some_alerts_each_target_names_the_sources_that_it_agrees_with():
    alerts = [
        one("down", number="1", instance="a"),
        one("down", number="2", instance="b"),
        one("slow", number="3", instance="a"),
        one("down", number="4", instance="a"),
    ]
    assert silent(*alerts) == {"3": [("1", "1"), ("1", "4")]}


def test_an_alert_does_not_keep_itself_silent():
    rules = book(inhibits=[rule(source=("slow",), target=("slow",))])
    assert silent(one(number="1", instance="a"), one(number="2", instance="a"), rules=rules) == {}


def test_without_rules_nothing_is_silent():
    assert inhibited_among([one("down"), one("slow")], RuleBook.empty()) == {}


drawn = st.lists(
    st.tuples(st.sampled_from(["down", "slow", "other"]), st.sampled_from([2, 3]), st.sampled_from(["a", "b", ""])),
    max_size=6,
)


@given(drawn)
def test_an_alert_is_silent_if_an_open_source_of_its_business_has_its_tag(found):
    alerts = [one(name, business, number=f"{n}", instance=tag) for n, (name, business, tag) in enumerate(found)]
    expected = {
        target.id
        for target, (name, business, tag) in zip(alerts, found, strict=True)
        if name == "slow" and ("down", business, tag) in found
    }
    assert silent(*alerts).keys() == expected
