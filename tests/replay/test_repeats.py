"""Repeat notices (spec/notices.md 3; spec/lifecycle.md 4.14; design.md 7.9, 7.15, 7.23)."""

import pytest

from tests.replay.driver import RULES, T0, check, command, event, put, replay, strategy_event

NO_DATA = [{"key": "__NO_DATA_DIMENSION__", "value": True}]


def repeating(items=None, **config):
    notice = {"user_groups": ["ops"], "config": {"notify_interval": 600, **config}}
    return {**RULES, "strategies": [{"id": 1, "name": "CPU", "notice": notice, **({"items": items} if items else {})}]}


def every(step, until, **fields):
    return [strategy_event(at, **fields) for at in range(0, until, step)]


def times(out):
    return [time for time, *_ in out.noticed()]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("standard", [0, 600, 1200, 1800, 2400, 3000, 3600, 4200, 4800]),
        ("increasing", [0, 600, 1800, 4200]),
        ("linear", [0, 1200, 3000]),
    ],
)
def test_the_mode_decides_the_intervals(mode, expected):
    out = replay(repeating(interval_notify_mode=mode), every(60, 5400), until=5399)
    assert times(out) == expected
    assert [action["execute_times"] for action in out.actions] == list(range(1, len(expected) + 1))


def test_a_notice_repeats_every_two_hours_by_default():
    assert times(replay(RULES, every(600, 15000))) == [0, 7200, 14400]


@pytest.mark.parametrize(("until", "count"), [(599, 1), (600, 2), (601, 2)])
def test_a_repeat_is_planned_in_the_second_it_is_due(until, count):
    out = replay(repeating(), [strategy_event(0), strategy_event(10)], until=until)
    assert len(out.notices) == count


@pytest.mark.parametrize("config", [{"need_poll": False}, {"notify_interval": 0}])
def test_a_notice_may_never_repeat(config):
    assert times(replay(repeating(**config), every(60, 9000))) == [0]


def test_without_a_newer_anomaly_nothing_repeats():
    assert times(replay(repeating(), [strategy_event(0)], until=6000)) == [0]


def test_a_repeat_that_is_due_waits_for_the_next_newer_event():
    lines = [strategy_event(0), strategy_event(900), strategy_event(2000)]
    assert times(replay(repeating(), lines)) == [0, 900, 2000]


def test_an_event_no_newer_than_the_last_notice_brings_no_repeat():
    lines = [
        strategy_event(0),
        strategy_event(900, time=T0),
        strategy_event(901, time=T0 - 5),
        strategy_event(902, time=T0 + 1),
    ]
    assert times(replay(repeating(), lines)) == [0, 902]


def test_the_interval_counts_from_when_the_last_notice_was_planned():
    lines = [strategy_event(0), strategy_event(900), strategy_event(1000), strategy_event(1499)]
    assert times(replay(repeating(), lines, until=3000)) == [0, 900, 1500]


def test_a_repeat_has_the_signal_of_the_first_notice_and_is_no_signal():
    out = replay(repeating(), every(60, 700))
    assert {(one["signal"], one["notice_type"]) for one in out.notices} == {("abnormal", "normal")}
    assert out.signalled() == [(0, "abnormal")]
    assert [entry["reason"] for entry in out.told("ACTION")] == ["planned", "repeat_planned"]


def test_a_no_data_alert_repeats_as_no_data():
    out = replay(repeating(), every(60, 700, tags=NO_DATA))
    assert [(one["time"] - T0, one["signal"]) for one in out.actions] == [(0, "no_data"), (600, "no_data")]


def test_a_strategy_that_no_longer_tells_abnormal_repeats_no_more():
    quiet = {
        "id": 1,
        "name": "CPU",
        "notice": {"signal": ["no_data"], "user_groups": ["ops"], "config": {"notify_interval": 600}},
    }
    out = replay(
        repeating(),
        [*every(60, 300), put(300, strategies=[quiet]), *(strategy_event(at) for at in range(360, 1300, 60))],
    )
    assert times(out) == [0]
    assert [entry["reason"] for entry in out.told("ACTION")] == ["planned"]


def test_repeats_end_with_the_alert():
    lines = [*every(60, 1000), strategy_event(1000, "RECOVERED"), strategy_event(1060)]
    out = replay(repeating(), lines, until=1700)
    assert [(time, signal) for time, _, _, signal in out.noticed("signal")] == [
        (0, "abnormal"),
        (600, "abnormal"),
        (1000, "recovered"),
        (1060, "abnormal"),
    ]


def test_the_second_alert_of_a_series_counts_its_cycles_anew():
    lines = [*every(60, 700), strategy_event(700, "RECOVERED"), strategy_event(760)]
    out = replay(repeating(), lines)
    assert [one["execute_times"] for one in out.actions] == [1, 2, 1, 1]


