"""The place where a page ends is a text that goes into an address and comes back as it was, or is refused."""

import re
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.store.cursor import CursorError, cursor, read_cursor
from sinks.store.order import ORDERS, alert_cursor, place_of
from tests.sinks.store.samples import NOW, alert

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(INT64 | st.text(st.characters(codec="utf-8")), min_size=1, max_size=3))
def test_what_was_made_a_place_comes_back(values):
    text = cursor(*values)
    assert re.fullmatch(r"[\w-]+", text, re.ASCII)
    assert read_cursor(text, [type(one) for one in values]) == tuple(values)


def coded(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "'' is no place to read on from", id="empty"),
        pytest.param("?!", "'?!' is no place to read on from", id="no-base64"),
        pytest.param("a", "'a' is no place to read on from", id="cut-off"),
        pytest.param("日本", "'日本' is no place to read on from", id="no-ascii"),
        pytest.param(coded(b"{}"), "is no place to read on from", id="no-list"),
        pytest.param(coded(b"[1.5]"), "is no place to read on from", id="a-fraction"),
        pytest.param(coded(b"[null]"), "is no place to read on from", id="nothing"),
        pytest.param(coded(b"\xff"), "is no place to read on from", id="no-json"),
        pytest.param(cursor("x"), "is a place in another order", id="text-for-a-number"),
        pytest.param(cursor(1, "x"), "is a place in another order", id="one-more"),
        pytest.param(coded(b"[]"), "is a place in another order", id="none"),
        pytest.param(coded(b"[true]"), "is", id="a-flag"),
    ],
)
def test_a_text_that_is_no_place_of_this_order_is_refused(text, why):
    with pytest.raises(CursorError) as told:
        read_cursor(text, [int])
    assert why in str(told.value)


@pytest.mark.parametrize("text", ["?" * 10_000, cursor("x" * 10_000)], ids=["no-place", "another-order"])
def test_of_an_endless_text_only_the_beginning_is_repeated(text):
    with pytest.raises(CursorError) as told:
        read_cursor(text, [int])
    assert len(str(told.value)) < 150


@pytest.mark.parametrize(
    ("order", "values"),
    [
        ("newest", (alert(3).id,)),
        ("worst", (1, alert(3).id)),
        ("longest", (NOW - 5, alert(3).id)),
        ("events", (7, alert(3).id)),
    ],
)
def test_the_place_behind_an_alert_holds_what_it_was_ordered_by_and_its_id(order, values):
    one = alert(3, severity=1, begin_time=NOW - 5, event_count=7)
    assert place_of(order, alert_cursor(order, one)) == values


@pytest.mark.parametrize("order", ORDERS)
def test_a_place_of_one_order_is_refused_by_those_that_order_by_more_or_less(order):
    place = alert_cursor(order, alert())
    for other, columns in ORDERS.items():
        if len(columns) != len(ORDERS[order]):
            with pytest.raises(CursorError, match="another order"):
                place_of(other, place)
