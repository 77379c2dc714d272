"""Escalation (spec/notices.md 7.2; spec/lifecycle.md 7.6; design.md 7.6, 7.22)."""

import pytest

from tests.replay.driver import T0, command, put, replay, strategy_event

NAMES = ("ops", "lead", "boss", "db", "db2", "net2")
GROUPS = [{"id": name, "name": name, "users": [f"{name}-1"], "ways": ["mail"]} for name in NAMES]


def config(*groups, interval=30, **fields):
    return {"is_enabled": True, "upgrade_interval": interval, "user_groups": list(groups), **fields}


def book(upgrade=None, *, notify_interval=7200, notice=None, **kinds):
    options = {"upgrade_config": upgrade if upgrade is not None else config("lead", "boss")}
    relation = {
        "user_groups": ["ops"],
        "options": options,
        "config": {"notify_interval": notify_interval},
        **(notice or {}),
    }
    return {"strategies": [{"id": 1, "name": "CPU", "notice": relation}], "user_groups": GROUPS, **kinds}


def rule(number, groups, upgrade, **fields):
    seen = [{"field": "alert.strategy_id", "method": "eq", "value": ["1"]}]
    actions = [{"action_type": "notice", "upgrade_config": upgrade}]
    return {"id": number, "conditions": seen, "user_groups": groups, "actions": actions, **fields}


def steps(out):
    """Rows (second, receivers) of the escalation notices."""
    return [(one["time"] - T0, ",".join(one["receivers"])) for one in out.notices if one["notice_type"] == "upgrade"]


def test_each_step_tells_one_more_group_an_interval_after_the_last():
    out = replay(book(), [strategy_event(0)], until=9000)
    assert steps(out) == [(1800, "lead-1"), (3600, "boss-1")]


@pytest.mark.parametrize(("until", "count"), [(1799, 0), (1800, 1), (3599, 1), (3600, 2)])
def test_a_step_is_told_in_the_second_it_is_due(until, count):
    assert len(steps(replay(book(), [strategy_event(0)], until=until))) == count


def test_the_first_step_counts_from_the_creation_of_the_alert_not_from_its_event():
    out = replay(book(), [strategy_event(100, time=T0)], until=2000)
    assert steps(out) == [(1900, "lead-1")]


def test_an_escalation_is_a_signal_an_action_and_an_upgrade_entry():
    out = replay(book(), [strategy_event(0)], until=3600)
    rows = [(one["time"] - T0, one["signal"], one["notice_type"]) for one in out.signals]
    assert rows == [(0, "abnormal", "normal"), (1800, "abnormal", "upgrade"), (3600, "abnormal", "upgrade")]
    acts = [(one["time"] - T0, one["notice_type"], one["execute_times"], one["status"]) for one in out.actions]
    assert acts == [(0, "normal", 1, "success"), (1800, "upgrade", 1, "success"), (3600, "upgrade", 2, "success")]
    assert [(one["time"] - T0, one["reason"]) for one in out.told("UPGRADE")] == [
        (1800, "escalated"),
        (3600, "escalated"),
    ]


def test_those_told_by_an_escalation_supervise_the_alert():
    alert = replay(book(), [strategy_event(0)], until=3600).alert
    assert (alert["supervisor"], alert["assignee"]) == (["lead-1", "boss-1"], ["ops-1", "lead-1", "boss-1"])
    assert alert["appointee"] == ["ops-1"]


def test_the_document_says_how_far_the_escalation_has_gone():
    strategy = replay(book(), [strategy_event(0)], until=3600).alert["extra_info"]
    assert strategy["upgrade_notice"] == {"last_group_index": 1, "last_upgrade_time": T0 + 3600}
    rules = [{"id": 1, "name": "d", "rules": [rule(7, ["db"], config("db2"))]}]
    dispatched = replay(book(dispatch=rules), [strategy_event(0)], until=3600).alert["extra_info"]
    assert dispatched["rule_snaps"] == {"7": {"last_group_index": 0, "last_upgrade_time": T0 + 1800}}
    assert "upgrade_notice" not in dispatched


def test_the_text_says_that_it_is_an_escalation():
    out = replay(book(), [strategy_event(0)], until=1800)
    normal, upgrade = out.notices
    assert "scalat" in upgrade["title"] + upgrade["content"]
    assert "scalat" not in normal["title"] + normal["content"]


def test_an_exhausted_escalation_plans_nothing():
    out = replay(book(config("lead")), [strategy_event(0)], until=86400)
    assert steps(out) == [(1800, "lead-1")]
    assert len(out.actions) == 2


@pytest.mark.parametrize("upgrade", [config("lead", is_enabled=False), config()])
def test_an_escalation_may_be_off(upgrade):
    assert steps(replay(book(upgrade), [strategy_event(0)], until=9000)) == []


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_alert_that_ended_escalates_no_more(status):
    assert steps(replay(book(), [strategy_event(0), strategy_event(1799, status)], until=9000)) == []


def test_an_acked_alert_escalates_no_more():
    alert_id = replay(book(), [strategy_event(0)]).alert["id"]
    assert steps(replay(book(), [strategy_event(0), command(10, "ack", alert_id=alert_id)], until=9000)) == []


def test_escalation_does_not_hang_on_the_number_of_repeats():
    lines = [strategy_event(at) for at in range(0, 7000, 60)]
    out = replay(book(notify_interval=60), lines, until=7000)
    assert len([one for one in out.actions if one["notice_type"] == "normal"]) > 50
    assert steps(out) == [(1800, "lead-1"), (3600, "boss-1")]


def test_an_escalation_is_no_cycle_of_the_notice():
    lines = [strategy_event(at) for at in range(0, 7300, 60)]
    out = replay(book(), lines)
    assert [(one["time"] - T0, one["execute_times"]) for one in out.actions if one["notice_type"] == "normal"] == [
        (0, 1),
        (7200, 2),
    ]


