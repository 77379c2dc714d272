"""A full disk, and a broker that is away, slow and back: what was answered 2xx is kept, and nothing else is promised."""

import json
import os
import resource
import signal
import subprocess
import threading
import time

import pytest
import yaml

from tests.flows.gateway.stand import Stand, until

pytestmark = pytest.mark.slow


def event(name):
    return {"event_id": name, "plugin_id": "p", "alert_name": name, "time": int(time.time())}


@pytest.fixture
def small_disk(tmp_path):
    """A folder with a disk of 2 MiB of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("needs to mount a tmpfs")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_told_and_what_was_kept_stays(small_disk):
    stand = Stand(small_disk, "--settings", "/dev/null")
    assert stand.post("/v1/events", event("before")).status == 202
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1 << 20))
    body = [{**event(f"large-{number}"), "description": "x" * 20_000} for number in range(60)]
    assert stand.post("/v1/events", body).status == 507
    assert (
        stand.post(
            "/webhook/grafana", {"alerts": [{"labels": {"alertname": "A"}, "annotations": {"a": "x" * 10**6}}] * 2}
        ).status
        == 507
    )
    assert stand.get("/readyz").status == 503
    assert stand.get("/healthz").status == 200
    assert [one["event_id"] for one in stand.kept()] == ["before"]
    ballast.unlink()
    until(lambda: stand.get("/readyz").status == 200)  # nobody had to send for that
    assert stand.post("/v1/events", event("after")).status == 202
    assert [one["event_id"] for one in stand.kept()] == ["before", "after"]
    assert stand.stop() == 0


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path):
    stand = Stand(tmp_path, "--settings", "/dev/null")
    hard = resource.prlimit(stand.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(stand.process.pid, resource.RLIMIT_FSIZE, (200_000, hard))
    names = [f"e{number}" for number in range(20)]
    answers = [stand.post("/v1/events", {**event(name), "description": "x" * 20_000}).status for name in names]
    assert set(answers) == {202, 507}
    resource.prlimit(stand.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert stand.post("/v1/events", event("after")).status == 202
    kept = [name for name, status in zip(names, answers, strict=True) if status == 202]
    assert [one["event_id"] for one in stand.kept()] == [*kept, "after"]
    assert stand.stop() == 0


class Sender(threading.Thread):
    """Posts one event after the other, and remembers the answers."""

    def __init__(self, stand, number):
        super().__init__(daemon=True)
        self.stand, self.number, self.ends = stand, number, threading.Event()
        self.answers = {}

    def run(self):
        while not self.ends.is_set():
            name = f"{self.number}-{len(self.answers)}"
            path = "/v1/events" if len(self.answers) % 2 else "/webhook/grafana"
            body = (
                event(name)
                if path == "/v1/events"
                else {"alerts": [{"labels": {"alertname": name}, "status": "firing"}]}
            )
            self.answers[name] = self.stand.post(path, body).status

    def seen(self, status):
        return status in list(self.answers.values())


@pytest.mark.servers
def test_a_broker_that_is_slow_away_and_back(own_kafka, unique, tmp_path):
    server, address = own_kafka
    kafka = {
        "brokers": address,
        "topics": {f"{unique}-raw": {}},
        "create_topics": True,
        "partitions": 2,
        "replication": 1,
    }
    (tmp_path / "tocsin.yaml").write_text(yaml.safe_dump({"kafka": kafka, "store": {"dsn": "none"}}))
    stand = Stand(tmp_path, "--settings", str(tmp_path / "tocsin.yaml"))
    senders = [Sender(stand, number) for number in range(4)]
    for one in senders:
        one.start()
    until(lambda: all(one.seen(202) and one.seen(200) for one in senders))
    server.signal(signal.SIGSTOP)
    until(lambda: any(one.seen(503) for one in senders))
    server.signal(signal.SIGCONT)
    for one in senders:
        one.ends.set()
        one.join(120)
    server.kill()
    until(lambda: stand.post("/v1/events", event("lost")).status == 503)
    until(lambda: stand.get("/readyz").status == 503)
    server.start()
    until(lambda: stand.get("/readyz").status == 200)  # nobody had to send for that
    until(lambda: stand.post("/v1/events", event("back")).status == 202)
    told = {name for one in senders for name, status in one.answers.items() if status in (200, 202)}
    assert {status for one in senders for status in one.answers.values()} <= {200, 202, 503, 429}
    assert told | {"back"} <= names_in(address, f"{unique}-raw", len(told) + 1)
    assert stand.stop() == 0


def names_in(address, topic, count):
    from tests.servers.topics import Topics  # noqa: PLC0415 - the client is wanted here only

    return {
        json.loads(message.value())["alert_name"] for message in Topics(address, "look").get(topic, 10 * count, 20.0)
    }
