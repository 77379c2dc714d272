import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.ask.match import compile_conditions, condition_groups
from operators.rules.shapes.condition import condition_text
from operators.rules.shapes.model import Condition


def one(method, value, field="x", condition="and"):
    return Condition(field, method, tuple(value), condition)


def holds(*conditions, **facts):
    return compile_conditions(conditions)(facts)


@pytest.mark.parametrize(
    ("method", "wanted", "values", "expected"),
    [
        ("eq", ["a"], ["a"], True),
        ("eq", ["a", "b"], ["c", "b"], True),
        ("eq", ["a"], ["A"], False),
        ("eq", ["a"], ["ab"], False),
        ("eq", [1], ["1"], True),
        ("eq", [" a "], ["a"], True),
        ("eq", ["a"], [" a "], True),
        ("eq", [""], [""], True),
        ("eq", [""], ["a"], False),
        ("neq", ["a"], ["b"], True),
        ("neq", ["a"], ["b", "a"], False),
        ("include", ["b"], ["abc"], True),
        ("include", ["x", "c"], ["abc"], True),
        ("include", ["x"], ["abc"], False),
        ("exclude", ["x"], ["abc"], True),
        ("exclude", ["x", "b"], ["abc"], False),
        ("gt", ["5"], ["6"], True),
        ("gt", ["5"], ["5"], False),
        ("gt", ["5"], ["10"], True),
        ("gt", ["5", "7"], ["6"], False),
        ("gt", ["5"], ["6", "5"], False),
        ("gte", ["5"], ["5"], True),
        ("gte", ["5"], ["4.9"], False),
        ("gte", ["5", "7"], ["5"], True),
        ("lt", ["5"], ["4"], True),
        ("lt", ["5"], ["5"], False),
        ("lt", ["5"], ["4", "6"], False),
        ("lt", ["5", "3"], ["4"], False),
        ("lte", ["5"], ["5"], True),
        ("lte", ["5"], ["5.1"], False),
        ("gt", ["5"], ["high"], False),
        ("lt", ["5"], ["high"], False),
        ("gte", ["5"], ["high"], True),
        ("lte", ["5"], ["high"], True),
        ("gt", ["high"], ["5"], False),
        ("lte", ["high"], ["5"], True),
        ("gt", ["5"], ["6", "high"], False),
        ("gt", ["1e2"], ["101"], True),
        ("reg", ["b.d"], ["abcde"], True),
        ("reg", ["^b"], ["abc"], False),
        ("reg", ["x", "^a"], ["abc"], True),
        ("reg", ["z"], ["abc", "xyz"], False),
        ("nreg", ["z"], ["abc", "xyz"], True),
        ("nreg", ["^a"], ["abc"], False),
        ("reg", ["中"], ["一中二"], True),
        ("reg", ["b"], ["\ud800b"], True),
        ("issuperset", ["a", "b"], ["b", "c", "a"], True),
        ("issuperset", ["a", "b"], ["a"], False),
    ],
)
def test_a_method_compares_lists_of_text(method, wanted, values, expected):
    assert holds(one(method, wanted), x=values) is expected


@pytest.mark.parametrize("facts", [{}, {"x": []}, {"y": ["a"]}])
@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("eq", False), ("neq", True), ("include", False), ("exclude", True), ("gt", False), ("gte", False),
        ("lt", False), ("lte", False), ("reg", False), ("nreg", True), ("issuperset", False),
    ],
)  # fmt: skip
def test_a_missing_field_passes_negative_methods_only(method, expected, facts):
    assert holds(one(method, ["5"]), **facts) is expected


def test_nothing_to_meet_holds_for_everything():
    assert holds()


@pytest.mark.parametrize("hollow", [Condition("", "eq", ("a",)), Condition("x", "", ("a",)), Condition("x", "eq", ())])
def test_a_condition_without_field_method_or_value_does_not_count(hollow):
    assert holds(hollow)
    assert holds(hollow, one("eq", ["a"]), x=["a"])
    assert not holds(one("eq", ["a"]), hollow, x=["b"])


def test_the_empty_text_is_a_value():
    assert not holds(one("eq", [""]))
    assert holds(one("eq", [""]), x=[""])


