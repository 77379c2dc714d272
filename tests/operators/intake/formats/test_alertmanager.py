"""Alerts of Prometheus and Alertmanager as events of ours."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.intake.formats.alertmanager import fingerprint, read_posted, read_webhook

NOW = 1_700_000_000
LABELS = {"alertname": "HighCPU", "instance": "10.0.0.1:9100", "severity": "critical", "job": "node"}


def iso(second):
    return datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z")


def posted(*alerts):
    made = read_posted(json.dumps(alerts).encode(), NOW)
    return [json.loads(event) for event in made.events], made.refused


def alert(labels=LABELS, **fields):
    return {"labels": labels, **fields}


def test_a_firing_alert_holds_until_its_end():
    (event,), _ = posted(alert(startsAt=iso(NOW - 60), endsAt=iso(NOW + 240)))
    assert (event["status"], event["time"], event["anomaly_time"], event["until"]) == (
        "firing",
        NOW,
        NOW - 60,
        NOW + 240,
    )


@pytest.mark.parametrize("end", [None, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"])
def test_an_alert_without_an_end_holds_for_five_minutes(end):
    (event,), _ = posted(alert(endsAt=end) if end else alert())
    assert (event["status"], event["until"]) == ("firing", NOW + 300)


@pytest.mark.parametrize(("end", "status"), [(NOW - 1, "resolved"), (NOW, "resolved"), (NOW + 1, "firing")])
def test_an_alert_whose_end_has_come_is_resolved_at_its_end(end, status):
    (event,), _ = posted(alert(startsAt=iso(NOW - 60), endsAt=iso(end)))
    assert event["status"] == status
    assert event["time"] == (end if status == "resolved" else NOW)


def test_a_resolved_alert_that_is_sent_again_is_the_same_event():
    body = json.dumps([alert(startsAt=iso(NOW - 60), endsAt=iso(NOW - 1))]).encode()
    assert read_posted(body, NOW).events == read_posted(body, NOW + 300).events


def test_labels_make_tags_target_and_fingerprint_but_the_severity_does_not_part_alerts():
    (worse,), _ = posted(alert())
    (milder,), _ = posted(alert({**LABELS, "severity": "warning"}))
    assert worse["dedupe_md5"] == milder["dedupe_md5"]
    assert (worse["target_type"], worse["target"], worse["severity"]) == ("HOST", "10.0.0.1", "critical")
    assert {tag["key"]: tag["value"] for tag in worse["tags"]} == LABELS


def test_labels_without_a_value_do_not_count():
    (event,), _ = posted(alert({**LABELS, "empty": ""}))
    (same,), _ = posted(alert())
    assert event["dedupe_md5"] == same["dedupe_md5"]


def test_annotations_and_the_link_to_the_rule_go_along():
    (event,), _ = posted(
        alert(annotations={"summary": "hot", "runbook_url": "http://r"}, generatorURL="http://p/graph")
    )
    assert event["description"] == "hot"
    assert event["extra_info"]["annotations"]["runbook_url"] == "http://r"
    assert event["extra_info"]["generator_url"] == "http://p/graph"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (alert({}), "at least one label"),
        (alert({"alertname": ""}), "at least one label"),
        (alert({"1x": "y"}), "is no name of a label"),
        (alert({"x": "y" * 4097}), "4096 are taken"),
        (alert({f"l{n}": "v" for n in range(65)}), "64 are taken"),
        (alert(startsAt=iso(NOW), endsAt=iso(NOW - 5)), "lies before"),
        ({"labels": {"a": 1}}, "Expected `str`"),
        ({}, "labels"),
        (alert(startsAt="yesterday"), "RFC3339"),
    ],
)
def test_an_alert_that_is_none_costs_itself_and_no_other(wrong, why):
    events, refused = posted(alert(), wrong, alert({"alertname": "B"}))
    assert len(events) == 2
    assert [one.place for one in refused] == ["alerts[1]"]
    assert why in refused[0].detail


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[1", b"\xff", b"[" * 5000, b"null", b'"x"'])
def test_a_body_that_is_no_list_is_refused_whole(body):
    made = read_posted(body, NOW)
    assert (made.events, len(made.refused)) == ([], 1)


def test_a_webhook_says_itself_what_is_over_and_what_it_has_left_out():
    body = {
        "version": "4", "truncatedAlerts": 3, "groupKey": "g",
        "alerts": [
            alert(status="firing", startsAt=iso(NOW - 9), endsAt="0001-01-01T00:00:00Z"),
            alert({"alertname": "B"}, status="resolved", startsAt=iso(NOW - 9), endsAt=iso(NOW - 2)),
        ],
    }  # fmt: skip
    made = read_webhook(json.dumps(body).encode(), NOW)
    firing, resolved = map(json.loads, made.events)
    assert made.truncated == 3
    assert (firing["status"], firing.get("until")) == ("firing", None)
    assert (resolved["status"], resolved["time"]) == ("resolved", NOW - 2)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [((), "cbf29ce484222325"), ((("a", "b"),), None), ((("ä", "ö"), ("b", "c")), None)],
)
def test_the_fingerprint_is_fnv_1a_over_texts_ended_by_ff(labels, expected):
    data = b"".join(part.encode() + b"\xff" for pair in labels for part in pair)
    hashed = 0xCBF29CE484222325
    for byte in data:
        hashed = ((hashed ^ byte) * 0x100000001B3) % 2**64
    assert fingerprint(labels) == (expected or f"{hashed:016x}")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_no_body_breaks_the_reader(value):
    read_posted(json.dumps(value).encode(), NOW)
    read_webhook(json.dumps(value).encode(), NOW)
