"""Signals: one for each transition of an alert, and what stops them (spec/lifecycle.md 2.11; design.md 7.5, 7.17, 7.19, 7.31)."""

import pytest

from tests.replay.driver import RULES, T0, check, command, event, put, replay, strategy_event, tick

NO_DATA = [{"key": "__NO_DATA_DIMENSION__", "value": True}]
THIRD_PARTY = {
    "dispatch": [
        {
            "id": 1,
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "alert.name", "method": "eq", "value": ["CPU usage"]}],
                    "user_groups": ["ops"],
                    "actions": [{"action_type": "notice"}],
                }
            ],
        }
    ],
    "user_groups": RULES["user_groups"],
}


@pytest.mark.parametrize(("status", "signal"), [("RECOVERED", "recovered"), ("CLOSED", "closed")])
def test_an_alert_signals_its_opening_and_its_end(status, signal):
    out = replay(RULES, [strategy_event(0), strategy_event(30, status)])
    assert out.signalled() == [(0, "abnormal"), (30, signal)]
    assert out.noticed("signal") == [(0, "mail", "alice", "abnormal"), (30, "mail", "alice", signal)]


def test_an_alert_that_lives_no_second_still_signals_twice():
    out = replay(RULES, [strategy_event(0), strategy_event(0, "RECOVERED", event_id="r")])
    assert out.signalled() == [(0, "abnormal"), (0, "recovered")]


def test_a_signal_names_alert_strategy_type_and_severity():
    out = replay(RULES, [strategy_event(0)])
    assert out.signals == [
        {
            "time": T0,
            "alert_id": out.alert["id"],
            "strategy_id": "1",
            "signal": "abnormal",
            "notice_type": "normal",
            "severity": 2,
        }
    ]


def test_repeated_events_signal_nothing():
    out = replay(RULES, [strategy_event(at) for at in range(0, 600, 60)])
    assert out.signalled() == [(0, "abnormal")]


def test_a_series_that_stops_signals_no_data_and_recovers_in_silence():
    lines = [
        strategy_event(0, tags=NO_DATA, dedupe_keys=["tags.__NO_DATA_DIMENSION__"]),
        strategy_event(60, "RECOVERED", tags=NO_DATA, dedupe_keys=["tags.__NO_DATA_DIMENSION__"]),
    ]
    out = replay(RULES, lines)
    assert out.signalled() == [(0, "no_data"), (60, "recovered")]
    assert out.noticed("signal") == [(0, "mail", "alice", "no_data")]
    assert [action["signal"] for action in out.actions] == ["no_data"]


def test_an_end_of_a_no_data_alert_is_pushed_to_queues_alone():
    rules = {
        **RULES,
        "strategies": [
            {
                "id": 1,
                "name": "CPU",
                "notice": {"user_groups": ["ops"]},
                "actions": [
                    {"id": 11, "signal": ["recovered"], "config": {"url": "http://127.0.0.1/"}},
                    {
                        "id": 12,
                        "signal": ["recovered"],
                        "plugin_type": "message_queue",
                        "config": {"dsn": "redis://127.0.0.1/0/key"},
                    },
                ],
            }
        ],
    }
    lines = [strategy_event(0, tags=NO_DATA), strategy_event(60, "RECOVERED", tags=NO_DATA)]
    out = replay(rules, lines)
    assert [action["relation_id"] for action in out.actions if action["signal"] == "recovered"] == ["12"]


def test_a_severity_rise_signals_both_ends_and_tells_people_the_opening_only():
    out = replay(RULES, [strategy_event(0), strategy_event(30, severity=1)])
    old, new = (alert["id"] for alert in out.alerts)
    assert [(one["time"] - T0, one["alert_id"], one["signal"], one["severity"]) for one in out.signals] == [
        (0, old, "abnormal", 2),
        (30, old, "closed", 2),
        (30, new, "abnormal", 1),
    ]
    assert [(one["time"] - T0, one["alert_ids"], one["signal"]) for one in out.notices] == [
        (0, [old], "abnormal"),
        (30, [new], "abnormal"),
    ]


def test_a_severity_rise_tells_machines_both_ends():
    rules = {
        **RULES,
        "strategies": [
            {
                "id": 1,
                "name": "CPU",
                "notice": {"user_groups": ["ops"]},
                "actions": [
                    {
                        "id": 12,
                        "signal": ["abnormal", "closed"],
                        "plugin_type": "message_queue",
                        "config": {"dsn": "redis://127.0.0.1/0/key"},
                    }
                ],
            }
        ],
    }
    out = replay(rules, [strategy_event(0), strategy_event(30, severity=1)])
    pushes = [(one["time"] - T0, one["signal"]) for one in out.actions if one["plugin_type"] == "message_queue"]
    assert pushes == [(0, "abnormal"), (30, "closed"), (30, "abnormal")]


