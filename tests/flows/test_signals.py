"""SIGHUP lets the rules be read again and ends nothing; SIGTERM ends a run with a snapshot, whenever it comes."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from structlog.testing import capture_logs

from flows.rules.source import Source, Terms
from flows.rules.watch import Watcher
from flows.stop import Stop
from tests.flows.rules.made import OPS, found
from tests.tree import ROOT

PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()"]
PATIENCE = 60


@pytest.fixture
def handlers():
    """Put the handlers back that a test changed."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait_that_it_interrupts(number, handlers):
    stop = Stop()
    stop.on_signals()
    threading.Timer(0.05, os.kill, (os.getpid(), number)).start()
    assert stop.wait(PATIENCE)
    assert stop.is_asked
    assert stop.wait(PATIENCE)  # again, and for good


def test_a_hang_up_asks_for_nothing_but_what_it_is_told_to(handlers):
    stop, heard = Stop(), []
    stop.on_signals(lambda: heard.append("again"))
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop.wait(0)
    assert heard == ["again"]


def test_asking_twice_is_asking_once():
    stop = Stop()
    stop.ask()
    stop.ask()
    assert stop.is_asked


class Still(Source):
    """A source in which nothing ever changes."""

    name, interval = "still", 1e9

    def __init__(self):
        self.read_again = threading.Event()
        self.reads = 0

    def stamp(self):
        return "the same"

    def read(self):
        self.reads += 1
        if self.reads > 1:
            self.read_again.set()
        return found(user_groups=[OPS])


def test_rules_are_read_again_when_asked_for_changed_or_not():
    source = Still()
    watcher = Watcher([source], Terms())
    assert watcher.load() == []
    with capture_logs() as logs:
        watcher.start()
        watcher.again()
        assert source.read_again.wait(PATIENCE)
        watcher.stop()
    assert [entry["event"] for entry in logs] == ["rules are read again: somebody asked for it"]


def started(folder, *more):
    (folder / "rules").mkdir()
    (folder / "rules" / "a.yaml").write_text("strategies: []\n")
    (folder / "in.jsonl").touch()
    words = ("--rules", folder / "rules", "--input", folder / "in.jsonl", "--follow", "--data", folder / "data", *more)
    log = (folder / "log").open("wb")
    with log:
        return subprocess.Popen([*PROGRAM, "run", *map(str, words)], stdout=log, stderr=log, cwd=ROOT)


def wait_for(process, is_there, what):
    deadline = time.monotonic() + PATIENCE
    while not is_there():
        assert process.poll() is None, what
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.mark.slow
def test_a_job_that_is_hung_up_on_reads_its_rules_goes_on_and_ends_with_a_snapshot(tmp_path):
    process = started(tmp_path)
    log, snapshots = tmp_path / "log", tmp_path / "data" / "recovery" / "partitions"
    wait_for(process, snapshots.exists, "it does not start")
    for times in (1, 2, 3):
        process.send_signal(signal.SIGHUP)
        wait_for(process, lambda: log.read_text().count("rules are read again") == times, log.read_text())  # noqa: B023
    event = {"event_id": "e", "plugin_id": "p", "alert_name": "a", "time": int(time.time()), "target": "t"}
    with (tmp_path / "in.jsonl").open("a") as lines:
        lines.write(json.dumps(event) + "\n")
    listed = [*PROGRAM, "alerts", "list", "--data", str(tmp_path / "data"), "--json"]
    wait_for(process, lambda: b"ABNORMAL" in subprocess.check_output(listed, cwd=ROOT), "no alert")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    words = ["savepoint", "export", str(tmp_path / "saved"), "--data", str(tmp_path / "data")]
    said = subprocess.run([*PROGRAM, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    assert "slots with state  1," in said.stdout
