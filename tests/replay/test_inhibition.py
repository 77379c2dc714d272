"""Inhibition: an open alert keeps others silent (design 7.66)."""

import pytest

from tests.replay.driver import RULES, T0, command, delete, event, put, replay, tick

HOST_DOWN = {
    "id": "host-down",
    "source": [{"field": "alert.name", "value": ["Host down"]}],
    "target": [{"field": "alert.severity", "value": ["2", "3"]}],
    "equal": ["instance"],
}
EVERYTHING = {
    "id": 1,
    "rules": [{"id": 1, "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}],
}
BOOK = {"dispatch": [EVERYTHING], "user_groups": RULES["user_groups"], "inhibits": [HOST_DOWN]}
HOUR = {"timeout": 86400, "default_notice": {"config": {"notify_interval": 3600}}}


def host(at, status="ABNORMAL", instance="web-1", **fields):
    tags = [{"key": "instance", "value": instance}] if instance is not None else []
    given = {
        "event_id": f"h{at}{instance}",
        "alert_name": "Host down",
        "severity": 1,
        "target": instance or "none",
        "tags": tags,
    }
    return event(at, status, **{**given, **fields})


def service(at, status="ABNORMAL", instance="web-1", name="HTTP slow", **fields):
    tags = [{"key": "instance", "value": instance}] if instance is not None else []
    given = {
        "event_id": f"s{at}{instance}{name}",
        "alert_name": name,
        "severity": 2,
        "target": f"{name} of {instance}",
        "tags": tags,
    }
    return event(at, status, **{**given, **fields})


def heard(out):
    """Rows (seconds after T0, signal, receivers, names of the alerts) of the notices."""
    names = {alert["id"]: alert["alert_name"] for alert in out.alerts}
    return [
        (one["time"] - T0, one["signal"], ",".join(one["receivers"]), *(names[name] for name in one["alert_ids"]))
        for one in out.notices
    ]


def became(out, name="HTTP slow"):
    """Rows (seconds after T0, signal, status, reason) of the actions of an alert."""
    ids = {alert["id"] for alert in out.alerts if alert["alert_name"] == name}
    return [
        (one["time"] - T0, one["signal"], one["status"], one["reason"])
        for one in out.actions
        if ids & set(one["alert_ids"])
    ]


def test_a_host_that_is_down_keeps_its_services_silent_and_no_others():
    out = replay(BOOK, [host(0), service(10), service(20, instance="web-2")], until=30)
    assert heard(out) == [(0, "abnormal", "alice", "Host down"), (20, "abnormal", "alice", "HTTP slow")]
    assert became(out)[0] == (10, "abnormal", "skipped", "inhibited")


def test_the_log_names_the_alert_and_the_rule_that_keep_it_silent():
    out = replay(BOOK, [host(0), service(10)], until=30)
    (source,) = (alert["id"] for alert in out.alerts if alert["alert_name"] == "Host down")
    (entry,) = (entry for entry in out.logs if entry["reason"] == "inhibited")
    assert entry["op_type"] == "ACTION"
    assert entry["description"] == f"notice abnormal: mail to alice (by alert {source} (Host down), rule host-down)"


def test_what_is_still_open_is_told_when_the_source_ends_as_a_first_notice():
    out = replay(BOOK, [host(0), service(10), host(100, "RECOVERED")], until=200)
    assert heard(out) == [
        (0, "abnormal", "alice", "Host down"),
        (100, "recovered", "alice", "Host down"),
        (100, "abnormal", "alice", "HTTP slow"),
    ]
    (action,) = (one for one in out.actions if one["time"] == T0 + 100 and one["signal"] == "abnormal")
    assert (action["status"], action["execute_times"], action["notice_type"]) == ("success", 1, "normal")
    reasons = [entry["reason"] for entry in out.told("ACTION") if "abnormal: mail" in entry["description"]]
    assert reasons == ["planned", "inhibited", "planned"]


def test_what_ended_before_the_source_is_never_heard_of():
    out = replay(BOOK, [host(0), service(10), service(50, "RECOVERED"), host(100, "RECOVERED")], until=200)
    assert [row[1:] for row in heard(out)] == [("abnormal", "alice", "Host down"), ("recovered", "alice", "Host down")]
    assert became(out) == [(10, "abnormal", "skipped", "inhibited"), (50, "recovered", "skipped", "inhibited")]


def test_the_last_of_several_sources_counts():
    lines = [host(0), host(1, target="web-1 by ping"), service(10), host(100, "RECOVERED")]
    assert became(replay(BOOK, lines, until=240)) == [(10, "abnormal", "skipped", "inhibited")]
    lines.append(host(250, "RECOVERED", target="web-1 by ping"))
    assert heard(replay(BOOK, lines, until=300))[-1] == (250, "abnormal", "alice", "HTTP slow")


def test_who_heard_of_a_problem_hears_its_end_while_it_is_inhibited():
    out = replay(BOOK, [service(0), host(10), service(50, "RECOVERED")], until=100)
    assert heard(out)[-1] == (50, "recovered", "alice", "HTTP slow")


def test_repeats_are_left_out_while_a_source_is_open_and_go_on_behind_it():
    lines = [service(0), host(10), service(3600), host(3700, "RECOVERED"), service(7200)]
    out = replay(BOOK, lines, until=7300, settings=HOUR)
    assert became(out) == [
        (0, "abnormal", "success", "delivered"),
        (3600, "abnormal", "skipped", "inhibited"),
        (7200, "abnormal", "success", "delivered"),
    ]


def test_repeats_count_from_the_late_notice():
    lines = [host(0), service(10), host(1000, "RECOVERED"), service(3610), tick(4599), service(7300)]
    out = replay(BOOK, lines, until=9000, settings=HOUR)
    assert became(out) == [
        (1000, "abnormal", "success", "delivered"),
        (4600, "abnormal", "success", "delivered"),
        (8200, "abnormal", "success", "delivered"),
    ]


def test_a_repeat_that_waits_behind_a_late_notice_goes_with_the_end_of_its_alert():
    lines = [host(0), service(10), host(1000, "RECOVERED"), service(3610), service(4000, "RECOVERED")]
    out = replay(BOOK, lines, until=9000, settings=HOUR)
    assert became(out) == [
        (1000, "abnormal", "success", "delivered"),
        (3610, "abnormal", "skipped", "signal_stale"),
        (4000, "recovered", "success", "delivered"),
    ]


ESCALATES = {"is_enabled": True, "upgrade_interval": 10, "user_groups": ["leads"]}
WITH_LEADS = {
    **BOOK,
    "strategies": [{"id": 1, "name": "HTTP slow", "notice": {"user_groups": ["ops"], "options": {"assign_mode": ["only_notice"], "upgrade_config": ESCALATES}}}],
    "user_groups": [*BOOK["user_groups"], {"id": "leads", "name": "Leads", "users": ["dora"], "ways": ["mail"]}],
}  # fmt: skip


def test_an_escalation_that_was_inhibited_is_told_with_the_first_notice():
    out = replay(WITH_LEADS, [host(0), service(10, strategy_id=1), host(1000, "RECOVERED")], until=1100)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [
        (1000, "abnormal", "alice", "HTTP slow"),
        (1000, "abnormal", "dora", "HTTP slow"),
    ]


def test_who_missed_an_inhibited_escalation_does_not_hear_the_end():
    lines = [service(0, strategy_id=1), host(10), service(700, "RECOVERED", strategy_id=1)]
    assert heard(replay(WITH_LEADS, lines, until=800))[-1] == (700, "recovered", "alice", "HTTP slow")


def test_an_alert_that_both_sides_match_inhibits_neither_itself_nor_its_like():
    rule = {**HOST_DOWN, "target": [{"field": "alert.name", "method": "reg", "value": ["."]}], "equal": []}
    out = replay({**BOOK, "inhibits": [rule]}, [host(0), host(100, instance="web-2"), service(120)], until=130)
    assert [row[-1] for row in heard(out)] == ["Host down", "Host down"]
    assert became(out) == [(120, "abnormal", "skipped", "inhibited")]


@pytest.mark.parametrize(
    ("source", "target", "is_inhibited"),
    [
        ("web-1", "web-1", True),
        ("web-1", "web-2", False),
        ("web-1", None, False),
        (None, "web-1", False),
        (None, None, True),
        ("", None, True),
        (" ", "", True),
    ],
)
def test_a_tag_that_both_lack_agrees(source, target, is_inhibited):
    out = replay(BOOK, [host(0, instance=source), service(10, instance=target)], until=30)
    assert (became(out)[0][2] == "skipped") is is_inhibited


def test_businesses_keep_to_themselves():
    lines = [host(0, bk_biz_id=2), service(10, bk_biz_id=3), service(20, bk_biz_id=2)]
    dispatch = [{**EVERYTHING, "bk_biz_id": 0}]
    out = replay({**BOOK, "dispatch": dispatch}, lines, until=30)
    assert became(out) == [(10, "abnormal", "success", "delivered"), (20, "abnormal", "skipped", "inhibited")]
    only = [{**HOST_DOWN, "bk_biz_id": 3}]
    out = replay({**BOOK, "dispatch": dispatch, "inhibits": only}, lines, until=30)
    assert {row[2] for row in became(out)} == {"success"}


def test_a_second_is_judged_as_a_whole():
    out = replay(BOOK, [service(10), host(10)])
    assert became(out) == [(10, "abnormal", "skipped", "inhibited")]
    out = replay(BOOK, [host(0), host(10, "RECOVERED"), service(10)])
    assert became(out) == [(10, "abnormal", "success", "delivered")]


def test_a_source_that_gets_worse_goes_on_inhibiting():
    lines = [
        host(0, severity=3),
        service(10),
        host(20, severity=1),
        service(30, name="Disk slow"),
        host(40, "RECOVERED"),
    ]
    out = replay(BOOK, lines, until=100)
    assert [row for row in heard(out) if row[-1] != "Host down"] == [
        (40, "abnormal", "alice", "HTTP slow"),
        (40, "abnormal", "alice", "Disk slow"),
    ]


def test_a_tag_that_changes_makes_an_alert_a_source_or_none():
    rule = {**HOST_DOWN, "source": [{"field": "state", "value": ["dead"]}], "equal": []}
    of = [{"key": "state", "value": "dead"}]
    alive = [{"key": "state", "value": "alive"}]
    fields = {"dedupe_keys": ["target"]}
    lines = [host(0, tags=alive, **fields), host(5, tags=of, **fields), service(10), host(20, tags=alive, **fields)]
    out = replay({**BOOK, "inhibits": [rule]}, lines, until=100)
    assert became(out) == [(20, "abnormal", "success", "delivered")]


def test_a_rule_that_is_put_holds_at_once_and_one_that_is_deleted_lets_go_at_once():
    rules = {key: value for key, value in BOOK.items() if key != "inhibits"}
    lines = [host(0), put(5, inhibits=[HOST_DOWN]), service(10), delete(20, inhibits=["host-down"])]
    out = replay(rules, lines, until=100)
    assert became(out) == [(20, "abnormal", "success", "delivered")]
    reasons = [entry["reason"] for entry in out.told("ACTION") if entry["time"] >= T0 + 10]
    assert reasons == ["inhibited", "planned"]


def test_a_rule_that_changes_keeps_silent_what_it_still_means():
    lines = [host(0), service(10), put(20, inhibits=[{**HOST_DOWN, "equal": ["instance", "zone"]}])]
    out = replay(BOOK, lines, until=100)
    assert became(out) == [(10, "abnormal", "skipped", "inhibited")]
    lines.append(put(30, inhibits=[{**HOST_DOWN, "is_enabled": False}]))
    assert became(replay(BOOK, lines, until=100)) == [(30, "abnormal", "success", "delivered")]


def test_who_acknowledged_is_not_told_late():
    lines = [host(0), service(10)]
    (name,) = (one["dedupe_md5"] for one in replay(BOOK, lines).alerts if one["alert_name"] == "HTTP slow")
    out = replay(BOOK, [*lines, command(20, "ack", dedupe_md5=name), host(30, "RECOVERED")], until=100)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == []


def test_an_ack_that_is_taken_back_lets_the_first_notice_go():
    lines = [host(0), service(10)]
    (name,) = (one["dedupe_md5"] for one in replay(BOOK, lines).alerts if one["alert_name"] == "HTTP slow")
    lines += [command(20, "ack", dedupe_md5=name), host(30, "RECOVERED"), command(100, "unack", dedupe_md5=name)]
    out = replay(BOOK, lines, until=200)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [(100, "abnormal", "alice", "HTTP slow")]


def test_a_shield_that_holds_when_the_source_ends_is_waited_for():
    shield = {
        "id": 9, "bk_biz_id": 0, "begin_time": T0 + 50, "end_time": T0 + 199,
        "dimension_config": {"dimension_conditions": [{"key": "alert.name", "value": ["HTTP slow"]}]}, "category": "dimension",
    }  # fmt: skip
    out = replay({**BOOK, "shields": [shield]}, [host(0), service(10), host(100, "RECOVERED")], until=400)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [(200, "abnormal", "alice", "HTTP slow")]


def test_who_can_be_reached_when_the_source_ends_is_told():
    """22:13:20 is T0: alice has the evening, bob the hour from 23:00 on."""
    block = {"notify_config": [{"level": level, "notice_ways": [{"name": "mail"}]} for level in (1, 2, 3)]}
    groups = [
        {"id": "ops", "name": "Ops", "users": ["alice"], "alert_notice": [{**block, "time_range": "20:00--22:29"}]},
        {"id": "late", "name": "Late", "users": ["bob"], "alert_notice": [{**block, "time_range": "23:00--23:59"}]},
    ]
    both = {"id": 1, "rules": [{"id": 1, "user_groups": ["ops", "late"], "actions": [{"action_type": "notice"}]}]}
    rules = {**BOOK, "dispatch": [both], "user_groups": groups}
    lines = [host(0), service(10), host(1200, "RECOVERED")]
    out = replay(rules, [*lines, service(4000, "RECOVERED")], until=5000, settings=HOUR)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [
        (2800, "abnormal", "bob", "HTTP slow"),
        (4000, "recovered", "bob", "HTTP slow"),
    ]


def test_webhooks_go_on():
    actions = [{"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1:1/"}}]
    strategies = [{"id": 1, "name": "HTTP slow", "notice": {"user_groups": ["ops"]}, "actions": actions}]
    out = replay({**BOOK, "strategies": strategies}, [host(0), service(10, strategy_id=1)], until=30)
    assert {(one["plugin_type"], one["status"]) for one in out.actions if one["time"] == T0 + 10} == {
        ("webhook", "success"),
        ("notice", "skipped"),
    }


def test_a_shielded_or_acknowledged_source_inhibits_as_any_open_alert():
    shield = {"id": 9, "bk_biz_id": 0, "category": "dimension", "dimension_config": {"dimension_conditions": [{"key": "alert.name", "value": ["Host down"]}]}}  # fmt: skip
    out = replay({**BOOK, "shields": [shield]}, [host(0), service(10)], until=30)
    assert heard(out) == []


def test_a_successor_is_told_late_in_place_of_the_milder_alert():
    lines = [host(0), service(10, severity=3), service(20, severity=2), host(100, "RECOVERED")]
    out = replay(BOOK, lines, until=200)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [(100, "abnormal", "alice", "HTTP slow")]
    (action,) = (
        one
        for one in out.actions
        if one["status"] == "success" and one["time"] == T0 + 100 and one["signal"] == "abnormal"
    )
    assert action["severity"] == 2


def test_a_rise_beyond_the_target_is_told_at_once():
    out = replay(BOOK, [host(0), service(10), service(20, severity=1)], until=100)
    assert [row for row in heard(out) if row[-1] == "HTTP slow"] == [(20, "abnormal", "alice", "HTTP slow")]
