"""`tocsin run`: what ends it with a line that says why, and no traceback."""

import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flows.cli.fail import caused_by, in_words
from flows.cli.run import with_options
from flows.settings.sections import MetricsSettings
from flows.settings.settings import Settings, SettingsError
from tests.flows.cli.test_commands import PLAIN

PROGRAM = [sys.executable, "-c", "from flows.cli import main; main()", "run"]
EVENT = (
    b'{"event_id":"e1","plugin_id":"p","alert_name":"a","time":1700000000,"severity":2,"target_type":"","target":"t"}\n'
)


@pytest.fixture
def run(tmp_path):
    """Run the job to its end, and return its exit code and the last line it said."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "a.yaml").write_text("strategies: []\n")
    (tmp_path / "events.jsonl").write_bytes(EVENT)
    (tmp_path / "blocked").write_text("not a directory, not a database")
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TOCSIN")}

    def go(*arguments, stdin=b"", **variables):
        done = subprocess.run(
            [*PROGRAM, *arguments], cwd=tmp_path, env={**environment, "PYTHONPATH": str(Path.cwd()), **variables},
            input=stdin, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert b"geheim" not in done.stderr + done.stdout
        return done.returncode, done.stderr.decode().splitlines()

    return go


FILE = ["--input", "events.jsonl", "--data", "d"]


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--data", "d"], {}, "nothing to read: name files with --input, or kafka.brokers and kafka.topics"),
        (["--input", "missing.jsonl", "--data", "d"], {}, "missing.jsonl: No such file or directory"),
        (["--input", "rules", "--data", "d"], {}, "rules: Is a directory"),
        ([*FILE, "--rules", "missing"], {}, "missing: no such file or directory"),
        (["--input", "events.jsonl", "--data", "blocked"], {}, "blocked: File exists"),
        (["--input", "events.jsonl", "--data", "blocked/d"], {}, "blocked/d: Not a directory"),
        ([*FILE, "--worker", "2/2"], {}, "--worker 2/2: expected I/N with I from 0 to N - 1"),
        (FILE, {"TOCSIN__STORE__DSN": "rules"}, "store rules: unable to open database file"),
        (FILE, {"TOCSIN__STORE__DSN": "blocked"}, "store blocked: file is not a database"),
        (FILE, {"TOCSIN__STORE__DSN": "ftp://u:geheim@h"}, "`ftp` is no kind of store: "),
        (FILE, {"TOCSIN__STORE__DSN": "http://u:geheim@[::1"}, "address of Elasticsearch: Invalid IPv6 URL"),
        (FILE, {"TOCSIN__STORE__DSN": "http://u:geheim@127.0.0.1:1"}, "http://127.0.0.1:1: "),
        (FILE, {"TOCSIN__OUTBOX__DSN": "blocked"}, "outbox blocked: file is not a database"),
        (FILE, {"TOCSIN__OUTBOX__DSN": "http://u:geheim@h"}, "http://h: no outbox; give a file path, or redis://"),
        (FILE, {"MESSAGE_QUEUE_DSN": "redis://:geheim@h:1"}, "redis://h:1: expected redis://host:port/db/key"),
        (FILE, {"MESSAGE_QUEUE_DSN": "redis://:geheim@h:p/0/k"}, "redis://h:p/0/k: expected redis://host:port/db/key"),
        (FILE, {"MESSAGE_QUEUE_DSN": "redis://:geheim@[h/0/k"}, "redis://[h/0/k: expected redis://host:port/db/key"),
        (FILE, {"TOCSIN__KAFKA__WORKER": "2", "TOCSIN__KAFKA__WORKERS": "2"}, "TOCSIN__KAFKA__WORKER: kafka.worker: 2: of 2 workers, the last one is 1"),
        (FILE, {"TOCSIN__BATCH": "0"}, "TOCSIN__BATCH: batch: expected `int` >= 1"),
        (FILE, {"TOCSIN__METRICS__PORT": "1", "TOCSIN__METRICS__HOST": "192.0.2.1"}, "metrics.port: cannot listen on 192.0.2.1:1"),
    ],
)  # fmt: skip
def test_a_start_that_cannot_be_is_refused_in_one_line(run, arguments, variables, said):
    code, lines = run(*arguments, **variables)
    assert code == 1
    assert [line for line in lines if not line.startswith("{")][-1:] == [lines[-1]]
    assert lines[-1].startswith(said)
    assert "Traceback" not in "".join(lines)


def test_an_input_that_breaks_off_ends_the_run_with_its_name(run, tmp_path):
    (tmp_path / "cut.jsonl.gz").write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03cut")
    code, lines = run("--input", "cut.jsonl.gz", "--data", "d")
    assert code == 1
    assert lines[-1].startswith("cut.jsonl.gz: ")
    assert not any("Traceback" in line for line in lines)


def test_a_run_with_its_input_at_an_end_exits_well(run):
    assert run(*FILE)[0] == 0


def test_a_second_file_and_a_second_stdin_are_read(run, tmp_path):
    (tmp_path / "more.jsonl").write_bytes(EVENT.replace(b"e1", b"e2"))
    said = []
    for name in ("events.jsonl", "more.jsonl", "events.jsonl", "-", "-"):
        code, lines = run("--input", name, "--data", "d", stdin=b"nonsense\n")
        assert code == 0
        entries = [json.loads(line) for line in lines if line.startswith("{")]
        said += [found for entry in entries if (found := entry.get("how") or entry.get("reason"))]
    assert said == ["begins", "begins", "nothing new", "not_json", "not_json"]


def test_stdin_may_be_closed_from_the_start(run):
    assert run("--input", "-", "--data", "d")[0] == 0


@pytest.mark.parametrize("command", ["run", "replay"])
def test_a_standard_input_that_is_closed_is_said(run, tmp_path, command):
    place = "--data" if command == "run" else "--out"
    words = f"{shlex.join(PROGRAM[:-1])} {command} --rules rules --input - {place} d <&-"
    done = subprocess.run(
        words, shell=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path.cwd())}, capture_output=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == b"-: standard input is closed"


def test_an_option_wins_over_a_setting_and_a_named_place_stays():
    settings = with_options(Settings(), {**PLAIN, "data": "d", "rules": "r", "job": "alerts", "worker": "1/2"})
    assert (settings.rules, settings.job, settings.store.dsn) == ("r", "alerts", "d/tocsin.sqlite3")
    assert (settings.kafka.worker, settings.kafka.workers) == (1, 2)


def test_a_worker_on_its_own_keeps_the_port_of_the_settings():
    settings = with_options(Settings(metrics=MetricsSettings(port=9464)), {**PLAIN, "worker": "1/2"})
    assert settings.metrics.port == 9464


@pytest.mark.parametrize("share", ["", "/", "1", "1/1", "2/1", "-1/2", "a/b", "1/2/3", "1/0"])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(SettingsError, match="expected I/N"):
        with_options(Settings(), {**PLAIN, "worker": share or "x"})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "a/b"), "a/b: No space left on device"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("odd"), "odd"),
        (ValueError("why"), "why"),
    ],
)
def test_a_reason_is_put_into_words(error, words):
    assert in_words(error) == words


def test_what_the_engine_wraps_is_found():
    wrapped = RuntimeError("engine")
    wrapped.__cause__ = KeyError("step")
    wrapped.__cause__.__cause__ = SettingsError("why")
    assert str(caused_by(wrapped, (SettingsError,))) == "why"
    assert caused_by(wrapped, (OSError,)) is None


def test_what_ends_a_run_midway_is_said_in_one_line_and_the_engine_says_nothing(run):
    code, lines = run("--input", "-", TOCSIN__DEAD_LETTERS="/dev/full", stdin=b"not json\n")
    told = [line for line in lines if not line.startswith("{")]
    assert (code, told) == (1, ["No space left on device"])


@pytest.mark.servers
def test_redis_that_is_away_at_the_start_is_waited_for(run, own_redis):
    server, address = own_redis
    server.kill()
    place = f"redis://{address}/0/x"
    code, lines = run(*FILE, MESSAGE_QUEUE_DSN=place, TOCSIN__OUTBOX__WAIT="0")
    assert code == 1
    assert lines[-1].startswith(f"outbox {place}: ")
    back = threading.Timer(2.0, server.start)
    back.start()
    assert run(*FILE, MESSAGE_QUEUE_DSN=place)[0] == 0
    back.join()
