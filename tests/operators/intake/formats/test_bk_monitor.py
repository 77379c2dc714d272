"""bk-monitor's push as events of ours."""

import pytest

from tests.operators.intake.formats.made import NOW, made, only

ONE = {
    "event_name": "login failed", "event": {"content": "user root"}, "target": "10.0.0.1",
    "dimension": {"module": "db", "event_type": "abnormal"}, "timestamp": NOW * 1000 + 7,
}  # fmt: skip


def push(*data):
    return {"data_id": 1500512, "access_token": "secret", "data": list(data)}


def test_an_event():
    event = only("bk-monitor", push(ONE))
    assert (event.alert_name, event.target, event.description, event.status) == (
        "login failed",
        "10.0.0.1",
        "user root",
        "ABNORMAL",
    )
    assert (event.time, event.severity, event.dedupe_keys) == (NOW, 2, ("tags.data_id", "tags.module"))
    assert {tag.key: tag.value for tag in event.tags} == {"module": "db", "data_id": "1500512"}
    assert "secret" not in repr(event)


def test_a_recovery_has_the_same_dimensions():
    over = only("bk-monitor", push({**ONE, "dimension": {"module": "db", "event_type": "recovery"}}))
    assert (over.status, over.tags, over.dedupe_keys) == (
        "RECOVERED",
        only("bk-monitor", push(ONE)).tags,
        ("tags.data_id", "tags.module"),
    )


@pytest.mark.parametrize(("timestamp", "time"), [(NOW, NOW), (NOW * 1000, NOW), (None, NOW + 5)])
def test_times_may_be_milliseconds_or_missing(timestamp, time):
    assert only("bk-monitor", push({**ONE, "timestamp": timestamp}), NOW + 5).time == time


def test_each_event_is_judged_alone():
    events, _, refused = made("bk-monitor", push(ONE, {"target": "x"}, 5))
    assert (len(events), refused) == (1, [("data[1]", "wrong_type"), ("data[2]", "wrong_type")])


@pytest.mark.parametrize("body", [b"{", b"[]", {}, {"data_id": 1}, {"data": []}])
def test_what_is_none_is_refused(body):
    events, _, refused = made("bk-monitor", body)
    assert (events, [place for place, _ in refused]) == ([], ["body"])
