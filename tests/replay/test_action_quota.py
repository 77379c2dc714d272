"""Flow control of actions and circuit breaking (spec/notices.md 11.4, 11.5; spec/lifecycle.md 8.3, 8.4; design.md 7.21, 7.30)."""

import pytest

from tests.replay.driver import RULES, T0, command, delete, put, replay, strategy_event

ONE = {"quota": {"action": {"threshold": 1, "window": 60}}}
HOSTS = [f"10.0.0.{number}" for number in range(1, 6)]


def on(host, at=0, status="ABNORMAL", **fields):
    return strategy_event(at, status, event_id=f"{host}-{status}-{at}", target=host, **fields)


def alert_of(out, host):
    return next(alert for alert in out.alerts if alert["event"]["target"].startswith(host))


def acts(out):
    """Rows (second, host, signal) of the actions."""
    hosts = {alert["id"]: alert["event"]["target"].split("|")[0] for alert in out.alerts}
    return [(one["time"] - T0, hosts[one["alert_ids"][0]], one["signal"]) for one in out.actions]


def test_what_is_over_the_quota_signals_but_acts_only_when_the_window_ends():
    out = replay(RULES, [on(HOSTS[0]), on(HOSTS[1])], until=60, settings=ONE)
    assert out.signalled() == [(0, "abnormal"), (0, "abnormal")]
    assert acts(out) == [(0, HOSTS[0], "abnormal"), (60, HOSTS[1], "abnormal")]


@pytest.mark.parametrize(("until", "count"), [(59, 1), (60, 2)])
def test_the_retry_comes_in_the_second_in_which_the_window_ends(until, count):
    assert len(replay(RULES, [on(HOSTS[0]), on(HOSTS[1])], until=until, settings=ONE).actions) == count


def test_the_quota_lets_its_threshold_pass():
    settings = {"quota": {"action": {"threshold": 3}}}
    out = replay(RULES, [on(host) for host in HOSTS], until=60, settings=settings)
    assert [time for time, *_ in acts(out)] == [0, 0, 0, 60, 60]


def test_what_is_over_the_next_window_too_waits_for_the_one_after():
    out = replay(RULES, [on(host) for host in HOSTS[:3]], until=200, settings=ONE)
    assert sorted(time for time, *_ in acts(out)) == [0, 60, 120]


def test_a_threshold_of_zero_is_no_quota():
    out = replay(RULES, [on(host) for host in HOSTS], settings={"quota": {"action": {"threshold": 0}}})
    assert len(out.actions) == 5


def test_the_default_quota_is_a_hundred_a_minute():
    out = replay(RULES, [on(f"10.1.{n // 100}.{n % 100}") for n in range(102)], until=59)
    assert len(out.actions) == 100


@pytest.mark.parametrize("at", [59, 60])
def test_the_window_is_fixed_and_begins_with_its_first_signal(at):
    out = replay(RULES, [on(HOSTS[0]), on(HOSTS[1], at)], settings=ONE)
    assert len(out.actions) == (1 if at < 60 else 2)


def test_severities_signals_and_strategies_count_apart():
    rules = {
        **RULES,
        "strategies": [*RULES["strategies"], {"id": 2, "name": "Disk", "notice": {"user_groups": ["ops"]}}],
    }
    lines = [on(HOSTS[0]), on(HOSTS[1], severity=1), on(HOSTS[2], strategy_id=2), on(HOSTS[0], 1, "RECOVERED")]
    assert len(replay(rules, lines, settings=ONE).actions) == 4


def test_a_signal_over_the_quota_is_one_entry_in_the_log_and_no_action():
    out = replay(RULES, [on(HOSTS[0]), on(HOSTS[1])], settings=ONE)
    (entry,) = [entry for entry in out.logs if entry["reason"] == "action_quota"]
    assert (entry["op_type"], entry["alert_id"]) == ("ACTION", alert_of(out, HOSTS[1])["id"])
    assert entry["description"] == "signal abnormal: 2 in 60 s; 1 are let through"
    assert alert_of(out, HOSTS[1])["is_handled"] is False


def test_a_retry_is_not_a_second_signal():
    out = replay(RULES, [on(HOSTS[0]), on(HOSTS[1])], until=600, settings=ONE)
    assert len(out.signals) == 2
    assert len(out.actions) == 2


def test_an_alert_that_changed_its_state_is_not_told_of_the_old_one():
    lines = [on(HOSTS[0]), on(HOSTS[1]), on(HOSTS[1], 30, "RECOVERED")]
    out = replay(RULES, lines, until=600, settings=ONE)
    assert acts(out) == [(0, HOSTS[0], "abnormal"), (30, HOSTS[1], "recovered")]


def test_an_end_that_the_quota_swallowed_is_told_when_its_window_ends():
    lines = [on(HOSTS[0]), on(HOSTS[1], 60), on(HOSTS[0], 70, "RECOVERED"), on(HOSTS[1], 80, "RECOVERED")]
    out = replay(RULES, lines, until=600, settings=ONE)
    assert acts(out)[2:] == [(70, HOSTS[0], "recovered"), (130, HOSTS[1], "recovered")]
    assert len([one for one in out.signals if one["signal"] == "recovered"]) == 2


