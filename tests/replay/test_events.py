"""What one event does to the alert of its fingerprint (spec/lifecycle.md 2.4-2.8, 3.3, 3.4; design.md 7.1-7.4, 7.38)."""

import pytest

from tests.replay.driver import RULES, T0, event, replay, strategy_event, tick

DAY = 86400
RULED = {
    "dispatch": [
        {"id": 1, "name": "g", "rules": [{"id": 1, "conditions": [], "alert_severity": 2, "user_groups": ["ops"]}]}
    ],
    **RULES,
}


def at(moment, time, status="ABNORMAL", **fields):
    """An event that arrives at one moment and speaks of another."""
    return event(moment, status, time=T0 + time, **fields)


def stands(out):
    """Rows (status, severity) of the alerts in the order of their ids."""
    return [(alert["status"], alert["severity"]) for alert in out.alerts]


# --- opening


def test_an_alert_opens_with_its_events_times():
    alert = replay({}, [at(50, 40, anomaly_time=T0 + 30)]).alert
    times = ("create_time", "update_time", "begin_time", "latest_time", "first_anomaly_time", "generation")
    assert [alert[key] - T0 for key in times] == [50, 50, 40, 40, 30, 50]
    assert (alert["end_time"], alert["status"], alert["event_count"], alert["revision"]) == (None, "ABNORMAL", 1, 1)


def test_an_alert_takes_over_what_its_event_says():
    line = event(0, severity=1, alert_name="a", bk_biz_id=3, bk_tenant_id="t", description="d")
    alert = replay({}, [line]).alert
    assert (alert["severity"], alert["alert_name"], alert["bk_biz_id"], alert["bk_tenant_id"]) == (1, "a", 3, "t")
    assert alert["event"]["description"] == "d"
    assert alert["strategy_id"] == ""


def test_an_alert_takes_its_strategys_labels():
    rules = {**RULES, "strategies": [{**RULES["strategies"][0], "labels": ["x", "y"]}]}
    alert = replay(rules, [strategy_event(0)]).alert
    assert (alert["labels"], alert["strategy_id"]) == (["x", "y"], "1")


def test_the_dimensions_are_the_dedupe_keys_beyond_identity_and_the_additional_ones():
    line = event(
        0,
        target_type="",
        target=None,
        tags=[
            {"key": "device", "value": "cpu0", "display_key": "Device", "display_value": "CPU 0"},
            {"key": "noise", "value": 1},
        ],
        dedupe_keys=["alert_name", "tags.device", "ip"],
        ip="10.0.0.3",
        extra_info={"additional_dimensions": [{"key": "rack", "value": 7}]},
    )
    dimensions = replay({}, [line]).alert["dimensions"]
    assert [(one["key"], one["value"], one["display_key"], one["display_value"]) for one in dimensions] == [
        ("tags.device", "cpu0", "Device", "CPU 0"), ("ip", "10.0.0.3", "ip", "10.0.0.3"), ("rack", 7, "rack", 7),
    ]  # fmt: skip


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
@pytest.mark.parametrize("severity", [1, 2, 3])
def test_an_end_never_opens_an_alert(status, severity):
    out = replay(RULES, [strategy_event(0, status, severity=severity)])
    assert (out.alerts, out.logs, out.signals) == ([], [], [])
    assert len(out.events) == 1


# --- repeats


def test_a_repeat_is_folded_in():
    alert = replay({}, [event(0, description="a"), at(30, 20, description="b")]).alert
    times = ("begin_time", "latest_time", "first_anomaly_time", "create_time", "update_time")
    assert [alert[key] - T0 for key in times] == [0, 20, 0, 0, 30]
    assert (alert["event_count"], alert["event"]["description"]) == (2, "b")


def test_an_event_of_the_same_time_counts_as_newer():
    alert = replay({}, [event(0, description="a"), at(9, 0, event_id="x", description="b")]).alert
    assert (alert["event"]["description"], alert["event_count"]) == ("b", 2)


