"""What Zabbix tells by our media type as events and commands of ours."""

import json

import pytest

from tests.operators.intake.formats.made import NOW, made, only

TOLD = {
    "event_id": "8412", "trigger_id": "1301", "name": "Disk full", "value": "1", "severity": "5", "host": "db-1", "ip": "10.0.0.1",
    "time": str(NOW - 30), "tags": '[{"tag": "scope", "value": "capacity"}]', "url": "{TRIGGER.URL}", "update_status": "0",
}  # fmt: skip


def test_a_problem():
    event = only("zabbix", TOLD)
    assert (event.status, event.severity, event.alert_name) == ("ABNORMAL", 1, "Disk full")
    assert (event.target_type, event.target, event.time, event.anomaly_time) == ("HOST", "10.0.0.1", NOW, NOW - 30)
    assert {tag.key: tag.value for tag in event.tags} == {"host": "db-1", "ip": "10.0.0.1", "scope": "capacity"}
    assert "url" not in event.extra_info


@pytest.mark.parametrize(("number", "severity"), [("0", 3), ("1", 3), ("2", 2), ("3", 2), ("4", 2), ("5", 1), ("", 3)])
def test_severities(number, severity):
    assert only("zabbix", {**TOLD, "severity": number}).severity == severity


def test_a_recovery_finds_its_problem():
    over = only("zabbix", {**TOLD, "value": "0"}, NOW + 60)
    assert (over.status, over.dedupe_md5, over.time) == ("RECOVERED", only("zabbix", TOLD).dedupe_md5, NOW + 60)


def test_the_next_problem_of_a_trigger_has_the_same_fingerprint():
    assert only("zabbix", {**TOLD, "event_id": "9000"}).dedupe_md5 == only("zabbix", TOLD).dedupe_md5
    assert only("zabbix", {**TOLD, "host": "db-2"}).dedupe_md5 != only("zabbix", TOLD).dedupe_md5


@pytest.mark.parametrize(
    ("action", "commands"),
    [
        ("acknowledged", ["ack"]),
        ("acknowledged and commented", ["ack"]),
        ("commented", ["comment"]),
        ("acknowledged and closed", ["ack", "close"]),
        ("closed", ["close"]),
        ("unacknowledged", []),
        ("", []),
    ],
)
def test_updates_are_commands(action, commands):
    update = {**TOLD, "update_status": "1", "update_action": action, "update_message": "on it", "user": "alice"}
    events, found, refused = made("zabbix", update)
    assert (events, refused, [one["command"] for one in found]) == ([], [], commands)
    md5 = only("zabbix", TOLD).dedupe_md5
    assert all((one["operator"], one["dedupe_md5"], one["message"]) == ("alice", md5, "on it") for one in found)


def test_a_change_of_severity_is_an_event_too():
    update = {
        **TOLD,
        "severity": "5",
        "update_status": "1",
        "update_action": "acknowledged, changed severity from High to Disaster",
    }
    (event,), commands, _ = made("zabbix", update)
    assert (event.severity, [one["command"] for one in commands]) == (1, ["ack"])


def test_tags_may_be_a_list_or_nothing_useful():
    assert {tag.key for tag in only("zabbix", {**TOLD, "tags": json.loads(TOLD["tags"])}).tags} == {
        "host",
        "ip",
        "scope",
    }
    for tags in ("{EVENT.TAGSJSON}", "nonsense", None, 5, [1, {"value": "x"}]):
        assert {tag.key for tag in only("zabbix", {**TOLD, "tags": tags}).tags} == {"host", "ip"}


def test_macros_that_mean_nothing_say_nothing():
    event = only("zabbix", {**TOLD, "ip": "{HOST.IP}", "description": "*UNKNOWN*", "time": "{EVENT.TIMESTAMP}"})
    assert (event.target, event.description, event.anomaly_time) == ("db-1", "", NOW)


@pytest.mark.parametrize("body", [b"{", b"[]", {}, {"event_id": 5, "name": "x"}])
def test_what_is_none_is_refused(body):
    events, commands, refused = made("zabbix", body)
    assert (events, commands, [place for place, _ in refused]) == ([], [], ["body"])