def test_an_end_that_the_quota_swallowed_outlives_the_retention_of_its_alert():
    lines = [on(HOSTS[0]), on(HOSTS[1], 60), on(HOSTS[0], 70, "RECOVERED"), on(HOSTS[1], 80, "RECOVERED")]
    out = replay(RULES, lines, until=600, settings={**ONE, "ended_retention": 0})
    assert acts(out)[2:] == [(70, HOSTS[0], "recovered"), (130, HOSTS[1], "recovered")]


def test_an_end_that_the_quota_swallowed_is_forgotten_when_the_alert_opens_again():
    lines = [
        on(HOSTS[0]), on(HOSTS[1], 60), on(HOSTS[0], 70, "RECOVERED"), on(HOSTS[1], 80, "RECOVERED"), on(HOSTS[1], 120),
    ]  # fmt: skip
    assert acts(replay(RULES, lines, until=600, settings=ONE))[2:] == [
        (70, HOSTS[0], "recovered"),
        (120, HOSTS[1], "abnormal"),
    ]


def test_an_ack_that_the_quota_swallowed_is_told_when_its_window_ends():
    rules = {**RULES, "strategies": [{"id": 1, "name": "CPU", "notice": {"signal": ["ack"], "user_groups": ["ops"]}}]}
    opened = [on(HOSTS[0]), on(HOSTS[1])]
    ids = [alert["id"] for alert in replay(rules, opened).alerts]
    lines = [*opened, *(command(10, "ack", alert_id=name) for name in ids)]
    out = replay(rules, lines, until=600, settings=ONE)
    assert [(one["time"] - T0, one["signal"]) for one in out.actions] == [(10, "ack"), (70, "ack")]
    assert [alert["is_ack_noticed"] for alert in out.alerts] == [True, True]


def test_an_unshield_notice_that_the_quota_swallowed_is_told_when_its_window_ends():
    shield = {"id": 1, "begin_time": T0, "end_time": T0 + 299, "dimension_config": {"strategy_id": [1]}}
    rules = {**RULES, "shields": [shield]}
    out = replay(
        rules, [on(HOSTS[0]), on(HOSTS[1])], until=600, settings={"quota": {"action": {"threshold": 1, "window": 60}}}
    )
    unshielded = [(one["time"] - T0, one["notice_type"]) for one in out.signals if one["notice_type"] == "unshielded"]
    assert unshielded == [(300, "unshielded")] * 2
    assert [time for time, *_ in out.noticed()] == [300, 360]
    assert {notice["notice_type"] for notice in out.notices} == {"unshielded"}


def test_repeats_are_not_under_the_quota():
    rules = {
        **RULES,
        "strategies": [
            {"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"], "config": {"notify_interval": 600}}}
        ],
    }
    lines = [line for at in (0, 60, 120, 599) for line in (on(HOSTS[0], at), on(HOSTS[1], at))]
    out = replay(rules, lines, until=720, settings=ONE)
    assert [row[0] for row in acts(out)] == [0, 60, 600, 660]
    assert len([entry for entry in out.logs if entry["reason"] == "action_quota"]) == 1


# --- circuit breaking


def broken(*conditions):
    rule = {
        "id": 7,
        "module": "action",
        "conditions": [{"key": key, "method": "eq", "value": [value]} for key, value in conditions],
    }
    strategy = {
        "id": 1,
        "name": "CPU",
        "notice": {"user_groups": ["ops"]},
        "actions": [{"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}}],
    }
    return {**RULES, "strategies": [strategy], "circuit_breaking": [rule]}


@pytest.mark.parametrize(
    ("conditions", "statuses"),
    [
        ([("strategy_id", "1")], {"11": "blocked", "notice": "blocked"}),
        ([("strategy_id", "2")], {"11": "success", "notice": "success"}),
        ([("plugin_type", "notice")], {"11": "success", "notice": "blocked"}),
        ([("plugin_type", "webhook")], {"11": "blocked", "notice": "success"}),
        ([("strategy_id", "1"), ("bk_biz_id", "0")], {"11": "blocked", "notice": "blocked"}),
    ],
)
def test_circuit_breaking_blocks_actions(conditions, statuses):
    out = replay(broken(*conditions), [strategy_event(0)])
    assert {one["relation_id"]: one["status"] for one in out.actions} == statuses
    assert bool(out.notices) == (statuses["notice"] == "success")


def test_a_blocked_action_says_why():
    out = replay(broken(("strategy_id", "1")), [strategy_event(0)])
    assert {one["reason"] for one in out.actions} == {"circuit_breaking"}
    assert out.signalled() == [(0, "abnormal")]


def test_circuit_breaking_that_is_lifted_lets_the_next_signal_pass():
    lines = [strategy_event(0), delete(10, circuit_breaking=[7]), strategy_event(60, "RECOVERED")]
    out = replay(broken(("plugin_type", "notice")), lines)
    assert out.noticed("signal") == [(60, "mail", "alice", "recovered")]


def test_an_alert_that_circuit_breaking_closes_signals_nothing():
    rule = {"id": 7, "module": "alert.manager", "conditions": [{"key": "strategy_id", "method": "eq", "value": ["1"]}]}
    out = replay(RULES, [strategy_event(0), put(10, circuit_breaking=[rule])], until=100)
    assert out.signalled() == [(0, "abnormal")]
    assert out.alert["status"] == "CLOSED"
