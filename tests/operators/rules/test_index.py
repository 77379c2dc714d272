"""Indices of a rule book: orders, who concerns whom, and hosts that move at the cost of those alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.book import version_text
from operators.rules.index import addresses, groups_by_host, hosts_by_address, id_order, in_order, moved_hosts
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import DynamicGroup, Host
from tests.operators.rules.books import book_of


@pytest.mark.parametrize(
    ("ids", "order"),
    [
        (["10", "9", "a", "1"], ["1", "9", "10", "a"]),
        (["b", "a10", "a9", "B"], ["B", "a10", "a9", "b"]),
        (["2", "-1", "1.5", "02"], ["2", "02", "-1", "1.5"]),
        (["9" * 19, "1" + "0" * 19, "5" * 5000], ["9" * 19, "1" + "0" * 19, "5" * 5000]),
        (["\u0661", "9"], ["9", "\u0661"]),
    ],
    ids=["numbers first", "text as text", "only digits are numbers", "no number is too long", "nor of other digits"],
)
def test_ids_come_as_numbers_and_then_as_text(ids, order):
    assert sorted(ids, key=id_order) == order


def host(number, ip="", ipv6=""):
    return Host(str(number), ip=ip, ipv6=ipv6)


@pytest.mark.parametrize(
    ("ip", "ipv6", "found"),
    [("a", "", ["a"]), ("", "b", ["b"]), ("a", "b", ["a", "b"]), ("a", "a", ["a"]), ("", "", [])],
)
def test_a_host_is_found_by_each_of_its_addresses_once(ip, ipv6, found):
    assert list(addresses(host(1, ip, ipv6))) == found


def test_hosts_of_one_address_come_by_id():
    found = hosts_by_address([host(10, "a"), host(9, "a", "b"), host("x", "a")])
    assert {name: [one.bk_host_id for one in hosts] for name, hosts in found.items()} == {
        "a": ["9", "10", "x"],
        "b": ["9"],
    }
    assert [one.bk_host_id for one in in_order([host("b"), host(2), host(1)])] == ["1", "2", "b"]


hosts = st.dictionaries(st.integers(0, 5), st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from(["", "a", "c"])), max_size=6).map(
    lambda found: {number: host(number, *where) for number, where in found.items()}
)  # fmt: skip


@given(hosts, hosts)
def test_an_index_after_a_move_is_the_index_of_those_who_are_there(before, after):
    gone = [one for number, one in before.items() if after.get(number) != one]
    come = [one for number, one in after.items() if before.get(number) != one]
    stays = {number: before[number] if before.get(number) == one else one for number, one in after.items()}
    assert moved_hosts(hosts_by_address(before.values()), gone, come) == hosts_by_address(stays.values())


def test_an_index_is_not_changed_by_a_move():
    found = hosts_by_address([host(1, "a")])
    moved_hosts(found, [], [host(2, "a")])
    assert len(found["a"]) == 1


def test_a_host_has_its_groups_by_id_and_each_once():
    groups = [
        DynamicGroup("10", host_ids=("1", "1")),
        DynamicGroup("9", host_ids=("1", "2")),
        DynamicGroup("x", host_ids=("2",)),
    ]
    assert groups_by_host(groups) == {"1": ("9", "10"), "2": ("9", "x")}


# --- who concerns whom

CONDITION = [{"field": "alert.name", "method": "eq", "value": ["a"]}]


def inhibit(number, business, **changes):
    return {"id": number, "bk_biz_id": business, "source": CONDITION, "target": CONDITION, "equal": [], **changes}


def group(number, business, priority=1, **changes):
    return {"id": number, "name": "g", "bk_biz_id": business, "priority": priority, "rules": [], **changes}


def test_rules_of_every_business_stand_with_those_of_each():
    book = book_of(inhibits=[inhibit(10, 0), inhibit(9, 2), inhibit(3, 0, is_enabled=False)])
    assert [[one.id for one in book.inhibits_of(business)] for business in (2, "2", 7, None)] == [
        ["9", "10"],
        ["9", "10"],
        ["10"],
        ["10"],
    ]
    assert [one.id for one in book.inhibits_of(0)] == ["10"]


def test_groups_come_by_priority_and_then_by_id():
    book = book_of(
        dispatch=[group(10, 0), group(9, 0), group(1, 2, 5), group(2, 2, 1), group(3, 0, 9, is_enabled=False)]
    )
    assert [one.id for one in book.dispatch_of(2)] == ["1", "2", "9", "10"]
    assert [one.id for one in book.dispatch_of(None)] == ["9", "10"]


def test_without_enabled_rules_nothing_concerns_anybody():
    book = book_of(dispatch=[group(1, 0, is_enabled=False)], inhibits=[inhibit(1, 0, is_enabled=False)])
    assert (book.dispatch_of(0), book.inhibits_of(0), book.inhibit_index) == ((), (), {})


@pytest.mark.parametrize(
    ("kinds", "decides"),
    [
        ({}, False),
        ({"strategies": [{"id": 1, "name": "a"}]}, True),
        ({"strategies": [{"id": 1, "name": "a", "is_enabled": False}]}, True),
        ({"dispatch": [group(1, 0)]}, False),
        ({"dispatch": [group(1, 0, rules=[{"id": 1, "conditions": [], "user_groups": []}])]}, True),
        ({"users": [{"id": "alice"}]}, False),
    ],
    ids=["nothing", "a strategy", "a disabled one", "a group without rules", "a dispatch rule", "people"],
)
def test_a_book_decides_if_a_strategy_or_a_dispatch_rule_is_in_it(kinds, decides):
    assert book_of(**kinds).decides is decides


@pytest.mark.parametrize(
    ("digest", "text"), [(0, "0" * 12), (1, "0" * 12), (2**127, "8" + "0" * 11), (2**128 - 1, "f" * 12)]
)
def test_a_version_is_twelve_hex_digits(digest, text):
    assert version_text(digest) == text


# --- what is worked out once


def test_what_was_made_is_kept_for_the_last_few_sources():
    made = []
    double = Remembered(lambda source: made.append(source) or source * 2, size=2)
    one, two, three = (1,), (2,), (3,)
    assert [double(source) for source in (one, two, one, three, two, one)] == [
        one * 2,
        two * 2,
        one * 2,
        three * 2,
        two * 2,
        one * 2,
    ]
    assert made == [one, two, three, one]


def test_sources_that_are_equal_are_not_one_source():
    made = []
    kept = Remembered(made.append)
    kept([1])
    kept([1])
    assert len(made) == 2
