"""What was expected against what came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rules.difference import differences

A, B, C = {"way": "mail"}, {"way": "sms"}, {"way": "voice"}


@pytest.mark.parametrize(
    ("expected", "got", "lines"),
    [
        ([], [], []),
        ([A], [{"way": "mail", "time": 1}], []),
        ([A, B], [A, B], []),
        ([A, B], [A], ['notices: missing entry 1: {"way": "sms"}']),
        ([A], [A, B], ['notices[1]: extra entry: {"way": "sms"}']),
        ([A, C], [A, B, C], ['notices[1]: extra entry: {"way": "sms"}']),
        ([A, B, C], [A, C], ['notices: missing entry 1: {"way": "sms"}']),
        ([A, B], [A, C], ['notices[1].way: expected "sms", got "voice"']),
        ([A, B], [B, A], ['notices: missing entry 0: {"way": "mail"}', 'notices[1]: extra entry: {"way": "mail"}']),
        ([{"title": "x"}], [{"way": "mail"}], ['notices[0].title: expected "x", got nothing']),
    ],
)
def test_entries_are_matched_in_order(expected: list, got: list, lines: list[str]):
    assert differences("notices", expected, got) == lines


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ({"strategy_id": 1}, {"strategy_id": "1"}, True),
        ({"id": 1}, {"id": "1"}, True),
        ({"strategy_id": None}, {"strategy_id": "None"}, False),
        ({"severity": 1}, {"severity": "1"}, False),
        ({"is_ack": 1}, {"is_ack": True}, False),
        ({"end_time": None}, {}, True),
        ({"end_time": None}, {"end_time": 5}, False),
        ({"event": {"target": "a"}}, {"event": {"target": "a", "id": "x"}}, True),
        ({"event": {"target": "a"}}, {"event": {"target": "b"}}, False),
        ({"event": {"target": "a"}}, {"event": None}, False),
        ({"receivers": ["alice"]}, {"receivers": ["alice"]}, True),
        ({"receivers": ["alice"]}, {"receivers": ["alice", "bob"]}, False),
        ({"receivers": {"mail": ["a"]}}, {"receivers": {"mail": ["a"]}}, True),
        ({"receivers": {"mail": ["a"]}}, {"receivers": {"mail": ["a"], "sms": ["a"]}}, False),
        ({"alert_ids": [17]}, {"alert_ids": ["17"]}, True),
        ({"alert_ids": ["17"]}, {"alert_ids": ["17", "18"]}, False),
        ({"dimensions": [{"key": "ip"}]}, {"dimensions": [{"key": "ip", "value": 1}]}, True),
    ],
)
def test_an_entry_matches_by_the_given_fields(expected: dict, got: dict, same: bool):
    assert (differences("alerts", [expected], [got]) == []) is same


def test_a_long_entry_is_cut():
    (line,) = differences("notices", [], [{"content": "x" * 1000}])
    assert len(line) < 400
    assert line.endswith("...")


entries = st.lists(st.fixed_dictionaries({"way": st.sampled_from("abc")}), max_size=8)


@given(entries, entries)
def test_lists_are_the_same_if_and_only_if_nothing_is_told(expected: list, got: list):
    assert (not differences("notices", expected, got)) == (expected == got)


@given(entries, st.data())
def test_what_is_left_out_is_told_as_missing(got: list, data: st.DataObject):
    place = data.draw(st.integers(0, len(got)))
    expected = [*got[:place], {"way": "new"}, *got[place:]]
    assert differences("notices", expected, got) == [f'notices: missing entry {place}: {{"way": "new"}}']
