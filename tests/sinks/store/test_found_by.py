"""By what an alert is found: its words and the people that it names, the same for every store."""

import pytest

from operators.model.alert import Dimension
from operators.model.event import Tag
from sinks.store.words import LONGEST, people_of, words_of
from tests.sinks.store.samples import alert


def words(*, name="n", target="t", ip=None, description="d", tags=(), dimensions=(), **event):
    changes = {"target": target, "ip": ip, "description": description, "tags": tags, **event}
    return words_of(alert(alert_name=name, dimensions=dimensions, event_changes=changes)).split("\n")


def test_name_target_addresses_description_tags_and_dimensions_are_words_in_lower_case():
    found = words(
        name="CPU usage", target="Web-1", ip="10.0.0.1", ipv6="FE80::1", description="Too High",
        tags=(Tag("k", "V1", "Key", "Shown 1"),), dimensions=(Dimension("tags.d", "V2", "Name", "Shown 2"),),
    )  # fmt: skip
    assert found == ["cpu usage", "web-1", "10.0.0.1", "fe80::1", "too high", "v1", "shown 1", "v2", "shown 2"]


def test_each_word_stands_there_once():
    assert words(name="x", target="x", description="x", tags=(Tag("a", "x"), Tag("b", "y"), Tag("c", "y"))) == [
        "x",
        "y",
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param([80, 443], ["80", "443"], id="a-list"),
        pytest.param([["a"], "b"], ["a", "b"], id="lists-within"),
        pytest.param(0, ["0"], id="zero"),
        pytest.param(1.5, ["1.5"], id="a-fraction"),
        pytest.param(True, [], id="a-flag"),
        pytest.param(None, [], id="nothing"),
        pytest.param({"a": "b"}, [], id="a-mapping"),
        pytest.param("", [], id="empty"),
    ],
)
def test_values_that_are_no_text_are_found_by_what_is_written_of_them(value, found):
    assert words(tags=(Tag("ports", [1]), Tag("k", value)))[3:] == ["1", *found][: 1 + len(found)]


def test_only_so_many_characters_are_kept():
    assert len("\n".join(words(description="x" * 10_000))) == LONGEST


@pytest.mark.parametrize(
    ("changed", "people"),
    [
        ({}, ()),
        ({"assignee": ("ann",)}, ("ann",)),
        ({"appointee": ("bob",)}, ("bob",)),
        ({"supervisor": ("cleo",)}, ("cleo",)),
        ({"follower": ("dan",)}, ("dan",)),
        ({"ack_operator": "eve", "is_ack": True}, ("eve",)),
        (
            {"assignee": ("ann", "bob"), "appointee": ("bob",), "follower": ("ann", "dan"), "ack_operator": "ann"},
            ("ann", "bob", "dan"),
        ),
    ],
    ids=["nobody", "assignee", "appointee", "supervisor", "follower", "who-acked-it", "each-once"],
)
def test_an_alert_names_everybody_who_has_to_do_with_it(changed, people):
    assert people_of(alert(**changed)) == people
