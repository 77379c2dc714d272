"""Flow control: what counts in one window, when it is over, and under which key (spec/lifecycle.md 8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.limits.quota import FEWEST_PRUNED, Counter, Windows, action_key, alert_key, blocked_key
from operators.model.settings import Quota
from tests.operators.check.made import NO_DATA, alert, event


def test_hits_up_to_the_threshold_pass_and_the_next_is_over():
    windows = Windows(Quota(threshold=2, window=60))
    assert [windows.hit("a", at) for at in (0, 30, 59)] == [False, False, True]
    assert (windows.count("a"), windows.end("a", 59)) == (3, 60)


def test_a_window_is_fixed_and_ends_at_its_end():
    windows = Windows(Quota(threshold=1, window=60))
    windows.hit("a", 0)
    assert windows.hit("a", 59)
    assert not windows.hit("a", 60)
    assert (windows.end("a", 60), windows.count("a")) == (120, 1)


def test_keys_have_windows_of_their_own():
    windows = Windows(Quota(threshold=1, window=60))
    assert [windows.hit(key, 0) for key in "aba"] == [False, False, True]


def test_a_threshold_of_zero_counts_nothing():
    windows = Windows(Quota(threshold=0, window=60))
    assert not any(windows.hit("a", 0) for _ in range(9))
    assert (windows.counters, windows.is_over("a", 0), windows.is_full("a", 0)) == ({}, False, False)


@pytest.mark.parametrize(
    ("count", "now", "over", "full"),
    [(1, 0, False, False), (2, 0, False, True), (3, 0, True, True), (3, 59, True, True), (3, 60, False, False)],
    ids=["room", "full", "over", "over to the last second", "its window has ended"],
)
def test_over_is_beyond_the_threshold_and_full_leaves_no_room(count, now, over, full):
    windows = Windows(Quota(threshold=2, window=60), {"a": Counter(60, count)})
    assert (windows.is_over("a", now), windows.is_full("a", now)) == (over, full)
    assert windows.count("a") == count


def test_what_was_never_hit_is_neither():
    windows = Windows(Quota(threshold=1, window=60))
    assert (windows.is_over("a", 5), windows.is_full("a", 5), windows.count("a"), windows.end("a", 5)) == (
        False,
        False,
        0,
        5,
    )


def test_a_threshold_that_was_set_to_zero_holds_nothing_back():
    windows = Windows(Quota(threshold=0, window=60), {"a": Counter(60, 9)})
    assert (windows.is_over("a", 0), windows.is_full("a", 0)) == (False, False)


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 25)), max_size=30), st.integers(1, 3), st.integers(1, 9)
)
def test_a_hit_is_over_if_enough_came_before_it_in_its_window(gaps, threshold, window):
    windows, now, opened, seen = Windows(Quota(threshold, window)), 0, {}, {}
    for key, gap in gaps:
        now += gap
        if now >= opened.get(key, now) + window or key not in opened:
            opened[key], seen[key] = now, 0
        seen[key] += 1
        assert windows.is_full(key, now) is (seen[key] > threshold)
        assert windows.hit(key, now) is (seen[key] > threshold)
        assert windows.is_over(key, now) is (seen[key] > threshold)


def test_windows_that_ended_are_let_go_once_there_are_many():
    windows = Windows(Quota(threshold=1, window=60))
    for number in range(FEWEST_PRUNED):
        windows.hit(f"{number}", 0)
    windows.hit("late", 60)
    assert list(windows.counters) == ["late"]


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({}, {"alert_name": "x"}, True),
        ({}, {"bk_biz_id": 9}, True),
        ({}, {"severity": 1}, False),
        ({}, {"strategy_id": "2"}, False),
        ({"strategy_id": ""}, {"strategy_id": "", "alert_name": "x"}, False),
        ({"strategy_id": ""}, {"strategy_id": "", "bk_biz_id": 9}, False),
        ({"strategy_id": ""}, {"strategy_id": "", "target": "h"}, True),
    ],
    ids=[
        "a strategy's names",
        "businesses",
        "severity",
        "strategies",
        "names",
        "businesses of third parties",
        "targets",
    ],
)
def test_what_counts_together(one, other, equal):
    assert (alert_key(event(**one), "abnormal") == alert_key(event(**other), "abnormal")) is equal
    assert alert_key(event(**one), "abnormal") != alert_key(event(**one), "no_data")


def test_an_alert_counts_under_the_key_of_its_opening_whatever_a_rule_made_of_its_severity():
    one = alert(severity=1, event=event(severity=2))
    assert blocked_key(one) == alert_key(one.event, "abnormal") != action_key(one, "abnormal")
    quiet = alert(event=event(tags=NO_DATA))
    assert blocked_key(quiet) == alert_key(quiet.event, "no_data")
