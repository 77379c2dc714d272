"""A job of processes gets another number of workers by one command, killed or not, and loses nothing."""

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections import defaultdict

import pytest

from sinks.kafka.keyed import partition_of
from tests.flows.test_workers import ENV, children, set_up, supervised, tocsin, wait_until_read  # noqa: F401
from tests.tree import ROOT

PAGE = re.findall(r"^tocsin rescale .*data$", (ROOT / "docs/savepoints.md").read_text(encoding="utf-8"), re.MULTILINE)
PATIENCE = 120
KEYS = 400


def events(first, count):
    """Events of KEYS fingerprints, one open alert each."""
    now = int(time.time())
    for number in range(first, first + count):
        key = f"{number % KEYS * 2654435761 % 2**32:08x}" * 4
        yield key, {
            "event_id": f"e{number}", "plugin_id": "p", "alert_name": "a", "severity": 2, "status": "ABNORMAL",
            "target": f"h{number % KEYS}", "target_type": "HOST", "dedupe_md5": key, "time": now,
        }  # fmt: skip


class Running:
    """A supervised job on a topic of 16 partitions."""

    def __init__(self, folder, topics, start):
        self.folder, self.topics = folder, topics
        self.topic = topics.make("keyed", 16)
        self.settings = set_up(
            folder, "none", {"interval": 0.5, "partitions": 1}, topics.address, self.topic, self.topic
        )
        with self.settings.open("a") as more:
            more.write(f"\nbackup: {{place: {folder}/place, interval: 600, restore: true}}\n")
        self.job = start("--workers", 2, "--settings", self.settings, "--data", folder / "data")
        self.sent = 0

    def feed(self, count=KEYS):
        records = defaultdict(list)
        for key, event in events(self.sent, count):
            records[partition_of(key, 16)].append((event["time"], json.dumps(event).encode()))
        for partition, group in records.items():
            self.topics.put(self.topic, partition, *group)
        self.sent += count
        wait_until_read(self.topics, self.topic, self.topic, self.sent, self.job)

    def command(self, to, *words):
        command = tocsin("rescale", "--to", to, "--settings", self.settings, "--data", self.folder / "data", *words)
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV)

    def typed(self, line):
        """Run a command of the page as it stands there."""
        command = [*tocsin(), *shlex.split(line)[1:], "--json"]
        done = subprocess.run(command, cwd=self.folder, env=ENV, capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)["items"][0] if done.stdout else {}, done.stderr

    def rescale(self, to, *words):
        process = self.command(to, "--json", *words)
        out, said = process.communicate(timeout=PATIENCE)
        return process.returncode, json.loads(out)["items"][0] if out else {}, said


@pytest.fixture
def running(topics, tmp_path, supervised):  # noqa: F811 - the fixture
    return Running(tmp_path, topics, supervised)


def read_to(command, step):
    """Read what a command says of its steps, up to one of them."""
    for line in command.stderr:
        if step in line:
            return


@pytest.mark.servers
@pytest.mark.slow
def test_a_running_job_gets_another_number_of_workers_and_keeps_every_state(running):
    running.feed()
    dry, (code, told, said) = [running.typed(line) for line in PAGE]
    assert (dry[0], dry[1].get("outcome")) == (0, "planned"), dry
    assert (code, told.get("outcome")) == (0, "done"), said
    assert (told["from"], told["to"], told["states"], told["partitions"]) == (2, 4, KEYS, 16), said
    assert len(children(running.job.pid)) == 4
    assert running.rescale(4)[1]["outcome"] == "nothing"
    running.feed()
    code, told, said = running.rescale(1)
    assert (code, told.get("states")) == (0, KEYS), (told, said)
    assert len(children(running.job.pid)) == 1


@pytest.mark.servers
@pytest.mark.slow
def test_a_command_that_was_killed_is_gone_on_with_by_the_same_command(running):
    running.feed()
    for step in ("stopping", "offsets in", "starting", "taken over"):
        target = 1 if len(children(running.job.pid)) in (0, 2) else 2
        killed = running.command(target)
        read_to(killed, step)
        os.kill(killed.pid, signal.SIGKILL)
        killed.communicate()
        code, told, said = running.rescale(target)
        assert (code, told.get("states")) == (0, KEYS), (step, said)
        running.feed()
    assert len(children(running.job.pid)) == 2


@pytest.mark.servers
@pytest.mark.slow
def test_workers_that_were_killed_as_they_stopped_go_on_as_before_and_nothing_is_lost(running):
    """No part was ever left, so there is nothing to begin from: the old number goes on from its snapshots."""
    running.feed()
    command = running.command(1)
    read_to(command, "stopping")
    for worker in children(running.job.pid):
        os.kill(worker, signal.SIGKILL)
    _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 1, said
    assert "there is no complete set of 2 parts" in said
    assert "the job runs with 2 workers as before" in said
    running.feed()
    code, told, said = running.rescale(1)
    assert (code, told.get("states")) == (0, KEYS), said


@pytest.mark.servers
@pytest.mark.slow
def test_a_worker_that_is_killed_as_it_begins_begins_again(running):
    running.feed()
    command = running.command(4)
    read_to(command, "starting")
    deadline = time.monotonic() + PATIENCE
    while len(children(running.job.pid)) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for worker in children(running.job.pid)[:2]:
        os.kill(worker, signal.SIGKILL)
    _, said = command.communicate(timeout=PATIENCE)
    assert command.returncode == 0, said
    running.feed()