def test_a_longer_interval_is_felt_at_the_next_repeat():
    slow = repeating()["strategies"][0] | {"notice": {"user_groups": ["ops"], "config": {"notify_interval": 1800}}}
    out = replay(
        repeating(),
        [*every(60, 300), put(300, strategies=[slow]), *(strategy_event(at) for at in range(360, 2000, 60))],
    )
    assert times(out) == [0, 1800]


def test_a_shorter_interval_is_felt_within_the_check_interval():
    fast = repeating()["strategies"][0] | {"notice": {"user_groups": ["ops"], "config": {"notify_interval": 60}}}
    out = replay(repeating(), [strategy_event(0), strategy_event(10), put(200, strategies=[fast])], until=400)
    first, second = times(out)
    assert first == 0
    assert 200 < second <= 260


def test_repeats_stop_while_the_alert_recovers_and_go_on_when_it_does_not():
    items = [{"id": 1, "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}]
    detect = {"level": 2, "trigger_config": {"count": 1, "check_window": 1}, "recovery_config": {"check_window": 30}}
    rules = repeating(items=items)
    rules["strategies"][0]["detects"] = [detect]
    lines = [
        strategy_event(0),
        strategy_event(60),
        *(check(at, anomaly=False, level=2) for at in range(120, 900, 60)),
        strategy_event(900),
    ]
    out = replay(rules, lines)
    assert [entry["op_type"] for entry in out.logs if "RECOVER" in entry["op_type"]] == ["RECOVERING", "ABORT_RECOVER"]
    assert times(out) == [0, 900]


def test_a_webhook_repeats_only_if_it_asks_for_it():
    actions = [
        {"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}},
        {
            "id": 12,
            "signal": ["abnormal"],
            "config": {"url": "http://127.0.0.1/", "need_poll": True, "notify_interval": 300},
        },
    ]
    rules = {**RULES, "strategies": [{**RULES["strategies"][0], "actions": actions}]}
    out = replay(rules, every(60, 700))
    assert [(one["time"] - T0, one["relation_id"], one["execute_times"]) for one in out.actions] == [
        (0, "11", 1),
        (0, "12", 1),
        (0, "notice", 1),
        (300, "12", 2),
        (600, "12", 3),
    ]


WAYS = ["mail", "rtx", "sms", "voice"]


@pytest.mark.parametrize(("language", "said"), [("en", "Repeat"), ("zh", "重复通知")])
def test_a_repeat_says_that_it_is_one(language, said):
    people = [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": WAYS}]
    rules = {**repeating(), "user_groups": people}
    out = replay(rules, [strategy_event(0), strategy_event(10)], until=600, settings={"language": language})
    first, repeat = out.notices[:4], out.notices[4:]
    assert [one["way"] for one in repeat] == WAYS
    assert [said in one["content"] for one in (*first, *repeat)] == [False] * 4 + [True] * 4
    assert [said in one["title"] for one in (*first, *repeat)] == [False] * 4 + [True] * 4


def test_a_summary_is_a_repeat_only_if_all_that_it_tells_are():
    lines = [strategy_event(at, target=f"10.0.0.{n}") for at in (0, 30) for n in (1, 2, 3)]
    late = strategy_event(610, target="10.0.0.9")
    told = replay(repeating(), lines, until=700).notices[-1], replay(repeating(), [*lines, late], until=700).notices[-1]
    assert [(len(one["alert_ids"]), "[Repeat]" in one["title"]) for one in told] == [(2, True), (3, False)]
    assert ["This is a repeat: these alerts go on." in one["content"] for one in told] == [True, False]


def test_an_acked_alert_repeats_nothing():
    alert_id = replay(repeating(), [strategy_event(0)]).alert["id"]
    out = replay(repeating(), [strategy_event(0), command(1, "ack", alert_id=alert_id), *every(60, 2000)[1:]])
    assert times(out) == [0]


def test_a_repeat_that_a_shield_swallowed_counts_as_a_cycle():
    shield = {"id": 1, "begin_time": T0 + 500, "end_time": T0 + 700, "dimension_config": {"strategy_id": [1]}}
    out = replay({**repeating(), "shields": [shield]}, every(60, 1400))
    rows = [(one["time"] - T0, one["execute_times"], one["status"], one["notice_type"]) for one in out.actions]
    assert rows == [
        (0, 1, "success", "normal"),
        (600, 2, "skipped", "normal"),
        (701, 3, "success", "unshielded"),
        (1301, 4, "success", "normal"),
    ]


def test_a_third_party_alert_of_an_unmatched_rule_repeats_nothing():
    assert replay({}, [event(at) for at in range(0, 9000, 60)]).actions == []
