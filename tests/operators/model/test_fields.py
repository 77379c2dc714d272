"""A field is a value of its type, or an error that names it and says why."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.bounds import LAST_SECOND
from operators.model.fields import FieldError, name_or_number, optional, required, short, text, texts, whole_number

MOST, LEAST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("given_", "second"),
    [
        (0, 0), (LAST_SECOND, LAST_SECOND), (1.9, 1), (0.0, 0), (-0.9, 0), ("0", 0), ("0012", 12),
        (str(LAST_SECOND), LAST_SECOND), (9999999999.9, LAST_SECOND),
    ],
)  # fmt: skip
def test_a_time_is_whole_seconds_and_a_fraction_is_cut_off(given_, second):
    found = whole_number(given_, "time")
    assert (found, type(found)) == (second, int)


@pytest.mark.parametrize("given_", [-1, -1.0, LAST_SECOND + 1, 1e10, 10**40])
def test_a_number_that_is_no_second_is_a_bad_value(given_):
    with pytest.raises(FieldError, match=r"^`time`: .* is no time in Unix seconds$") as caught:
        whole_number(given_, "time")
    assert caught.value.reason == "bad_value"


@pytest.mark.parametrize(
    "given_",
    [None, True, False, "", " 1", "-1", "1.5", "0x1", "\u0661", "1" * 11, math.nan, math.inf, -math.inf, [1], {}],
    ids=repr,
)
def test_what_is_no_number_is_of_the_wrong_type(given_):
    with pytest.raises(FieldError, match=r"^`time`: expected Unix seconds, got ") as caught:
        whole_number(given_, "time")
    assert caught.value.reason == "wrong_type"


@given(st.integers(0, LAST_SECOND))
def test_a_time_is_the_same_as_number_text_and_float(second):
    assert whole_number(second, "t") == whole_number(str(second), "t") == whole_number(float(second), "t") == second


@pytest.mark.parametrize(
    ("given_", "shown"), [("a", "a"), ("", ""), (0, "0"), (-7, "-7"), (1.5, "1.5"), (10**20, "1" + "0" * 20)]
)
def test_a_number_is_taken_for_its_digits(given_, shown):
    assert text(given_, "f") == shown


@pytest.mark.parametrize("given_", [True, False, None, [], {}, ["a"]], ids=repr)
def test_other_values_are_no_text(given_):
    with pytest.raises(FieldError, match=r"^`f`: expected text, got ") as caught:
        text(given_, "f")
    assert caught.value.reason == "wrong_type"


@pytest.mark.parametrize(("given_", "shown"), [("a", "a"), (" ", " "), (0, "0"), (0.0, "0.0")])
def test_a_required_text_is_there(given_, shown):
    assert required(given_, "f") == shown


@pytest.mark.parametrize(
    ("given_", "reason"),
    [(None, "missing_field"), ("", "missing_field"), (False, "wrong_type"), ([], "wrong_type"), ({}, "wrong_type")],
    ids=repr,
)
def test_a_required_text_that_is_not_there_says_why(given_, reason):
    with pytest.raises(FieldError, match=r"^`f`: ") as caught:
        required(given_, "f")
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        (0, 0), ("", ""), ("7", "7"), (MOST, MOST), (MOST + 1, str(MOST + 1)), (LEAST, LEAST),
        (LEAST - 1, str(LEAST - 1)),
    ],
)  # fmt: skip
def test_an_id_is_a_number_of_64_bits_or_text(given_, name):
    assert name_or_number(given_, "f") == name


@pytest.mark.parametrize("given_", [True, 1.0, None, [1], {}], ids=repr)
def test_other_values_are_no_id(given_):
    with pytest.raises(FieldError, match=r"^`f`: expected a whole number or text") as caught:
        name_or_number(given_, "f")
    assert caught.value.reason == "wrong_type"


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        ([], ()), ("a", ("a",)), (5, ("5",)), (["a", 5], ("a", "5")), ([None, "a", None], ("a",)), ("", ("",)),
        (["a", "a"], ("a", "a")),
    ],
    ids=repr,
)  # fmt: skip
def test_a_list_of_texts_leaves_nulls_out_and_one_text_is_a_list(given_, found):
    assert texts(given_, "f") == found


@pytest.mark.parametrize(
    ("given_", "place"), [(["a", None, {}], "f[2]"), ([True], "f[0]"), ({"a": 1}, "f"), (None, "f")], ids=repr
)
def test_a_member_that_is_no_text_is_named_by_its_place(given_, place):
    with pytest.raises(FieldError) as caught:
        texts(given_, "f")
    assert str(caught.value).startswith(f"`{place}`: expected text")


def test_a_field_that_may_be_missing_is_cleaned_only_if_it_is_there():
    assert optional(None, "f", text) is None
    assert optional(0, "f", text) == "0"
    assert optional("", "f", text) == ""


@pytest.mark.parametrize(
    ("length", "shown"),
    [(58, "'" + "x" * 58 + "'"), (59, "'" + "x" * 56 + "...")],
    ids=["sixty characters", "one more"],
)
def test_a_value_in_a_line_for_people_takes_sixty_characters(length, shown):
    assert short("x" * length) == shown
