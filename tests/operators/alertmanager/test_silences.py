"""Silences as shields: the same alerts are silenced as with Alertmanager."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.alertmanager.matchers import Matcher, MatcherError, all_hold, parse_matcher
from operators.alertmanager.silences import (
    SilenceError,
    conditions_of,
    gettable,
    must_be_new,
    ordered,
    read_silence,
    shield_of,
    state_of,
)
from operators.rules.ask.match import compile_conditions
from operators.rules.shapes.condition import Condition

NOW = 1_700_000_000
NAMES, VALUES = st.sampled_from(["a", "b", "c"]), st.sampled_from(["", "x", "xy", "y"])
PATTERNS = st.sampled_from(["", "x", "x.*", ".*", ".+", "x?", "x|y", "[xy]+"])
MATCHERS = st.builds(Matcher, NAMES, VALUES, st.just(value=False), st.booleans()) | st.builds(
    Matcher, NAMES, PATTERNS, st.just(value=True), st.booleans()
)


@given(st.lists(MATCHERS, min_size=1, max_size=4), st.dictionaries(NAMES, VALUES))
def test_conditions_hold_where_matchers_do(matchers, labels):
    conditions = [
        Condition(one["key"], one["method"], tuple(one["value"]), one["condition"]) for one in conditions_of(matchers)
    ]
    facts = {f"tags.{name}": [value] for name, value in labels.items() if value}
    assert compile_conditions(conditions)(facts) is all_hold(tuple(matchers), labels)


@given(MATCHERS)
def test_a_matcher_is_read_as_it_was_written(matcher):
    assert parse_matcher(str(matcher)) == matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('severity="warning"', Matcher("severity", "warning", is_regex=False)),
        ("severity=warning", Matcher("severity", "warning", is_regex=False)),
        ('{a!="b c"}', Matcher("a", "b c", is_regex=False, is_equal=False)),
        ('a=~"x|y"', Matcher("a", "x|y", is_regex=True)),
        ("a!~ y.*", Matcher("a", "y.*", is_regex=True, is_equal=False)),
        (r'a="say \"so\""', Matcher("a", 'say "so"', is_regex=False)),
        ('a=""', Matcher("a", "", is_regex=False)),
        ('a="b=c"', Matcher("a", "b=c", is_regex=False)),
    ],
)
def test_texts_of_matchers(text, expected):
    assert parse_matcher(text) == expected


@pytest.mark.parametrize("text", ["", "a", '="x"', 'a=~"("', 'a="x', 'a == b c"', "!"])
def test_a_text_that_is_no_matcher_is_refused(text):
    with pytest.raises(MatcherError):
        parse_matcher(text)


def iso(second):
    return datetime.fromtimestamp(second, UTC).isoformat()


def posted(**changes):
    silence = {
        "matchers": [{"name": "alertname", "value": "A", "isRegex": False, "isEqual": True}],
        "startsAt": iso(NOW), "endsAt": iso(NOW + 3600), "createdBy": "alice", "comment": "why", **changes,
    }  # fmt: skip
    return json.dumps(silence).encode()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"endsAt": iso(NOW)}, "end time must be after start time"),
        ({"endsAt": "2100-01-01T00:00:00Z"}, "end time must be before the year 2100"),
        ({"startsAt": iso(NOW - 20), "endsAt": iso(NOW)}, "can't be in the past"),
        ({"matchers": []}, "matchers, got 0"),
        ({"matchers": [{"name": "a", "value": ".*", "isRegex": True}]}, "must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "", "isRegex": False}]}, "must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, "pattern"),
        ({"matchers": [{"name": "", "value": "x", "isRegex": False}]}, "name of a label"),
        ({"startsAt": "soon"}, "bad silence"),
    ],
)
def test_what_alertmanager_refuses_is_refused(changes, why):
    with pytest.raises(SilenceError, match=why):
        read_silence(posted(**changes), NOW)


def test_a_silence_that_ends_a_second_ahead_is_taken():
    assert read_silence(posted(startsAt=iso(NOW - 20), endsAt=iso(NOW + 1)), NOW)


def test_a_silence_goes_through_a_shield_and_back():
    silence = read_silence(posted(), NOW)
    shield = shield_of(silence, "id-1", 2, NOW + 5)
    shown = gettable(shield, NOW + 5, NOW + 6)
    assert (shield["bk_biz_id"], shield["begin_time"], shield["end_time"]) == (2, NOW + 5, NOW + 3600)
    assert (shown["id"], shown["createdBy"], shown["comment"]) == ("id-1", "alice", "why")
    assert shown["matchers"] == [{"name": "alertname", "value": "A", "isRegex": False, "isEqual": True}]
    assert shown["status"] == {"state": "active"}


def test_a_shield_of_conditions_that_all_must_hold_is_shown_as_matchers():
    config = {"dimension_conditions": [{"key": "tags.a", "method": "neq", "value": ["x"]}]}
    shown = gettable({"id": 7, "end_time": NOW + 1, "dimension_config": config}, NOW, NOW)
    assert shown["matchers"] == [{"name": "a", "value": "x", "isRegex": False, "isEqual": False}]


@pytest.mark.parametrize(
    "config",
    [
        {"ip": [{"ip": "10.0.0.1"}]},
        {"dimension_conditions": [{"key": "a", "value": ["x", "y"]}]},
        {"dimension_conditions": [{"key": "a", "value": ["x"]}, {"key": "b", "value": ["y"], "condition": "or"}]},
    ],
)
def test_a_shield_that_no_matchers_can_say_is_not_shown(config):
    assert gettable({"id": 7, "dimension_config": config}, NOW, NOW) is None


@pytest.mark.parametrize(
    ("begins", "ends", "state"),
    [(NOW, NOW + 1, "active"), (NOW + 1, NOW + 2, "pending"), (NOW - 1, NOW, "expired")],
)
def test_states(begins, ends, state):
    assert state_of(begins, ends, NOW) == state


def test_silences_that_hold_come_first_and_the_next_to_end_leads():
    def one(name, begins, ends):
        shield = {"id": name, "begin_time": begins, "end_time": ends, "matchers": ['a="x"']}
        return gettable(shield, NOW, NOW)

    given_ = [one("over", 1, 2), one("later", NOW + 5, NOW + 9), one("long", 1, NOW + 9), one("short", 1, NOW + 3)]
    assert [shown["id"] for shown in ordered(given_)] == ["short", "long", "later", "over"]


@pytest.mark.parametrize(
    ("changes", "is_new"),
    [
        ({"endsAt": iso(NOW + 7200)}, False),
        ({"comment": "other"}, False),
        ({"matchers": [{"name": "alertname", "value": "B", "isRegex": False, "isEqual": True}]}, True),
        ({"startsAt": iso(NOW + 60)}, True),
    ],
)
def test_an_update_that_silences_others_makes_a_new_silence(changes, is_new):
    old = gettable(shield_of(read_silence(posted(), NOW), "id-1", 2, NOW), NOW, NOW + 5)
    assert must_be_new(old, read_silence(posted(**changes), NOW)) is is_new
