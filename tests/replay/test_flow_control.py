"""Alert quota, blocked alerts, circuit breaking (spec/lifecycle.md 3.5, 4.10, 8; design.md 7.30, 7.31, 7.37)."""

import pytest

from tests.replay.driver import RULES, T0, check, command, delete, event, put, replay, strategy_event, tick

TWO = {"quota": {"alert": {"threshold": 2, "window": 60}}}


def breaking(module="alert.builder", number=1, **conditions):
    """A circuit-breaking rule; by default it hits strategy 1."""
    given = conditions or {"strategy_id": ["1"]}
    entries = [{"key": key, "method": "eq", "value": value} for key, value in given.items()]
    return [{"id": number, "module": module, "conditions": entries}]


def many(*moments, **fields):
    """Events of different targets, one a moment."""
    return [strategy_event(at, target=f"t{n}", event_id=f"e{n}", **fields) for n, at in enumerate(moments)]


def blocked(out):
    """Which alerts are blocked, in the order of their opening."""
    rows = {alert["id"]: alert["is_blocked"] for alert in out.alerts}
    return [rows[entry["alert_id"]] for entry in out.told("CREATE")]


# --- quota


def test_the_alert_after_the_threshold_is_blocked():
    out = replay(RULES, many(0, 1, 2, 3), settings=TWO)
    assert blocked(out) == [False, False, True, True]
    assert out.signalled() == [(0, "abnormal"), (1, "abnormal")]
    assert out.story("reason")[2:] == [(2, "CREATE", "opened"), (2, "ALERT_QOS", "alert_quota"), (3, "CREATE", "opened"), (3, "ALERT_QOS", "alert_quota")]  # fmt: skip


@pytest.mark.parametrize(("last", "is_blocked"), [(59, True), (60, False), (61, False)])
def test_a_window_begins_with_its_first_alert(last, is_blocked):
    assert blocked(replay(RULES, many(0, 50, last), settings=TWO))[-1] is is_blocked


def test_a_threshold_of_zero_blocks_nothing():
    out = replay(RULES, many(0, 0, 0, 0), settings={"quota": {"alert": {"threshold": 0}}})
    assert blocked(out) == [False] * 4


def test_two_hundred_are_let_through_by_default():
    assert blocked(replay(RULES, many(*[0] * 202))) == [False] * 200 + [True] * 2


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": 3},
        {"strategy_id": 2},
        {"tags": [{"key": "__NO_DATA_DIMENSION__", "value": 1}]},
        {"strategy_id": None},
    ],
)
def test_strategy_signal_and_severity_count_apart(changes):
    rules = {**RULES, "strategies": [*RULES["strategies"], {"id": 2, "name": "other"}]}
    lines = [*many(0, 0), strategy_event(0, **{"target": "other", "event_id": "other", **changes})]
    assert blocked(replay(rules, lines, settings=TWO)) == [False] * 3


@pytest.mark.parametrize(
    ("changes", "is_blocked"),
    [
        ({}, True),
        ({"alert_name": "b"}, False),
        ({"bk_biz_id": 5}, False),
        ({"severity": 1}, False),
        ({"target": "z"}, True),
    ],
)
def test_third_party_alerts_count_by_business_name_and_severity(changes, is_blocked):
    lines = [
        event(0, target="a", event_id="a"),
        event(0, target="b", event_id="b"),
        event(0, **{"target": "c", "event_id": "c", **changes}),
    ]
    assert blocked(replay({}, lines, settings=TWO))[-1] is is_blocked


def test_repeats_do_not_count():
    lines = [strategy_event(0), *(strategy_event(n) for n in range(1, 9)), *many(10)]
    assert blocked(replay(RULES, lines, settings=TWO)) == [False, False]


def test_a_blocked_alert_is_kept_but_silent():
    out = replay(
        RULES,
        [*many(0, 0, 0), strategy_event(10, target="t2"), strategy_event(20, "RECOVERED", target="t2")],
        settings=TWO,
    )
    (silent,) = [alert for alert in out.alerts if alert["is_blocked"]]
    assert (silent["status"], silent["event_count"], silent["end_time"]) == ("RECOVERED", 3, T0 + 20)
    assert [one["alert_id"] == silent["id"] for one in out.signals] == [False, False]
    assert len(out.actions) == 2


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_end_reaches_a_blocked_alert_like_any_other(status):
    out = replay(RULES, [*many(0, 0, 0), strategy_event(100, status, target="t2")], settings=TWO)
    assert [alert["status"] for alert in out.alerts if alert["is_blocked"]] == [status]


