"""Names are functions of what they name: every part counts, in the order that the contract gives (design.md 6)."""

import json
from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import Tag
from operators.model.identity import (
    action_id,
    alert_id,
    bk_hash,
    dedupe_keys,
    digest,
    event_uid,
    field_value,
    fingerprint,
    first_tag,
    notice_id,
)
from operators.model.slot import slot_of, slot_of_alert
from tests.operators.check.made import event


def named(changes, keys=(), algorithm="pairs"):
    one = event(**changes)
    return fingerprint(one, dedupe_keys(bool(one.strategy_id), tuple(keys)), algorithm)


def tags(**values):
    return tuple(Tag(key, value) for key, value in values.items())


def compact(value):
    return md5(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


KEYS = [
    "tags.a",
    "tags.b",
    "tags.",
    "severity",
    "ip",
    "alert_name",
    "target",
    "bk_biz_id",
    "nothing",
    "id",
    "tags.bk_biz_id",
]


def said(one, key):
    """Return the value of a key as design.md 6 and 7.41 have it."""
    if key.startswith("tags."):
        return next((tag.value for tag in one.tags if tag.key == key[5:]), None)
    if key in ("id", "nothing"):
        return None
    value = getattr(one, key)
    return str(value) if key == "bk_biz_id" and value is not None else value


@given(
    st.lists(st.sampled_from(KEYS), max_size=5),
    st.lists(st.builds(Tag, st.sampled_from(["a", "b", "", "bk_biz_id"]), st.sampled_from([0, 1.5, "1", "é", None, [1, "x"]])), max_size=4),
    st.sampled_from([None, 0, 2, "2"]),
    st.booleans(),
)  # fmt: skip
def test_a_fingerprint_is_the_hash_of_the_sorted_pairs_of_its_keys(keys, tags_, business, of_strategy):
    one = event(
        strategy_id="7" if of_strategy else "", tags=tuple(tags_), bk_biz_id=business, target="h", ip="10.0.0.1"
    )
    name = "strategy_id" if of_strategy else "alert_name"
    every = sorted({name, "target_type", "target", "bk_biz_id", *keys})
    expected = compact([[key, said(one, key)] for key in every])
    assert fingerprint(one, dedupe_keys(of_strategy, tuple(keys)), "pairs") == expected


@pytest.mark.parametrize("algorithm", ["pairs", "bk"])
def test_a_fingerprint_that_an_event_brings_is_kept(algorithm):
    assert named({"dedupe_md5": "b" * 32, "target": "h"}, ["tags.a"], algorithm) == "b" * 32


@pytest.mark.parametrize("algorithm", ["pairs", "bk"])
def test_a_business_is_the_same_as_a_number_and_as_text(algorithm):
    assert named({"bk_biz_id": 2}, (), algorithm) == named({"bk_biz_id": "2"}, (), algorithm)
    assert named({"bk_biz_id": 0}, (), algorithm) != named({"bk_biz_id": None}, (), algorithm)


def test_of_tags_with_one_name_the_first_counts():
    both = (Tag("a", "1"), Tag("a", "2"))
    assert named({"tags": both}, ["tags.a"]) == named({"tags": both[:1]}, ["tags.a"])
    assert first_tag(event(tags=both), "a") is both[0]


def test_a_missing_tag_counts_as_null():
    assert named({}, ["tags.a"]) == named({"tags": tags(a=None)}, ["tags.a"])
    assert named({}, ["tags.a"]) != named({"tags": tags(a="")}, ["tags.a"])


def test_no_tag_of_another_name_is_found():
    assert first_tag(event(tags=tags(a=1)), "b") is None
    assert first_tag(event(), "a") is None


@pytest.mark.parametrize("key", ["id", "dedupe_md5", "at", "create_time", "kind", "nothing"])
def test_what_was_worked_out_of_an_event_is_no_key(key):
    one = event(id="x", at=5, create_time=6, kind="event")
    assert field_value(one, key) is None
    assert named({"id": "x", "at": 5, "create_time": 6}, [key]) == named({}, [key])


@pytest.mark.parametrize(
    ("key", "value"),
    [("severity", 2), ("bk_biz_id", "3"), ("target", None), ("time", 9), ("alert_name", "CPU usage")],
    ids=["as it is", "the business as text", "none", "a time", "a name"],
)
def test_a_field_is_read_as_it_enters_a_fingerprint(key, value):
    assert field_value(event(9, bk_biz_id=3), key) == value


def test_no_business_is_no_text():
    assert field_value(event(), "bk_biz_id") is None


def test_keys_stand_sorted_and_once():
    assert dedupe_keys(True, ("tags.a", "ip", "tags.a", "target")).keys == (
        "bk_biz_id", "ip", "strategy_id", "tags.a", "target", "target_type",
    )  # fmt: skip
    assert dedupe_keys(False, ()).keys == ("alert_name", "bk_biz_id", "target", "target_type")


# --- the hash of the reference system (spec/lifecycle.md 1.3 step 3)

values = st.recursive(
    st.sampled_from([None, True, 1, 1.5, "1", "a", "é", ""]),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)),
    max_leaves=8,
)


