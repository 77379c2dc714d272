"""News that reaches nobody waits until somebody can be reached (design.md 7.47, 7.48)."""

import pytest

from tests.replay.driver import T0, command, event, put, replay, strategy_event, tick
from tests.replay.test_flapping import THIRD

FROM_22_20 = 400
"""Seconds from T0 (22:13:20) to 22:20:00."""
ALL_DAY = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}


def hours(name, user, time_range):
    ways = [{"level": level, "notice_ways": [{"name": "mail"}]} for level in (1, 2, 3)]
    return {
        "id": name,
        "name": name,
        "users": [user],
        "alert_notice": [{"time_range": time_range, "notify_config": ways}],
    }


def rules(*groups, upgrade=(), **notice):
    options = {"upgrade_config": {"is_enabled": bool(upgrade), "upgrade_interval": 30, "user_groups": list(upgrade)}}
    given = {"user_groups": ["ops"], "options": {**options, **notice.pop("options", {})}, **notice}
    strategy = {"id": 1, "name": "CPU", "notice": given}
    return {"strategies": [strategy], "user_groups": list(groups) or [hours("ops", "alice", "22:20--23:59")]}


def told(out):
    return [(one["time"] - T0, one["receivers"][0], one["signal"], one["notice_type"]) for one in out.notices]


# --- first notices


@pytest.mark.parametrize(("at", "time"), [(0, 400), (399, 400), (400, 400), (401, 401)])
def test_a_first_notice_is_told_in_the_second_in_which_somebody_can_be_reached(at, time):
    out = replay(rules(), [strategy_event(at)], until=2000)
    assert told(out) == [(time, "alice", "abnormal", "normal")]
    (action,) = out.actions
    assert (action["execute_times"], action["status"], action["time"] - T0) == (1, "success", time)


@pytest.mark.parametrize(
    "book",
    [
        rules(ALL_DAY, options={"start_time": "22:20:00"}),
        {**THIRD, "user_groups": [hours("ops", "alice", "22:20--23:59")]},
        rules({"id": "ops", "name": "Ops", "need_duty": True, "duty_rules": [1], "ways": ["mail"]})
        | {"duties": [{"id": 1, "duty_arranges": [{"duty_time": [{"work_time": ["22:20--23:59"]}], "duty_users": [["alice"]]}]}]},
    ],
    ids=["the notice's hours", "third party", "a rotation"],
)  # fmt: skip
def test_it_does_not_matter_whose_hours_begin(book):
    make = strategy_event if "strategies" in book else event
    assert told(replay(book, [make(0)], until=2000)) == [(FROM_22_20, "alice", "abnormal", "normal")]


def test_what_was_told_late_repeats_from_then_on():
    lines = [strategy_event(at) for at in range(0, 1400, 60)]
    out = replay(rules(config={"notify_interval": 300}), lines, until=1300)
    assert [at for at, *_ in told(out)] == [400, 700, 1000, 1300]
    assert "Repeat" not in out.notices[0]["title"]
    assert [action["execute_times"] for action in out.actions] == [1, 2, 3, 4]


def test_people_named_later_are_told_within_the_check_interval():
    nobody = {**ALL_DAY, "users": []}
    out = replay(rules(nobody), [strategy_event(0), put(100, user_groups=[ALL_DAY])], until=500)
    ((time, *rest),) = told(out)
    assert 100 < time <= 160
    assert rest == ["alice", "abnormal", "normal"]


@pytest.mark.parametrize("line", [strategy_event(300, "RECOVERED"), strategy_event(300, "CLOSED")])
def test_what_ended_before_is_told_to_nobody(line):
    assert told(replay(rules(), [strategy_event(0), line], until=2000)) == []


def test_what_was_acknowledged_before_is_told_to_nobody():
    fingerprint = replay(rules(), [strategy_event(0)]).alert["dedupe_md5"]
    lines = [strategy_event(0), command(100, "ack", dedupe_md5=fingerprint)]
    assert told(replay(rules(), lines, until=2000)) == []


