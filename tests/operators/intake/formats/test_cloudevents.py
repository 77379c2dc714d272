"""CloudEvents as events of ours."""

import json

import pytest

from operators.intake.formats.cloudevents import structured
from operators.intake.name import identify
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from tests.operators.intake.formats.made import NOW, made, only

ONE = {
    "specversion": "1.0", "id": "a1", "source": "/probes/7", "type": "disk.full", "time": "2023-11-14T22:13:10Z", "subject": "db-1",
    "data": {"severity": "critical", "status": "firing", "message": "99 %", "free": 1}, "region": "eu",
}  # fmt: skip


def test_an_event():
    event = only("cloudevents", ONE)
    assert (event.event_id, event.plugin_id, event.alert_name, event.target) == ("a1", "/probes/7", "disk.full", "db-1")
    assert (event.time, event.severity, event.status, event.description) == (NOW - 10, 1, "ABNORMAL", "99 %")
    assert {"free", "region", "source", "message"} <= {tag.key for tag in event.tags}


def test_source_and_id_name_it_whenever_it_comes():
    first, again = (
        identify(only("cloudevents", ONE, at), RuleBook.empty(), CoreSettings(), at) for at in (NOW, NOW + 60)
    )
    assert first.id == again.id
    assert first.dedupe_md5 == again.dedupe_md5


def test_a_batch_is_taken_one_by_one():
    events, _, refused = made("cloudevents", [ONE, {**ONE, "id": ""}, 5, {**ONE, "id": "a2"}])
    assert [event.event_id for event in events] == ["a1", "a2"]
    assert refused == [("[1]", "bad_value"), ("[2]", "bad_value")]


@pytest.mark.parametrize("data", [None, "text", [1], 5, {}])
def test_data_of_any_shape_is_borne(data):
    event = only("cloudevents", {**ONE, "data": data})
    assert (event.severity, event.status) == (3, "ABNORMAL")
    assert event.description == (data if isinstance(data, str) else "")


@pytest.mark.parametrize(
    ("given", "time"), [(None, NOW), ("soon", NOW), ("2033-11-14T22:13:10Z", NOW), ("1969-01-01T00:00:00Z", NOW)]
)
def test_a_time_that_cannot_be_is_that_of_the_arrival(given, time):
    assert only("cloudevents", {**ONE, "time": given}).time == time


def test_a_binary_one_is_the_same():
    headers = {f"Ce-{name}": str(value) for name, value in ONE.items() if name != "data"}
    body = structured({**headers, "Content-Type": "application/json"}, json.dumps(ONE["data"]).encode())
    assert only("cloudevents", body) == only("cloudevents", ONE)
    assert only("cloudevents", structured(headers, b"\xff plain")).description.endswith("plain")


@pytest.mark.parametrize(
    "body", [b"{", b"5", {}, {**ONE, "specversion": "0.3"}, {**ONE, "id": None}, {**ONE, "source": 5}], ids=repr
)
def test_what_is_none_is_refused(body):
    events, _, refused = made("cloudevents", body)
    assert (events, [place for place, _ in refused]) == ([], ["body"])
