"""Foreign records of topics and files as the records that they become."""

import json

import pytest

from operators.intake.decode import MAX_BYTES, Refusal, decode
from operators.intake.formats.table import FORMATS
from operators.intake.formats.unpack import unpack
from operators.intake.poll import OURS
from operators.model.event import Event
from operators.rules.shapes.source import JSON
from tests.operators.intake.formats.made import NOW
from tests.operators.intake.formats.test_alertmanager import LABELS, iso
from tests.operators.intake.formats.test_pagerduty import PAYLOAD, sent
from tests.operators.intake.formats.test_zabbix import TOLD


def raw(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def events(name, body, at=None):
    found = [decode(part.raw, part.kind) for part in unpack(raw(body), name, at)]
    assert all(isinstance(one, Event) for one in found), found
    return found


FIRING = {"alerts": [{"status": "firing", "labels": LABELS, "startsAt": iso(NOW), "endsAt": "0001-01-01T00:00:00Z"}]}


def test_our_own_records_stay_as_they_are():
    assert unpack(b"whatever", OURS) == [(b"whatever", "event")]


def test_a_record_whose_arrival_is_known_says_nothing_of_it():
    (event,) = events("alertmanager", FIRING, NOW + 50)
    assert (event.time, event.at) == (NOW + 50, None)


@pytest.mark.parametrize(
    ("name", "body", "at"),
    [
        ("alertmanager", FIRING, NOW),
        ("alertmanager", {"alerts": [{"status": "resolved", "labels": LABELS, "startsAt": iso(NOW), "endsAt": iso(NOW + 60)}]}, NOW + 60),
        ("prometheus", [{"labels": LABELS, "startsAt": iso(NOW), "endsAt": iso(NOW + 240)}], NOW),
        ("zabbix", {**TOLD, "time": str(NOW)}, NOW),
        ("pagerduty", sent(payload={**PAYLOAD, "timestamp": iso(NOW)}), NOW),
        ("cloudevents", {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "time": iso(NOW)}, NOW),
        ("bk-monitor", {"data_id": 1, "data": [{"event_name": "e", "timestamp": NOW * 1000}]}, NOW),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_record_arrives_at_the_newest_time_that_it_names(name, body, at):
    (event,) = events(name, body)
    assert (event.at, event.time) == (at, at)
    (wrapped,) = events(name, {"at": NOW + 500, "body": body})
    assert wrapped.at == NOW + 500
    assert wrapped.dedupe_md5 == event.dedupe_md5


@pytest.mark.parametrize("name", ["pagerduty", "zabbix"])
def test_a_record_that_names_no_time_is_refused_unless_it_is_wrapped(name):
    body = {"pagerduty": sent(), "zabbix": {**TOLD, "time": ""}}[name]
    (part,) = unpack(raw(body), name)
    refusal = decode(part.raw, part.kind)
    assert (refusal.reason, part.raw) == ("missing_field", raw(body))
    assert "wrap it" in refusal.detail
    assert [event.at for event in events(name, {"at": NOW, "body": body})] == [NOW]
    assert [part.kind for part in unpack(raw(body), name, otherwise=NOW)] == ["event"]


def test_a_command_says_what_it_is_where_nothing_else_does():
    body = {**TOLD, "update_status": "1", "update_action": "acknowledged"}
    (part,) = unpack(raw({"at": NOW, "body": body}), "zabbix")
    fields = json.loads(part.raw)
    assert (part.kind, fields["kind"], fields["at"], fields["command"]) == ("command", "command", NOW, "ack")
    (part,) = unpack(raw(body), "zabbix", NOW)
    assert (part.kind, json.loads(part.raw).keys()) == ("command", {"command", "dedupe_md5", "operator", "message"})


def test_each_part_that_cannot_be_used_is_refused_with_the_bytes_of_the_whole():
    body = raw([{"labels": LABELS, "startsAt": iso(NOW)}, {"labels": {}}, 5])
    good, *bad = unpack(body, "prometheus")
    assert isinstance(decode(good.raw), Event)
    assert [part.raw for part in bad] == [body, body]
    assert sorted(decode(part.raw, part.kind).detail[:9] for part in bad) == ["alerts[1]", "alerts[2]"]


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in (OURS, JSON)])
@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"nonsense", "not_json"), (b" " * (MAX_BYTES + 1), "too_large"), (b"[" * 70 + b"]" * 70, "too_deep")],
)
def test_junk_is_one_dead_letter(name, body, reason):
    (part,) = unpack(body, name)
    refusal = decode(part.raw, part.kind)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, part.raw) == (reason, body)
