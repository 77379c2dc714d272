"""Closing and recovering by checks and by time, through the whole core (spec/lifecycle.md 4.2-4.8; design.md 7.7, 7.8, 7.18, 7.34-7.40)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import RULES, T0, check, command, delete, event, put, replay, strategy_event, tick

MINUTE, HOUR, DAY = 60, 3600, 86400
NO_DATA = [{"key": "__NO_DATA_DIMENSION__", "value": True}]


def watching(
    count=1,
    window=5,
    recovery=5,
    setter="recovery",
    *,
    unit=60,
    data_type="time_series",
    source="bk_monitor",
    **changes,
):
    """Rules of one strategy that watches a series."""
    query = {
        "metric_id": "cpu",
        "agg_interval": unit,
        "data_type_label": data_type,
        "data_source_label": source,
        "unit": "%",
        "agg_dimension": ["ip"],
    }
    detects = [
        {
            "level": level,
            "trigger_config": {"count": count, "check_window": window},
            "recovery_config": {"check_window": recovery, "status_setter": setter},
        }
        for level in (1, 2, 3)
    ]
    item = {
        "id": 1,
        "name": "cpu",
        "query_configs": [query],
        "no_data_config": {"is_enabled": True},
        **changes.pop("item", {}),
    }
    strategy = {**RULES["strategies"][0], "items": [item], "detects": detects, **changes}
    return {**RULES, "strategies": [strategy]}


def ok(at, **fields):
    return check(at, anomaly=False, level=2, **fields)


def bad(at, **fields):
    return check(at, anomaly=True, level=2, **fields)


def end(out):
    """(second, op type, reason) of the end of the only alert, or None."""
    rows = [row for row in out.story("reason", "status") if row[3] != "ABNORMAL"]
    return rows[0][:3] if rows else None


# --- recovery


@pytest.mark.parametrize(
    ("last", "expected"),
    [(299, None), (300, "RECOVERING"), (539, "RECOVERING"), (540, "RECOVER"), (600, "RECOVER")],
)
def test_an_alert_recovers_after_quiet_windows(last, expected):
    """The trigger window is 300 s, and five windows a minute apart must be quiet: 300 + 4 * 60."""
    out = replay(watching(), [strategy_event(0), *(ok(at) for at in range(60, last, 60)), ok(last)])
    ops = [row[1] for row in out.story()]
    assert ops[-1] == (expected or "CREATE")
    assert ops.count("RECOVERING") == (1 if expected else 0)


def test_a_recovery_is_told_and_dated_by_the_stream():
    lines = [
        strategy_event(0),
        *(check(at, anomaly=False, level=2, value=at, time=T0 + at - 7) for at in range(60, 700, 60)),
    ]
    out = replay(watching(), lines)
    assert out.story("reason") == [
        (0, "CREATE", "opened"),
        (360, "RECOVERING", "window_quiet"),
        (600, "RECOVER", "all_windows_quiet"),
    ]
    assert (out.alert["end_time"], out.alert["extra_info"]["recovery_value"]) == (T0 + 600, 600)
    assert "600%" in out.alert["extra_info"]["end_description"]
    assert out.signalled() == [(0, "abnormal"), (600, "recovered")]
    assert "is_recovering" not in out.alert["extra_info"]


def test_while_it_recovers_the_alert_says_so():
    out = replay(watching(), [strategy_event(0), ok(300)])
    assert (out.alert["status"], out.alert["extra_info"]["is_recovering"]) == ("ABNORMAL", True)


def test_quiet_in_every_window_at_once_is_logged_twice():
    assert replay(watching(), [strategy_event(0), ok(900)]).story("reason")[1:] == [
        (900, "RECOVERING", "window_quiet"), (900, "RECOVER", "all_windows_quiet"),
    ]  # fmt: skip


@pytest.mark.parametrize("line", [bad(360), strategy_event(360)])
def test_an_anomaly_aborts_a_recovery(line):
    out = replay(watching(), [strategy_event(0), ok(300), line, ok(420)])
    story = [row for row in out.story("reason") if row[1] != "CONVERGE"]
    assert story == [
        (0, "CREATE", "opened"),
        (300, "RECOVERING", "window_quiet"),
        (360, "ABORT_RECOVER", "window_broken"),
    ]
    assert "is_recovering" not in out.alert["extra_info"]


def test_the_setter_close_closes():
    out = replay(watching(setter="close"), [strategy_event(0), ok(900)])
    assert end(out) == (900, "CLOSE", "all_windows_quiet")
    assert (out.alert["status"], out.signalled()[-1]) == ("CLOSED", (900, "closed"))


@pytest.mark.parametrize(("until", "expected"), [(659, None), (660, (660, "RECOVER", "no_data_in_window"))])
def test_the_setter_recovery_nodata_ends_what_is_silent(until, expected):
    """L + R*U + (T*U - 1) + U lies before now: 300 + 299 + 60 = 659."""
    assert end(replay(watching(setter="recovery-nodata"), [strategy_event(0)], until)) == expected


def test_checks_of_another_level_do_not_count():
    assert end(replay(watching(), [strategy_event(0), check(900, anomaly=False, level=3)])) is None


@pytest.mark.parametrize("fields", [{"level": 2}, {}, {"value": 5}])
def test_a_normal_check_without_level_counts_for_every_level(fields):
    assert end(replay(watching(), [strategy_event(0), check(900, anomaly=False, **fields)])) is not None


@pytest.mark.parametrize(
    ("lines", "recovers"),
    [
        ([strategy_event(0)], 540),  # the event stands for all of its three
        (
            [bad(-120), bad(-60), strategy_event(0)],
            420,
        ),  # the third of three: the window is cool once the first has left
        ([strategy_event(0), bad(60)], 540),
        ([strategy_event(0), strategy_event(60)], 540),  # what the first stands for is not missing to the second
    ],
)
def test_an_event_stands_for_the_anomalies_that_are_missing_in_its_window(lines, recovers):
    rules = watching(count=3)
    for at, ended in ((recovers - 1, False), (recovers, True)):
        assert (end(replay(rules, [*lines, ok(at)])) is not None) is ended


def test_an_event_and_a_check_of_its_time_and_level_are_one_result():
    rules = watching(count=2, window=5, recovery=1)
    twice = [bad(0), strategy_event(0), bad(0)]
    assert end(replay(rules, [*twice, ok(299)])) is None
    assert end(replay(rules, [*twice, ok(300)])) is not None


def test_anomalies_are_kept_while_no_alert_is_open():
    rules = watching(count=2, window=60, recovery=1)
    lines = [bad(0), strategy_event(3500)]
    assert end(replay(rules, [*lines, ok(3600)])) is not None  # the first of the two has left
    assert end(replay(rules, [lines[1], ok(3600)])) is None  # the event alone stands for both


def test_a_late_event_is_looked_at_too():
    rules = watching(count=2, recovery=3)
    lines = [bad(-60), strategy_event(0), ok(240), strategy_event(250, time=T0 + 100, event_id="late")]
    assert [row for row in replay(rules, lines).story() if row[1] in ("RECOVERING", "ABORT_RECOVER")] == [
        (240, "RECOVERING"), (250, "ABORT_RECOVER"),
    ]  # fmt: skip


def test_missing_trigger_configuration_means_a_count_of_one():
    rules = watching()
    rules["strategies"][0]["detects"] = []
    assert end(replay(rules, [strategy_event(0), ok(599)])) is not None


def test_a_recovered_event_recovers_without_any_window():
    assert end(replay(watching(), [strategy_event(0), strategy_event(10, "RECOVERED")])) == (
        10,
        "RECOVER",
        "recovered_by_event",
    )


@pytest.mark.parametrize(
    ("source", "recovers"),
    [("bk_monitor", 540), ("custom", 600)],
)
def test_event_data_recovers_by_time_alone(source, recovers):
    rules = watching(data_type="event", source=source)
    assert end(replay(rules, [strategy_event(0)], recovers - 1)) is None
    assert end(replay(rules, [strategy_event(0)], recovers)) == (recovers, "RECOVER", "all_windows_quiet")


# an oracle for `count` 1: no weights, no deadlines, only the definition

steps = st.lists(st.tuples(st.integers(1, 200), st.sampled_from(["ok", "ok", "bad", "event"])), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(steps, st.integers(1, 4), st.integers(1, 4), st.sampled_from([30, 60]))
def test_recovery_agrees_with_its_definition(plan, window, recovery, unit):
    lines, at = [strategy_event(0)], 0
    for gap, what in plan:
        at += gap
        lines.append({"ok": ok, "bad": bad, "event": strategy_event}[what](at))
    out = replay(watching(1, window, recovery, unit=unit), lines)
    told = [row[:2] for row in out.story() if row[1] not in ("CONVERGE", "CREATE")]
    assert told == _expected(plan, window, recovery, unit)


def _expected(plan, window, recovery, unit):
    """Walk over the results: (second, RECOVERING | ABORT_RECOVER | RECOVER) by spec/lifecycle.md 4.8."""
    told, anomalies, now, is_open, recovering = [], [0], 0, True, False

    def hot(last):
        return any(last - window * unit < time <= last for time in anomalies)

    for gap, what in plan:
        now += gap
        if what != "ok":
            anomalies.append(now)
        if what == "event" and not is_open:
            is_open, recovering = True, False
        if not is_open:
            continue
        if hot(now):
            told += [(now, "ABORT_RECOVER")] if recovering else []
            recovering = False
            continue
        told += [] if recovering else [(now, "RECOVERING")]
        recovering = True
        if not any(hot(now - i * unit) for i in range(recovery)):
            told.append((now, "RECOVER"))
            is_open = False
    return told


# --- no data


@pytest.mark.parametrize("line", [check(50, anomaly=False), check(50, value=3), check(50, no_data=False), bad(50)])
def test_a_no_data_alert_recovers_when_data_is_back(line):
    out = replay(watching(), [strategy_event(0, tags=NO_DATA), line])
    assert end(out) == (50, "RECOVER", "data_back")
    assert out.signalled() == [(0, "no_data"), (50, "recovered")]


@pytest.mark.parametrize(("until", "expected"), [(DAY, None), (DAY + 1, (DAY + 1, "CLOSE", "no_data_expired"))])
def test_a_no_data_alert_expires_after_a_day(until, expected):
    assert end(replay(watching(), [strategy_event(0, tags=NO_DATA)], until)) == expected


def test_word_that_there_is_still_no_data_puts_the_expiry_off():
    lines = [strategy_event(0, tags=NO_DATA), check(1000, no_data=True)]
    assert end(replay(watching(), lines, DAY + 1000)) is None
    assert end(replay(watching(), lines, DAY + 1001)) == (DAY + 1001, "CLOSE", "no_data_expired")


def test_a_no_data_alert_does_not_close_for_silence():
    assert end(replay(watching(), [strategy_event(0, tags=NO_DATA)], 10 * HOUR)) is None


# --- data stopped


@pytest.mark.parametrize(
    ("rules", "tolerance"),
    [
        (watching(), 1800),
        (watching(window=60), 3600),
        (watching(unit=300, window=10), 3000),
        (watching(data_type="log", recovery=5), 600),
        (watching(data_type="log", recovery=1, unit=10), 300),
    ],
)
def test_silence_beyond_tolerance_closes(rules, tolerance):
    assert end(replay(rules, [strategy_event(0)], tolerance)) is None
    assert end(replay(rules, [strategy_event(0)], tolerance + 1)) == (tolerance + 1, "CLOSE", "data_stopped")


@pytest.mark.parametrize(
    ("lines", "since"),
    [
        ([strategy_event(0), bad(100)], 100),
        ([strategy_event(0), bad(100, time=T0 + 50)], 50),
        ([strategy_event(0), strategy_event(200)], 200),
        ([strategy_event(0), strategy_event(200, time=T0 - 5)], 0),
        ([strategy_event(500, time=T0)], 500),
        ([strategy_event(0), check(100, no_data=True)], 0),
        ([strategy_event(0), strategy_event(50, severity=3)], 0),
    ],
)
def test_silence_is_counted_from_the_latest_sign_of_life(lines, since):
    rules = watching(count=3, window=20)
    assert end(replay(rules, lines, since + 1800)) is None
    assert end(replay(rules, lines, since + 1801)) == (since + 1801, "CLOSE", "data_stopped")


def test_a_strategy_without_items_is_never_silent():
    assert end(replay(RULES, [strategy_event(0)], 3 * DAY)) is None


# --- other reasons to close


def test_a_strategy_out_of_force_has_no_say_in_new_alerts():
    lines = [strategy_event(0), delete(1, strategies=[1]), strategy_event(62), strategy_event(65)]
    out = replay(RULES, lines, 70)
    assert [one["signal"] for one in out.notices] == ["abnormal", "closed"]


@pytest.mark.parametrize(
    "change", [delete(10, strategies=[1]), put(10, strategies=[{**RULES["strategies"][0], "is_enabled": False}])]
)
def test_a_strategy_that_goes_closes_within_the_check_interval_and_is_told(change):
    out = replay(RULES, [strategy_event(0), change], 70)
    second, op, reason = end(out)
    assert 10 < second <= 70
    assert (op, reason) == ("CLOSE", "strategy_gone")
    assert [one["signal"] for one in out.notices] == ["abnormal", "closed"]


OFFICE = {"time_ranges": [{"start": "22:00", "end": "22:29"}]}
"""T0 is 22:13:20; the last second of the range is 22:29:59."""


@pytest.mark.parametrize(("until", "expected"), [(999, None), (1000, (1000, "CLOSE", "out_of_active_time"))])
def test_an_alert_closes_at_the_end_of_the_active_time(until, expected):
    rules = watching()
    rules["strategies"][0]["detects"][0]["trigger_config"]["uptime"] = OFFICE
    assert end(replay(rules, [strategy_event(0)], until)) == expected


def changed(**item):
    return put(10, strategies=watching(item=item)["strategies"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (changed(query_configs=[{"metric_id": "disk", "agg_dimension": ["ip"]}]), "metric_changed"),
        (changed(query_configs=[{"metric_id": "cpu", "agg_dimension": ["ip", "disk"]}]), "dimensions_changed"),
        (put(10, strategies=[{**watching()["strategies"][0], "detects": [{"level": 1}]}]), "level_removed"),
        (changed(query_configs=[{"metric_id": "cpu", "agg_dimension": ["ip"], "unit": "ms"}]), None),
        (put(10, strategies=[{**watching()["strategies"][0], "name": "other"}]), None),
        (
            changed(target=[[{"field": "ip", "method": "eq", "value": [{"ip": "10.9.9.9", "bk_cloud_id": 0}]}]]),
            "target_left",
        ),
    ],
)
def test_a_changed_strategy_closes(change, reason):
    hosts = [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0}]
    out = replay({**watching(), "hosts": hosts}, [strategy_event(0), change], 70)
    ended = end(out)
    assert (ended[2] if ended else None) == reason
    if ended:
        assert ended[1] == "CLOSE"
        assert 10 < ended[0] <= 70


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"no_data_config": {"is_enabled": False}}, "no_data_disabled"),
        (
            {
                "query_configs": [
                    {
                        "metric_id": "cpu",
                        "agg_dimension": ["ip"],
                        "agg_condition": [{"key": "a", "method": "eq", "value": ["1"]}],
                    }
                ]
            },
            "conditions_changed",
        ),
    ],
)
def test_a_no_data_alert_closes_for_reasons_of_its_own(item, reason):
    out = replay(watching(), [strategy_event(0, tags=NO_DATA), changed(**item)], 70)
    assert end(out)[2] == reason


def test_a_better_placed_strategy_takes_over():
    assert end(replay(watching(), [strategy_event(0), check(9, superseded=True)])) == (9, "CLOSE", "priority")


def test_a_host_that_leaves_the_inventory_closes():
    target = {"target": [[{"field": "ip", "method": "eq", "value": [{"ip": "10.0.0.1", "bk_cloud_id": 0}]}]]}
    rules = {**watching(item=target), "hosts": [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0}]}
    out = replay(rules, [strategy_event(0), delete(10, hosts=[1])], 70)
    assert end(out)[2] == "target_left"


def test_close_comes_before_recover():
    lines = [strategy_event(0), check(900, anomaly=False, superseded=True)]
    assert end(replay(watching(), lines)) == (900, "CLOSE", "priority")


def test_a_timed_transition_comes_before_close():
    out = replay(
        {**RULES, "strategies": [{**RULES["strategies"][0], "timeout": 50}]},
        [strategy_event(0), delete(40, strategies=[1])],
        200,
    )
    assert end(out)[1] in ("SYSTEM_CLOSE", "CLOSE")
    assert end(out)[0] <= 50


def test_a_third_party_alert_knows_no_checks():
    md5 = replay({}, [event(0)]).alert["dedupe_md5"]
    out = replay({}, [event(0), check(10, dedupe_md5=md5, anomaly=False), check(900, dedupe_md5=md5, superseded=True)])
    assert out.alert["status"] == "ABNORMAL"


# --- addressing


def test_a_check_is_addressed_by_fingerprint_too():
    md5 = replay(watching(), [strategy_event(0)]).alert["dedupe_md5"]
    line = {"kind": "check", "at": T0 + 900, "time": T0 + 900, "dedupe_md5": md5, "anomaly": False}
    assert end(replay(watching(), [strategy_event(0), line])) is not None


def test_a_check_of_another_series_changes_nothing():
    assert end(replay(watching(), [strategy_event(0), ok(900, target="10.0.0.2")])) is None


def test_a_check_alone_makes_no_alert():
    out = replay(watching(), [bad(0), bad(60), ok(120)], 9000)
    assert (out.alerts, out.logs, out.summary["events"]) == ([], [], 0)


# --- when a change of rules is seen


def test_a_change_of_rules_is_seen_at_the_next_thing_folded_in():
    out = replay(RULES, [strategy_event(0), delete(10, strategies=[1]), strategy_event(11)])
    assert end(out) == (11, "CLOSE", "strategy_gone")


@pytest.mark.parametrize("interval", [1, 10, 60])
def test_the_check_interval_is_a_setting(interval):
    lines = [strategy_event(0, target=f"t{n}", event_id=f"e{n}") for n in range(20)]
    out = replay(RULES, [*lines, delete(100, strategies=[1])], 200, {"check_interval": interval})
    seconds = [entry["time"] - T0 - 100 for entry in out.told("CLOSE")]
    assert len(seconds) == 20
    assert all(1 <= second <= interval for second in seconds)


def test_a_command_sees_new_rules_too():
    md5 = replay(RULES, [strategy_event(0)]).alert["dedupe_md5"]
    out = replay(
        RULES, [strategy_event(0), delete(10, strategies=[1]), command(11, "comment", dedupe_md5=md5), tick(80)]
    )
    assert end(out) == (11, "CLOSE", "strategy_gone")
