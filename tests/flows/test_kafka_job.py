"""The whole job on a real Kafka: killed in the middle of a backlog and started again, it says what a replay says."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from zlib import crc32

import pytest
import yaml

from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.servers.topics import Topics
from tests.tree import EXAMPLES

pytestmark = [pytest.mark.servers, pytest.mark.slow]

DEMO = EXAMPLES / "demo"


def tocsin(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]


def wait_for(topics: Topics, group: str, topic: str, count: int, job: subprocess.Popen) -> None:
    """Wait until the job has taken a snapshot behind so many records."""
    deadline = time.monotonic() + 180
    while sum(max(0, offset) for offset in topics.committed(group, topic, range(4))) < count:
        assert job.poll() is None, "the job ended"
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def job(tmp_path):
    """Start the job; whatever is left of it at the end is killed."""
    started = []
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}

    def start(settings: Path) -> subprocess.Popen:
        command = tocsin("run", "--settings", settings, "--data", tmp_path / "data", "--no-courier")
        with (tmp_path / "job.log").open("ab") as out:
            started.append(subprocess.Popen(command, stdout=out, stderr=out, env=env))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def test_a_job_that_is_killed_and_started_again_says_what_a_replay_says(topics, tmp_path, job):
    topic, group = topics.make("raw", 4), f"{topics.prefix}-group"
    lines = (DEMO / "events.jsonl").read_bytes().splitlines()[:400]
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines))
    for line in lines:
        partition = crc32(json.loads(line).get("target", "").encode()) % 4
        topics._producer.produce(topic, line, partition=partition, timestamp=json.loads(line)["at"] * 1000)
    assert topics._producer.flush(30) == 0
    settings = tmp_path / "tocsin.yaml"
    settings.write_text(
        yaml.safe_dump({
            "rules": str(DEMO / "rules"),
            "batch": 10,
            "recovery": {"interval": 0.2, "partitions": 2},
            "kafka": {"brokers": topics.address, "topics": {topic: {"data_id": 7}}, "group": group},
        })
    )  # fmt: skip
    first = job(settings)
    wait_for(topics, group, topic, 50, first)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = job(settings)
    wait_for(topics, group, topic, len(lines), second)
    second.send_signal(signal.SIGTERM)
    assert second.wait(120) == 0

    replayed = tmp_path / "replayed"
    command = tocsin("replay", "--rules", DEMO / "rules", "--input", tmp_path / "events.jsonl", "--out", replayed)
    subprocess.run([*command, "--until", str(int(time.time()))], check=True, env=os.environ)
    expected = [json.loads(line) for line in (replayed / "alerts.jsonl").read_text().splitlines()]
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3", read_only=True)
    found = [store.alert(one["id"]) for one in expected]
    assert len(store.alerts(AlertQuery(limit=10_000))) == len(expected)
    store.close()
    names = ("status", "severity", "begin_time", "latest_time", "end_time", "event_count", "dedupe_md5")
    assert [[getattr(alert, name) for name in names] for alert in found] == [
        [one.get(name) for name in names] for one in expected
    ]
