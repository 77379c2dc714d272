"""Moments, tags and bounds that formats have in common."""

import os
import time

import pytest

from operators.intake.formats.format import MOST, MOST_PLAIN, moment, over, plain_tags, text_in
from operators.model.event import Tag
from tests.operators.intake.formats.made import NOW, only

YEAR = 1_704_067_200
"""The first of January 2024, in UTC."""


@pytest.mark.parametrize(
    ("said", "second"),
    [
        ("2024-01-01T00:00:00Z", YEAR),
        ("2024-01-01T08:00:00+08:00", YEAR),
        ("2024-01-01T00:00:00", YEAR),
        ("2024-01-01T00:00:00.9Z", YEAR),
        ("2024-01-01", None),
        ("yesterday", None),
        ("", None),
        ("0001-01-01T00:00:00Z", None),
        ("1969-12-31T23:59:59Z", None),
        ("1970-01-01T00:00:00Z", 0),
        ("9999-12-31T23:59:59Z", YEAR + 9),
        (YEAR, YEAR),
        (YEAR + 0.9, YEAR),
        (0, 0),
        (-1, None),
        (YEAR + 9.5, YEAR + 9),
        (YEAR + 10, None),
        (True, None),
        (None, None),
        ([YEAR], None),
    ],
    ids=repr,
)
def test_a_moment_is_rfc_3339_or_seconds_and_no_later_than_the_arrival(said, second):
    assert moment(said, YEAR + 9) == second


@pytest.fixture(params=["UTC", "Asia/Tokyo", "America/New_York"])
def zone_of_this_machine(request):
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.usefixtures("zone_of_this_machine")
def test_a_moment_without_a_zone_is_one_of_utc_whatever_the_zone_of_this_machine():
    assert moment("2023-01-01T00:00:00", NOW) == 1_672_531_200
    posted = only("prometheus", [{"labels": {"alertname": "a"}, "startsAt": "2023-01-01T00:00:00"}])
    assert posted.anomaly_time == 1_672_531_200


@pytest.mark.parametrize(
    ("fields", "tags"),
    [
        ({"a": "x", "b": 1, "c": 1.5, "d": True}, (Tag("a", "x"), Tag("b", 1), Tag("c", 1.5), Tag("d", True))),
        ({"a": "", "b": None, "c": [], "d": {}, "e": ["x"]}, ()),
        ({"a": 0, "b": False}, (Tag("a", 0), Tag("b", False))),
    ],
    ids=["plain", "empty or deep", "zero says something"],
)
def test_plain_members_become_tags(fields, tags):
    assert plain_tags(fields) == tags


@pytest.mark.parametrize(("count", "kept"), [(MOST_PLAIN, MOST_PLAIN), (MOST_PLAIN + 1, MOST_PLAIN)])
def test_a_hundred_members_become_tags(count, kept):
    assert MOST_PLAIN == 100
    assert len(plain_tags({"deep": {}} | {str(n): n for n in range(count)})) == kept


@pytest.mark.parametrize(
    ("body", "found"),
    [(b'{"k": "x"}', "x"), (b'{"k": 5}', ""), (b'{"j": "x"}', ""), (b'["k"]', ""), (b"{", ""), (b'{"k": "\xff"}', ""), (b"[" * 9999, "")],
    ids=["there", "no text", "missing", "no object", "cut", "no utf-8", "deep"],
)  # fmt: skip
def test_a_text_at_the_top_of_a_body(body, found):
    assert text_in(body, "k") == found


def test_a_body_of_more_than_ten_thousand_records_is_refused_as_a_whole():
    assert MOST == 10_000
    assert over(range(MOST)) == []
    (refused,) = over(range(MOST + 1))
    assert (refused.place, refused.reason, refused.detail) == ("body", "too_large", "10001 records; 10000 are taken")
