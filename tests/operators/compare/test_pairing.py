"""Which alert of one replay is which of the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.compare.pairing import end_of, overlap, pairs
from operators.compare.shapes import AlertSeen


def alert(begin, end=None, name=None):
    return AlertSeen(name or f"{begin}", "f" * 32, "ABNORMAL", 2, begin, end)


def shown(found):
    both = [(old.id, new.id) for old, new in found.both]
    return both, [one.id for one in found.only_old], [one.id for one in found.only_new]


@pytest.mark.parametrize(
    ("old", "new", "both", "only_old", "only_new"),
    [
        ([], [], [], [], []),
        ([alert(1, 9)], [], [], ["1"], []),
        ([alert(1, 9)], [alert(1, 5)], [("1", "1")], [], []),
        ([alert(1, 9)], [alert(5, 20)], [("1", "5")], [], []),
        ([alert(1, 5)], [alert(5, 20)], [], ["1"], ["5"]),
        ([alert(1, 100)], [alert(2, 50), alert(60, 90)], [("1", "2")], [], ["60"]),
        ([alert(1, 5), alert(10, 15)], [alert(11, 15)], [("10", "11")], ["1"], []),
        ([alert(1)], [alert(1000)], [("1", "1000")], [], []),
        ([alert(1, 1)], [alert(1, 1, "b")], [("1", "b")], [], []),
        ([alert(1, 50), alert(60, 90)], [alert(2, 100), alert(60, 90)], [("60", "60"), ("1", "2")], [], []),
    ],
)
def test_alerts_pair_by_the_event_that_opened_them_then_by_time(old, new, both, only_old, only_new):
    assert shown(pairs(old, new)) == (both, only_old, only_new)


lives = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 10)), max_size=8, unique_by=lambda one: one[0]).map(
    lambda found: [alert(begin, begin + span) for begin, span in found]
)


@given(lives, lives)
def test_each_alert_stands_in_one_place_and_pairs_lived_together(old, new):
    found = pairs(old, new)
    assert sorted([one.id for one, _ in found.both] + [one.id for one in found.only_old]) == sorted(
        one.id for one in old
    )
    assert sorted([one.id for _, one in found.both] + [one.id for one in found.only_new]) == sorted(
        one.id for one in new
    )
    assert all(one.id == other.id or overlap(one, other) for one, other in found.both)


@given(lives, lives)
def test_no_two_that_are_left_over_lived_together(old, new):
    """Alerts of one fingerprint follow each other, so what is alone on one side meets nothing alone on the other."""
    old, new = _in_turn(old), _in_turn(new)
    found = pairs(old, new)
    assert not any(overlap(one, other) for one in found.only_old for other in found.only_new)


def _in_turn(alerts):
    """Return alerts of which the next begins when the last has ended."""
    kept, free = [], -1
    for one in sorted(alerts, key=lambda one: one.begin_time):
        if one.begin_time > free:
            kept.append(one)
            free = end_of(one)
    return kept


@given(lives)
def test_a_side_pairs_with_itself(old):
    assert shown(pairs(old, old)) == ([(one.id, one.id) for one in sorted(old, key=lambda one: one.id)], [], [])