@pytest.mark.parametrize(
    ("at", "story"),
    [
        (59, [(59, "CONVERGE", "repeated")]),
        (60, [(60, "CLOSE", "quota_released"), (60, "CREATE", "opened")]),
    ],
)
def test_the_next_event_releases_a_blocked_alert_once_the_window_is_over(at, story):
    out = replay(RULES, [*many(0, 0, 0), strategy_event(at, target="t2")], settings=TWO)
    assert out.story("reason")[4:] == story
    if at == 60:
        assert out.signalled() == [(0, "abnormal"), (0, "abnormal"), (60, "abnormal")]
        closed = next(alert for alert in out.alerts if alert["status"] == "CLOSED")
        assert (closed["is_blocked"], closed["end_time"]) == (True, T0 + 60)


def test_while_the_window_is_over_its_threshold_a_worse_event_opens_a_blocked_alert_again():
    lines = [*many(0, 0, 0), strategy_event(10, target="t2", severity=1), *many(0, 0, severity=1)]
    out = replay(RULES, lines[:4], settings=TWO)
    assert [(alert["status"], alert["is_blocked"]) for alert in out.alerts if alert["event"]["target"] == "t2"] == [
        ("CLOSED", True), ("ABNORMAL", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("until", "status"), [(3599, "ABNORMAL"), (3600, "CLOSED")])
def test_a_blocked_alert_of_a_strategy_times_out(until, status):
    out = replay(RULES, many(0, 0, 0), until, TWO)
    (silent,) = [alert for alert in out.alerts if alert["is_blocked"]]
    assert silent["status"] == status
    if status == "CLOSED":
        assert (out.logs[-1]["op_type"], out.logs[-1]["reason"]) == ("SYSTEM_CLOSE", "timed_out")
        assert len(out.signals) == 2


def test_an_in_order_event_puts_the_time_out_of_a_blocked_alert_off():
    out = replay(RULES, [*many(0, 0, 0), strategy_event(30, target="t2")], settings=TWO)
    assert [alert["next_status_time"] for alert in out.alerts if alert["is_blocked"]] == [T0 + 3630]


def test_a_blocked_alert_closes_with_its_strategy():
    out = replay(RULES, [*many(0, 0, 0), delete(10, strategies=[1])], 100, TWO)
    assert [alert["status"] for alert in out.alerts] == ["CLOSED"] * 3
    assert [entry["reason"] for entry in out.told("CLOSE")] == ["strategy_gone"] * 3
    assert sum(one["signal"] == "closed" for one in out.signals) == 2


def test_a_blocked_alert_may_be_acked_and_closed():
    out = replay(RULES, many(0, 0, 0), settings=TWO)
    md5 = next(alert["dedupe_md5"] for alert in out.alerts if alert["is_blocked"])
    out = replay(
        RULES, [*many(0, 0, 0), command(5, "ack", dedupe_md5=md5), command(9, "close", dedupe_md5=md5)], settings=TWO
    )
    (silent,) = [alert for alert in out.alerts if alert["is_blocked"]]
    assert (silent["is_ack"], silent["ack_duration"], silent["status"]) == (True, 5, "CLOSED")
    assert len(out.signals) == 2


def test_a_blocked_alert_is_not_shielded():
    shield = {
        "id": 1,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0,
        "end_time": T0 + 999,
    }
    out = replay({**RULES, "shields": [shield]}, many(0, 0, 0), settings=TWO)
    assert [(alert["is_blocked"], alert["is_shielded"]) for alert in out.alerts].count((True, False)) == 1


def test_every_blocked_alert_of_one_batch_counts_once():
    lines = [*many(0, 0, 0), *(strategy_event(n, target="t2") for n in range(1, 5)), *many(70)]
    out = replay(RULES, lines[:7], settings=TWO)
    assert "3 new alerts" in out.told("ALERT_QOS")[0]["description"]


# --- circuit breaking


def test_a_new_alert_is_blocked_by_circuit_breaking():
    out = replay({**RULES, "circuit_breaking": breaking()}, [strategy_event(0)])
    assert out.story("reason") == [(0, "CREATE", "opened"), (0, "ALERT_QOS", "circuit_breaking")]
    assert (out.alert["is_blocked"], out.signals, out.actions) == (True, [], [])


def test_the_next_event_closes_an_open_alert_and_opens_a_blocked_one():
    out = replay(RULES, [strategy_event(0), put(5, circuit_breaking=breaking()), strategy_event(6)], 6)
    assert out.story("reason", "status") == [
        (0, "CREATE", "opened", "ABNORMAL"),
        (6, "ALERT_QOS", "circuit_breaking", "CLOSED"),
        (6, "CREATE", "opened", "ABNORMAL"),
        (6, "ALERT_QOS", "circuit_breaking", "ABNORMAL"),
    ]
    old, new = out.alerts
    assert (old["status"], old["end_time"], old["is_blocked"]) == ("CLOSED", T0 + 6, True)
    assert (new["status"], new["is_blocked"]) == ("ABNORMAL", True)
    assert out.signalled() == [(0, "abnormal")]


@pytest.mark.parametrize("module", ["alert.builder", "alert.manager"])
def test_a_sweep_closes_an_open_alert_without_any_signal(module):
    out = replay(RULES, [strategy_event(0), put(5, circuit_breaking=breaking(module))], 65)
    assert (out.alert["status"], out.logs[-1]["op_type"], out.logs[-1]["reason"]) == (
        "CLOSED",
        "CLOSE",
        "circuit_breaking",
    )
    assert out.signalled() == [(0, "abnormal")]


def test_rules_of_the_manager_stand_before_those_of_the_builder():
    rules = [*breaking("alert.builder"), *breaking("alert.manager", 2, strategy_id=["2"])]
    assert replay(RULES, [strategy_event(0), put(5, circuit_breaking=rules)], 65).alert["status"] == "ABNORMAL"


def test_rules_of_the_manager_do_not_block_new_alerts():
    out = replay({**RULES, "circuit_breaking": breaking("alert.manager")}, [strategy_event(0)])
    assert out.story("reason") == [(0, "CREATE", "opened"), (0, "CLOSE", "circuit_breaking")]
    assert (out.alert["is_blocked"], out.signalled()) == (False, [(0, "abnormal")])


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_flow_control_judges_anomalies_only(status):
    out = replay(RULES, [strategy_event(0), put(5, circuit_breaking=breaking()), strategy_event(6, status)], 6)
    assert (out.alert["status"], out.alert["is_blocked"]) == (status, False)
    assert out.signalled()[-1] == (6, status.lower())


def test_while_the_rule_holds_a_blocked_alert_goes_on():
    out = replay(
        {**RULES, "circuit_breaking": breaking()}, [strategy_event(0), strategy_event(5), strategy_event(6, severity=3)]
    )
    assert out.story() == [(0, "CREATE"), (0, "ALERT_QOS"), (5, "CONVERGE"), (6, "EVENT_DROP")]


def test_without_the_rule_the_next_event_releases_the_alert():
    lines = [strategy_event(0), delete(5, circuit_breaking=[1]), strategy_event(100)]
    out = replay({**RULES, "circuit_breaking": breaking()}, lines)
    assert out.story("reason")[2:] == [(100, "CLOSE", "quota_released"), (100, "CREATE", "opened")]
    assert out.signalled() == [(100, "abnormal")]


def test_a_sweep_does_not_close_a_blocked_alert_for_circuit_breaking():
    out = replay({**RULES, "circuit_breaking": breaking()}, [strategy_event(0)], 3599)
    assert out.alert["status"] == "ABNORMAL"


def test_circuit_breaking_does_not_count_in_the_quota():
    lines = [
        *many(0, 0, 0),
        delete(1, circuit_breaking=[1]),
        *(strategy_event(2, target=f"u{n}", event_id=f"u{n}") for n in range(2)),
    ]
    out = replay({**RULES, "circuit_breaking": breaking()}, lines, settings=TWO)
    assert blocked(out) == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("conditions", "hit"),
    [
        ({"strategy_id": ["1"]}, True),
        ({"strategy_id": ["2"]}, False),
        ({"bk_biz_id": ["0"]}, True),
        ({"data_source_label": ["custom"]}, True),
        ({"data_type_label": ["event"]}, True),
        ({"strategy_source": ["custom:event"]}, True),
        ({"strategy_source": ["custom:log"]}, False),
    ],
)
def test_circuit_breaking_selects_by_strategy_business_and_source(conditions, hit):
    query = {"metric_id": "m", "data_source_label": "custom", "data_type_label": "event"}
    strategy = {
        **RULES["strategies"][0],
        "items": [{"id": 1, "name": "i", "query_configs": [query]}],
        "detects": [{"level": 2}],
    }
    out = replay({**RULES, "strategies": [strategy], "circuit_breaking": breaking(**conditions)}, [strategy_event(0)])
    assert out.alert["is_blocked"] is hit


def test_a_third_party_alert_may_be_cut_off_too():
    out = replay(
        {"circuit_breaking": breaking(bk_biz_id=["7"])}, [event(0, bk_biz_id=7), event(0, target="b", bk_biz_id=8)]
    )
    assert sorted(alert["is_blocked"] for alert in out.alerts) == [False, True]


def test_data_stopped_reaches_a_blocked_alert():
    query = {"metric_id": "m", "agg_interval": 60}
    strategy = {
        **RULES["strategies"][0],
        "items": [{"id": 1, "name": "i", "query_configs": [query]}],
        "detects": [{"level": 2}],
    }
    rules = {**RULES, "strategies": [strategy], "circuit_breaking": breaking()}
    out = replay(rules, [strategy_event(0), check(60, anomaly=True, level=2), tick(1861)])
    assert (out.alert["status"], out.logs[-1]["reason"]) == ("CLOSED", "data_stopped")
    assert out.signals == []
