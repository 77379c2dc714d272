"""Lines to Kafka: stamped with when they say they arrived, each where its worker reads it."""

import json
import time

import pytest
from click.testing import CliRunner

from flows.cli.produce import produce as command
from flows.settings.sections import KafkaSettings
from flows.sources.produce import Head, arriving, outgoing, produce, rebased, send_commands
from sinks.kafka.producer import ANY

T = 1_700_000_000
MD5 = "a7" + "0" * 30


@pytest.mark.parametrize(
    ("line", "at", "partition"),
    [
        (b'{"at": 1700000005, "time": 1700000000}', T + 5, ANY),
        (b'{"time": 1700000000}', T, ANY),
        (b'{"time": "soon"}', None, ANY),
        (b'{"time": 1700000000000}', None, ANY),
        (b"{", None, ANY),
        (b"\xff", None, ANY),
        (b"[1]", None, ANY),
        (json.dumps({"time": T, "dedupe_md5": MD5}).encode(), T, 0xA7 % 16),
        (b'{"dedupe_md5": "short"}', None, ANY),
    ],
)
def test_a_line_goes_as_it_is_at_its_time_to_its_slot(line, at, partition):
    record = outgoing(line, 16)
    assert (record.value, record.at, record.partition) == (line, at, partition)


def test_lines_are_moved_as_one_so_that_the_last_arrives_now():
    lines = [
        b'{"at": 1700000005, "time": 1700000000, "anomaly_time": 1699999990, "until": 1700000100, "severity": 2}',
        b'{"time": 1700000065, "alert_name": "x"}',
        b'{"at": 1700000060, "time": "soon"}',
        b"nonsense",
        b"[1]",
    ]
    moved = list(rebased(lines, T + 1065))
    assert [json.loads(line) for line in moved[:3]] == [
        {"at": T + 1005, "time": T + 1000, "anomaly_time": T + 990, "until": T + 1100, "severity": 2},
        {"time": T + 1065, "alert_name": "x"},
        {"at": T + 1060, "time": "soon"},
    ]
    assert moved[3:] == lines[3:]
    assert max(outgoing(line, 1).at or 0 for line in moved) == T + 1065


@pytest.mark.parametrize("lines", [[], [b"{}"], [b"nonsense"]])
def test_lines_without_a_time_are_not_moved(lines):
    assert list(rebased(lines, T)) == lines


@pytest.mark.parametrize(
    ("stamps", "last", "arrivals"),
    [
        ([T, None, T + 5, None], None, [T, T, T + 5, T + 5]),
        ([T, T - 60, T + 1], None, [T, T, T + 1]),  # as a file is read
        ([None, None, T], None, [T, T, T]),
        ([None], T, [T]),
        ([T - 60, T], T, [T, T]),
        ([None, None], None, [None, None]),
        ([T, T + 1001, None, T + 1], None, [T, T + 1001, T, T + 1]),  # what is yet to come moves nothing
        ([T + 1001, None, T], None, [T + 1001, T, T]),
    ],
)
def test_lines_arrive_as_those_of_a_file_do(stamps, last, arrivals):
    now = T + 1000
    heads, counted = arriving([Head(at=stamp) for stamp in stamps], last, now)
    assert [head.at for head in heads] == arrivals
    assert counted == max((at for at in arrivals if at is not None and at <= now), default=None)


@pytest.mark.servers
def test_a_rate_is_kept(topics):
    topic = topics.make("raw")
    pauses = []
    settings = KafkaSettings(brokers=topics.address)
    sent = produce(settings, topic, [b"{}"] * 50, 100, environment={}, pause=pauses.append)
    assert sent == (50, 0)
    assert len(pauses) == 5
    assert all(0 <= pause <= 0.1 for pause in pauses)


@pytest.mark.servers
def test_a_command_arrives_once(topics):
    topic = topics.make("commands", 4)
    send_commands(KafkaSettings(brokers=topics.address, workers=2), topic, [b'{"command": "ack", "alert_id": "1"}'], {})
    assert len(topics.get(topic, 1)) == 1


@pytest.mark.servers
def test_a_file_is_sent_from_the_command_line(topics, tmp_path, monkeypatch):
    topic = topics.make("raw")
    lines = tmp_path / "events.jsonl"
    lines.write_text('{"time": 1700000000}\n\n{"time": 1700000060}\n')
    monkeypatch.setenv("TOCSIN__KAFKA__BROKERS", topics.address)
    monkeypatch.setenv("TOCSIN__KAFKA__TOPICS", f"{{{topic}: {{}}}}")
    done = CliRunner().invoke(command, ["--input", str(lines)])
    assert (done.exit_code, done.output) == (0, "2 lines sent\n")
    found = topics.get(topic, 2)
    assert [(message.value(), message.timestamp()[1]) for message in found] == [
        (b'{"time": 1700000000}', T * 1000),
        (b'{"time": 1700000060}', (T + 60) * 1000),
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "kafka.brokers: missing"),
        (["--brokers", "127.0.0.1:1"], "no broker of 127.0.0.1:1 answered"),
    ],
)
def test_what_is_in_the_way_is_said_and_exits_1(arguments, why, tmp_path, monkeypatch):
    monkeypatch.setenv("TOCSIN__KAFKA__WAIT", "0.1")
    lines = tmp_path / "events.jsonl"
    lines.write_text("{}\n")
    begun = time.monotonic()
    done = CliRunner().invoke(command, ["--topic", "raw", "--input", str(lines), *arguments])
    assert done.exit_code == 1
    assert why in done.output
    assert time.monotonic() < begun + 20


def test_without_topics_one_has_to_be_named(tmp_path):
    done = CliRunner().invoke(command, ["--brokers", "127.0.0.1:1", "--input", "-"])
    assert (done.exit_code, done.output) == (1, "which topic? --topic TOPIC\n")