def test_an_escalation_is_never_merged_with_notices():
    everybody = [{**group, "users": ["ann"]} for group in GROUPS]
    out = replay(
        {**book(config("lead", interval=1)), "user_groups": everybody},
        [strategy_event(0), strategy_event(59, target="10.0.0.2")],
        until=60,
    )
    assert [(one["time"] - T0, one["notice_type"]) for one in out.notices] == [
        (0, "normal"),
        (60, "normal"),
        (60, "upgrade"),
    ]


# --- held steps


def shield(begin, end):
    return {"id": 1, "begin_time": T0 + begin, "end_time": T0 + end, "dimension_config": {"strategy_id": [1]}}


def test_a_step_under_a_shield_is_kept_and_told_after_it():
    out = replay(book(shields=[shield(1700, 2000)]), [strategy_event(0)], until=9000)
    (first, lead), (second, boss) = steps(out)
    assert (lead, boss) == ("lead-1", "boss-1")
    assert 2001 <= first <= 2060
    assert second == first + 1800


def test_a_held_step_leaves_no_trace_before_it_is_told():
    out = replay(book(shields=[shield(1700, 2000)]), [strategy_event(0)], until=2000)
    assert (len(out.signals), len(out.actions), out.told("UPGRADE")) == (1, 1, [])


def test_a_step_over_the_quota_is_kept_and_told_later():
    settings = {"quota": {"action": {"threshold": 1, "window": 90}}}
    upgrade = config("lead", interval=1)
    out = replay(
        book(upgrade), [strategy_event(0), strategy_event(30, target="10.0.0.2")], until=600, settings=settings
    )
    alerts = {one["alert_ids"][0]: one["time"] - T0 for one in out.notices if one["notice_type"] == "upgrade"}
    first, second = sorted(alerts.values())
    assert first >= 90
    assert second >= first + 90


def test_tries_that_are_held_do_not_count_in_the_quota():
    settings = {"quota": {"action": {"threshold": 1, "window": 90}}}
    lines = [strategy_event(0), strategy_event(95, target="10.0.0.2")]
    out = replay(book(config("lead", interval=1)), lines, until=95, settings=settings)
    assert [
        (one["time"] - T0, one["notice_type"]) for one in out.actions if one["alert_ids"] != [out.alerts[0]["id"]]
    ] == [(95, "normal")]


def test_a_step_outside_the_notices_time_is_kept():
    # T0 is 22:13:20 UTC
    options = {"upgrade_config": config("lead"), "start_time": "22:00:00", "end_time": "22:30:00"}
    out = replay(book(notice={"options": options}), [strategy_event(0)], until=86400)
    (time, who) = steps(out)[0]
    assert who == "lead-1"
    assert 86400 - 800 <= time <= 86400 - 800 + 60


def test_an_escalation_step_in_which_nobody_can_be_reached_is_passed_over_at_once():
    groups = [{**group, "users": []} if group["id"] == "lead" else group for group in GROUPS]
    out = replay({**book(), "user_groups": groups}, [strategy_event(0)], until=3600)
    assert [
        (one["time"] - T0, one["status"], one["reason"]) for one in out.actions if one["notice_type"] == "upgrade"
    ] == [
        (1800, "success", "delivered"),
    ]


# --- by rule


def test_the_escalation_of_a_rule_replaces_that_of_the_strategy():
    dispatch = [{"id": 1, "rules": [rule(1, ["db"], config("db2", interval=10))]}]
    assert steps(replay(book(dispatch=dispatch), [strategy_event(0)], until=9000)) == [(600, "db2-1")]


def test_a_rule_without_escalation_means_none():
    dispatch = [{"id": 1, "rules": [rule(1, ["db"], {})]}]
    assert steps(replay(book(dispatch=dispatch), [strategy_event(0)], until=9000)) == []


def test_two_rules_escalate_side_by_side():
    dispatch = [
        {
            "id": 1,
            "rules": [
                rule(1, ["db"], config("db2", interval=10)),
                rule(2, ["ops"], config("net2", "boss", interval=10)),
            ],
        }
    ]
    out = replay(book(dispatch=dispatch), [strategy_event(0)], until=9000)
    assert steps(out) == [(600, "db2-1"), (600, "net2-1"), (1200, "boss-1")]
    assert [one["execute_times"] for one in out.actions if one["notice_type"] == "upgrade"] == [1, 2, 3]
    assert len({one["id"] for one in out.actions}) == 4


def test_the_groups_of_a_follower_rule_follow():
    dispatch = [{"id": 1, "rules": [rule(1, ["db"], config("db2", interval=10), user_type="follower")]}]
    out = replay(book(dispatch=dispatch), [strategy_event(0)], until=700)
    assert [(one["receivers"], one["followed"]) for one in out.notices if one["notice_type"] == "upgrade"] == [
        (["db2-1"], True)
    ]


def test_only_by_rule_has_no_escalation_of_the_strategy():
    options = {"upgrade_config": config("lead"), "assign_mode": ["by_rule"]}
    assert steps(replay(book(notice={"options": options}), [strategy_event(0)], until=9000)) == []


def test_a_new_escalation_is_felt_within_the_check_interval():
    changed = book(config("lead", interval=5))["strategies"]
    ((time, who),) = steps(replay(book({}), [strategy_event(0), put(1000, strategies=changed)], until=2000))
    assert who == "lead-1"
    assert 1000 < time <= 1060


def test_a_worse_alert_escalates_from_its_own_birth():
    out = replay(book(config("lead")), [strategy_event(0), strategy_event(900, severity=1)], until=9000)
    assert steps(out) == [(2700, "lead-1")]