def test_a_late_event_moves_the_beginning_only():
    alert = replay({}, [event(100, description="a"), at(110, 40, anomaly_time=T0 + 20, description="b")]).alert
    times = ("begin_time", "latest_time", "first_anomaly_time")
    assert [alert[key] - T0 for key in times] == [40, 100, 20]
    assert (alert["event"]["description"], alert["event_count"]) == ("a", 2)


def test_an_event_between_beginning_and_newest_moves_nothing():
    alert = replay({}, [event(0), event(100), at(110, 50)]).alert
    assert [alert[key] - T0 for key in ("begin_time", "latest_time", "first_anomaly_time")] == [0, 100, 0]
    assert alert["event_count"] == 3


def test_an_earlier_anomaly_time_of_a_newer_event_counts():
    alert = replay({}, [event(100), event(110, anomaly_time=T0 + 5)]).alert
    assert alert["first_anomaly_time"] == T0 + 5


@pytest.mark.parametrize(
    ("times", "duration"),
    [((0,), 60), ((0, 59), 60), ((0, 60), 60), ((0, 61), 61), ((0, 600), 600), ((600, 0), 600)],
)
def test_a_duration_is_newest_less_first_anomaly_and_a_minute_at_least(times, duration):
    out = replay({}, [at(600 + n, time) for n, time in enumerate(times)])
    assert out.alert["duration"] == duration


def test_a_later_change_of_the_alert_does_not_lengthen_it():
    assert replay({}, [event(0), event(100), at(500, 500, "CLOSED")]).alert["duration"] == 100


# --- severity


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (2, 2, [("ABNORMAL", 2)]),
        (2, 3, [("ABNORMAL", 2)]),
        (1, 3, [("ABNORMAL", 1)]),
        (2, 1, [("CLOSED", 2), ("ABNORMAL", 1)]),
        (3, 1, [("CLOSED", 3), ("ABNORMAL", 1)]),
        (3, 2, [("CLOSED", 3), ("ABNORMAL", 2)]),
    ],
)
def test_a_worse_event_supersedes_and_a_milder_one_is_dropped(first, then, expected):
    assert stands(replay({}, [event(0, severity=first), event(10, severity=then)])) == expected


def test_superseded_and_successor_name_each_other():
    old, new = replay({}, [event(0), event(10, severity=1)]).alerts
    assert old["extra_info"]["successor"] == new["id"]
    assert new["extra_info"]["predecessor"] == old["id"]
    assert (old["end_time"], old["latest_time"], new["begin_time"], new["create_time"]) == (
        T0 + 10,
        T0,
        T0 + 10,
        T0 + 10,
    )


@pytest.mark.parametrize(("time", "end"), [(5, 100), (100, 100), (150, 150)])
def test_a_superseded_alert_ends_at_the_later_of_event_and_newest(time, end):
    lines = [event(0), event(100), at(200, time, severity=1, event_id="worse")]
    old = next(alert for alert in replay({}, lines).alerts if alert["status"] == "CLOSED")
    assert old["end_time"] == T0 + end


def test_a_chain_of_rises_is_a_chain_of_alerts():
    out = replay({}, [event(0, severity=3), event(0, severity=2, event_id="b"), event(0, severity=1, event_id="c")])
    by_severity = {alert["severity"]: alert for alert in out.alerts}
    assert [by_severity[n]["status"] for n in (3, 2, 1)] == ["CLOSED", "CLOSED", "ABNORMAL"]
    assert by_severity[2]["extra_info"]["predecessor"] == by_severity[3]["id"]
    assert by_severity[2]["extra_info"]["successor"] == by_severity[1]["id"]


def test_a_milder_event_moves_nothing():
    alert = replay({}, [event(0), event(50, severity=3)]).alert
    assert [alert[key] - T0 for key in ("latest_time", "next_status_time")] == [0, 3600]
    assert alert["event_count"] == 1


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_an_alert_of_a_rules_severity_follows_events_of_any(severity):
    out = replay(RULED, [strategy_event(0, severity=3), strategy_event(10, severity=severity, description="new")])
    assert stands(out) == [("ABNORMAL", 2)]
    assert out.alert["extra_info"]["severity_source"] == "by_rule"
    assert (out.alert["event"]["description"], out.alert["event"]["severity"]) == ("new", severity)
    assert (out.alert["latest_time"], out.alert["event_count"]) == (T0 + 10, 2)


