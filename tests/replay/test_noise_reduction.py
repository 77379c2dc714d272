"""Noise reduction: tell only if a large enough share of a strategy is abnormal (spec/notices.md 8; design.md 7.27)."""

import pytest

from tests.replay.driver import RULES, T0, check, command, put, replay, strategy_event

HOSTS = [f"10.0.0.{number}" for number in range(1, 11)]


def reducing(count=50, dimensions=("host",), **kinds):
    options = {"noise_reduce_config": {"is_enabled": True, "dimensions": list(dimensions), "count": count}}
    config = {"notify_interval": 3600}
    return {
        **RULES,
        "strategies": [
            {"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"], "options": options, "config": config}}
        ],
        **kinds,
    }


def of(host):
    return {"target": host, "tags": [{"key": "host", "value": host}], "dedupe_keys": ["tags.host"]}


def bad(host, at=0, status="ABNORMAL", **fields):
    return strategy_event(at, status, event_id=f"{host}-{status}-{at}", **of(host), **fields)


def fine(host, at=0, **fields):
    return check(at, anomaly=False, level=2, **of(host), **fields)


def quiet(count, at=0):
    """Checks of `count` hosts that are well."""
    return [fine(host, at) for host in HOSTS[10 - count :]]


def states(out):
    return [(one["status"], one["reason"]) for one in out.actions]


@pytest.mark.parametrize(
    ("well", "abnormal", "told"),
    [(1, 1, True), (2, 1, False), (3, 3, True), (5, 4, False), (5, 5, True), (9, 1, False)],
)
def test_people_are_told_only_if_the_share_is_reached(well, abnormal, told):
    lines = [*quiet(well), *(bad(host) for host in HOSTS[:abnormal])]
    out = replay(reducing(), lines, until=300)
    assert bool(out.notices) is told
    assert {one["status"] for one in out.actions} == (
        {"success", "skipped"} if told and abnormal > 1 else {"success"} if told else {"skipped"}
    )


def test_the_share_is_rounded_down():
    lines = [*quiet(2), bad(HOSTS[0])]
    assert replay(reducing(33), lines, until=300).notices
    assert not replay(reducing(34), lines, until=300).notices


@pytest.mark.parametrize(("until", "status"), [(299, ["received"]), (300, ["success"])])
def test_a_notice_is_held_for_the_window(until, status):
    out = replay(reducing(), [bad(HOSTS[0])], until=until)
    assert [one["status"] for one in out.actions] == status
    assert [one["time"] - T0 for one in out.notices] == ([] if until < 300 else [300])


def test_the_window_is_a_setting():
    out = replay(reducing(), [bad(HOSTS[0])], until=100, settings={"noise_reduce": {"window": 40}})
    assert [one["time"] - T0 for one in out.notices] == [40]


def test_a_held_action_keeps_its_time_and_is_told_when_it_is_released():
    out = replay(reducing(), [bad(HOSTS[0], 7)], until=307)
    assert [one["time"] - T0 for one in out.actions] == [7]
    assert [one["time"] - T0 for one in out.notices] == [307]


def test_a_held_alert_is_handled_at_the_stage_of_noise_reduction():
    alert = replay(reducing(), [bad(HOSTS[0])]).alert
    assert (alert["is_handled"], alert["handle_stage"]) == (True, ["noise_reduce"])


def test_a_released_alert_is_handled():
    assert replay(reducing(), [bad(HOSTS[0])], until=300).alert["handle_stage"] == ["handle"]


def test_a_suppressed_alert_stays_at_the_stage_of_noise_reduction():
    assert replay(reducing(), [*quiet(3), bad(HOSTS[0])], until=300).alert["handle_stage"] == ["noise_reduce"]


def test_the_log_says_that_a_notice_was_held_and_then_released_or_suppressed():
    held = [entry["reason"] for entry in replay(reducing(), [bad(HOSTS[0])], until=300).told("ACTION")]
    assert held == ["noise_held", "noise_released", "planned"]
    out = replay(reducing(), [*quiet(3), bad(HOSTS[0])], until=300)
    assert [entry["reason"] for entry in out.told("ACTION")] == ["noise_held", "noise_suppressed"]
    assert out.told("ACTION")[1]["description"] == "1 of 4 series are abnormal; 50 % are asked for"


def test_the_signal_is_that_of_the_opening():
    assert replay(reducing(), [bad(HOSTS[0])], until=300).signalled() == [(0, "abnormal")]


def test_all_notices_of_a_window_go_together():
    out = replay(reducing(), [bad(HOSTS[0]), bad(HOSTS[1], 299)], until=400)
    assert [one["time"] - T0 for one in out.notices] == [300, 300]


def test_a_held_alert_that_ends_is_dropped():
    out = replay(reducing(), [bad(HOSTS[0]), bad(HOSTS[0], 100, "RECOVERED")], until=300)
    assert states(out) == [("skipped", "signal_stale"), ("success", "delivered")]
    assert [(one["time"] - T0, one["signal"]) for one in out.notices] == [(100, "recovered")]


