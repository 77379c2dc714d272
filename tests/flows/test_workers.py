"""Two workers that share a topic: together they say what one naive model says, and state stays where it belongs."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import pytest
import yaml

from flows.cli.supervise import without
from flows.settings.sections import KafkaSettings, TopicSettings
from flows.settings.settings import Settings, SettingsError
from flows.sources.shares import divided, owner_of
from operators.model.settings import ActionQuota, Quota, Quotas
from operators.model.slot import Owner
from sinks.kafka.keyed import partition_of
from sinks.store.place import open_store
from tests.flows.telemetry.test_ready import wait_until_ready
from tests.servers.process import free_port
from tests.servers.topics import Topics
from tests.tree import SHARED

EVENTS = int(os.environ.get("TOCSIN_TEST_EVENTS", "20000"))
KEYS = EVENTS // 10
PATIENCE = 200
"""Seconds without any progress after which something hangs."""
EVENTSET = SHARED / "data" / "eventset.py"


@pytest.mark.parametrize(
    ("threshold", "workers", "part"), [(200, 1, 200), (200, 2, 100), (5, 2, 3), (0, 4, 0), (1, 4, 1)]
)
def test_a_quota_of_the_job_is_divided_among_its_workers(threshold, workers, part):
    quotas = Quotas(alert=Quota(threshold=threshold), action=ActionQuota(threshold=threshold))
    settings = divided(Settings(quota=quotas, kafka=KafkaSettings(workers=workers)))
    assert (settings.quota.alert.threshold, settings.quota.action.threshold) == (part, part)


def test_every_slot_has_one_owner():
    owners = [Owner(worker, 3, 16) for worker in range(3)]
    for slot in range(256):
        assert sum(owner.owns(f"{slot:02x}") for owner in owners) == 1


@pytest.mark.parametrize(("raw", "checks", "good"), [(16, 16, True), (16, 8, False), (12, 12, False), (1, 1, True)])
def test_topics_must_share_out_slots_alike(raw, checks, good):
    settings = KafkaSettings(topics={"raw": TopicSettings()}, checks="checks", commands="commands", workers=2)
    counts = {"raw": raw, "checks": checks, "commands": 3}
    if good:
        assert owner_of(settings, counts) == Owner(0, 2, raw)
    else:
        with pytest.raises(SettingsError, match="2 workers need topics of equally many partitions"):
            owner_of(settings, counts)


def test_a_worker_gets_the_arguments_of_its_supervisor():
    assert without(["--workers", "2", "--rules", "r", "--workers=3"], "--workers") == ["--rules", "r"]


def set_up(folder, store, recovery, brokers, topic, group):
    """Write the settings of a job from a keyed topic to a store, without rules and notices; return their file."""
    settings = folder / "tocsin.yaml"
    settings.write_text(
        yaml.safe_dump({
            "rules": "none",
            "quota": {"alert": {"threshold": 0}},
            "store": {"dsn": store},
            "outbox": {"dsn": "none"},
            "recovery": recovery,
            "kafka": {"brokers": brokers, "topics": {topic: {}}, "group": group},
        })
    )  # fmt: skip
    return settings


def load_eventset():
    if not EVENTSET.exists():
        pytest.skip(f"needs {EVENTSET}")
    spec = importlib.util.spec_from_file_location("eventset", EVENTSET)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tocsin(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]


ENV = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}


@pytest.fixture
def supervised(tmp_path):
    """Start jobs; end with whatever is left of them."""
    started = []

    def start(*arguments):
        with (tmp_path / "job.log").open("ab") as out:
            started.append(subprocess.Popen(tocsin("run", *arguments), stdout=out, stderr=out, env=ENV, cwd=tmp_path))
        return started[-1]

    yield start
    for one in started:
        if one.poll() is None:
            one.terminate()
            one.wait(70)


def wait_until_read(topics: Topics, group: str, topic: str, count: int, job: subprocess.Popen) -> None:
    most, deadline = 0, time.monotonic() + PATIENCE
    while (done := sum(max(0, offset) for offset in topics.committed(group, topic, range(16)))) < count:
        if done > most:
            most, deadline = done, time.monotonic() + PATIENCE
        assert job.poll() is None, "the job ended"
        assert time.monotonic() < deadline
        time.sleep(0.2)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.servers
@pytest.mark.slow
def test_two_workers_say_what_the_model_says_though_one_is_killed(topics, elasticsearch_dsn, tmp_path, supervised):
    eventset = load_eventset()
    began = int(time.time()) - EVENTS // eventset.RATE - 60
    events = list(eventset.make(EVENTS, KEYS, t0=began))
    expected = eventset.expected(events)
    topic, group = topics.make("keyed", 16), f"{topics.prefix}-group"
    by_partition = [[] for _ in range(16)]
    for event in events:
        record = (event["time"], json.dumps(event).encode())
        by_partition[partition_of(event["dedupe_md5"], 16)].append(record)
    for partition, records in enumerate(by_partition):
        topics.put(topic, partition, *records)
    recovery = {"interval": 1, "partitions": 4}
    settings = set_up(tmp_path, elasticsearch_dsn, recovery, topics.address, topic, group)
    job = supervised("--workers", 2, "--settings", settings, "--data", tmp_path / "data")
    wait_until_read(topics, group, topic, EVENTS // 10, job)
    os.kill(children(job.pid)[0], signal.SIGKILL)
    wait_until_read(topics, group, topic, EVENTS, job)
    job.send_signal(signal.SIGTERM)
    assert job.wait(60) == 0

    store = open_store(elasticsearch_dsn, read_only=True)
    client, prefix = store._client, store._prefix
    client.indices.refresh(index=f"{prefix}*")
    alerts = [msgspec.convert(hit["_source"], type=dict) for hit in all_hits(client, f"{prefix}alert")]
    store.close()
    assert len(alerts) == len({alert["id"] for alert in alerts}) == expected["alerts"]["opened"]
    found = Counter(alert["status"].lower() for alert in alerts)
    assert {name: found[name] for name in ("recovered", "closed", "abnormal")} == {
        name: expected["alerts"][name] for name in ("recovered", "closed", "abnormal")
    }
    assert sum(alert["event_count"] for alert in alerts) >= EVENTS * 0.9

    refused = subprocess.run(
        tocsin("run", "--worker", "0/3", "--settings", settings, "--data", tmp_path / "data"),
        env=ENV, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "the state is that of 2 workers, not of 3" in refused.stderr


def all_hits(client, index):
    after = None
    while True:
        more = {"search_after": after} if after else {}
        hits = client.search(index=index, size=5000, sort=[{"id": "asc"}], **more)["hits"]["hits"]
        yield from hits
        if len(hits) < 5000:
            return
        after = hits[-1]["sort"]


def free_pair() -> int:
    """Return the first of two ports in a row that are free."""
    while True:
        port = free_port()
        with socket.socket() as next_one:
            if next_one.connect_ex(("127.0.0.1", port + 1)):
                return port


@pytest.mark.servers
def test_workers_of_one_machine_have_ports_of_their_own(topics, tmp_path, supervised):
    topic, port = topics.make("quiet", 2), free_pair()
    settings = tmp_path / "tocsin.yaml"
    kafka = {"brokers": topics.address, "topics": {topic: {}}, "group": topic}
    settings.write_text(
        yaml.safe_dump({"rules": str(tmp_path / "rules.yaml"), "kafka": kafka, "metrics": {"port": port}})
    )
    (tmp_path / "rules.yaml").write_text("strategies: []\n")
    job = supervised("--workers", 2, "--settings", settings, "--data", tmp_path / "data")
    for one in (port, port + 1):
        wait_until_ready(job, one)
