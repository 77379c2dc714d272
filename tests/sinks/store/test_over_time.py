"""What every store counts over time: events of a fingerprint, and alerts that open, end and are open."""

from hypothesis import given
from hypothesis import strategies as st

from sinks.store.interface import Batch, Retention
from sinks.store.over_time import EventCount, Moved, Span, Trend, trend_of
from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import DAY, NOW, alert, archived

MINUTE = 60
START = NOW - NOW % MINUTE
MD5 = "a" * 32


def test_events_are_counted_by_steps_of_their_arrival_severity_and_status(store, settle):
    events = [
        archived(id="1", at=START),
        archived(id="2", at=START + 59),
        archived(id="3", at=START + 60, severity=1),
        archived(id="4", at=START + 61, status="RECOVERED"),
        archived(id="5", at=START + 500),
        archived(id="6", at=START, dedupe_md5="b" * 32),
    ]
    store.write(Batch(events=events[:3]))
    store.write(Batch(events=[*events[3:], events[0]]))
    settle()
    assert store.event_counts(MD5, START, START + 200, MINUTE) == (
        EventCount(START, 2, "ABNORMAL", 2),
        EventCount(START + 60, 1, "ABNORMAL", 1),
        EventCount(START + 60, 2, "RECOVERED", 1),
    )
    assert store.event_counts(MD5, START + 1, START + 59, MINUTE) == (EventCount(START, 2, "ABNORMAL", 1),)


def test_a_fingerprint_without_events_has_no_counts(store):
    assert store.event_counts(MD5, 0, NOW, MINUTE) == ()


def test_the_trend_says_what_opened_ended_and_was_open_at_each_step(store, settle):
    long_open = alert(1, opened=START - DAY, severity=1)
    ended = alert(2, opened=START + 10, status="RECOVERED", end_time=START + 70)
    still = alert(3, opened=START + 65)
    store.write(
        Batch(alerts=[long_open, ended, still, alert(4, opened=START - 50, status="CLOSED", end_time=START - 5)])
    )
    settle()
    assert store.trend(AlertQuery(), START, START + 180, MINUTE) == (
        Trend(START, 1, 0, 0, 1),
        Trend(START, 2, 1, 0, 1),
        Trend(START + 60, 1, 0, 0, 1),
        Trend(START + 60, 2, 1, 1, 1),
        Trend(START + 120, 1, 0, 0, 1),
        Trend(START + 120, 2, 0, 0, 1),
    )
    of_fatal = store.trend(AlertQuery(severity=(1,), status=("CLOSED",)), START, START + 60, MINUTE)
    assert of_fatal == (Trend(START, 1, 0, 0, 1),)
    past = store.trend(AlertQuery(severity=(2,)), START, START + 60, MINUTE)
    assert past == (Trend(START, 2, 1, 0, 1),)


def test_the_trend_of_an_empty_store_is_flat(store):
    assert [one.open for one in store.trend(AlertQuery(), START, START + 60, MINUTE)] == []


LIVES = st.lists(
    st.tuples(st.integers(0, 400), st.one_of(st.none(), st.integers(1, 300)), st.integers(1, 3)).map(
        lambda one: (one[0], None if one[1] is None else one[0] + one[1], one[2])
    )
)


@given(LIVES, st.integers(0, 300), st.integers(1, 200), st.integers(1, 90))
def test_what_was_open_is_what_had_begun_and_not_ended(lives, since, length, step):
    open_now = {severity: sum(end is None for _, end, one in lives if one == severity) for severity in (1, 2, 3)}
    moved = Moved(
        [(begin, severity, 1) for begin, _, severity in lives if begin >= since],
        [(end, severity, 1) for _, end, severity in lives if end is not None and end >= since],
    )
    for one in trend_of(open_now, moved, Span(since, since + length, step)):
        last = one.time + step - 1
        there = [
            1
            for begin, end, severity in lives
            if severity == one.severity and begin <= last and not (end is not None and end <= last)
        ]
        if one.time >= since:  # of a step that began before, the span does not know all
            assert one.open == len(there)


def test_blocks_of_an_older_file_are_read_although_they_have_no_prints(tmp_path):
    store = SqliteStore(tmp_path / "s.sqlite3")
    store.write(Batch(events=[archived(id="1")]))
    store._connection.execute("DELETE FROM event_prints")
    store.write(Batch(events=[archived(id="2"), archived(id="3", dedupe_md5="b" * 32)]))
    assert [one.id for one in store.events(MD5, NOW, NOW)] == ["1", "2"]
    assert store.event_counts(MD5, NOW, NOW, MINUTE)[0].count == 2
    store.retain(NOW + 99 * DAY, Retention(events=30))
    assert store._connection.execute("SELECT count(*) FROM event_prints").fetchone() == (0,)
    store.close()
