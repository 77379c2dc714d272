"""Why archived events of a fingerprint opened no alert, and how long a time is in words."""

import pytest

from operators.explain.events import explain_events, is_expired
from operators.explain.text import span
from operators.model.settings import CoreSettings
from tests.operators.check.made import T0, event
from tests.operators.rules.books import book_of

SETTINGS = CoreSettings(late=600, event_expiry=3600)
BOOK = book_of(strategies=[{"id": 1, "name": "CPU"}, {"id": 2, "name": "Off", "is_enabled": False}])


def told(*events, book=None):
    return [
        (line.time - T0, line.what.split()[0], line.reason, line.why[:20])
        for line in explain_events(events, SETTINGS, book)
    ]


def one(time, at=None, status="ABNORMAL", **changes):
    return event(T0 + time, at=None if at is None else T0 + at, status=status, id=f"{time}", **changes)


END, OLD, LATE, LOST = "No alert of its fing", "Its data was 3601 s ", "Its end had come bef", "It belongs to an ale"


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_end_opens_no_alert(status):
    assert told(one(0, 5, status)) == [(5, status, "", END)]


@pytest.mark.parametrize(("age", "why"), [(3601, OLD), (3600, LOST)])
def test_an_event_whose_data_was_too_old_says_how_old(age, why):
    assert told(one(0, age)) == [(age, "ABNORMAL", "", why)]
    assert is_expired(one(0), T0 + age, SETTINGS) is (why is OLD)


@pytest.mark.parametrize(
    ("end", "then", "why"),
    [
        ((50, 60), (40, 61), LATE),
        ((50, 60), (49, 659), LATE),
        ((50, 60), (49, 660), LOST),
        ((50, 60), (50, 61), LOST),
        ((50, 60), (40, 59), LOST),
    ],
    ids=["overtaken", "just remembered", "forgotten", "as old as the end", "it came before its end"],
)
def test_what_is_older_than_an_end_that_came_before_it_is_of_the_past(end, then, why):
    rows = told(one(*end, "RECOVERED"), one(*then))
    assert next(row for row in rows if row[1] == "ABNORMAL")[3] == why


def test_of_several_ends_the_newest_counts():
    rows = told(one(50, 60, "RECOVERED"), one(20, 70, "CLOSED"), one(40, 80))
    assert rows[-1][3] == LATE


def test_events_come_in_the_order_of_their_arrival_and_without_one_by_their_time():
    assert [row[0] for row in told(one(9, 9), one(3), one(5, 7))] == [3, 7, 9]


@pytest.mark.parametrize(
    ("strategy_id", "reason"),
    [("1", ""), ("2", "unknown_strategy"), ("9", "unknown_strategy"), ("", "")],
    ids=["in force", "disabled", "gone", "none"],
)
def test_with_rules_a_strategy_that_is_not_in_force_is_named(strategy_id, reason):
    assert told(one(0, 0, strategy_id=strategy_id), book=BOOK)[0][2] == reason
    assert told(one(0, 0, strategy_id=strategy_id))[0][2] == ""


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"), (59, "59s"), (60, "1m"), (119, "1m"), (3599, "59m"), (3600, "1h00m"), (3660, "1h01m"), (86399, "23h59m"),
        (86400, "1d0h"), (90000, "1d1h"), (7 * 86400 - 1, "6d23h"),
    ],
)  # fmt: skip
def test_a_duration_in_words(seconds, shown):
    assert span(seconds) == shown