def test_a_shield_that_ends_when_nobody_can_be_reached_is_told_later():
    shield = {"id": 1, "category": "scope", "scope_type": "biz", "begin_time": T0, "end_time": T0 + 199}
    out = replay({**rules(), "shields": [shield]}, [strategy_event(0)], until=2000)
    assert told(out) == [(FROM_22_20, "alice", "abnormal", "unshielded")]


def test_a_worse_event_meanwhile_is_what_is_told():
    out = replay(rules(), [strategy_event(0), strategy_event(100, severity=1)], until=2000)
    assert told(out) == [(FROM_22_20, "alice", "abnormal", "normal")]
    assert out.notices[0]["alert_ids"] == [out.alerts[-1]["id"]]


def test_what_noise_reduction_lets_go_outside_the_hours_it_judges_again_in_them():
    noisy = {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"], "count": 1}, "end_time": "22:14:00"}
    out = replay(rules(ALL_DAY, options={**noisy, "start_time": "22:00:00"}), [strategy_event(0)], until=90000)
    assert told(out) == [(86400 - 800 + 300, "alice", "abnormal", "normal")]


# --- ends


def test_an_end_outside_the_hours_is_told_in_the_next_ones_to_those_who_know_of_the_problem():
    book = rules(ALL_DAY, options={"start_time": "22:00:00", "end_time": "22:15:00"})
    out = replay(book, [strategy_event(0), strategy_event(1000, "RECOVERED")], until=90000)
    assert told(out) == [(0, "alice", "abnormal", "normal"), (86400 - 800, "alice", "recovered", "normal")]


def test_the_end_of_the_next_alert_stands_for_both():
    book = rules(ALL_DAY, options={"start_time": "22:00:00", "end_time": "22:15:00"})
    lines = [
        strategy_event(0),
        strategy_event(1000, "RECOVERED"),
        strategy_event(2000),
        strategy_event(3000, "RECOVERED"),
    ]
    out = replay(book, lines, until=90000)
    assert told(out) == [(0, "alice", "abnormal", "normal"), (86400 - 800, "alice", "recovered", "normal")]


# --- escalations


def steps(out):
    return [one[:2] for one in told(out) if one[3] == "upgrade"]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("22:43--23:59", "00:00--23:59", [(1800, "lead"), (3600, "boss")]),
        ("22:44--23:59", "00:00--23:59", [(1800, "boss")]),
        ("22:44--23:59", "22:45--23:59", [(1840, "lead"), (3640, "boss")]),
        ("22:46--23:59", "22:45--23:59", [(1900, "boss")]),
    ],
)
def test_an_escalation_goes_to_the_next_who_can_be_reached_or_waits_for_somebody(first, second, expected):
    groups = [ALL_DAY, hours("lead", "lead", first), hours("boss", "boss", second)]
    out = replay(rules(*groups, upgrade=["lead", "boss"]), [strategy_event(0)], until=6000)
    assert steps(out) == expected


def test_the_first_line_is_told_before_an_escalation_that_waited_with_it():
    boss = {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]}
    book = rules(ALL_DAY, boss, upgrade=["boss"], options={"start_time": "23:00:00"})
    out = replay(book, [strategy_event(0)], until=6000)
    assert [one[1] for one in told(out)] == ["alice", "bob"]


def test_ticks_change_nothing():
    lines = [strategy_event(0)]
    ticked = [*lines, *(tick(at) for at in range(1, 2000, 11))]
    groups = [hours("ops", "alice", "22:20--23:59"), hours("lead", "lead", "22:45--23:59")]
    book = rules(*groups, upgrade=["lead"])
    assert (
        replay(book, lines, until=2500).bytes["notices.jsonl"]
        == replay(book, ticked, until=2500).bytes["notices.jsonl"]
    )