def test_severity_may_rise_again_and_again():
    out = replay(RULES, [strategy_event(0, severity=3), strategy_event(1, severity=2), strategy_event(2, severity=1)])
    assert out.signalled() == [(0, "abnormal"), (1, "closed"), (1, "abnormal"), (2, "closed"), (2, "abnormal")]
    assert [one["time"] - T0 for one in out.notices] == [0, 1, 2]


def test_a_milder_event_signals_nothing():
    assert replay(RULES, [strategy_event(0), strategy_event(30, severity=3)]).signalled() == [(0, "abnormal")]


def test_an_operator_who_closes_an_alert_makes_it_signal():
    first = replay(RULES, [strategy_event(0)]).alert
    out = replay(RULES, [strategy_event(0), command(30, "close", alert_id=first["id"])])
    assert out.signalled() == [(0, "abnormal"), (30, "closed")]
    assert out.noticed("signal")[-1] == (30, "mail", "alice", "closed")


@pytest.mark.parametrize(
    ("signals", "told"),
    [
        (["abnormal"], ["abnormal"]),
        (["recovered"], ["recovered"]),
        ([], []),
        (["no_data", "closed"], []),
        (["abnormal", "recovered"], ["abnormal", "recovered"]),
    ],
)
def test_only_signals_that_the_notice_lists_are_told(signals, told):
    rules = {**RULES, "strategies": [{"id": 1, "name": "CPU", "notice": {"signal": signals, "user_groups": ["ops"]}}]}
    out = replay(rules, [strategy_event(0), strategy_event(60, "RECOVERED")])
    assert out.signalled() == [(0, "abnormal"), (60, "recovered")]
    assert [one["signal"] for one in out.notices] == told
    assert [one["signal"] for one in out.actions] == told
    unwanted = [entry for entry in out.logs if entry["reason"] == "signal_not_wanted"]
    assert len(unwanted) == 2 - len(told)


def test_a_strategy_without_notice_signals_and_tells_nobody():
    out = replay({"strategies": [{"id": 1, "name": "CPU"}]}, [strategy_event(0)])
    assert (out.signalled(), out.actions, out.notices) == ([(0, "abnormal")], [], [])
    assert out.alert["is_handled"] is False


# --- third-party alerts


def test_a_third_party_alert_without_a_dispatch_rule_signals_nothing():
    out = replay({"user_groups": RULES["user_groups"]}, [event(0), event(60, "RECOVERED")])
    assert (out.signals, out.actions, out.notices) == ([], [], [])


@pytest.mark.parametrize(("status", "signal"), [("RECOVERED", "recovered"), ("CLOSED", "closed")])
def test_a_third_party_alert_that_a_dispatch_rule_matches_is_told_to_its_groups(status, signal):
    out = replay(THIRD_PARTY, [event(0), event(60, status)])
    assert out.signalled() == [(0, "abnormal"), (60, signal)]
    assert out.noticed("signal") == [(0, "mail", "alice", "abnormal"), (60, "mail", "alice", signal)]
    assert {action["relation_id"] for action in out.actions} == {"notice"}
    assert {action["strategy_id"] for action in out.actions} == {""}


def test_a_third_party_alert_that_times_out_signals_closed():
    out = replay(THIRD_PARTY, [event(0)], until=3600)
    assert out.signalled() == [(0, "abnormal"), (3600, "closed")]


def third_party_repeats(settings=None, *, until=2 * 86400 + 10):
    lines = [event(at) for at in range(0, until, 1800)]
    return [time for time, *_ in replay(THIRD_PARTY, lines, settings=settings).noticed()]


def test_a_third_party_notice_repeats_daily():
    assert third_party_repeats() == [0, 86400, 2 * 86400]


def test_setting_default_notice_says_how_third_party_notices_repeat():
    settings = {"default_notice": {"config": {"notify_interval": 3600}}}
    assert third_party_repeats(settings, until=7300) == [0, 3600, 7200]


def test_a_part_of_default_notice_keeps_the_daily_interval():
    settings = {"default_notice": {"signal": ["abnormal"], "config": {"voice_notice": "serial"}}}
    assert third_party_repeats(settings) == [0, 86400, 2 * 86400]


def test_setting_default_notice_says_which_signals_are_told():
    settings = {"default_notice": {"signal": ["recovered"]}}
    out = replay(THIRD_PARTY, [event(0), event(60, "RECOVERED")], settings=settings)
    assert out.signalled() == [(0, "abnormal"), (60, "recovered")]
    assert [one["signal"] for one in out.notices] == ["recovered"]