# --- ends


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
@pytest.mark.parametrize("severity", [1, 2, 3])
def test_an_end_of_any_severity_ends_the_alert(status, severity):
    assert stands(replay({}, [event(0), event(10, status, severity=severity)])) == [(status, 2)]


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
@pytest.mark.parametrize(("time", "end"), [(-3 * DAY, 100), (50, 100), (100, 100), (130, 130)])
def test_an_end_of_any_age_ends_the_alert(status, time, end):
    alert = replay({}, [event(0), event(100), at(150, time, status, anomaly_time=0)]).alert
    assert (alert["status"], alert["end_time"]) == (status, T0 + end)
    assert [alert[key] - T0 for key in ("begin_time", "first_anomaly_time", "latest_time")] == [0, 0, 100]
    assert (alert["next_status"], alert["next_status_time"]) == (None, None)


def test_an_end_says_why():
    alert = replay({}, [event(0), event(10, "CLOSED", description="all well")]).alert
    assert alert["extra_info"]["end_description"] == "all well"


def test_the_representative_event_stays_that_of_the_anomaly():
    assert replay({}, [event(0), event(10, "RECOVERED")]).alert["event"]["status"] == "ABNORMAL"


def test_an_abnormal_event_after_the_end_opens_a_new_alert():
    out = replay({}, [event(0), event(10, "RECOVERED"), event(20)])
    assert stands(out) == [("RECOVERED", 2), ("ABNORMAL", 2)]
    assert "predecessor" not in out.alerts[1]["extra_info"]


def test_a_second_end_changes_nothing():
    once = [event(0), event(10, "RECOVERED")]
    assert replay({}, [*once, event(20, "CLOSED")]).bytes["logs.jsonl"] == replay({}, once).bytes["logs.jsonl"]


# --- delayed recovery

SLOW = {"recover_delay": 100}


@pytest.mark.parametrize(("until", "status"), [(109, "ABNORMAL"), (110, "RECOVERED"), (111, "RECOVERED")])
def test_a_delayed_recovery_comes_when_the_delay_is_over(until, status):
    out = replay(RULES, [strategy_event(0), strategy_event(10, "RECOVERED")], until, SLOW)
    assert out.alert["status"] == status
    assert out.alert["end_time"] == (T0 + 110 if status == "RECOVERED" else None)


def test_a_delayed_recovery_is_logged_on_both_sides():
    out = replay(RULES, [strategy_event(0), strategy_event(10, "RECOVERED")], 200, SLOW)
    assert out.story("reason") == [
        (0, "CREATE", "opened"), (10, "DELAY_RECOVER", "recovery_delayed"), (110, "SYSTEM_RECOVER", "delay_over"),
    ]  # fmt: skip
    assert out.signalled() == [(0, "abnormal"), (110, "recovered")]


def test_while_recovery_is_delayed_the_next_status_tells():
    alert = replay({}, [event(0), event(10, "RECOVERED")], settings=SLOW).alert
    assert (alert["next_status"], alert["next_status_time"]) == ("RECOVERED", T0 + 110)


@pytest.mark.parametrize(
    ("then", "story"),
    [
        (109, [(109, "CONVERGE"), (109, "ABORT_RECOVER"), (3709, "SYSTEM_CLOSE")]),
        (110, [(110, "SYSTEM_RECOVER"), (110, "CREATE"), (3710, "SYSTEM_CLOSE")]),
    ],
)
def test_an_anomaly_within_the_delay_aborts_the_recovery(then, story):
    out = replay({}, [event(0), event(10, "RECOVERED"), event(then)], 4000, SLOW)
    assert out.story() == [(0, "CREATE"), (10, "DELAY_RECOVER"), *story]


