"""Shields: what they keep quiet, from when to when, and how people hear of it afterwards (spec/lifecycle.md 4.11, 6; replay.md)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import RULES, T0, check, command, delete, put, replay, strategy_event, tick


def shield(begin=0, end=100, **fields):
    """A shield over strategy 1 from T0 + begin to T0 + end."""
    return {"id": 1, "begin_time": T0 + begin, "end_time": T0 + end, "dimension_config": {"strategy_id": [1]}, **fields}


def shielded(*shields, **rules):
    return {**RULES, "shields": list(shields), **rules}


def kinds(out):
    return [(one["time"] - T0, one["notice_type"], one["status"]) for one in out.actions]


# --- the edges


@pytest.mark.parametrize(("at", "quiet"), [(-1, False), (0, True), (1, True), (99, True), (100, True), (101, False)])
def test_a_shield_holds_from_its_first_second_through_its_last(at, quiet):
    out = replay(shielded(shield(0, 100)), [strategy_event(at)])
    assert bool(out.notices) != quiet
    assert out.alert["is_shielded"] is quiet
    assert out.actions[0]["status"] == ("skipped" if quiet else "success")


def test_a_shielded_alert_is_skipped_with_the_reason_and_signals_all_the_same():
    out = replay(shielded(shield()), [strategy_event(0)])
    assert out.signalled() == [(0, "abnormal")]
    (action,) = out.actions
    assert (action["status"], action["reason"], action["execute_times"]) == ("skipped", "shielded_by_rule", 1)
    assert action["receivers"] == {"mail": ["alice"]}


def test_a_shielded_alert_names_its_shields_longest_first_and_the_seconds_left():
    rules = shielded(shield(0, 100), shield(0, 300, id=2), shield(200, 400, id=3))
    out = replay(rules, [strategy_event(10)])
    assert (out.alert["shield_id"], out.alert["shield_left_time"]) == (["2", "1"], 290)


def test_shield_and_unshield_entries_stand_at_the_edges():
    out = replay(shielded(shield(100, 200)), [strategy_event(0)], until=300)
    assert out.story("reason") == [
        (0, "CREATE", "opened"),
        (100, "SHIELD", "shielded_by_rule"),
        (201, "UNSHIELD", "unshielded"),
    ]


@pytest.mark.parametrize(("until", "flag"), [(99, False), (100, True), (200, True), (201, False)])
def test_the_flag_follows_the_edges(until, flag):
    assert replay(shielded(shield(100, 200)), [strategy_event(0)], until=until).alert["is_shielded"] is flag


def test_an_unshielded_alert_names_no_shields():
    alert = replay(shielded(shield(0, 10)), [strategy_event(0)], until=11).alert
    assert (alert["is_shielded"], alert["shield_id"], alert["shield_left_time"]) == (False, [], 0)


def test_time_left_is_that_of_the_last_look_before_the_document():
    out = replay(shielded(shield(0, 1000)), [strategy_event(0), *(strategy_event(at) for at in range(60, 601, 60))])
    assert 0 <= out.alert["shield_left_time"] - (T0 + 1000 - out.alert["update_time"]) <= 60


def test_one_shield_after_another_leaves_no_gap():
    out = replay(shielded(shield(0, 100), shield(101, 200, id=2)), [strategy_event(0)], until=300)
    assert out.story() == [(0, "CREATE"), (0, "SHIELD"), (201, "UNSHIELD")]
    assert kinds(out) == [(0, "normal", "skipped"), (201, "unshielded", "success")]


def test_a_gap_of_a_second_is_felt():
    out = replay(shielded(shield(0, 100), shield(102, 200, id=2)), [strategy_event(0)], until=150)
    assert out.story()[1:] == [(0, "SHIELD"), (101, "UNSHIELD"), (102, "SHIELD")]


def test_a_disabled_shield_does_nothing():
    assert len(replay(shielded(shield(is_enabled=False)), [strategy_event(0)]).notices) == 1


def test_a_shield_of_another_business_does_nothing():
    assert len(replay(shielded(shield(bk_biz_id=7)), [strategy_event(0)]).notices) == 1


def test_a_shield_may_ask_for_the_severity():
    rules = shielded(shield(dimension_config={"strategy_id": [1], "level": [1]}))
    assert len(replay(rules, [strategy_event(0)]).notices) == 1
    assert len(replay(rules, [strategy_event(0, severity=1)]).notices) == 0


# --- the un-shield notice


def test_who_was_not_told_is_told_when_the_shield_ends():
    out = replay(shielded(shield(0, 100)), [strategy_event(0)], until=200)
    assert [(one["time"] - T0, one["signal"], one["notice_type"]) for one in out.signals] == [
        (0, "abnormal", "normal"),
        (101, "abnormal", "unshielded"),
    ]
    assert out.noticed("signal", "notice_type") == [(101, "mail", "alice", "abnormal", "unshielded")]
    assert [one["execute_times"] for one in out.actions] == [1, 2]


@pytest.mark.parametrize(("until", "count"), [(100, 0), (101, 1)])
def test_the_unshield_notice_stands_at_the_edge(until, count):
    assert len(replay(shielded(shield(0, 100)), [strategy_event(0)], until=until).notices) == count


def test_who_was_told_before_the_shield_is_not_told_again():
    out = replay(shielded(shield(50, 100)), [strategy_event(0)], until=200)
    assert kinds(out) == [(0, "normal", "success")]
    assert len(out.signals) == 1


def test_an_alert_that_ended_under_its_shield_is_told_of_by_nobody():
    out = replay(shielded(shield(0, 100)), [strategy_event(0), strategy_event(50, "RECOVERED")], until=200)
    assert kinds(out) == [(0, "normal", "skipped"), (50, "normal", "skipped")]
    assert out.notices == []


def test_an_end_after_the_shield_is_told():
    out = replay(shielded(shield(0, 100)), [strategy_event(0), strategy_event(150, "RECOVERED")], until=200)
    assert out.noticed("signal") == [(101, "mail", "alice", "abnormal"), (150, "mail", "alice", "recovered")]


def test_an_unshield_notice_is_the_beginning_of_an_interval():
    lines = [strategy_event(at) for at in range(0, 8000, 60)]
    out = replay(shielded(shield(0, 100)), lines, until=8000)
    assert kinds(out) == [(0, "normal", "skipped"), (101, "unshielded", "success"), (7301, "normal", "success")]


def test_a_strategy_that_does_not_tell_abnormal_has_no_unshield_notice():
    strategies = [{"id": 1, "name": "CPU", "notice": {"signal": ["recovered"], "user_groups": ["ops"]}}]
    assert replay(shielded(shield(), strategies=strategies), [strategy_event(0)], until=200).actions == []


def test_the_unshield_notice_of_a_no_data_alert_has_the_signal_of_its_status():
    tags = [{"key": "__NO_DATA_DIMENSION__", "value": True}]
    out = replay(shielded(shield()), [strategy_event(0, tags=tags)], until=200)
    assert [(one["signal"], one["notice_type"]) for one in out.signals] == [
        ("no_data", "normal"),
        ("abnormal", "unshielded"),
    ]
    assert out.noticed("signal") == [(101, "mail", "alice", "abnormal")]


def test_an_acked_alert_has_no_unshield_notice():
    rules = shielded(shield())
    alert_id = replay(rules, [strategy_event(0)]).alert["id"]
    out = replay(rules, [strategy_event(0), command(10, "ack", alert_id=alert_id)], until=200)
    assert (out.notices, len(out.signals)) == ([], 1)


def watched(check_window=30):
    strategy = {
        **RULES["strategies"][0],
        "items": [{"id": 1, "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}],
        "detects": [
            {
                "level": 2,
                "trigger_config": {"count": 1, "check_window": 1},
                "recovery_config": {"check_window": check_window},
            }
        ],
    }
    return shielded(shield(0, 200), strategies=[strategy])


def test_a_recovering_alert_keeps_the_unshield_notice_back():
    lines = [strategy_event(0), check(60, anomaly=False, level=2), check(120, anomaly=False, level=2), tick(400)]
    out = replay(watched(), lines)
    assert out.alert["extra_info"]["ignore_unshield_notice"] is True
    assert "need_unshield_notice" not in out.alert["extra_info"]
    assert out.notices == []
    assert "unshield_withheld" in [entry["reason"] for entry in out.logs]


def test_a_recovery_that_is_aborted_lets_the_unshield_notice_go_once():
    lines = [
        strategy_event(0),
        *(check(at, anomaly=False, level=2) for at in (60, 120, 180, 240)),
        check(300, anomaly=True, level=2),
        check(360, anomaly=False, level=2),
        check(420, anomaly=True, level=2),
    ]
    out = replay(watched(), lines)
    assert out.noticed("notice_type") == [(300, "mail", "alice", "unshielded")]
    assert not out.alert["extra_info"].get("ignore_unshield_notice")
    assert not out.alert["extra_info"].get("need_unshield_notice")


def test_a_recovering_alert_that_recovers_has_no_unshield_notice():
    lines = [strategy_event(0), *(check(at, anomaly=False, level=2) for at in range(60, 600, 60))]
    out = replay(watched(check_window=5), lines)
    assert out.alert["status"] == "RECOVERED"
    assert [one["notice_type"] for one in out.notices] == ["normal"]


# --- what else a shield keeps back


def deeds(**push):
    actions = [
        {"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}},
        {
            "id": 12,
            "signal": ["abnormal"],
            "plugin_type": "message_queue",
            "config": {"dsn": "redis://127.0.0.1/0/key", **push},
        },
    ]
    return [{**RULES["strategies"][0], "actions": actions}]


@pytest.mark.parametrize(
    ("push", "status"), [({}, "success"), ({"push_shielded": True}, "success"), ({"push_shielded": False}, "shield")]
)
def test_a_shielded_webhook_has_status_shield_and_a_push_if_it_asks_for_it(push, status):
    out = replay(shielded(shield(), strategies=deeds(**push)), [strategy_event(0)])
    assert [(one["relation_id"], one["status"]) for one in out.actions] == [
        ("11", "shield"),
        ("12", status),
        ("notice", "skipped"),
    ]


def test_the_global_switch_shields_everything():
    out = replay(RULES, [strategy_event(0)], settings={"global_shield": True}, until=9000)
    assert (out.alert["is_shielded"], out.alert["shield_id"], out.alert["shield_left_time"]) == (True, [], 0)
    assert (out.actions[0]["reason"], out.notices) == ("shielded_globally", [])


@pytest.mark.parametrize(("state", "quiet"), [("", False), ("no_notice", True), ("no_monitoring", True)])
def test_the_state_of_its_host_shields_an_alert(state, quiet):
    hosts = [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0, "state": state}]
    out = replay({**RULES, "hosts": hosts}, [strategy_event(0)])
    assert out.alert["is_shielded"] is quiet
    assert bool(out.notices) is not quiet


def test_a_host_that_may_speak_again_is_felt_within_the_check_interval():
    host = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0, "state": "no_notice"}
    out = replay({**RULES, "hosts": [host]}, [strategy_event(0), put(100, hosts=[{**host, "state": ""}])], until=200)
    (notice,) = out.notices
    assert 100 < notice["time"] - T0 <= 160


# --- cycles


def daily(begin, end, **cycle):
    return shield(0, 10 * 86400, cycle_config={"type": 2, "begin_time": begin, "end_time": end, **cycle})


# T0 is a Tuesday, 22:13:20 UTC
@pytest.mark.parametrize(
    ("begin", "end", "quiet"),
    [
        ("22:13:20", "22:13:20", True),
        ("22:13:21", "22:30:00", False),
        ("22:00:00", "22:13:19", False),
        ("23:00:00", "22:13:20", True),
        ("23:00:00", "22:13:19", False),
        ("22:00", "22:13", True),
        ("23:00", "22:13", True),
        ("22:00", "22:12", False),
        ("22:00", "22:13:00", False),
    ],
)
def test_a_daily_shield_holds_from_second_to_second(begin, end, quiet):
    assert replay(shielded(daily(begin, end)), [strategy_event(0)]).alert["is_shielded"] is quiet


def test_the_end_of_a_daily_shield_without_seconds_holds_through_its_minute():
    rules = shielded(daily("22:00", "22:14"))
    out = replay(rules, [strategy_event(0)], until=200)
    assert out.told("SHIELD")[0]["description"] == "shield 1, 99 s left"
    assert [entry["time"] - T0 for entry in out.told("UNSHIELD")] == [100]


def test_a_daily_shield_is_of_the_zone_of_the_business():
    rules = shielded(
        daily("06:00:00", "07:00:00"), businesses=[{"id": 0, "name": "zero", "time_zone": "Asia/Shanghai"}]
    )
    assert replay(rules, [strategy_event(0)]).alert["is_shielded"] is True


def test_a_weekly_shield_past_midnight_belongs_to_the_day_it_began():
    config = {"type": 3, "begin_time": "22:00:00", "end_time": "02:00:00", "week_list": [2]}
    rules = shielded(shield(0, 10 * 86400, cycle_config=config))
    midnight = 6400
    after = [strategy_event(midnight + 3600)]
    assert replay(rules, after).alert["is_shielded"] is True
    assert replay(rules, [strategy_event(midnight + 7201)]).alert["is_shielded"] is False
    assert replay(rules, [strategy_event(midnight + 86400 + 3600)]).alert["is_shielded"] is False


def test_every_round_of_a_daily_shield_is_quiet_and_ends_with_a_notice():
    rules = shielded(daily("22:00:00", "22:29:59"))
    out = replay(rules, [strategy_event(at) for at in range(0, 90000, 3600)], until=90000)
    assert out.told("SHIELD")[1]["time"] - T0 == 86400 - 800
    assert [entry["time"] - T0 for entry in out.told("UNSHIELD")] == [1000, 87400]


# --- commands and rules


def test_a_shield_by_command_acts_at_once():
    lines = [strategy_event(0), command(50, "shield", shield=shield(0, 100)), strategy_event(60, "RECOVERED")]
    out = replay(RULES, lines)
    assert out.told("SHIELD")[0]["time"] - T0 == 50
    assert kinds(out) == [(0, "normal", "success"), (60, "normal", "success")]


def test_an_unshield_by_command_acts_at_once():
    out = replay(shielded(shield(0, 1000)), [strategy_event(0), command(50, "unshield", id=1)])
    assert out.told("UNSHIELD")[0]["time"] - T0 == 50
    assert kinds(out) == [(0, "normal", "skipped"), (50, "unshielded", "success")]


def test_a_shield_by_command_may_be_ended_by_command():
    lines = [
        command(0, "shield", shield=shield(0, 1000)),
        strategy_event(10),
        command(50, "unshield", id=1),
        strategy_event(60, "RECOVERED"),
    ]
    out = replay(RULES, lines, until=300)
    assert kinds(out) == [(10, "normal", "skipped"), (50, "unshielded", "success"), (60, "normal", "success")]


def test_a_shield_by_command_may_be_replaced_by_command_and_by_rules():
    lines = [
        command(0, "shield", shield=shield(0, 1000)),
        command(1, "shield", shield=shield(0, 2000)),
        strategy_event(10),
        put(20, shields=[shield(0, 100)]),
    ]
    out = replay(RULES, lines, until=300)
    assert [one["time"] - T0 for one in out.notices] == [101]


def test_a_shield_by_command_may_be_ended_by_rules():
    lines = [command(0, "shield", shield=shield(0, 1000)), strategy_event(10), delete(50, shields=[1])]
    (notice,) = replay(RULES, lines, until=300).notices
    assert 50 < notice["time"] - T0 <= 110


def test_an_unknown_shield_cannot_be_ended():
    assert replay(RULES, [command(0, "unshield", id=9)]).refused() == [("1", "unknown_shield")]


def test_a_shield_that_is_no_shield_is_refused():
    assert replay(RULES, [command(0, "shield", shield={"id": 1, "nonsense": 1})]).refused() == [("1", "invalid_rules")]


def test_a_shield_by_command_outlives_a_change_of_rules():
    lines = [
        command(0, "shield", shield=shield(0, 1000)),
        put(5, businesses=[{"id": 3, "name": "three"}]),
        strategy_event(10),
    ]
    assert replay(RULES, lines).alert["is_shielded"] is True


@pytest.mark.parametrize("interval", [60, 10])
def test_a_shield_by_rules_is_felt_within_the_check_interval(interval):
    out = replay(
        RULES,
        [strategy_event(0), put(100, shields=[shield(0, 1000)])],
        until=300,
        settings={"check_interval": interval},
    )
    (entry,) = out.told("SHIELD")
    assert 100 < entry["time"] - T0 <= 100 + interval


def test_ack_duration_ends_with_a_shield():
    assert replay(shielded(shield(100, 200)), [strategy_event(0)], until=500).alert["ack_duration"] == 100


@settings(max_examples=40)
@given(
    begin=st.integers(-20, 120),
    length=st.integers(0, 60),
    times=st.lists(st.integers(0, 200), min_size=1, max_size=8, unique=True),
)
def test_a_shield_mutes_exactly_the_signals_inside_it(begin, length, times):
    end = begin + length
    lines = [strategy_event(at, target=f"10.0.1.{at}") for at in sorted(times)]
    out = replay(
        shielded(shield(begin, end)), lines, until=300, settings={"converge": {"delay": 0, "business_threshold": 99}}
    )
    told = {one["time"] - T0 for one in out.notices if one["notice_type"] == "normal"}
    assert told == {at for at in times if not begin <= at <= end}
    late = [one for one in out.actions if one["notice_type"] == "unshielded"]
    assert len(late) == sum(begin <= at <= end for at in times)
    assert {one["time"] - T0 for one in late} <= {end + 1}
