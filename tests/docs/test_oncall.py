"""The commands of the page for people on call work, one after the other, beside a job."""

import json
import os
import shlex
import subprocess
import time

import pytest

from tests.docs.test_commands import PROGRAM, blocks
from tests.tree import ROOT

PATIENCE = 60.0
NAMED = "16999559"
"""The alert that the page names."""
RULES = {
    "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}],
    "user_groups": [
        {"id": "ops", "name": "Ops", "need_duty": True, "duty_rules": ["week"],
         "alert_notice": [{"time_range": "00:00--23:59", "notify_config": [{"level": level, "notice_ways": [{"name": "mail"}]} for level in (1, 2, 3)]}]},
    ],
    "duties": [
        {"id": "week", "category": "handoff", "effective_time": "2020-01-06 00:00:00",
         "duty_arranges": [{"duty_time": [{"work_type": "weekly"}], "duty_users": [["alice"], ["alice", "carol"]]}]},
    ],
}  # fmt: skip
LEFT = {"tocsin oncall --gaps": 3}
"""Commands that end with another code here: mail has no channel in these rules."""


def event(name, alert, target, severity):
    return {"event_id": name, "plugin_id": "p", "strategy_id": 1, "alert_name": alert, "time": int(time.time()), "severity": severity,
            "status": "ABNORMAL", "target_type": "HOST", "target": target}  # fmt: skip


@pytest.fixture
def beside_a_job(tmp_path):
    """Run a command in the directory of a job with some open alerts; yields that, and the id of the one on 10.0.0.9."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "all.json").write_text(json.dumps(RULES))
    named = [("CPU", "10.0.0.1", 1), ("CPU", "10.0.0.9", 1), ("HTTP 5xx", "10.0.0.3", 2)]
    lines = [json.dumps(event(str(place), *one)) for place, one in enumerate(named)]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    bare = {name: text for name, text in os.environ.items() if not name.startswith(("TOCSIN_", "MESSAGE_QUEUE"))}
    bare["PYTHONPATH"] = str(ROOT)
    words = ["run", "--rules", "rules", "--input", "events.jsonl", "--follow", "--data", "data"]
    with (tmp_path / "log").open("wb") as log:
        job = subprocess.Popen([*PROGRAM, *words], cwd=tmp_path, stderr=log, stdout=log, env=bare)

    def run(*arguments):
        return subprocess.run(
            [*PROGRAM, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False, env=bare
        )

    def found():
        done = run("alerts", "list", "--json")
        return (
            {one["event"]["target"]: one["id"] for one in json.loads(done.stdout)["items"]}
            if done.returncode == 0
            else {}
        )

    deadline = time.monotonic() + PATIENCE
    while len(ids := found()) < len(named) and time.monotonic() < deadline and job.poll() is None:
        time.sleep(0.2)
    yield run, ids
    job.terminate()
    job.wait(PATIENCE)


@pytest.mark.slow
def test_the_commands_of_the_page_work(beside_a_job):
    run, ids = beside_a_job
    page = [line for block in blocks(ROOT / "docs" / "oncall.md") for line in block if line.startswith("tocsin ")]
    assert len(page) > 20
    for line in page:
        arguments = shlex.split(line.replace(NAMED, ids["10.0.0.9"][-12:]), comments=True)[1:]
        done = run(*arguments)
        expected = next((code for known, code in LEFT.items() if line.startswith(known)), 0)
        assert done.returncode == expected, (line, done.stdout, done.stderr)