def test_a_late_anomaly_does_not_abort_a_recovery():
    out = replay({}, [event(50), event(60, "RECOVERED"), at(70, 20)], 160, SLOW)
    assert out.alert["status"] == "RECOVERED"


def test_a_closing_event_is_never_delayed():
    assert replay({}, [event(0), event(10, "CLOSED")], settings=SLOW).alert["end_time"] == T0 + 10


def test_a_further_recovery_begins_the_delay_anew():
    out = replay({}, [event(0), event(10, "RECOVERED"), event(50, "RECOVERED")], 200, SLOW)
    assert out.alert["end_time"] == T0 + 150


# --- time-outs


@pytest.mark.parametrize(("until", "status"), [(3599, "ABNORMAL"), (3600, "CLOSED"), (3601, "CLOSED")])
def test_a_third_party_alert_is_closed_an_hour_after_its_last_anomaly(until, status):
    out = replay({}, [event(0)], until)
    assert out.alert["status"] == status
    if status == "CLOSED":
        assert out.story("reason") == [(0, "CREATE", "opened"), (3600, "SYSTEM_CLOSE", "timed_out")]
        assert out.alert["end_time"] == T0 + 3600


def test_the_time_out_counts_from_the_arrival_of_the_event():
    assert replay({}, [at(500, 0)]).alert["next_status_time"] == T0 + 4100


@pytest.mark.parametrize(
    ("line", "moved"),
    [(event(100), True), (at(100, 0, event_id="x"), True), (at(100, -1), False), (event(100, severity=3), False)],
)
def test_only_an_in_order_anomaly_puts_the_time_out_off(line, moved):
    assert replay({}, [event(0), line]).alert["next_status_time"] == T0 + (3700 if moved else 3600)


def test_an_event_at_the_second_of_the_time_out_opens_a_new_alert():
    assert stands(replay({}, [event(0), event(3600)])) == [("CLOSED", 2), ("ABNORMAL", 2)]
    assert stands(replay({}, [event(0), event(3599)])) == [("ABNORMAL", 2)]


def test_a_strategys_alert_has_no_time_out():
    alert = replay(RULES, [strategy_event(0)], 10 * DAY).alert
    assert (alert["status"], alert["next_status"], alert["next_status_time"]) == ("ABNORMAL", None, None)


TIMED = {**RULES, "strategies": [{**RULES["strategies"][0], "timeout": 300}]}


@pytest.mark.parametrize(("until", "status"), [(399, "ABNORMAL"), (400, "CLOSED")])
def test_a_strategy_may_have_a_time_out_of_its_own(until, status):
    out = replay(TIMED, [strategy_event(0), strategy_event(100), strategy_event(200, time=T0 - 5)], until)
    assert out.alert["status"] == status
    if status == "CLOSED":
        assert out.story("reason")[-1] == (400, "SYSTEM_CLOSE", "strategy_timed_out")
        assert out.signalled()[-1] == (400, "closed")


def test_the_time_out_of_third_parties_is_a_setting():
    assert replay({}, [event(0)], settings={"timeout": 60}).alert["next_status_time"] == T0 + 60


@pytest.mark.parametrize(
    ("rules", "lines", "settings", "text"),
    [
        ({}, [event(0)], None, "no abnormal event came in time"),
        (TIMED, [strategy_event(0)], None, "no abnormal event came within the time-out of the strategy"),
        (RULES, [strategy_event(0), strategy_event(10, "RECOVERED")], SLOW, "the reported recovery held"),
    ],
)
def test_an_end_by_time_says_why_in_the_document_and_the_log(rules, lines, settings, text):
    out = replay(rules, lines, 4000, settings)
    assert out.alert["extra_info"]["end_description"] == text
    assert next(entry for entry in out.logs if entry["op_type"].startswith("SYSTEM"))["description"] == text


# --- duplicates


