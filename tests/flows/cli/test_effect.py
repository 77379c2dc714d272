"""A command looks its alert up first, waits for what the job does, and says it; what is refused is said and exits 1."""

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli import effect
from flows.cli.main import main
from operators.model.records import DeadLetter
from tests.flows.cli.answers import items
from tests.tree import ROOT

RULES = {"strategies": [{"id": 1, "name": "CPU"}]}
PATIENCE = 60.0


def event(name: str, target: str) -> str:
    now = int(time.time())
    return json.dumps({
        "event_id": name, "plugin_id": "p", "strategy_id": 1, "alert_name": "CPU", "time": now, "severity": 1, "status": "ABNORMAL",
        "target_type": "HOST", "target": target,
    }) + "\n"  # fmt: skip


def said(*arguments: str) -> tuple[int, list[str]]:
    result = CliRunner().invoke(main, list(arguments))
    return result.exit_code, result.output.splitlines()


def alerts(data: Path) -> dict[str, str]:
    """Target -> id of the alerts in the store."""
    code, lines = said("alerts", "list", "--all", "--json", "--data", str(data))
    return {one["event"]["target"]: one["id"] for one in items("\n".join(lines))} if code == 0 else {}


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory):
    """A job that follows a file, with three open alerts; its data directory and their ids."""
    place = tmp_path_factory.mktemp("job")
    (place / "rules.json").write_text(json.dumps(RULES))
    (place / "events.jsonl").write_text("".join(event(name, f"h{name}") for name in "123"))
    program = [
        sys.executable,
        "-c",
        "from flows.cli import main; main()",
        "run",
        "--rules",
        "rules.json",
        "--input",
        "events.jsonl",
    ]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [*program, "--follow", "--data", "d", "--no-courier"],
            cwd=place,
            stderr=log,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        )
    deadline = time.monotonic() + PATIENCE
    while len(found := alerts(place / "d")) < 3 and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    yield place / "d", found
    process.terminate()
    process.wait(PATIENCE)


def test_the_effect_is_waited_for_and_said(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    told = ("--data", str(data), "--operator", "alice")
    assert said("ack", ids["h1"], *told)[1][-1] == f"acknowledged: CPU on h1 ({ids['h1']})"
    assert said("ack", ids["h1"], *told) == (1, [f"alert {ids['h1']} is acknowledged already, by alice"])
    assert said("comment", ids["h1"], "-m", "on it", *told)[1][-1] == f"comment written: CPU on h1 ({ids['h1']})"
    assert said("assign", ids["h1"], "bob", *told)[1][-1] == f"assigned: CPU on h1 ({ids['h1']})"
    assert said("close", ids["h2"], *told)[1][-1] == f"closed: CPU on h2 ({ids['h2']})"
    assert said("close", ids["h2"], *told) == (1, [f"alert {ids['h2']} is over (CLOSED): nothing to close"])


@pytest.mark.parametrize(
    "arguments", [("ack", "nope"), ("close", "123"), ("assign", "0" * 22, "bob"), ("comment", "ab" * 16)]
)
def test_an_alert_that_is_not_there_is_said(job, arguments):
    data, _ = job
    size = (data / "commands.jsonl").stat().st_size if (data / "commands.jsonl").exists() else 0
    assert said(*arguments, "--data", str(data)) == (1, [f"no alert {arguments[1]}"])
    assert size == ((data / "commands.jsonl").stat().st_size if (data / "commands.jsonl").exists() else 0)


def test_without_waiting_a_command_is_only_handed_over(job):
    data, ids = job
    assert said("ack", ids["h3"], "--no-wait", "--data", str(data)) == (0, [f"appended to {data}/commands.jsonl"])


def test_a_directory_without_a_job_is_said_and_left_alone(tmp_path):
    code, lines = said("ack", "1" * 22, "--data", str(tmp_path / "d"))
    assert code == 1
    assert "is there a job?" in lines[0]
    assert not (tmp_path / "d").exists()


def test_a_refusal_by_the_job_is_said(job, tmp_path, capsys):
    data, ids = job
    before = effect.look_up_first(effect.Job.of(None, str(data)), ids["h1"], "comment")
    letter = DeadLetter(time=1, source="c", position="1", reason="alert_ended", detail="it is over", raw="the line")
    (tmp_path / "letters").write_bytes(b"half\n" + msgspec.json.encode(letter) + b"\n")
    place = effect.Job(f"{data}/tocsin.sqlite3", tmp_path / "letters")
    with pytest.raises(SystemExit) as ended:
        effect.wait_for_effect(place, before._replace(letters=0), "comment", "nobody", "the line")
    assert (ended.value.code, capsys.readouterr().err) == (1, "refused: alert_ended: it is over\n")


def test_a_job_that_does_not_act_is_said(job, monkeypatch, capsys):
    monkeypatch.setattr(effect, "PATIENCE", 0.2)
    data, ids = job
    place = effect.Job.of(None, str(data))
    before = effect.look_up_first(place, ids["h1"], "comment")
    with pytest.raises(SystemExit) as ended:
        effect.wait_for_effect(place, before, "comment", "nobody", "another line")
    assert ended.value.code == 3
    assert "does the job run?" in capsys.readouterr().err
