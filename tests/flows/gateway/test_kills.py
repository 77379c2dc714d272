"""Gateway and job are killed at random moments under load: what was answered 2xx is in the store, once."""

import json
import os
import random
import subprocess
import threading
import time

import pytest
import urllib3

from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.flows.gateway.stand import BARE, TOCSIN, Stand
from tests.tree import ROOT

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("TOCSIN_TEST_KILLS", "10"))
SENDERS = 4


class Sender(threading.Thread):
    """Posts events one after the other, and remembers which were accepted."""

    def __init__(self, house: "House", number: int) -> None:
        super().__init__(daemon=True)
        self.house, self.number = house, number
        self.accepted: list[str] = []
        self.ends = threading.Event()

    def run(self) -> None:
        http, count = urllib3.PoolManager(retries=False, timeout=30), 0
        while not self.ends.is_set():
            count += 1
            names = [f"{self.number}-{count}-{part}" for part in range(5)]
            now = int(time.time())
            lines = [{"event_id": one, "plugin_id": "p", "alert_name": one, "time": now} for one in names]
            body = "\n".join(map(json.dumps, lines))
            try:
                answer = http.request("POST", f"http://{self.house.gateway.listen}/v1/events", body=body)
            except urllib3.exceptions.HTTPError:
                self.ends.wait(0.05)  # nothing was promised
                continue
            if answer.status == 202:
                self.accepted += names


class House:
    """A gateway and a job, each of which can be killed and started again."""

    def __init__(self, folder):
        self.folder = folder
        self.gateway = Stand(folder, "--settings", "/dev/null")
        self.start_job()

    def start_job(self):
        data = self.folder / "data"
        command = [*TOCSIN, "run", "--rules", "none", "--data", str(data), "--spool", str(data / "spool")]
        environment = {**BARE, "TOCSIN__RECOVERY__INTERVAL": "0.2"}
        with (self.folder / "job.log").open("ab") as log:
            self.job = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=ROOT)

    def kill_one(self, rng):
        if rng.random() < 0.5:
            self.gateway.kill()
            self.gateway.start()
        else:
            self.job.kill()
            self.job.wait()
            self.start_job()


def names_of(folder):
    store = SqliteStore(folder / "data" / "tocsin.sqlite3", read_only=True)
    try:
        return [(alert.alert_name, alert.event_count) for alert in store.alerts(AlertQuery(limit=1_000_000))]
    finally:
        store.close()


def settled(folder, wanted):
    """Wait until everything that was accepted is an alert."""
    deadline = time.monotonic() + 180
    while not wanted <= {name for name, _ in names_of(folder)}:
        assert time.monotonic() < deadline, f"{len(wanted - {name for name, _ in names_of(folder)})} are missing"
        time.sleep(0.5)


def test_what_was_accepted_is_there_once_whoever_was_killed(tmp_path):
    rng, house = random.Random(7), House(tmp_path)
    senders = [Sender(house, number) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for _ in range(KILLS):
        threading.Event().wait(rng.uniform(0.2, 1.5))
        house.kill_one(rng)
    for sender in senders:
        sender.ends.set()
        sender.join(60)
    accepted = {name for sender in senders for name in sender.accepted}
    assert accepted
    settled(tmp_path, accepted)
    house.job.terminate()
    assert house.job.wait(120) == 0, (tmp_path / "job.log").read_text()[-3000:]
    assert house.gateway.stop() == 0
    kept = names_of(tmp_path)
    assert len({name for name, _ in kept}) == len(kept)
    assert {count for _, count in kept} == {1}
