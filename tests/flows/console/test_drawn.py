"""What pages draw without script: events in bars, turns and shields in calendars, exports."""

from hypothesis import given
from hypothesis import strategies as st

from flows.console.audit import exported
from flows.console.chart import HEIGHT, MOST_BARS, WIDTH, chart
from flows.console.timeline import WIDTH as WIDE
from flows.console.timeline import hues, stretches
from flows.console.trend import HEIGHT as HEIGHT_OF_TREND
from flows.console.trend import WIDTH as WIDTH_OF_TREND
from flows.console.trend import line, trend
from operators.explain.case import Window
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import NOW, alert, command, event


def test_no_events_draw_nothing():
    assert chart(alert(1), [], (), NOW + 60) is None


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(1, 3)), min_size=1, max_size=60))
def test_a_chart_counts_every_event_it_shows_and_stays_within_its_frame(given):
    events = [event(id=str(n), time=NOW + at, severity=severity) for n, (at, severity) in enumerate(given)]
    drawn = chart(alert(1, opened=NOW), events, [Window(NOW + 10, NOW + 20, 1)], NOW + 100_000)
    assert drawn.total == len([one for one in events if one.time >= drawn.since])
    assert (drawn.until - drawn.since) / drawn.step <= MOST_BARS + 1
    for part in (*drawn.parts, *drawn.bands):
        assert 0 <= part.x <= part.x + part.width <= WIDTH + 2
        assert -0.1 <= part.y <= part.y + part.height <= HEIGHT + 0.1
    assert sum(one.height for one in drawn.parts) > 0


@given(st.lists(st.tuples(st.integers(0, 2000), st.one_of(st.none(), st.integers(0, 2000))), max_size=20))
def test_bars_of_a_calendar_lie_within_it(spans):
    for bar in stretches(((begin, end, "x", 1) for begin, end in spans), 500, 1500):
        assert 0 <= bar.x <= WIDE
        assert 500 <= bar.since < bar.until <= 1500


def test_the_same_people_have_the_same_hue():
    assert hues(["b", "a", "b"]) == {"a": 1, "b": 2}


@given(st.lists(st.integers(0, 10_000), min_size=13, max_size=13))
def test_a_trend_is_a_line_within_its_frame(counts):
    places = [tuple(map(float, point.split(","))) for point in line(tuple(counts)).split()]
    assert len(places) == 13
    assert all(0 <= x <= WIDTH_OF_TREND and 0 <= y <= HEIGHT_OF_TREND for x, y in places)


def test_a_trend_counts_what_was_open_then(tmp_path):
    store = SqliteStore(tmp_path / "store.sqlite3")
    store.write(
        Batch(
            alerts=[
                alert(1, severity=1, opened=NOW - 3600),
                alert(2, severity=1, opened=NOW - 7000, status="CLOSED", end_time=NOW - 1800),
            ]
        )
    )
    found = trend(store, NOW)
    assert (found[1][0], max(found[1]), found[1][-1], found[2]) == (1, 2, 1, (0, 0))
    store.close()


def test_a_cell_that_would_be_a_formula_is_none():
    text = exported([command("c1", message="=cmd()", operator="@x"), command("c2", message="plain, with comma")])
    assert "'=cmd()" in text
    assert "'@x" in text
    assert '"plain, with comma"' in text
