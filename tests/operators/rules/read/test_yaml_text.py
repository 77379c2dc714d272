import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.read.yaml_text import parse_yaml


def value_of(text):
    value, problems = parse_yaml(text)
    assert problems == []
    return value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True), ("false", False), ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("True", "True"),
        ("null", None), ("~", None), ("", None), ("'null'", "null"), ('"true"', "true"), ("'1'", "1"),
        ("12", 12), ("-3", -3), ("0", 0), ("007", "007"), ("1_000", "1_000"), ("0x10", "0x10"), ("+1", "+1"),
        ("1.5", 1.5), ("1.5e3", 1500.0), ("1e3", "1e3"), (".5", ".5"), (".nan", ".nan"), ("1.2.3", "1.2.3"),
        ("12:30", "12:30"), ("12:30:00", "12:30:00"), ("2026-01-01", "2026-01-01"),
        ("2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00+08:00"), ("2026-01-01 00:00:00", "2026-01-01 00:00:00"),
        ("10.0.0.1", "10.0.0.1"), ("-a", "-a"), ("!!str 12", "12"), ("! 12", "12"), ("=", "="), ("module|28", "module|28"),
        ("09:00--18:00", "09:00--18:00"), ("<<", "<<"),
    ],
)  # fmt: skip
def test_a_scalar_is_a_flag_a_number_nothing_or_text(text, expected):
    value = value_of(f"a: {text}")["a"]
    assert value == expected
    assert type(value) is type(expected)


def test_an_empty_text_is_nothing():
    assert value_of("") is None
    assert value_of("# only a comment\n") is None


def test_keys_are_text_whatever_they_look_like():
    assert value_of("{1: a, true: b, null: c, 1.0: d}") == {"1": "a", "true": "b", "null": "c", "1.0": "d"}


def test_an_alias_stands_for_what_its_anchor_names():
    assert value_of("a: &x [1, &y two]\nb: *x\nc: *y") == {"a": [1, "two"], "b": [1, "two"], "c": "two"}


def test_an_anchor_can_be_given_again():
    assert value_of("[&x 1, *x, &x 2, *x]") == [1, 1, 2, 2]


@pytest.mark.parametrize("text", ["a: &x [*x]", "&x {a: *x}"])
def test_a_value_cannot_hold_itself(text):
    assert "names nothing that stands before it" in parse_yaml(text)[1][0][1]


def test_duplicate_keys_are_all_told_with_their_places():
    problems = parse_yaml("a: 1\na: 2\nb: [{c: 1, c: 2}, {d: {e: 1, 'e': 2}}]")[1]
    assert [place for place, _ in problems] == ["", "b[0]", "b[1].d"]


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: b: c",
        "\tx",
        "%YAML 9.9\n---\na",
        "a: 'x",
        "- a\nb: 1",
        "*a",
        "{a: 1",
        "\x00",
        "a: !!int x",
        "a: !!set {x}",
    ],
)
def test_what_is_not_yaml_is_told_in_one_line(text):
    _, problems = parse_yaml(text)
    assert problems
    assert all("\n" not in reason and reason.startswith("not YAML") for _, reason in problems)


def test_a_number_without_end_is_refused():
    assert "digits" in parse_yaml("a: " + "9" * 5000)[1][0][1]
    assert "too great" in parse_yaml("a: 1.0e999")[1][0][1]


def test_deep_nesting_is_refused_in_every_style():
    assert parse_yaml("[" * 100_000)[1]
    assert parse_yaml("\n".join("  " * depth + "a:" for depth in range(200)))[1]
    assert parse_yaml("- " * 1000)[1]


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc-: 1", max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_what_the_standard_dumper_writes_is_read_back(value):
    assert value_of(yaml.safe_dump(value, allow_unicode=True, sort_keys=False)) == value


@given(st.text(max_size=200))
def test_no_text_makes_the_parser_raise(text):
    parse_yaml(text)
