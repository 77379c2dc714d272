"""Finding the rules that match among many."""

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.rules.ask.match import compile_conditions
from operators.rules.ask.selection import Selection
from operators.rules.remembered import Remembered
from operators.rules.shapes.model import Condition

FIELDS = ["strategy_id", "alert.strategy_id", "device", "tags.device", "ip", "room"]
VALUES = ["1", "2", "a", "10.0.0.1", "10.0.0.1|0"]
conditions = st.lists(
    st.builds(
        Condition,
        st.sampled_from(FIELDS),
        st.sampled_from(["eq", "eq", "eq", "neq", "include", "reg"]),
        st.lists(st.sampled_from(VALUES), max_size=2).map(tuple),
        st.sampled_from(["and", "or"]),
    ),
    max_size=4,
)
facts = st.dictionaries(st.sampled_from(FIELDS), st.lists(st.sampled_from([*VALUES, 1, 2]), max_size=2))


@given(st.lists(st.lists(conditions, max_size=2), max_size=6), facts)
@settings(max_examples=500)
def test_a_selection_finds_what_trying_every_rule_finds(rules, known):
    found = list(Selection(enumerate(rules)).matching(known))
    assert found == [
        place for place, parts in enumerate(rules) if all(compile_conditions(part)(known) for part in parts)
    ]


@given(st.lists(st.lists(conditions, min_size=1, max_size=2), max_size=4), st.sampled_from(["1", "2", "7", ""]), facts)
@settings(max_examples=500)
def test_what_may_not_match_an_alert_of_a_strategy_never_does(rules, strategy, known):
    selection, whose = Selection(enumerate(rules)), [strategy] if strategy else []
    known |= {"strategy_id": whose, "alert.strategy_id": whose}
    assert selection.may_match(strategy) or not list(selection.matching(known))


def test_rules_that_each_name_a_strategy_may_match_no_other():
    rules = [(n, [[Condition(field, "eq", (str(n),))]]) for n, field in enumerate(["strategy_id", "alert.strategy_id"])]
    assert [Selection(rules).may_match(one) for one in ("0", "1", "2", "")] == [True, True, False, True]
    assert Selection([*rules, (2, [[Condition("room", "eq", ("a",))]])]).may_match("2")


def test_rules_that_cannot_match_are_not_tried():
    tried = []

    class Facts(dict):
        def get(self, name, default=None):
            tried.append(name)
            return super().get(name, default)

    rules = [(n, [[Condition("strategy_id", "eq", (str(n),)), Condition("room", "eq", ("a",))]]) for n in range(100)]
    assert list(Selection(rules).matching(Facts(strategy_id=["7"], room=["a"]))) == [7]
    assert tried.count("room") == 1


def test_what_was_made_of_a_source_is_kept_for_that_source_only():
    made = []

    def make(source):
        made.append(source)
        return len(made)

    remembered = Remembered(make, size=2)
    first, second, third = [1], [1], [2]
    assert [remembered(one) for one in (first, second, first, third, second, first)] == [1, 2, 1, 3, 2, 4]
