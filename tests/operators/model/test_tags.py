"""Tags: keys become text, values plain, at most a thousand (spec/lifecycle.md 1.1; design.md 7.59)."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import Tag
from operators.model.fields import FieldError
from operators.model.tags import clean_tags

MOST, LEAST = 2**63 - 1, -(2**63)


@pytest.mark.parametrize(
    ("given_", "found"),
    [
        ([], ()),
        ({}, ()),
        ([{"key": "a"}], (Tag("a", None),)),
        ([{"key": 5, "value": 0}], (Tag("5", 0),)),
        ([{"key": "", "value": ""}], (Tag("", ""),)),
        ([{"key": True, "value": False}], (Tag("True", False),)),
        ([{"key": "a", "value": {"é": 1}}], (Tag("a", '{"\\u00e9": 1}'),)),
        ([{"key": "a", "value": [1, [2, 3], {"b": 4}, None]}], (Tag("a", [1, "[2, 3]", '{"b": 4}', None]),)),
        ([{"key": "a", "value": 1, "display_key": 7, "display_value": {"x": 1}}], (Tag("a", 1, "7", '{"x": 1}'),)),
        ([{"key": "a", "value": 2**64}], (Tag("a", str(2**64)),)),
        ([{"key": "a", "value": [LEAST - 1, LEAST]}], (Tag("a", [str(LEAST - 1), LEAST]),)),
        ({"a": 1, "b": {"c": 2}}, (Tag("a", 1), Tag("b", '{"c": 2}'))),
        ([{"key": "a", "value": 1}, {"key": "a", "value": 2}], (Tag("a", 1), Tag("a", 2))),
        ([{"key": "a", "value": 1, "colour": "red"}], (Tag("a", 1),)),
    ],
    ids=[
        "none", "none in a mapping", "without a value", "a number as key", "empty texts", "a truth as key",
        "an object is its JSON text", "members of a list", "what is displayed", "a number too long",
        "a number too long in a list", "a mapping", "twice one key", "what nobody asked for",
    ],
)  # fmt: skip
def test_tags_as_they_are_kept(given_, found):
    assert clean_tags(given_) == found


@pytest.mark.parametrize(
    ("given_", "reason", "field"),
    [
        ("a", "wrong_type", "tags"), (5, "wrong_type", "tags"), (None, "wrong_type", "tags"),
        ([{"key": "a"}, "b"], "wrong_type", "tags[1]"), ([["a", 1]], "wrong_type", "tags[0]"),
        ([{"value": 1}], "missing_field", "tags[0].key"), ([{"key": None}], "missing_field", "tags[0].key"),
        ([{"key": "a"}, {"key": ["b"]}], "wrong_type", "tags[1].key"), ([{"key": {}}], "wrong_type", "tags[0].key"),
    ],
    ids=repr,
)  # fmt: skip
def test_what_are_no_tags_is_named_with_its_place(given_, reason, field):
    with pytest.raises(FieldError) as caught:
        clean_tags(given_)
    assert (caught.value.reason, str(caught.value).split(":")[0]) == (reason, f"`{field}`")


@pytest.mark.parametrize(
    "make", [lambda n: [{"key": str(k)} for k in range(n)], lambda n: {str(k): 1 for k in range(n)}]
)
def test_a_thousand_tags_are_taken_and_no_more(make):
    assert len(clean_tags(make(1000))) == 1000
    with pytest.raises(FieldError, match="1001 tags; 1000 are taken") as caught:
        clean_tags(make(1001))
    assert caught.value.reason == "too_large"


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=3),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=2), inner, max_size=3)),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=3), json_values, max_size=4))
def test_a_mapping_says_the_same_as_a_list(tags):
    assert clean_tags(tags) == clean_tags([{"key": key, "value": value} for key, value in tags.items()])


raw_tags = st.lists(
    st.fixed_dictionaries(
        {"key": st.text(max_size=3), "value": json_values},
        optional={"display_key": st.text(max_size=3), "display_value": json_values},
    ),
    max_size=4,
)
read = msgspec.json.Decoder(tuple[Tag, ...]).decode


@given(raw_tags)
def test_tags_that_the_decoder_reads_are_those_that_cleaning_leaves_as_they_are(tags):
    try:
        found = read(json.dumps(tags))
    except msgspec.ValidationError:
        return
    assert found == clean_tags(tags)


@pytest.mark.parametrize("value", ["", "a", True, None, 1.5, 0, MOST, LEAST, [], ["a", 1, None]])
def test_the_decoder_reads_a_plain_value(value):
    tag = {"key": "a", "value": value, "display_value": value}
    assert read(json.dumps([tag])) == (Tag("a", value, None, value),)


@pytest.mark.parametrize("value", [MOST + 1, LEAST - 1, {}, [[]], [{}], [MOST + 1]])
def test_the_decoder_leaves_any_other_value_to_cleaning(value):
    with pytest.raises(msgspec.ValidationError):
        read(json.dumps([{"key": "a", "value": value}]))


@given(raw_tags)
def test_what_was_cleaned_comes_back_from_a_snapshot(tags):
    cleaned = clean_tags(tags)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(cleaned), type=tuple[Tag, ...]) == cleaned


@given(st.lists(st.builds(Tag, st.text(max_size=3), json_values), max_size=4))
def test_what_was_cleaned_is_not_cleaned_again(tags):
    once = clean_tags([{"key": tag.key, "value": tag.value} for tag in tags])
    assert clean_tags([{"key": tag.key, "value": tag.value} for tag in once]) == once
