"""Counts as they are told: the most frequent first, of equal ones by name; and the alerts that decisions concern."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import Tag
from sinks.store.decisions import Concerned, Often, concerned, names_in
from sinks.store.facets import TOP, TOP_KEYS, TOP_VALUES, told, told_tags, yes_or_no
from sinks.store.history import Archived, InOrder
from sinks.store.over_time import EventCount, Span, event_counts
from tests.sinks.store.samples import NOW, alert


def test_values_come_by_how_often_and_then_by_name_and_what_has_no_value_is_left_out():
    counts = Counter({"b": 2, "a": 2, "z": 9, "": 50, "gone": 0})
    assert told({"name": counts}) == {"name": (("z", 9), ("a", 2), ("b", 2))}


@pytest.mark.parametrize(("values", "kept"), [(TOP - 1, TOP - 1), (TOP, TOP), (TOP + 1, TOP)])
def test_only_the_most_frequent_values_are_told(values, kept):
    counts = Counter({f"v{number:02}": number + 1 for number in range(values)})
    found = told({"target": counts})["target"]
    assert len(found) == kept
    assert found[0] == (f"v{values - 1:02}", values)


def test_tags_are_told_by_key_the_most_frequent_first():
    tags = [Tag("mount", "/"), Tag("mount", "/data"), Tag("mount", "/"), Tag("device", "sda"), Tag("area", "x")]
    assert list(told_tags(tags).items()) == [
        ("tags.mount", (("/", 2), ("/data", 1))),
        ("tags.area", (("x", 1),)),
        ("tags.device", (("sda", 1),)),
    ]


@pytest.mark.parametrize(
    ("value", "counted"),
    [
        pytest.param([80, "443", 1.5], {"80", "443", "1.5"}, id="each-of-a-list"),
        pytest.param(7, {"7"}, id="a-number"),
        pytest.param([True, None, {"a": 1}], set(), id="what-is-no-value"),
        pytest.param(False, set(), id="a-flag"),
        pytest.param(["", "a"], {"a"}, id="an-empty-one-of-a-list"),
    ],
)
def test_each_value_of_a_tag_counts(value, counted):
    found = told_tags([Tag("k", value)])
    assert {value for value, _ in found.get("tags.k", ())} == counted


def test_a_key_whose_tags_are_all_empty_is_not_told_and_takes_no_room():
    tags = [*[Tag("a", "")] * 3, *(Tag(f"k{key:02}", "v") for key in range(TOP_KEYS))]
    assert list(told_tags(tags)) == [f"tags.k{key:02}" for key in range(TOP_KEYS)]


def test_only_so_many_keys_and_values_of_tags_are_told():
    tags = [Tag(f"k{key:02}", f"v{value:02}") for key in range(TOP_KEYS + 1) for value in range(TOP_VALUES + 1)]
    found = told_tags(tags)
    assert list(found) == [f"tags.k{key:02}" for key in range(TOP_KEYS)]
    assert {len(values) for values in found.values()} == {TOP_VALUES}


@pytest.mark.parametrize(("flag", "text"), [(True, "yes"), (False, "no"), (1, "yes"), (0, "no"), (None, "no")])
def test_a_flag_is_told_as_it_is_asked_for(flag, text):
    assert yes_or_no(flag) == text


def test_the_worst_alerts_come_first_and_of_one_severity_those_it_concerns_most_often():
    alerts = [alert(1, severity=2), alert(2, severity=1), alert(3, severity=2), alert(4, severity=2)]
    often = [Often(one.id, count, NOW) for one, count in zip(alerts, (5, 1, 7, 5), strict=True)]
    found = concerned([Often("dropped meanwhile", 99, NOW), *often], reversed(alerts), 3)
    assert found == tuple(Concerned(alerts[index], often[index].count, NOW) for index in (1, 2, 0))


@pytest.mark.parametrize(
    ("receivers", "names"),
    [
        ({}, set()),
        ({"mail": []}, set()),
        ({"mail": ["ann", "bob"], "sms": ["ann"]}, {"ann", "bob"}),
        ({"voice": [["ann", "bob"], ["cleo"]]}, {"ann", "bob", "cleo"}),
        ({"wxwork-bot": ["chat-1"], "voice": [["ann"]]}, {"chat-1", "ann"}),
    ],
)
def test_everybody_among_receivers_is_named_also_those_of_a_call(receivers, names):
    assert names_in(receivers) == names


def test_events_are_counted_by_step_severity_and_status():
    events = [(60, 2, "ABNORMAL"), (0, 1, "ABNORMAL"), (60, 2, "ABNORMAL"), (60, 2, "RECOVERED"), (60, 1, "ABNORMAL")]
    assert event_counts(events) == (
        EventCount(0, 1, "ABNORMAL", 1), EventCount(60, 1, "ABNORMAL", 1), EventCount(60, 2, "ABNORMAL", 2),
        EventCount(60, 2, "RECOVERED", 1),
    )  # fmt: skip


@pytest.mark.parametrize(("second", "begin"), [(119, 60), (120, 120), (121, 120), (0, 0)])
def test_a_step_begins_at_a_multiple_of_its_length(second, begin):
    assert Span(7, 1000, 60).begin_of(second) == begin


def test_archived_events_go_on_once_nothing_can_come_before_them_and_those_of_one_second_as_they_came():
    held = InOrder()
    for at, name in [(12, "c"), (10, "b"), (10, "a"), (11, "x")]:
        held.add(at, name, name.encode())
    assert list(held.before(11)) == [Archived(10, b"b"), Archived(10, b"a")]
    held.add(11, "y", b"y")
    assert list(held.before(13)) == [Archived(11, b"x"), Archived(11, b"y"), Archived(12, b"c")]
    assert list(held.before(99)) == []


def test_an_event_that_lies_there_twice_goes_on_once_as_it_came_first():
    held = InOrder()
    held.add(10, "a", b"first")
    held.add(10, "a", b"again")
    assert list(held.before(11)) == [Archived(10, b"first")]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=30))
def test_however_events_are_added_they_come_in_order_of_arrival(events):
    held = InOrder()
    for at, number in events:
        held.add(at, f"{at}-{number}", b"")
    found = [one.at for second in (5, 11, 99) for one in held.before(second)]
    assert found == sorted(at for at, _ in set(events))
