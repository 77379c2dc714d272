"""A job killed at any moment goes on as if nothing had happened (design.md 1, promises 1, 2, 4)."""

import contextlib
import importlib.util
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time

import msgspec
import pytest

from operators.model.records import Notice
from tests.flows.morning import RULES, SETTINGS, laid_out, lines
from tests.replay.driver import T0, Out, replay
from tests.tree import ROOT, SHARED

pytestmark = pytest.mark.slow

KILLS = 10
EVENTSET = SHARED / "data" / "eventset.py"
PATIENCE = 120


def start(folder, events, rules, settings):
    (folder / "tocsin.yaml").write_text(
        json.dumps({**settings, "batch": 20, "recovery": {"interval": 0.1, "partitions": 2}})
    )
    arguments = [
        "run",
        "--rules",
        rules,
        "--input",
        events,
        "--recording",
        "--data",
        folder / "data",
        "--settings",
        folder / "tocsin.yaml",
        "--no-courier",
    ]
    command = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT)


def progress(folder):
    """How far the stream has come, by the newest entry in the store."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(_opened(folder / "data" / "tocsin.sqlite3")) as store:
        return store.execute("SELECT max(time) FROM logs").fetchone()[0] or 0
    return 0


def _opened(path):
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)


def wait_past(folder, process, moment):
    """Wait until the store has come past a moment of the stream, or the process has ended."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and progress(folder) <= moment and time.monotonic() < deadline:
        time.sleep(0.02)


def run_with_kills(folder, events, rules, settings, span, rng, wanted=KILLS):
    """Run to the end of the input, killed on the way; return how often."""
    kills = 0
    first, last = span
    step = (last - first) // (wanted + 4)
    while True:
        process = start(folder, events, rules, settings)
        if kills < wanted:
            wait_past(folder, process, max(first + rng.randrange(step), progress(folder) + rng.randrange(step)))
            time.sleep(rng.random() * 0.02)
        if kills < wanted and process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
            kills += 1
            continue
        assert process.wait(PATIENCE) == 0, (folder / "log").read_text()[-2000:]
        return kills


def kept(folder):
    """What a run left in store, outbox and dead letters."""
    with contextlib.closing(_opened(folder / "data" / "tocsin.sqlite3")) as store:
        tables = {
            name: dict(store.execute(f"SELECT id, document FROM {name}")) for name in ("alerts", "logs", "actions")
        }
    with contextlib.closing(_opened(folder / "data" / "outbox.sqlite3")) as outbox:
        notices = {
            name: msgspec.msgpack.decode(body, type=Notice)
            for name, body in outbox.execute("SELECT id, body FROM notices")
        }
    letters = folder / "data" / "dead_letters.jsonl"
    said = [json.loads(line) for line in letters.read_bytes().splitlines()] if letters.exists() else []
    return {**tables, "notices": notices, "dead_letters": {(one["position"], one["reason"]) for one in said}}


def assert_as_replayed(left, out: Out):
    assert {name: json.loads(body)["status"] for name, body in left["alerts"].items()} == {
        one["id"]: one["status"] for one in out.alerts
    }
    assert left["logs"].keys() == {one["id"] for one in out.logs}
    assert left["actions"].keys() == {one["id"] for one in out.actions}
    assert left["notices"].keys() == {one["id"] for one in out.notices}
    assert left["dead_letters"] == set(out.refused())


def test_ten_kills_change_nothing(tmp_path):
    content, rng = lines(1400, seed=11), random.Random(5)
    out = replay(RULES, content, settings=SETTINGS)
    span = out.logs[0]["time"], out.logs[-1]["time"]
    for name, killed in (("whole", False), ("killed", True)):
        folder = tmp_path / name
        folder.mkdir()
        rules, events = laid_out(folder, content)
        if killed:
            assert run_with_kills(folder, events, rules, SETTINGS, span, rng) >= KILLS
        else:
            assert start(folder, events, rules, SETTINGS).wait(PATIENCE) == 0
    whole, broken = kept(tmp_path / "whole"), kept(tmp_path / "killed")
    assert broken == whole
    assert_as_replayed(whole, out)