def test_a_third_party_alert_is_dispatched_by_the_rules_in_force_when_it_ends():
    rules = {"user_groups": [*RULES["user_groups"], {"id": "db", "name": "DB", "users": ["dave"], "ways": ["mail"]}]}
    group = THIRD_PARTY["dispatch"][0]
    to_db = {**group, "rules": [{**group["rules"][0], "user_groups": ["db"]}]}
    lines = [event(0), put(30, dispatch=[to_db]), event(60, "RECOVERED")]
    out = replay({**rules, "dispatch": [group]}, lines)
    assert out.noticed("signal") == [(0, "mail", "alice", "abnormal"), (60, "mail", "dave,alice", "recovered")]


# --- acknowledgement


def with_ack():
    return {
        **RULES,
        "strategies": [
            {"id": 1, "name": "CPU", "notice": {"signal": ["abnormal", "recovered", "ack"], "user_groups": ["ops"]}}
        ],
    }


def acked(rules, *lines, until=None, **kwargs):
    opened = strategy_event(0)
    alert_id = replay(rules, [opened]).alert["id"]
    return replay(rules, [opened, command(10, "ack", alert_id=alert_id), *lines], until, **kwargs)


def test_the_signal_of_an_ack_stands_at_the_command():
    out = acked(with_ack(), tick(300))
    assert out.signalled() == [(0, "abnormal"), (10, "ack")]
    assert out.noticed("signal")[-1] == (10, "mail", "alice", "ack")
    assert (out.alert["is_ack"], out.alert["ack_operator"], out.alert["is_ack_noticed"]) == (True, "bob", True)


def test_an_ack_that_the_notice_does_not_list_signals_nothing():
    out = acked(RULES, tick(300))
    assert out.signalled() == [(0, "abnormal")]
    assert out.alert["is_ack_noticed"] is False


@pytest.mark.parametrize(("status", "signal"), [("RECOVERED", "recovered"), ("CLOSED", "closed")])
def test_an_ack_mutes_the_end_of_its_alert(status, signal):
    out = acked(RULES, strategy_event(60, status))
    assert out.signalled()[-1] == (60, signal)
    assert [one["signal"] for one in out.actions] == ["abnormal"]
    assert out.told()[-1]["reason"] == "signal_muted_by_ack"


def test_an_ack_does_not_mute_queue_pushes():
    rules = {
        **RULES,
        "strategies": [
            {
                "id": 1,
                "name": "CPU",
                "notice": {"user_groups": ["ops"]},
                "actions": [
                    {"id": 11, "signal": ["recovered"], "config": {"url": "http://127.0.0.1/"}},
                    {
                        "id": 12,
                        "signal": ["recovered"],
                        "plugin_type": "message_queue",
                        "config": {"dsn": "redis://127.0.0.1/0/key"},
                    },
                ],
            }
        ],
    }
    out = acked(rules, strategy_event(60, "RECOVERED"))
    assert [one["relation_id"] for one in out.actions] == ["notice", "12"]


def test_an_ack_that_mutes_a_webhook_is_in_the_log():
    action = {"id": 11, "signal": ["recovered"], "config": {"url": "http://127.0.0.1/"}}
    out = acked({"strategies": [{"id": 1, "name": "CPU", "actions": [action]}]}, strategy_event(60, "RECOVERED"))
    assert out.actions == []
    assert [(entry["reason"], entry["description"]) for entry in out.told("ACTION")] == [
        ("signal_muted_by_ack", "signal recovered: no webhook")
    ]


def test_an_ack_stops_repeats_but_not_the_alert():
    out = acked(RULES, *(strategy_event(at) for at in range(60, 9000, 60)))
    assert [time for time, *_ in out.noticed()] == [0]
    assert out.alert["status"] == "ABNORMAL"


def test_a_worse_alert_after_an_ack_is_told():
    out = acked(RULES, strategy_event(60, severity=1))
    assert out.noticed("signal") == [(0, "mail", "alice", "abnormal"), (60, "mail", "alice", "abnormal")]
    assert [alert["is_ack"] for alert in out.alerts] == [True, False]


def test_an_assigned_alert_keeps_its_appointees():
    alert_id = replay(RULES, [strategy_event(0)]).alert["id"]
    repeats = [strategy_event(at) for at in range(60, 7260, 60)]
    out = replay(RULES, [strategy_event(0), command(10, "assign", alert_id=alert_id, appointee=["carol"]), *repeats])
    assert [time for time, *_ in out.noticed()] == [0, 7200]
    assert (out.alert["appointee"], out.alert["assignee"]) == (["carol"], ["alice"])


def test_the_first_notice_appoints_those_it_tells():
    assert replay(RULES, [strategy_event(0)]).alert["appointee"] == ["alice"]


def test_checks_alone_signal_nothing():
    assert replay(RULES, [check(0, anomaly=True, level=2)]).signals == []
