"""Exit 3: done, but something is left, and a sentence says what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.given import LATEST
from flows.cli.replay import replay
from tests.tree import ROOT

RULES = {
    "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}],
    "user_groups": [
        {
            "id": "ops",
            "name": "Ops",
            "alert_notice": [
                {"notify_config": [{"level": 1, "notice_ways": [{"name": "slack", "receivers": ["#ops"]}]}]}
            ],
        }
    ],
    "channels": [{"way": "slack", "url": {"env": "HOOK"}}],
}
EVENT = {
    "event_id": "e",
    "plugin_id": "p",
    "strategy_id": 1,
    "alert_name": "CPU",
    "time": 1700000000,
    "severity": 1,
    "status": "ABNORMAL",
    "target": "h",
}
HOOK = {"HOOK": "http://127.0.0.1:9/services/x"}
"""Where nobody listens."""


@pytest.fixture
def tocsin(tmp_path: Path):
    """Run a command in a directory with rules and one event; return its exit code and the last line it said."""
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    (tmp_path / "events.jsonl").write_text(json.dumps(EVENT) + "\n")

    def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
        program = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **HOOK}
        done = subprocess.run(program, cwd=tmp_path, env=environment, input=stdin, capture_output=True, check=False)
        return done.returncode, (done.stderr.decode().splitlines() or [""])[-1]

    return run


RUN = ("run", "--rules", "rules.json", "--data", "d")
REPLAY = ("replay", "--rules", "rules.json", "--out", "out", "--input")


def test_a_run_whose_notice_could_not_be_delivered_says_so(tocsin):
    code, said = tocsin(*RUN, "--input", "events.jsonl")
    assert code == 3
    assert said.startswith("the input is done, but not all notices: 1 could not be delivered yet")
    assert tocsin(*RUN, "--input", "events.jsonl")[0] == 3  # it still waits


def test_a_run_that_leaves_delivery_to_others_is_done(tocsin):
    assert tocsin(*RUN, "--input", "events.jsonl", "--no-courier")[0] == 0


def test_a_run_without_notices_is_done(tocsin):
    assert tocsin("run", "--rules", "none", "--data", "d", "--input", "events.jsonl")[0] == 0


@pytest.mark.parametrize("text", [b"nonsense\n", b"[]\n{}\n", b'{"labels": {"alertname": "x"}}\n' * 3])
def test_a_replay_of_something_else_says_so(tocsin, text: bytes):
    code, said = tocsin(*REPLAY, "-", stdin=text)
    assert code == 3
    assert said.startswith("no line could be read as a record")


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"nonsense\n" + json.dumps(EVENT).encode(), b'{"kind": "tick", "at": 1700000000}\nx\n']
)
def test_a_replay_of_which_something_was_read_is_done(tocsin, text: bytes):
    assert tocsin(*REPLAY, "-", stdin=text)[0] == 0


@pytest.mark.parametrize(
    ("until", "code"), [("-1", 2), ("1700000000", 0), (str(LATEST), 0), (str(LATEST + 1), 2), ("soon", 2)]
)
def test_a_replay_goes_on_to_a_second_that_there_is(tmp_path, until, code):
    (tmp_path / "rules.yaml").write_text("strategies: []\n")
    (tmp_path / "in.jsonl").write_text('{"kind": "tick", "at": 1700000000}\n')
    words = [
        "--rules",
        str(tmp_path / "rules.yaml"),
        "--input",
        str(tmp_path / "in.jsonl"),
        "--out",
        str(tmp_path / "out"),
    ]
    assert CliRunner().invoke(replay, [*words, "--until", until]).exit_code == code
