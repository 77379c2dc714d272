"""Entries of one second: ends of alerts before openings of others, of one alert as made (replay.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.replay.order import Row, in_order, placed, row_of
from operators.model.records import LogEntry, Signal


def entry(name, op_type, *, alert="a", time=10, status="ABNORMAL"):
    return LogEntry(
        id=name, time=time, alert_id=alert, dedupe_md5="0" * 32, op_type=op_type, reason="opened", status=status
    )


def signal(name, alert="a", time=10):
    return Signal(time=time, alert_id=alert, strategy_id="1", signal=name, notice_type="normal", severity=2)


def ids(things):
    return [thing.id for thing in in_order(things)]


def test_seconds_come_in_order_and_in_one_second_entries_as_they_were_made():
    made = [entry("c", "ACK", time=12), entry("a", "ACK", time=10), entry("b", "ACTION", time=10, alert="b")]
    assert ids(made) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("op_type", "status", "first"),
    [
        ("RECOVER", "RECOVERED", True),
        ("CLOSE", "CLOSED", True),
        ("SYSTEM_RECOVER", "RECOVERED", True),
        ("SYSTEM_CLOSE", "CLOSED", True),
        ("ALERT_QOS", "CLOSED", True),
        ("ALERT_QOS", "ABNORMAL", False),
        ("ACTION", "CLOSED", False),
        ("ACK", "ABNORMAL", False),
    ],
)
def test_what_ends_an_alert_comes_before_what_opens_another(op_type, status, first):
    made = [entry("opens", "CREATE", alert="b"), entry("other", op_type, status=status)]
    assert ids(made) == (["other", "opens"] if first else ["opens", "other"])


def test_an_alert_that_opens_and_ends_in_one_second_stands_as_it_was_made_behind_the_ends_of_others():
    made = [
        entry("opens", "CREATE"), entry("ends", "CLOSE", status="CLOSED"),
        entry("other ends", "RECOVER", alert="b", status="RECOVERED"), entry("third opens", "CREATE", alert="c"),
    ]  # fmt: skip
    assert ids(made) == ["other ends", "opens", "ends", "third opens"]


def test_an_alert_that_opens_and_ends_in_one_second_comes_before_one_that_only_opens():
    made = [entry("stays", "CREATE", alert="b"), entry("opens", "CREATE"), entry("ends", "CLOSE", status="CLOSED")]
    assert ids(made) == ["opens", "ends", "stays"]


def test_all_that_is_said_of_an_alert_in_the_second_of_its_end_goes_with_it():
    made = [entry("opens", "CREATE", alert="b"), entry("tells", "ACTION"), entry("ends", "CLOSE", status="CLOSED")]
    assert ids(made) == ["tells", "ends", "opens"]


def test_an_end_moves_nothing_of_another_second():
    made = [entry("opens", "CREATE", alert="b", time=9), entry("ends", "CLOSE", status="CLOSED")]
    assert ids(made) == ["opens", "ends"]


@pytest.mark.parametrize(
    ("name", "is_end", "is_opening"),
    [
        ("recovered", True, False), ("closed", True, False), ("abnormal", False, True), ("no_data", False, True),
        ("ack", False, False), ("upgrade", False, False),
    ],
)  # fmt: skip
def test_a_signal_says_whether_it_ends_or_opens(name, is_end, is_opening):
    row = row_of(signal(name), "bytes")
    assert (row.time, row.subject, row.is_end, row.is_opening, row.thing) == (10, "a", is_end, is_opening, "bytes")


ROWS = st.builds(
    Row, time=st.integers(0, 3), subject=st.sampled_from("abc"), is_end=st.booleans(), is_opening=st.booleans(),
    thing=st.integers(),
)  # fmt: skip


@given(st.lists(ROWS, max_size=20))
def test_order_loses_nothing_never_runs_back_and_keeps_what_was_made_of_one_alert_in_one_second(made):
    found = placed(made)
    assert sorted(map(repr, found)) == sorted(map(repr, made))
    assert [row.time for row in found] == sorted(row.time for row in made)
    for second in range(4):
        for subject in "abc":
            of_one = [row for row in made if (row.time, row.subject) == (second, subject)]
            assert [row for row in found if (row.time, row.subject) == (second, subject)] == of_one
    assert placed(found) == found