def of_digests(digests):
    return md5(("[" + ", ".join(f"'{one}'" for one in digests) + "]").encode()).hexdigest()


def by_the_page(value):
    if isinstance(value, dict):
        return of_digests(
            sorted(of_digests(sorted([by_the_page(key), by_the_page(by_the_page(value[key]))])) for key in value)
        )
    if isinstance(value, list):
        return of_digests(sorted(by_the_page(one) for one in value))
    return md5(f"{value}".encode()).hexdigest()


@given(values)
def test_the_bk_hash_is_as_the_page_says(value):
    assert bk_hash(value) == by_the_page(value)


@given(st.lists(values, max_size=4).flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_no_order_counts_in_the_bk_hash(both):
    one, other = both
    assert bk_hash(one) == bk_hash(tuple(other))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, "1", True), (None, "None", True), (True, "True", True), ([1], 1, False), ([], "[]", True),
        ([[1, 2], [3]], [[3], [2, 1]], True), ([[1, 2], [3]], [[1], [2, 3]], False), ({"a": 1}, {"a": "1"}, True),
        ({"a": 1}, {"b": 1}, False), ({"a": 1, "b": 2}, {"a": 2, "b": 1}, False), ([1, 1], [1], False),
    ],
)  # fmt: skip
def test_what_is_equal_in_the_bk_hash(one, other, equal):
    assert (bk_hash(one) == bk_hash(other)) is equal


def test_in_bk_a_target_of_kubernetes_counts_as_none():
    plain = {"target_type": "", "target": None}
    assert named({"target_type": "K8S-POD", "target": "a"}, ["ip"], "bk") == named(plain, ["ip"], "bk")
    assert named({"target_type": "HOST", "target": "a"}, ["ip"], "bk") != named(plain, ["ip"], "bk")


# --- ids

UID = {"event_id": "e", "plugin_id": "p", "severity": 2, "status": "ABNORMAL", "time": 5}


def test_an_event_is_named_by_the_pairs_of_what_tells_it_apart():
    one = event(5, event_id="e", severity=2)
    assert event_uid(one, "pairs") == compact(sorted(map(list, UID.items())))
    assert event_uid(one, "bk") == by_the_page(["p", "e", "ABNORMAL", 5])


@pytest.mark.parametrize("algorithm", ["pairs", "bk"])
@pytest.mark.parametrize("changed", [{"event_id": "x"}, {"plugin_id": "x"}, {"status": "CLOSED"}, {"time": 6}], ids=str)
def test_each_part_of_an_event_id_counts(algorithm, changed):
    assert event_uid(event(**(UID | changed)), algorithm) != event_uid(event(**UID), algorithm)


def test_only_pairs_count_the_severity():
    one, other = event(**UID), event(**(UID | {"severity": 1}))
    assert event_uid(one, "pairs") != event_uid(other, "pairs")
    assert event_uid(one, "bk") == event_uid(other, "bk")


@given(st.integers(0, 9_999_999_999), st.text("0123456789abcdef", min_size=32, max_size=32))
def test_an_alert_shows_its_second_and_its_slot(second, md5_):
    name = alert_id(md5_, event(second, id="x"))
    assert (int(name[:10]), len(name)) == (second, 22)
    assert slot_of_alert(name) == slot_of(md5_)


def test_alert_ids_sort_by_their_seconds():
    assert min([alert_id("a" * 32, event(10**9)), alert_id("a" * 32, event(7))]).startswith("0000000007")


def test_an_alert_id_is_of_the_fingerprint_and_the_opening_event():
    one = event(5, id="x")
    name = alert_id("a7" + "0" * 30, one)
    assert name == alert_id("a7" + "0" * 30, event(5, id="x", severity=1))
    assert name != alert_id("a7" + "1" * 30, one)
    assert name != alert_id("a7" + "0" * 30, event(5, id="y"))
    assert name[12:] == digest("a7" + "0" * 30, "x")[:10]


ACTION = {"alert": "1", "relation": "notice", "signal": "abnormal", "notice_type": "normal", "cycle": 1}


@pytest.mark.parametrize("part", ACTION)
def test_each_part_of_an_action_id_counts(part):
    assert action_id(**ACTION) == compact(["1", "notice", "abnormal", "normal", 1])
    assert action_id(**(ACTION | {part: 2})) != action_id(**ACTION)


def test_a_notice_is_the_same_in_whatever_order_its_actions_come():
    assert (
        notice_id(["b", "a"], "mail", ["x"])
        == notice_id(("a", "b"), "mail", ("x",))
        == compact([["a", "b"], "mail", ["x"]])
    )


@pytest.mark.parametrize(
    "other",
    [(["a"], "mail", ["x", "y"]), (["a", "b"], "sms", ["x", "y"]), (["a", "b"], "mail", ["y"]), (["a", "b"], "mail", ["y", "x"]), (["a", "b"], "mail", ["x", "y"], "z")],
    ids=["actions", "way", "receivers", "order of receivers", "something more"],
)  # fmt: skip
def test_what_makes_it_another_notice(other):
    assert notice_id(*other) != notice_id(["a", "b"], "mail", ["x", "y"])
