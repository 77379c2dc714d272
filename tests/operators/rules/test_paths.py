"""Paths into records: parsed strictly, and bounded in what they cost, whatever the record."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.shapes.paths import LONGEST, PathError, found, path_error

RECORD = {"a": {"b": [{"c": 1, "d": "x"}, {"c": 2}]}, "long": "x" * 10_000, "many": ["y"] * 10_000}


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b[0].c", 1), ("a.b[?c==`2`] | [0].c", 2), ("none.there", None), ("none || a.b[1].c", 2), ("length(many)", 10_000)],
)  # fmt: skip
def test_a_path_finds(path, value):
    assert found(path, RECORD) == value


@pytest.mark.parametrize(
    "path", ["a.", "a[", "nothing(@)x", "a == `ok`", "(" * 500, "a" * (LONGEST + 1), "!" * 30 + "a"]
)
def test_what_is_no_path_or_too_large_says_why(path):
    assert path_error(path)


@pytest.mark.parametrize("path", ["length(a.b[0].c)", "no_such(@)", "join(a, many)", "sort(a.b)", "sum(many)"])
def test_what_does_not_fit_the_record_is_an_error_of_its_own(path):
    with pytest.raises(PathError):
        found(path, RECORD)


@pytest.mark.parametrize(
    "path",
    ["|".join(["[@,@]"] * 20) + "|to_string(@)", "|".join(["[@,@][]"] * 20), "join(long, many)", "map(&[@,@,@,@], many) | [*].[@,@,@,@]"],
)  # fmt: skip
def test_what_would_multiply_a_record_is_given_up(path):
    with pytest.raises(PathError, match="steps"):
        found(path, RECORD)


@given(st.text(alphabet="ab.[]*?|&@{}:,()\"`'!=<> 01", max_size=20))
def test_any_text_is_a_path_or_says_why_and_never_raises_otherwise(text):
    if path_error(text) is None:
        with contextlib.suppress(PathError):
            found(text, RECORD)
