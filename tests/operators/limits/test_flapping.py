"""When a fingerprint flaps, and when that is over (design.md 7.54)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.limits.flapping import changed, limit_of, quiet_at, told_of
from operators.model.memory import CALM, Flapping
from operators.model.settings import FlapSettings
from operators.rules.shapes.model import FlapConfig
from tests.operators.check.made import T0

LIMIT = FlapSettings(changes=3, window=60, quiet=90)


@pytest.mark.parametrize(
    ("times", "flaps"),
    [
        ([0, 30], False),
        ([0, 30, 60], True),
        ([0, 30, 61], False),
        ([0, 0, 0], True),
        ([0, 100, 130, 160], True),
        ([0, 100, 130], False),
    ],
    ids=[
        "too few",
        "exactly a window apart",
        "a second more",
        "within a second",
        "old ones do not count",
        "one is too old",
    ],
)
def test_it_flaps_once_enough_changes_lie_in_a_window(times, flaps):
    known = CALM
    for at in times:
        known = changed(known, LIMIT, T0 + at)
    assert known.is_on is flaps
    assert known.count == (3 if flaps else 0)


def test_while_it_flaps_changes_are_counted_whenever_they_come():
    known = changed(Flapping((T0, T0 + 5), 3, told=2), LIMIT, T0 + 9999)
    assert (known.times, known.count, known.told, known.span) == ((T0, T0 + 9999), 4, 2, 9999)


def test_where_it_is_off_nothing_is_remembered():
    off = FlapSettings(changes=0)
    assert changed(Flapping((T0,)), off, T0 + 1) is CALM
    assert quiet_at(Flapping((T0, T0 + 5), 3), off) == T0 + 5


def test_one_change_may_be_enough():
    assert changed(CALM, FlapSettings(changes=1), T0).is_on


@given(st.lists(st.integers(0, 40), max_size=12).map(sorted), st.integers(1, 4), st.integers(0, 30))
def test_before_it_flaps_only_what_can_still_count_is_remembered(times, changes, window):
    known, limit = CALM, FlapSettings(changes, window, 0)
    for place, at in enumerate(times):
        if known.is_on:
            break
        known = changed(known, limit, at)
        near = [one for one in times[: place + 1] if at - one <= window]
        assert known.times == tuple(near[-changes:])
        assert known.is_on is (len(near) >= changes)


def test_it_is_over_a_while_behind_the_last_change():
    assert quiet_at(Flapping((T0, T0 + 5), 3), LIMIT) == T0 + 95
    assert quiet_at(Flapping((T0, T0 + 5)), LIMIT) is None
    assert quiet_at(CALM, LIMIT) is None


def test_the_worst_severity_that_was_told_counts():
    on = Flapping((T0, T0), 3)
    assert told_of(on, 3).told == 3
    assert told_of(told_of(on, 1), 3).told == 1
    assert told_of(told_of(on, 3), 1).told == 1
    assert told_of(CALM, 1) is CALM


@pytest.mark.parametrize(
    ("options", "limit"),
    [
        ((), (6, 600, 600)),
        ((None, FlapConfig(changes=3)), (3, 600, 600)),
        ((FlapConfig(changes=0), FlapConfig(changes=3, quiet=9)), (0, 600, 9)),
        ((FlapConfig(window=5), FlapConfig(window=7)), (6, 5, 600)),
    ],
    ids=["the setting", "the notice", "zero is a word", "the rule before the notice"],
)
def test_each_number_is_that_of_the_first_who_names_it(options, limit):
    assert limit_of(FlapSettings(), *options) == FlapSettings(*limit)
