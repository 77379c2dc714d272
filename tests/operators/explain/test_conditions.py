"""Conditions of rules are said in words that a person reads once."""

import pytest

from operators.explain.conditions import in_words
from operators.rules.shapes.condition import Condition


def one(field, method, *values, condition="and"):
    return Condition(field, method, values, condition)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([], "anything"),
        ([one("alert.name", "eq", "Disk full")], "alert.name is Disk full"),
        ([one("alert.severity", "eq", "1", "2")], "alert.severity is 1 or 2"),
        ([one("tags.env", "neq", "test"), one("ip", "reg", "^10[.]")], "tags.env is not test and ip matches ^10[.]"),
        ([one("a", "eq", "1"), one("b", "eq", "2"), one("c", "gte", 3, condition="or")], "a is 1 and b is 2 or c >= 3"),
        ([one("labels", "issuperset", "x", "y")], "labels has all of x, y"),
        ([one("tags.empty", "eq")], "anything"),  # without a value a condition does not count
    ],
)
def test_what_is_asked_is_said(conditions, words):
    assert in_words(conditions) == words
