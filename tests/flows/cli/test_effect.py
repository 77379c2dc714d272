"""A command looks its alert up first, waits for what the job does, and says it; what is refused is said and exits 1."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli import effect
from flows.cli.main import main
from flows.cli.telling import Sent, Telling, tell
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
    """A job that follows a file, with some open alerts; its data directory and their ids."""
    place = tmp_path_factory.mktemp("job")
    (place / "rules.json").write_text(json.dumps(RULES))
    (place / "events.jsonl").write_text("".join(event(name, f"h{name}") for name in "1234567"))
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
    while len(found := alerts(place / "d")) < 7 and time.monotonic() < deadline and process.poll() is None:
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
    assert said("assign", ids["h1"], "bob", *told)[1][-1] == f"assigned to bob: CPU on h1 ({ids['h1']})"
    assert said("close", ids["h2"], *told)[1][-1] == f"closed: CPU on h2 ({ids['h2']})"
    for name in (ids["h2"], ids["h2"][-8:]):
        assert said("close", name, *told) == (1, [f"alert {ids['h2']} is over (CLOSED): nothing to close"])


def test_an_alert_is_named_by_a_part_of_its_id_that_no_other_has(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    told = ("--data", str(data), "--operator", "alice")
    end = ids["h4"][-8:]
    assert said("comment", end, "-m", "found", *told) == (0, [f"comment written: CPU on h4 ({ids['h4']})"])
    code, lines = said("comment", ids["h4"][:6], "-m", "found", *told)
    assert (code, lines[0].endswith(f"alerts have {ids['h4'][:6]!r}; say more of the id:")) == (1, True)
    assert said("comment", "h4", "-m", "found", *told) == (1, ["no alert h4"])


def test_an_ack_may_end_be_renewed_and_be_taken_back(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    told = ("--data", str(data), "--operator", "alice")
    first, again = said("ack", ids["h4"], "--for", "1h", *told), said("ack", ids["h4"], "--for", "2h", *told)
    assert [code for code, _ in (first, again)] == [0, 0]
    assert first[1][-1].startswith("acknowledged until ")
    mine = said("ack", ids["h4"], "--for", "3h", "--data", str(data), "--operator", "bob")
    assert mine == (1, [f"alert {ids['h4']} is acknowledged already, by alice"])
    assert said("unack", ids["h4"], *told) == (0, [f"no longer acknowledged: CPU on h4 ({ids['h4']})"])
    assert said("unack", ids["h4"], *told) == (1, [f"alert {ids['h4']} is not acknowledged"])


def test_many_are_changed_by_conditions_once_that_is_said_to_be_meant(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    told, both = ("--data", str(data), "--operator", "alice", "-m", "the lot"), ("--target", "h5", "--target", "h6")
    code, lines = said("comment", *both, *told)
    assert (code, lines[-1]) == (1, "nothing done; say --yes if these 2 alerts are meant")
    code, lines = said("assign", "bob", "carol", *both, "--severity", "fatal", "--yes", *told)
    assert (code, sorted(lines)) == (
        0,
        [f"assigned to bob, carol: CPU on {name} ({ids[name]})" for name in ("h5", "h6")],
    )
    assert said("ack", *both, "--yes", *told)[0] == 0
    assert said("ack", *both, "--yes", *told) == (1, ["nothing to do for the 2 that meet the conditions"])
    assert said("ack", "--target", "nowhere", "--yes", *told) == (1, ["no open alert meets the conditions"])
    assert said("ack", ids["h5"], "--target", "h5", *told)[0] == said("ack", *told)[0] == 2


def test_programs_read_what_became_of_each_command(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    code, lines = said("comment", ids["h5"], ids["h6"], "-m", "both", "--data", str(data), "--json")
    told = items("\n".join(lines))
    assert (code, {one["alert_id"]: one["outcome"] for one in told}) == (
        0,
        {ids["h5"]: "applied", ids["h6"]: "applied"},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("ack", "nope"),
        ("close", "123"),
        ("assign", "0" * 22, "bob"),
        ("comment", "ab" * 16, "-m", "why"),
        ("unack", "nope"),
    ],
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


def test_a_refusal_by_the_job_is_said_where_the_command_was_given(job, monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, _ = job
    assert said("shield", "end", "nothing", "--data", str(data)) == (1, ["refused: unknown_shield: no shield nothing"])


def test_of_two_who_ack_at_once_one_has_it_and_the_other_is_told_who(job, monkeypatch, capsys):
    """Both found the alert free when they looked."""
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)
    data, ids = job
    whom = [Telling(None, str(data), None, name, "") for name in ("alice", "bob")]
    sent = [tell(one, [{"command": "ack", "alert_id": ids["h7"]}]) for one in whom]
    codes = []
    for one, commands in zip(whom, sent, strict=True):
        with pytest.raises(SystemExit) as ended:
            effect.conclude(one, commands, lambda _: "mine")
        codes.append(ended.value.code)
    assert codes == [0, 1]
    assert capsys.readouterr() == ("mine\n", f"refused: already_acked: alert {ids['h7']} was acknowledged by alice\n")


def test_a_job_that_does_not_act_is_said(job, monkeypatch, capsys):
    monkeypatch.setattr(effect, "PATIENCE", 0.2)
    data, ids = job
    whom = Telling(None, str(data), None, "nobody", "")
    with pytest.raises(SystemExit) as ended:
        effect.conclude(whom, Sent([{"command": "comment", "alert_id": ids["h1"], "command_id": "0" * 32}], ""), str)
    assert ended.value.code == 3
    assert "does the job run?" in capsys.readouterr().err
