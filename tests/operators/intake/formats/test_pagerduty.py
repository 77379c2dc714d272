"""PagerDuty Events v2 as events and commands of ours."""

import json

import pytest

from operators.intake.formats.table import FORMATS
from tests.operators.intake.formats.made import NOW, made, only

PAYLOAD = {"summary": "Disk is full", "source": "db-1", "severity": "critical"}


def sent(action="trigger", **fields):
    return {"routing_key": "R" * 32, "event_action": action, "dedup_key": "disk", "payload": PAYLOAD, **fields}


def test_a_trigger_is_a_problem():
    event = only(
        "pagerduty",
        sent(payload={**PAYLOAD, "component": "mysql", "class": "disk", "timestamp": "2023-11-14T22:13:00Z"}),
    )
    assert (event.status, event.severity, event.alert_name, event.target) == ("ABNORMAL", 1, "Disk is full", "db-1")
    assert (event.time, event.anomaly_time) == (NOW, NOW - 20)
    assert {tag.key: tag.value for tag in event.tags} == {"source": "db-1", "component": "mysql", "class": "disk"}
    assert "R" * 32 not in repr(event)


@pytest.mark.parametrize(("word", "severity"), [("critical", 1), ("error", 2), ("warning", 2), ("info", 3)])
def test_severities(word, severity):
    assert only("pagerduty", sent(payload={**PAYLOAD, "severity": word})).severity == severity


def test_a_resolve_needs_no_payload_and_finds_its_problem():
    problem, over = only("pagerduty", sent()), only("pagerduty", sent("resolve", payload=None), NOW + 60)
    assert (over.status, over.time, over.dedupe_md5) == ("RECOVERED", NOW + 60, problem.dedupe_md5)


def test_an_acknowledge_is_a_command():
    events, (command,), refused = made("pagerduty", sent("acknowledge", payload=None, client="alice"))
    assert (events, refused) == ([], [])
    assert command == {"command": "ack", "dedupe_md5": only("pagerduty", sent()).dedupe_md5, "operator": "alice"}


def test_keys_of_two_services_are_two_problems():
    assert only("pagerduty", sent()).dedupe_md5 != only("pagerduty", sent(routing_key="S" * 32)).dedupe_md5


def test_a_trigger_without_a_key_gets_one():
    body = json.dumps(sent(dedup_key="")).encode()
    key = FORMATS["pagerduty"].read(body, NOW).key
    assert len(key) == 32
    assert only("pagerduty", sent("resolve", dedup_key=key)).dedupe_md5 == only("pagerduty", body).dedupe_md5


def test_details_become_tags_and_are_kept():
    details = {"free": "1 %", "count": 3, "list": [1], "empty": ""}
    event = only("pagerduty", sent(payload={**PAYLOAD, "custom_details": details}, links=[{"href": "http://x"}]))
    assert {tag.key: tag.value for tag in event.tags} == {"source": "db-1", "free": "1 %", "count": 3}
    assert event.extra_info["custom_details"] == details
    assert event.extra_info["links"] == [{"href": "http://x"}]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        {},
        sent("explode"),
        sent(payload=None),
        sent("resolve", dedup_key=""),
        sent("acknowledge", dedup_key=""),
        sent(dedup_key="k" * 256),
        sent(payload={**PAYLOAD, "summary": "s" * 1025}),
        sent(payload={**PAYLOAD, "summary": ""}),
        sent(payload={**PAYLOAD, "severity": "page"}),
        sent(routing_key=""),
    ],
    ids=repr,
)
def test_what_pagerduty_would_refuse_is_refused(body):
    events, commands, refused = made("pagerduty", body)
    assert (events, commands, [place for place, _ in refused]) == ([], [], ["body"])


def test_bounds_are_taken():
    assert only("pagerduty", sent(dedup_key="k" * 255, payload={**PAYLOAD, "summary": "s" * 1024})).status == "ABNORMAL"
