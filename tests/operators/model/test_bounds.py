"""No number leaves the house that a snapshot or a store could not hold: what is longer than 64 bits is text."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.bounds import LAST_SECOND, Second, Whole, bounded, fits

SHORT, LONG = (-(2**63), 2**63 - 1), (-(2**63) - 1, 2**64)
UNSIGNED = 2**64 - 1
"""Ids of traces are as long as that; a snapshot holds them."""


@pytest.mark.parametrize("number", SHORT)
def test_a_number_of_64_bits_fits(number):
    assert fits(number)
    assert fits({"a": [number]})
    assert msgspec.convert(number, Whole) == number


@pytest.mark.parametrize("number", LONG)
def test_a_longer_number_does_not_wherever_it_stands(number):
    for value in (number, [number], {"a": {"b": [1, number]}}):
        assert not fits(value)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(number, Whole)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (LONG[1], str(LONG[1])),
        ([1, LONG[0], "a"], [1, str(LONG[0]), "a"]),
        ({"a": LONG[1], "b": {"c": [LONG[1], SHORT[1]]}}, {"a": str(LONG[1]), "b": {"c": [str(LONG[1]), SHORT[1]]}}),
        ([True, None, 1.5, 1e300, LONG[1]], [True, None, 1.5, 1e300, str(LONG[1])]),
        ([UNSIGNED, LONG[1]], [UNSIGNED, str(LONG[1])]),
    ],
    ids=["alone", "in a list", "deep", "among others", "beside one of 64 bits without a sign"],
)
def test_only_numbers_that_are_too_long_become_text(value, kept):
    assert bounded(value) == kept


numbers = st.integers(-(2**66), 2**66) | st.sampled_from([*SHORT, *LONG, UNSIGNED])
values = st.recursive(
    st.none() | st.booleans() | numbers | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_what_was_bounded_fits_and_stays(value):
    once = bounded(value)
    assert fits(once)
    assert bounded(once) == once


@given(st.lists(values, max_size=4))
def test_what_a_value_becomes_does_not_depend_on_what_stands_beside_it(members):
    assert bounded(members) == [bounded(one) for one in members]


@given(values)
def test_what_fits_is_left_alone(value):
    if fits(value):
        assert bounded(value) is value


@pytest.mark.parametrize(("second", "taken"), [(0, True), (LAST_SECOND, True), (-1, False), (LAST_SECOND + 1, False)])
def test_a_second_has_at_most_ten_digits(second, taken):
    assert len(str(LAST_SECOND)) == 10
    if taken:
        assert msgspec.convert(second, Second) == second
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(second, Second)