def storm():
    """Endpoints that flap for a hundred minutes, forty hosts that fail together, a shield over some of it."""
    made = []
    for number in range(6):
        strategy = {"strategy_id": 1} if number % 2 else {"alert_name": "loud"}
        for turn, at in enumerate(range(T0 + number, T0 + 6000, 25 + number)):
            status = "RECOVERED" if turn % 2 else "ABNORMAL"
            made.append(
                {
                    "event_id": f"f{number}-{turn}",
                    "target": f"10.0.1.{number}",
                    "time": at,
                    "status": status,
                    **strategy,
                }
            )
    for host in range(40):
        opened = {"event_id": f"s{host}", "target": f"10.0.2.{host}", "time": T0 + 1000 + host // 2, "strategy_id": 1}
        made += [opened, {**opened, "event_id": f"e{host}", "time": T0 + 1300 + 7 * host, "status": "RECOVERED"}]
    lines_ = [{"plugin_id": "p", "target_type": "HOST", "severity": 2, "at": one["time"], **one} for one in made]
    shield = {"id": 9, "category": "dimension", "dimension_config": {}, "begin_time": T0 + 700, "end_time": T0 + 900}
    lines_.append({"kind": "command", "at": T0 + 600, "command": "shield", "shield": shield, "operator": "bob"})
    return [json.dumps(one).encode() for one in sorted(lines_, key=lambda one: one["at"])]


def test_thirty_kills_amid_flapping_windows_and_shields_change_no_notice(tmp_path):
    content, settings = storm(), {"quota": {"alert": {"threshold": 0}, "action": {"threshold": 0}}}
    out = replay(RULES, content, settings=settings)
    reasons = {one["reason"] for one in out.actions}
    assert reasons >= {"flapping", "merged", "shielded_by_rule"}
    assert {one["notice_type"] for one in out.notices} >= {"flapping", "normal"}
    rules, events = laid_out(tmp_path, content)
    span = T0, T0 + 600  # short steps: a job runs on until a kill has reached it
    assert run_with_kills(tmp_path, events, rules, settings, span, random.Random(9), wanted=30) == 30
    left = kept(tmp_path)
    assert_as_replayed(left, out)
    told = {one["id"]: (one["title"], one["content"], one["receivers"]) for one in out.notices}
    assert {name: (one.title, one.content, list(one.receivers)) for name, one in left["notices"].items()} == told


def test_a_term_ends_with_exit_0_and_is_resumed_exactly(tmp_path):
    content = lines(1500, seed=12)
    out = replay(RULES, content, settings=SETTINGS)
    rules, events = laid_out(tmp_path, content)
    half = (out.logs[0]["time"] + out.logs[-1]["time"]) // 2
    first = start(tmp_path, events, rules, SETTINGS)
    wait_past(tmp_path, first, half)
    first.terminate()
    assert first.wait(PATIENCE) == 0, (tmp_path / "log").read_text()[-2000:]
    assert progress(tmp_path) < out.logs[-1]["time"]
    assert start(tmp_path, events, rules, SETTINGS).wait(PATIENCE) == 0
    left = kept(tmp_path)
    assert_as_replayed(left, out)
    letters = (tmp_path / "data" / "dead_letters.jsonl").read_bytes().splitlines()
    assert len(letters) == len(out.dead_letters)  # exactly: none was written twice


@pytest.mark.skipif(not EVENTSET.exists(), reason="the event set of the comparison is not part of the repository")
def test_the_shared_event_set_survives_kills(tmp_path):
    spec = importlib.util.spec_from_file_location("eventset", EVENTSET)
    eventset = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(eventset)
    made = list(eventset.make(3000, 300, 7))
    counts = eventset.expected(made)["alerts"]
    rules, events = laid_out(tmp_path, [json.dumps(one).encode() for one in made])
    span = made[0]["time"], made[-1]["time"]
    assert (
        run_with_kills(tmp_path, events, rules, {"quota": {"alert": {"threshold": 0}}}, span, random.Random(7)) >= KILLS
    )
    stands = [json.loads(body)["status"] for body in kept(tmp_path)["alerts"].values()]
    got = {name: stands.count(name.upper()) for name in ("recovered", "closed", "abnormal")}
    assert {"opened": len(stands), **got} == counts
