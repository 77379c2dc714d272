"""Several processes that share the keys of one source say of every alert what one process says."""

import json
import os
import pickle
import socket
import subprocess
import sys

import pytest
import yaml

from flows.settings.settings import Settings
from operators.batch import InOrder
from operators.intake.intake import Intake
from operators.intake.poll import Polled, Raw
from operators.model.alert import Alert
from operators.model.records import DeadLetter
from operators.model.slot import KEYS
from operators.rules.read.load import load
from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.tree import ROOT

pytestmark = pytest.mark.slow

DEMO = ROOT / "examples" / "demo"
LINES = (DEMO / "events.jsonl").read_bytes().splitlines()
NAMES = (
    "id",
    "status",
    "severity",
    "begin_time",
    "latest_time",
    "end_time",
    "event_count",
    "create_time",
    "update_time",
)


BOOK, _ = load([str(DEMO / "rules")])


class Process:
    """Intake and the lifecycle of one process."""

    def __init__(self, *, is_alone=False):
        self.intake, self.lifecycle = Intake(Settings(), lambda: BOOK), InOrder(Settings())
        if not is_alone:
            self.lifecycle.spread()

    def run(self, share):
        if share.key not in self.lifecycle._known:
            self.lifecycle.begin(share.key)
        return [thing for said in self.lifecycle.run(share) for thing in said.documents]


def polls(lines, size):
    for start in range(0, len(lines), size):
        part = enumerate(lines[start : start + size], 1)
        yield Polled([Raw(None, "f", str(start + number), line, "mixed") for number, line in part])
    yield Polled(is_end=True)


class Cluster:
    """Processes among which slots are spread, with the engine's part played by hand; the first one has intake."""

    def __init__(self, count):
        self.processes = [Process() for _ in range(count)]
        self.said = []

    def home(self, key):
        return self.processes[KEYS.index(key) % len(self.processes)]

    def poll(self, polled):
        first = self.processes[0]
        for key, share in pickle.loads(pickle.dumps(first.lifecycle.share([first.intake.take(polled)]))):
            self.said += self.home(key).run(share)

    def restart(self):
        """Kill everybody behind a snapshot."""
        kept = {key: self.home(key).lifecycle.snapshot(key) for key in KEYS if key in self.home(key).lifecycle._known}
        rules = self.processes[0].intake.snapshot()
        self.processes = [Process() for _ in self.processes]
        self.processes[0].intake.begin(rules)
        for key, data in kept.items():
            assert self.home(key).lifecycle.adopt(data) == key


def alone(lines):
    process, said = Process(is_alone=True), []
    for polled in polls(lines, 7):
        for _, share in process.lifecycle.share([process.intake.take(polled)]):
            said += process.run(share)
    return said


def last_alerts(said):
    last = {one.id: one for one in said if isinstance(one, Alert)}
    return sorted([getattr(one, name) for name in NAMES] for one in last.values())


@pytest.mark.parametrize(("count", "every"), [(1, 7), (2, 0), (3, 3)])
def test_alerts_do_not_depend_on_the_number_of_processes_nor_on_restarts(count, every):
    cluster = Cluster(count)
    for number, polled in enumerate(polls(LINES, 7), 1):
        cluster.poll(polled)
        if every and number % every == 0 and not polled.is_end:
            cluster.restart()
    expected = alone(LINES)
    assert last_alerts(cluster.said) == last_alerts(expected)
    letters = [one.position for one in cluster.said if isinstance(one, DeadLetter)]
    assert letters == [one.position for one in expected if isinstance(one, DeadLetter)]


def test_what_stands_behind_a_change_of_rules_is_decoded_under_the_new_ones_everywhere():
    strategy = {"id": 901, "name": "new", "bk_biz_id": 2}
    event = {"plugin_id": "p", "strategy_id": 901, "alert_name": "a", "severity": 2, "target_type": "HOST"}
    at = 1_700_000_000
    lines = [json.dumps({"kind": "rules", "at": at, "put": {"strategies": [strategy]}}).encode()]
    lines += [json.dumps({**event, "event_id": f"e{n}", "target": f"h{n}", "time": at + n}).encode() for n in range(40)]
    cluster = Cluster(2)
    for polled in polls(lines, 4):
        cluster.poll(polled)
    assert last_alerts(cluster.said) == last_alerts(alone(lines))
    assert len(last_alerts(cluster.said)) == 40


def test_a_command_that_nobody_knows_is_refused_by_one():
    line = json.dumps({"kind": "command", "command": "ack", "alert_id": "nonsense", "at": 1_700_000_000}).encode()
    cluster = Cluster(3)
    for polled in polls([line], 1):
        cluster.poll(polled)
    assert len([one for one in cluster.said if isinstance(one, DeadLetter)]) == 1


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_cluster_of_two_processes_keeps_the_alerts_of_one(tmp_path):
    addresses = ";".join(f"127.0.0.1:{free_port()}" for _ in range(2))
    settings = tmp_path / "tocsin.yaml"
    settings.write_text(
        yaml.safe_dump({
            "rules": str(DEMO / "rules"),
            "batch": 10,
            "source": {"files": [str(DEMO / "events.jsonl")], "recording": True},
            "store": {"dsn": str(tmp_path / "store.sqlite3")},
            "outbox": {"dsn": str(tmp_path / "outbox.sqlite3")},
            "dead_letters": str(tmp_path / "dead_letters.jsonl"),
        })
    )  # fmt: skip
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}
    env["TOCSIN_SETTINGS"] = str(settings)
    command = [sys.executable, "-m", "bytewax.run", "flows.alerts", "-a", addresses]
    processes = [
        subprocess.Popen([*command, "-i", str(number)], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
        for number in range(2)
    ]
    try:
        ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [code for _, code in ended] == [0, 0], ended
    store = SqliteStore(tmp_path / "store.sqlite3", read_only=True)
    found = sorted([getattr(one, name) for name in NAMES] for one in store.alerts(AlertQuery(limit=10_000)))
    store.close()
    assert found == last_alerts(alone(LINES))