@pytest.mark.parametrize(
    ("x", "y", "z", "expected"),
    [
        ("1", "1", "0", True),
        ("1", "0", "0", False),
        ("0", "0", "1", True),
        ("0", "1", "1", True),
        ("0", "1", "0", False),
    ],
)
def test_or_starts_a_new_group_of_conditions(x, y, z, expected):
    conditions = one("eq", ["1"], "x"), one("eq", ["1"], "y"), one("eq", ["1"], "z", "or")
    assert holds(*conditions, x=[x], y=[y], z=[z]) is expected


def test_a_leading_or_starts_no_empty_group():
    assert not holds(one("eq", ["a"], condition="or"), x=["b"])


@pytest.mark.parametrize(("field", "fact"), [("tags.x", "x"), ("x", "tags.x"), ("x", "x"), ("tags.x", "tags.x")])
def test_a_dimension_is_named_with_or_without_tags(field, fact):
    assert compile_conditions([one("eq", ["a"], field)])({fact: ["a"]})


def test_the_name_as_given_goes_before_the_other():
    assert not compile_conditions([one("eq", ["a"], "tags.x")])({"x": ["a"], "tags.x": ["b"]})


@pytest.mark.parametrize(
    ("wanted", "facts", "expected"),
    [
        ({"ip": "10.0.0.1", "bk_cloud_id": 0}, {"ip": ["10.0.0.1"], "bk_cloud_id": ["0"]}, True),
        ({"ip": "10.0.0.1", "bk_cloud_id": 0}, {"ip": ["10.0.0.1"]}, True),
        ({"ip": "10.0.0.1"}, {"ip": ["10.0.0.1"], "bk_cloud_id": ["0"]}, True),
        ({"ip": "10.0.0.1", "bk_cloud_id": 2}, {"ip": ["10.0.0.1"], "bk_cloud_id": ["0"]}, False),
        ({"ip": "10.0.0.1", "bk_cloud_id": 2}, {"ip": ["10.0.0.1"], "bk_cloud_id": ["2"]}, True),
        ("10.0.0.1", {"ip": ["10.0.0.1"], "bk_cloud_id": ["2"]}, True),
        ("10.0.0.1|2", {"ip": ["10.0.0.1|2"]}, True),
    ],
)
def test_a_host_object_compares_address_and_cloud(wanted, facts, expected):
    assert compile_conditions([one("eq", [wanted], "ip")])(facts) is expected


def test_the_cloud_of_a_target_address_is_the_target_cloud():
    facts = {"bk_target_ip": ["10.0.0.1"], "bk_target_cloud_id": ["3"], "bk_cloud_id": ["0"]}
    assert compile_conditions([one("eq", [{"bk_target_ip": "10.0.0.1", "bk_target_cloud_id": 3}], "bk_target_ip")])(
        facts
    )


@pytest.mark.parametrize("wanted", ["module|28", {"bk_obj_id": "module", "bk_inst_id": 28}])
def test_a_node_is_text_or_an_object(wanted):
    assert compile_conditions([one("eq", [wanted], "bk_topo_node")])({"bk_topo_node": ["set|2", "module|28"]})


@pytest.mark.parametrize("value", [{}, {"a": 1}, {"bk_cloud_id": 0}, {"ip": "10.0.0.1", "rack": 1}])
def test_an_object_that_names_no_host_is_refused(value):
    with pytest.raises(ValueError, match="a host is"):
        condition_text("ip", value)


def test_a_pattern_that_runs_away_elsewhere_is_quick():
    assert not holds(one("reg", ["(a+)+$"]), x=["a" * 5000 + "b"])


TEXTS = st.lists(st.sampled_from(["", "0", "1", "2.5", "10", "a", "ab", "nan", "inf"]), min_size=1, max_size=3)
OPPOSITES = [("eq", "neq"), ("include", "exclude"), ("gt", "lte"), ("lt", "gte"), ("reg", "nreg")]


@given(st.sampled_from(OPPOSITES), TEXTS, TEXTS)
def test_opposite_methods_never_agree_on_a_field_that_is_there(pair, wanted, values):
    first, second = (holds(one(method, wanted), x=values) for method in pair)
    assert first is not second


@given(
    st.lists(st.tuples(st.sampled_from(["eq", "neq"]), TEXTS, st.sampled_from(["and", "or", ""])), max_size=5), TEXTS
)
def test_groups_are_or_ed_and_their_members_and_ed(parts, values):
    conditions = [one(method, wanted, condition=joined) for method, wanted, joined in parts]
    groups = condition_groups(conditions)
    expected = any(all(holds(member, x=values) for member in group) for group in groups) if groups else True
    assert holds(*conditions, x=values) is expected
