"""Clocks that run ahead: of sources, and of whoever wrote down when a line arrived (design.md 7.46)."""

import pytest

from tests.replay.driver import RULES, T0, check, event, replay, strategy_event, tick

DAY = 86400
BK = {"fingerprint": "bk"}


def ahead(seconds, by, status="ABNORMAL", **fields):
    """An event that says that it is from `by` seconds after its arrival."""
    return event(seconds, status, time=T0 + seconds + by, **fields)


@pytest.mark.parametrize("settings", [None, BK])
@pytest.mark.parametrize(("by", "taken"), [(299, 299), (300, 300), (301, 0), (DAY, 0)])
def test_a_time_too_far_ahead_counts_as_the_arrival(by, taken, settings):
    out = replay({}, [ahead(10, by)], settings=settings)
    alert, (archived,) = out.alert, out.events
    assert alert["begin_time"] == alert["latest_time"] == alert["first_anomaly_time"] == T0 + 10 + taken
    assert archived["time"] == archived["anomaly_time"] == T0 + 10 + taken
    assert archived["extra_info"] == ({} if taken else {"said_time": T0 + 10 + by})


def test_how_far_is_too_far_is_a_setting():
    assert replay({}, [ahead(0, 61)], settings={"clock_skew": 60}).alert["begin_time"] == T0
    assert replay({}, [ahead(0, 60)], settings={"clock_skew": 60}).alert["begin_time"] == T0 + 60


def test_the_time_of_the_arrival_is_that_of_the_stream_ticks_included():
    assert replay({}, [tick(400), ahead(0, 700)]).alert["begin_time"] == T0 + 700
    assert replay({}, [tick(399), ahead(0, 700)]).alert["begin_time"] == T0 + 399


@pytest.mark.parametrize(("settings", "duplicates"), [(None, 1), (BK, 1)])
def test_an_event_that_comes_again_is_known_by_the_time_it_said(settings, duplicates):
    line = ahead(0, DAY)
    out = replay(
        {}, [line, {**line, "at": T0 + 60}, {**line, "at": T0 + 120, "time": line["time"] + 1}], settings=settings
    )
    assert (out.summary["duplicates"], out.alert["event_count"]) == (duplicates, 2)


@pytest.mark.parametrize(("rules", "strategy"), [({}, None), (RULES, 1)])
def test_an_end_from_a_day_ahead_hides_nothing_after_it(rules, strategy):
    lines = [event(0), ahead(60, DAY, "RECOVERED"), event(120), event(180)]
    out = replay(rules, [{**line, "strategy_id": strategy} for line in lines])
    assert [(one["status"], one.get("end_time")) for one in out.alerts] == [("RECOVERED", T0 + 60), ("ABNORMAL", None)]
    assert out.summary["expired"] == 0


def test_an_anomaly_time_is_bounded_alone_too():
    assert replay({}, [event(0, anomaly_time=T0 + 300)]).alert["first_anomaly_time"] == T0 + 300
    out = replay({}, [event(0, anomaly_time=T0 + 301)])
    assert out.alert["first_anomaly_time"] == T0
    assert out.events[0]["extra_info"] == {}


def test_the_log_says_so():
    out = replay(
        RULES,
        [
            strategy_event(0),
            *(strategy_event(n, time=T0 + n + DAY) for n in (5, 6)),
            ahead(9, DAY, "CLOSED", strategy_id=1),
        ],
    )
    said = [(entry["op_type"], entry["description"]) for entry in out.told() if "clock" in entry["description"]]
    assert [op for op, _ in said] == ["CONVERGE", "CLOSE"]
    assert str(T0 + 6 + DAY) in said[0][1]


@pytest.mark.parametrize(("by", "last"), [(300, 310), (301, 10), (DAY, 10)])
def test_the_time_of_a_check_is_bounded_alike(by, last):
    items = [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}]
    rules = {**RULES, "strategies": [{"id": 1, "name": "CPU", "items": items, "notice": {"user_groups": ["ops"]}}]}
    out = replay(rules, [strategy_event(0), check(10, anomaly=False, time=T0 + 10 + by)], until=last + 1801)
    assert [(entry["time"] - T0, entry["reason"]) for entry in out.told("CLOSE")] == [(last + 1801, "data_stopped")]


@pytest.mark.parametrize(
    ("gap", "jumps"), [(7 * DAY, []), (7 * DAY + 1, [{"line": 3, "from": T0, "to": T0 + 7 * DAY + 1}])]
)
def test_jumps_of_more_than_a_week_are_named(gap, jumps):
    lines = [event(0), b"{", event(gap), event(gap + DAY)]
    assert replay({}, lines).summary["jumps"] == jumps


def test_every_jump_is_named_and_the_first_line_is_none():
    lines = [tick(0), tick(8 * DAY), tick(8 * DAY), tick(30 * DAY)]
    assert [jump["line"] for jump in replay({}, lines, until=60 * DAY).summary["jumps"]] == [2, 4]