def test_an_event_that_comes_twice_changes_nothing():
    once, twice = [event(0), event(5)], [event(0), event(0), event(5), event(0), event(5)]
    out = replay(RULES, twice)
    assert out.bytes["alerts.jsonl"] == replay(RULES, once).bytes["alerts.jsonl"]
    assert (out.summary["events"], out.summary["duplicates"], len(out.events)) == (5, 3, 2)


def test_a_duplicate_is_told_by_its_id_alone():
    out = replay({}, [event(0), {**event(9, event_id="e0", severity=1), "time": T0}])
    assert (out.summary["duplicates"], len(out.alerts)) == (0, 2)
    out = replay({}, [event(0), {**event(9, event_id="e0", description="other"), "time": T0}])
    assert (out.summary["duplicates"], out.alert["event_count"]) == (1, 1)


def test_the_last_sixty_four_ids_are_kept():
    def again(count):
        return replay({}, [event(0), *(event(n) for n in range(1, count + 1)), {**event(0), "at": T0 + 99}]).summary[
            "duplicates"
        ]

    assert (again(62), again(63), again(64), again(65)) == (1, 1, 0, 0)


def test_ids_survive_a_supersede_and_a_reopening():
    lines = [event(0), event(1, severity=1), event(2, "CLOSED"), event(3)]
    out = replay({}, [*lines, *({**line, "at": T0 + 9} for line in lines)])
    assert (out.summary["duplicates"], len(out.alerts)) == (4, 3)


def test_milder_events_are_remembered_too():
    out = replay({}, [event(0), event(1, severity=3), {**event(1, severity=3), "at": T0 + 5}])
    assert out.summary["duplicates"] == 1
    assert out.told("EVENT_DROP")[0]["count"] == 1


def test_what_is_both_duplicate_and_expired_is_a_duplicate():
    old = at(0, -2 * DAY)
    out = replay({}, [old, {**old, "at": T0 + 1}])
    assert (out.summary["expired"], out.summary["duplicates"]) == (1, 1)


# --- expiry


@pytest.mark.parametrize(("age", "expired"), [(DAY - 1, 0), (DAY, 0), (DAY + 1, 1)])
def test_an_event_of_more_than_a_day_is_too_old(age, expired):
    out = replay({}, [at(0, -age)])
    assert (out.summary["expired"], len(out.alerts), len(out.events)) == (expired, 1 - expired, 1)


@pytest.mark.parametrize(("time", "opens"), [(3539, False), (3540, True), (3541, True), (3600, True), (3700, True)])
def test_after_an_end_by_time_events_from_more_than_a_minute_before_it_are_too_old(time, opens):
    out = replay({}, [event(0), at(3700, time, event_id="x")])
    assert len(out.alerts) == (2 if opens else 1)
    assert out.summary["expired"] == (0 if opens else 1)


@pytest.mark.parametrize(("access", "expired"), [(DAY, 0), (DAY + 1, 1)])
def test_what_counts_is_when_the_data_were_read(access, expired):
    line = at(0, -5 * DAY, extra_info={"origin_alarm": {"data": {"access_time": T0 - access}}})
    assert replay({}, [line]).summary["expired"] == expired


def test_while_an_alert_is_open_only_age_makes_an_event_too_old():
    out = replay({}, [event(1000), at(1001, 0)])
    assert (out.summary["expired"], out.alert["event_count"]) == (0, 2)


def test_an_expired_event_touches_no_alert():
    lines = [event(0), at(5, -2 * DAY)]
    out = replay(RULES, lines)
    assert out.bytes["alerts.jsonl"] == replay(RULES, [*lines[:1], tick(5)]).bytes["alerts.jsonl"]


def test_how_old_is_too_old_is_a_setting():
    assert replay({}, [at(0, -61)], settings={"event_expiry": 60}).summary["expired"] == 1


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_expired_end_is_counted_only_where_no_alert_is_open(status):
    out = replay({}, [at(0, -2 * DAY, status)])
    assert (out.summary["expired"], len(out.events)) == (1, 1)
    assert replay({}, [event(0), at(1, -2 * DAY, status)]).summary["expired"] == 0
