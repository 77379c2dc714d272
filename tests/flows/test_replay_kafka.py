"""History out of a real Kafka: what the topics of a job held between two moments, in the order of arrival."""

import json

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.replay.topics import recorded
from flows.settings.sections import KafkaSettings, TopicSettings
from flows.sources.kafka_client import KafkaTroubleError

pytestmark = pytest.mark.servers

T = 1_700_000_000
"""A second long ago."""


def event(name, **fields):
    return json.dumps({"event_id": name, "plugin_id": "p", "alert_name": "a", "time": T, **fields}).encode()


def settings(made, **named):
    return KafkaSettings(brokers=made.address, group=f"{made.prefix}-group", wait=20.0, **named)


def names(lines):
    return [json.loads(line.raw).get("event_id") or json.loads(line.raw)["command"] for line in lines]


def test_records_of_all_partitions_come_in_order_of_arrival(topics):
    topic = topics.make("events", 3)
    for second, partition in ((0, 0), (1, 2), (2, 1), (3, 0), (4, 2)):
        topics.put(topic, partition, (T + second, event(f"e{second}")))
    found = list(recorded(settings(topics, topics={topic: TopicSettings()}), {}, 0, None))
    assert names(found) == ["e0", "e1", "e2", "e3", "e4"]
    assert [line.at for line in found] == [T, T + 1, T + 2, T + 3, T + 4]


def test_only_what_arrived_in_the_span_is_read(topics):
    topic = topics.make("events", 2)
    for second in range(10):
        topics.put(topic, second % 2, (T + second, event(f"e{second}")))
    found = recorded(settings(topics, topics={topic: TopicSettings()}), {}, T + 3, T + 6)
    assert names(found) == ["e3", "e4", "e5", "e6"]


def test_a_span_in_which_nothing_arrived_is_empty(topics):
    topic = topics.make("events")
    topics.put(topic, 0, (T, event("e0")))
    assert list(recorded(settings(topics, topics={topic: TopicSettings()}), {}, T + 5, None)) == []


def test_commands_are_part_of_the_history_and_changes_of_rules_are_not(topics):
    topic, commands = topics.make("events"), topics.make("commands")
    topics.put(topic, 0, (T, event("e0")), (T + 9, event("e9")))
    topics.put(commands, 0, (T + 3, b'{"command": "ack", "dedupe_md5": "x"}'), (T + 4, b'{"kind": "rules", "put": {}}'))
    found = list(recorded(settings(topics, topics={topic: TopicSettings()}, commands=commands), {}, 0, None))
    assert [(line.kind, name) for line, name in zip(found, names(found), strict=True)] == [
        ("event", "e0"),
        ("command", "ack"),
        ("event", "e9"),
    ]


def test_a_topic_keeps_its_format(topics):
    topic = topics.make("foreign")
    body = {
        "alerts": [
            {"labels": {"alertname": "Down", "instance": host}, "startsAt": "2023-11-14T22:13:20Z"} for host in "ab"
        ]
    }
    topics.put(topic, 0, (T, json.dumps(body).encode()))
    found = list(recorded(settings(topics, topics={topic: TopicSettings(decoder="alertmanager")}), {}, 0, None))
    assert [(line.at, line.format) for line in found] == [(T, "alertmanager")]


def test_a_topic_that_is_not_there_is_named(topics):
    with pytest.raises(KafkaTroubleError, match="no such topic: nowhere"):
        list(recorded(settings(topics, topics={"nowhere": TopicSettings()}), {}, 0, None))


def test_the_command_line_reads_the_topics_of_the_settings(topics, tmp_path):
    topic = topics.make("events", 2)
    for second in range(4):
        topics.put(topic, second % 2, (T + second, event(f"e{second}", target=f"h{second}", target_type="HOST")))
    (tmp_path / "rules.json").write_text('{"strategies": []}')
    (tmp_path / "tocsin.yaml").write_text(json.dumps({"kafka": {"brokers": topics.address, "topics": {topic: {}}}}))
    words = [
        "--settings",
        str(tmp_path / "tocsin.yaml"),
        "--rules",
        str(tmp_path / "rules.json"),
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(main, ["replay", "--from-kafka", "--since", str(T + 1), "--until", str(T + 2), *words])
    assert done.exit_code == 0, done.output
    assert json.loads((tmp_path / "out/summary.json").read_text())["events"] == 2
