"""The page Trouble says what would be accepted now and what waits where; what is done there, and tests of rules, are written down."""

import json
import time

import msgspec
import pytest
import yaml

from flows.rescale.lag import Lag, lags, reached
from flows.settings.sections import KafkaSettings
from operators.model.records import DeadLetter
from sinks.outbox import open_outbox
from tests.flows.console.stand import JSON, OURS, Desk, filled, write
from tests.sinks.outbox.notices import all_room, buried, notice
from tests.sinks.store.samples import worker

NOW = int(time.time())
EVENT = {"event_id": "e", "plugin_id": "p", "alert_name": "Disk full", "severity": 1, "time": NOW, "target": "web-1"}


def letter(reason, raw, source="in.jsonl"):
    return DeadLetter(time=NOW, source=source, position="1", reason=reason, detail="why", raw=raw)


LETTERS = [
    letter("wrong_type", json.dumps(EVENT)),
    letter("not_json", "{torn"),
    letter("unknown_command", json.dumps({"kind": "command", "command": "dance"}), "COMMANDS"),
    letter("refused_by_store", "{}", "store"),
]
RULES = {
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"]}],
    "tests": [
        {"name": "one alert", "events": [EVENT | {"time": 10}], "expect": {"alerts": [{"alert_name": "Disk full"}]}},
        {"name": "none at all", "events": [EVENT | {"time": 10}], "expect": {"alerts": []}},
    ],
}


@pytest.fixture(scope="module")
def console(tmp_path_factory, dsn):
    folder = tmp_path_factory.mktemp("trouble")
    place = filled(folder, RULES, dsn)
    (folder / "data").mkdir(exist_ok=True)
    commands = str(folder / "data" / "commands.jsonl")
    lines = [msgspec.json.encode(one) for one in LETTERS]
    (folder / "data" / "dead_letters.jsonl").write_bytes(b"\n".join(lines).replace(b"COMMANDS", commands.encode()))
    settings = {"source": {"commands": commands}, **({"store": {"dsn": dsn}} if dsn else {})}
    (folder / "tocsin.yaml").write_text(yaml.safe_dump(settings))
    outbox, now = open_outbox(str(folder / "data" / "outbox.sqlite3")), time.time() - 100
    outbox.put([notice("d1"), notice("d2")], now)
    outbox.record([buried(one) for one in outbox.take(all_room, now)], now)
    outbox.close()
    running = Desk(folder, "--settings", str(folder / "tocsin.yaml"), "--rules", str(place))
    yield running
    assert running.stop() == 0


def test_of_each_refused_record_it_is_said_whether_it_would_be_accepted_now(console):
    found = {one["reason"]: one["newest"][0]["now"] for one in console.view("/trouble")["letters"]}
    assert (found["wrong_type"]["outcome"], found["wrong_type"]["detail"]) == ("accepted", "Disk full web-1")
    assert (found["not_json"]["outcome"], found["not_json"]["reason"]) == ("refused", "not_json")
    assert (found["unknown_command"]["outcome"], found["unknown_command"]["reason"]) == ("refused", "unknown_command")
    assert found["refused_by_store"] is None
    page = console.page("/trouble")
    assert "now it would be accepted" in page
    assert "still refused" in page


def test_each_worker_says_how_far_it_is_and_one_that_works_by_other_rules_is_marked(console, dsn):
    now = int(time.time())
    words = [worker(0, time=now, clock=now - 3), worker(1, time=now - 600, waits=2048, unit="bytes")]
    write(console.folder, dsn, workers=words)
    found = console.view("/trouble")["workers"]
    assert [(one["said"]["id"], one["is_silent"], one["is_other"]) for one in found] == [
        ("all-0", False, True), ("all-1", True, True),
    ]  # fmt: skip
    page = console.page("/trouble")
    for text in ("7 records wait to be read", "2.0 kB wait to be read", "other rules", "does it run?"):
        assert text in page
    assert "other rules" in console.page("/rules")


def test_what_is_done_to_the_outbox_is_on_the_audit_page_with_who_did_it(console):
    told = json.loads(console.act("/outbox/drop", {**OURS, **JSON}, id="d1").data)
    assert told == {"done": 1, "asked": 1}
    assert [one["id"] for one in console.view("/trouble")["given_up"]] == ["d2"]
    deadline = time.monotonic() + 60
    while not (seen := console.view("/audit")["commands"]):  # Elasticsearch shows it a second later
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (noted,) = seen
    assert (noted["command"], bool(noted["operator"]), noted["detail"]) == ("drop", True, "1 of 1 notice: d1")
    assert noted["origin"] == "console"


def test_tests_of_the_rules_are_run_when_somebody_asks_those_that_failed_first(console):
    assert (console.view("/rules")["tests"], console.view("/rules")["tested"]) == (2, None)
    tested = console.view("/rules?tests=yes")["tested"]
    assert [(one["name"], bool(one["differs"])) for one in tested] == [("none at all", True), ("one alert", False)]
    assert "1 of 2 fail" in console.page("/rules?tests=yes")


@pytest.mark.servers
def test_what_waits_is_told_by_partition(topics):
    topic = topics.make("events", partitions=2)
    topics.put(topic, 1, (NOW, b"a"), (NOW, b"b"), (NOW, b"c"))
    settings = KafkaSettings(brokers=topics.address, topics={topic: {}}, group=f"{topic}-group")
    assert lags(settings, {}) == [Lag(topic, 0, 0), Lag(topic, 1, 3)]
    assert reached(settings, {}) == {topic: (2, 3)}
