"""`tocsin explain` after a real run: how far a recovery is, by what the job kept."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flows.recovery.last_state import last_state
from tests.flows.cli.answers import items
from tests.tree import ROOT

T0 = 1_700_000_040
"""The beginning of a minute."""
RULES = {
    "strategies": [
        {
            "id": 1,
            "name": "CPU usage",
            "items": [{"id": 1, "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}],
            "detects": [
                {
                    "level": 2,
                    "trigger_config": {"count": 2, "check_window": 5},
                    "recovery_config": {"check_window": 3},
                }
            ],
        }
    ]
}
IDENTITY = {"plugin_id": "p", "strategy_id": 1, "alert_name": "CPU usage", "target": "10.0.0.1"}


def check(minute: int, *, anomaly: bool) -> dict[str, object]:
    time = T0 + 60 * minute
    return {"kind": "check", "at": time, "time": time, "anomaly": anomaly, "level": 2, "item_id": 1, **IDENTITY}


SHIELD = {
    "id": "work",
    "category": "strategy",
    "begin_time": T0,
    "end_time": T0 + 900,
    "dimension_config": {"strategy_id": [1]},
}

LINES = [
    {"at": T0, "event_id": "e", "severity": 2, "time": T0, **IDENTITY},
    {"kind": "command", "command": "shield", "at": T0 + 30, "operator": "bob", "shield": SHIELD},
    *(check(minute, anomaly=minute in (1, 3, 5)) for minute in range(1, 10)),
]


def tocsin(*words: object) -> str:
    command = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ran")
    (folder / "rules.json").write_text(json.dumps(RULES))
    (folder / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    files = ("--rules", folder / "rules.json", "--input", folder / "in.jsonl", "--data", folder / "data")
    tocsin("run", *files, "--recording", "--no-courier")
    return folder


def told(folder: Path, *words: object) -> dict[str, object]:
    (open_one,) = items(tocsin("alerts", "list", "--data", folder / "data", "--json"))
    options = ("--rules", folder / "rules.json", "--data", folder / "data", "--json", *words)
    (story,) = items(tocsin("explain", open_one["id"], *options))
    return next(one for one in story["next"] if one["what"] == "the alert recovers")


def test_an_open_alert_says_which_windows_it_waits_for_and_how_many_anomalies_each_has(ran):
    found = told(ran, "--at", T0 + 550)
    end = T0 + 540
    assert found["windows"] == [
        {"begin": end - 299, "end": end, "anomalies": 1},
        {"begin": end - 359, "end": end - 60, "anomalies": 1},
        {"begin": end - 419, "end": end - 120, "anomalies": 2},
    ]
    assert found["earliest"] == end + 60
    assert "2 of 3 do" in found["why"]


def test_a_moment_before_what_the_job_kept_is_explained_by_archived_events(ran):
    found = told(ran, "--at", T0 + 100)
    assert [window["anomalies"] for window in found["windows"]] == [2, 0, 0]
    assert "the job's memory of checks is not at hand" in found["why"]


@pytest.mark.parametrize(("at", "holds"), [(T0 + 900, True), (T0 + 901, False)])
def test_a_shield_set_by_command_is_listed_as_the_job_keeps_it(ran, at, holds):
    options = ("--rules", ran / "rules.json", "--data", ran / "data", "--at", at, "--json")
    (shield,) = items(tocsin("shield", "list", *options))
    assert (shield["id"], shield["holds"]) == ("work", holds)


def test_a_shield_set_by_command_is_why_nobody_is_told(ran):
    alert_id = items(tocsin("alerts", "list", "--data", ran / "data", "--json"))[0]["id"]
    options = ("--rules", ran / "rules.json", "--data", ran / "data", "--at", T0 + 550, "--json")
    found = items(tocsin("explain", alert_id, *options))[0]["why_not"][0]
    assert (found["what"], found["until"]) == ("the alert is shielded by work", T0 + 900)


def test_people_see_a_line_a_window(ran):
    alert_id = items(tocsin("alerts", "list", "--data", ran / "data", "--json"))[0]["id"]
    options = ("--rules", ran / "rules.json", "--data", ran / "data", "--at", T0 + 550, "--time-zone", "UTC")
    shown = tocsin("explain", alert_id, *options)
    assert "2023-11-14 22:18:01+00:00 to 2023-11-14 22:23:00+00:00: 1 anomaly" in shown
    assert "at the earliest with a normal result of 2023-11-14 22:24:00+00:00" in shown


def test_of_a_fingerprint_that_is_not_kept_there_is_no_state(ran):
    assert last_state(ran / "data" / "recovery", "0" * 32) is None


def test_where_nothing_is_kept_there_is_no_state(tmp_path):
    assert last_state(tmp_path / "nowhere", "0" * 32) is None


def test_files_that_are_no_recovery_store_are_left_alone(tmp_path):
    (tmp_path / "partitions").mkdir()
    (tmp_path / "partitions" / "part-0.sqlite3").write_bytes(b"no database" * 100)
    assert last_state(tmp_path, "0" * 32) is None