def test_a_dropped_series_still_counts_among_the_abnormal_ones():
    lines = [*quiet(2), bad(HOSTS[0]), bad(HOSTS[1]), bad(HOSTS[0], 100, "RECOVERED")]
    out = replay(reducing(), lines, until=300)
    assert [(one["time"] - T0, one["signal"]) for one in out.notices] == [(100, "recovered"), (300, "abnormal")]


def test_ends_and_repeats_are_not_held():
    lines = [bad(HOSTS[0]), *(bad(HOSTS[0], at) for at in range(60, 4000, 60)), bad(HOSTS[0], 4000, "RECOVERED")]
    out = replay(reducing(), lines)
    assert [(one["time"] - T0, one["signal"]) for one in out.notices] == [
        (300, "abnormal"),
        (3600, "abnormal"),
        (4000, "recovered"),
    ]


def test_no_data_is_not_held():
    tags = [{"key": "host", "value": HOSTS[0]}, {"key": "__NO_DATA_DIMENSION__", "value": True}]
    out = replay(reducing(), [strategy_event(0, tags=tags, dedupe_keys=["tags.host"])])
    assert [one["time"] - T0 for one in out.notices] == [0]


def test_severities_have_windows_of_their_own():
    lines = [*quiet(2), bad(HOSTS[0]), bad(HOSTS[1], severity=1)]
    out = replay(reducing(), lines, until=300)
    assert out.notices == []
    assert {one["reason"] for one in out.actions} == {"noise_suppressed"}


@pytest.mark.parametrize(("age", "told"), [(86100, True), (86099, False)])
def test_series_count_in_the_total_for_a_day(age, told):
    out = replay(reducing(), [*quiet(3, -age), bad(HOSTS[0])], until=300)
    assert bool(out.notices) is told


def test_a_second_window_opens_after_the_first():
    lines = [*quiet(3), bad(HOSTS[0]), bad(HOSTS[1], 300), bad(HOSTS[2], 301)]
    out = replay(reducing(), lines, until=700)
    assert [one["reason"] for one in out.actions][:1] == ["noise_suppressed"]
    assert {one["time"] - T0 for one in out.notices} <= {600, 601, 660}


def test_dimensions_may_name_tags():
    out = replay(reducing(dimensions=["tags.host"]), [*quiet(3), bad(HOSTS[0])], until=300)
    assert out.notices == []


# --- what happened meanwhile


def shield(begin, end):
    return {"id": 1, "begin_time": T0 + begin, "end_time": T0 + end, "dimension_config": {"strategy_id": [1]}}


def test_a_shield_that_began_meanwhile_keeps_a_released_notice_back_and_its_end_tells():
    out = replay(reducing(shields=[shield(100, 500)]), [bad(HOSTS[0])], until=600)
    assert [(one["time"] - T0, one["notice_type"], one["status"], one["reason"]) for one in out.actions] == [
        (0, "normal", "skipped", "shielded_by_rule"),
        (501, "unshielded", "success", "delivered"),
    ]
    assert out.noticed("notice_type") == [(501, "mail", "alice", "unshielded")]


def test_a_shield_that_came_and_went_does_not_matter():
    out = replay(reducing(shields=[shield(100, 200)]), [bad(HOSTS[0])], until=600)
    assert out.noticed("notice_type") == [(300, "mail", "alice", "normal")]


def test_an_ack_meanwhile_mutes_a_released_notice():
    alert_id = replay(reducing(), [bad(HOSTS[0])]).alert["id"]
    out = replay(reducing(), [bad(HOSTS[0]), command(100, "ack", alert_id=alert_id)], until=400)
    assert (out.notices, states(out)) == ([], [("skipped", "signal_muted_by_ack")])


def test_the_notices_time_that_ended_meanwhile_keeps_a_released_notice_back():
    # T0 is 22:13:20 UTC
    options = {"noise_reduce_config": {"is_enabled": True, "dimensions": ["host"], "count": 50}, "end_time": "22:15:00"}
    rules = {**RULES, "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"], "options": options}}]}
    out = replay(rules, [bad(HOSTS[0])], until=400)
    assert (out.notices, states(out)) == ([], [("shield", "outside_notice_time")])


def test_circuit_breaking_meanwhile_blocks_a_released_notice():
    rule = {"id": 1, "module": "action", "conditions": [{"key": "strategy_id", "method": "eq", "value": ["1"]}]}
    out = replay(reducing(), [bad(HOSTS[0]), put(10, circuit_breaking=[rule])], until=400)
    assert (out.notices, states(out)) == ([], [("blocked", "circuit_breaking")])


def test_a_released_notice_closes_the_open_run_of_the_log():
    lines = [bad(HOSTS[0]), bad(HOSTS[0], 280), bad(HOSTS[0], 320)]
    out = replay(reducing(), lines, until=400)
    assert [(time, op) for time, op, *_ in out.story(without=())][2:] == [
        (280, "CONVERGE"),
        (300, "ACTION"),
        (300, "ACTION"),
        (320, "CONVERGE"),
    ]
