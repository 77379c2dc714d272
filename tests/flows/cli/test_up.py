"""From nothing to the first notice on one machine: `tocsin init`, `tocsin up`."""

import itertools
import json
import signal
import socket
import subprocess
import time
from contextlib import closing

import pytest
import urllib3
from click.testing import CliRunner

from flows.cli import main
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import items
from tests.flows.gateway.stand import BARE, TOCSIN
from tests.servers.process import free_port
from tests.tree import ROOT

OPTIONS = ("--people", "a", "--way", "file", "--from", "own", "--time-zone", "UTC")


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


@pytest.mark.parametrize(
    ("way", "source"),
    list(itertools.product(["file", "mail", "slack"], ["prometheus", "alertmanager", "grafana", "own"])),
)
def test_the_rules_that_are_written_have_no_mistakes_and_pass_their_test(tmp_path, way, source):
    options = ["--people", "alice, Bob O'Neil, 王芳", "--way", way, "--from", source, "--time-zone", "Asia/Shanghai"]
    done = run("init", tmp_path / "rules", *options)
    assert done.exit_code == 0, done.output
    assert run("rules", "check", tmp_path / "rules").exit_code == 0
    tested = run("rules", "test", tmp_path / "rules")
    assert (tested.exit_code, "ran 1, failed 0" in tested.output) == (0, True), tested.output


def test_four_questions_are_asked(tmp_path):
    done = CliRunner().invoke(main, ["init", str(tmp_path / "rules")], input="alice\nfile\nown\nUTC\n")
    assert done.exit_code == 0, done.output
    assert run("rules", "test", tmp_path / "rules").exit_code == 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--people", " , ", "--time-zone", "UTC"], "nobody to tell"),
        (["--people", "a", "--time-zone", "Nowhere/At_All"], "no such time zone"),
        (["--people", "a", "--time-zone", "../etc/passwd"], "no such time zone"),
    ],
)
def test_answers_that_cannot_be_used_write_nothing(tmp_path, options, why):
    done = run("init", tmp_path / "rules", "--way", "file", "--from", "own", *options)
    assert (done.exit_code, why in done.output) == (1, True)
    assert not (tmp_path / "rules").exists()


def test_what_is_there_is_not_overwritten(tmp_path):
    (tmp_path / "dispatch.yaml").write_text("dispatch: []\n")
    done = run("init", tmp_path, *OPTIONS)
    assert (done.exit_code, "dispatch.yaml: is there already" in done.output) == (1, True)
    assert [path.name for path in tmp_path.iterdir()] == ["dispatch.yaml"]


def test_up_needs_rules_and_says_how_to_get_them(tmp_path):
    done = run("up", "--rules", tmp_path / "none", "--data", tmp_path / "data")
    assert (done.exit_code, "tocsin init" in done.output) == (1, True)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--listen", "0.0.0.0:1"], "without tokens only"),
        (["--console", "0.0.0.0:1"], "without tokens only"),
        (["--tokens", "none.yaml"], "No such file"),
        (["--data", "rules/dispatch.yaml"], "File exists"),
    ],
)
def test_up_refuses_at_once_what_can_never_work(tmp_path, monkeypatch, options, why):
    monkeypatch.chdir(tmp_path)
    given = {"--rules": "rules", "--data": "data", "--listen": f"127.0.0.1:{free_port()}", "--console": "none"}
    assert run("init", "rules", *OPTIONS).exit_code == 0
    given |= dict(zip(options[::2], options[1::2], strict=True))
    done = run("up", *itertools.chain(*given.items()))
    assert (done.exit_code, why in done.output) == (1, True), done.output
    assert "Alerts come in" not in done.output


def test_up_refuses_a_port_that_another_program_has(tmp_path):
    assert run("init", tmp_path / "r", *OPTIONS).exit_code == 0
    with closing(socket.create_server(("127.0.0.1", 0))) as held:
        place = f"127.0.0.1:{held.getsockname()[1]}"
        done = run("up", "--rules", tmp_path / "r", "--data", tmp_path / "d", "--listen", place, "--console", "none")
    assert (done.exit_code, f"{place}: Address already in use" in done.output) == (1, True), done.output


def until(seen):
    deadline = time.monotonic() + 120
    while not (found := seen()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return found


def words(data):
    """Return what the worker has said of itself since it has read its input."""
    with closing(SqliteStore(data / "tocsin.sqlite3", read_only=True)) as store:
        return [one for one in store.workers() if one.waits == 0]


@pytest.mark.slow
def test_an_alert_is_told_acknowledged_and_kept_over_a_restart(tmp_path):
    options = ["--people", "alice", "--way", "file", "--from", "own", "--time-zone", "UTC"]
    assert run("init", tmp_path / "rules", *options).exit_code == 0
    place, data, http = f"127.0.0.1:{free_port()}", tmp_path / "data", urllib3.PoolManager(retries=False)
    command = [
        *TOCSIN,
        "up",
        "--rules",
        str(tmp_path / "rules"),
        "--data",
        str(data),
        "--listen",
        place,
        "--console",
        "none",
    ]

    def started():
        with (tmp_path / "log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=BARE, cwd=ROOT)

    def ready():
        try:
            return http.request("GET", f"http://{place}/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def alerts():
        done = run("alerts", "list", "--json", "--data", data)
        return items(done.stdout) if done.exit_code == 0 else []

    house = started()
    until(ready)
    event = {"event_id": "1", "plugin_id": "me", "alert_name": "Disk full", "time": int(time.time()), "severity": 2}
    assert http.request("POST", f"http://{place}/v1/events", body=json.dumps(event)).status == 202
    until(lambda: (data / "notices.jsonl").exists() and "Disk full" in (data / "notices.jsonl").read_text())
    (alert,) = alerts()
    said = until(lambda: words(data))
    assert [(one.id, bool(one.rules_version), one.unit) for one in said] == [("all-0", True, "bytes")]
    acked = run("ack", alert["id"], "--data", data, "-m", "mine")
    assert acked.exit_code == 0, acked.output
    house.send_signal(signal.SIGTERM)
    assert house.wait(120) == 0, (tmp_path / "log").read_text()
    house = started()
    until(ready)
    assert [one["is_ack"] for one in alerts()] == [True]
    house.send_signal(signal.SIGTERM)
    assert house.wait(120) == 0
    assert f"http://{place}" in (tmp_path / "log").read_text()
