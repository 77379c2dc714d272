"""The job as a dataflow says what a replay says (design.md 1, promise 4; engine.md 0.14)."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from bytewax.testing import run_main
from bytewax.visualize import to_mermaid

from flows import alerts
from flows.alerts import dataflow
from flows.job import build
from flows.recovery.ids import ALERTS, INTAKE, NOTICES, READ, step_id
from flows.replay.files import write
from flows.replay.outcome import Outcome, summary
from flows.run import recovery_in
from flows.settings.settings import settings_from
from tests.flows.morning import INHIBITING, SETTINGS, laid_out, lines
from tests.replay.driver import T0, Out, replay
from tests.tree import ROOT

CONTENT = lines(700, seed=5)
FILES = ("alerts", "logs", "signals", "actions", "notices", "events")


def settings_of(folder, **more):
    rules, events = laid_out(folder, CONTENT, INHIBITING)
    given = {
        "rules": str(rules),
        "source": {"files": [str(events)], "recording": True},
        "store": {"dsn": "none"},
        "outbox": {"dsn": "none"},
        "dead_letters": str(folder / "dead.jsonl"),
        "recovery": {"directory": str(folder / "recovery"), "partitions": 2, "interval": 0.05},
    }
    return settings_from({**SETTINGS, **given, **more}, "settings")


def run(settings, outcome, stop_after=None):
    """Run the job until its input ends, or until about so many records were said."""
    said = []

    def observe(things):
        said.extend(things)
        if stop_after is not None and len(said) > stop_after:
            job.stop.ask()

    job = build(settings, observe)
    try:
        run_main(
            dataflow(job),
            epoch_interval=timedelta(seconds=settings.recovery.interval),
            recovery_config=recovery_in(Path(settings.recovery.directory), settings.recovery.partitions),
        )
    finally:
        job.edges.close()
    outcome.take(said)
    return job


def written(outcome, job, folder):
    counts = summary(outcome, job.lifecycle.worker.scene.counts, until=job.lifecycle.worker.clock, rules_version="")
    write(outcome, counts, folder / "out")
    return Out({path.name: path.read_bytes() for path in (folder / "out").iterdir()})


def assert_same(out, expected):
    """A run says what a replay says; of one second it says the documents first, and then what they led to."""
    for name in FILES:
        found, wanted = (one.bytes[f"{name}.jsonl"].splitlines() for one in (out, expected))
        assert sorted(found) == sorted(wanted), name
    assert [(one["position"], one["reason"]) for one in out.dead_letters] == expected.refused()


@pytest.fixture(scope="module")
def expected():
    return replay(INHIBITING, CONTENT, settings=SETTINGS)


@pytest.mark.parametrize("batch", [1, 7, 1000])
def test_a_run_says_what_a_replay_says(tmp_path, batch, expected):
    outcome = Outcome()
    job = run(settings_of(tmp_path, batch=batch), outcome)
    assert_same(written(outcome, job, tmp_path), expected)


def test_a_run_that_is_stopped_again_and_again_says_what_a_replay_says(tmp_path, expected):
    settings, outcome, stops = settings_of(tmp_path, batch=20), Outcome(), 0
    while (job := run(settings, outcome, stop_after=150)).stop.is_asked:
        stops += 1
    assert stops >= 5
    assert_same(written(outcome, job, tmp_path), expected)


def test_the_morning_keeps_every_kind_of_state(expected):
    assert {entry["reason"] for entry in expected.logs} >= {
        "opened", "repeated", "out_of_order", "milder", "worse", "closed_by_event", "recovery_delayed", "recovery_aborted", "delay_over",
        "timed_out", "alert_quota", "action_quota", "planned", "merged", "dispatched", "shielded_by_rule", "unshielded", "window_quiet",
        "window_broken", "all_windows_quiet", "inhibited",
    }  # fmt: skip
    assert {letter["reason"] for letter in expected.dead_letters} == {"not_json"}


def _ids(step):
    return [one.step_id for part in step.substeps for one in (part, *part.substeps)]


@pytest.fixture
def flow(tmp_path):
    job = build(settings_of(tmp_path))
    yield dataflow(job)
    job.edges.close()


def test_flow_and_step_ids_never_change(flow):
    """They are part of the recovery store: another name loses the state (engine.md 0.14)."""
    kept = [step_id("all", step) for step in (READ, INTAKE, ALERTS, NOTICES)]
    assert kept == ["tocsin.read", "tocsin.intake.rules", "tocsin.alerts.slots", "tocsin.notices.slots"]
    assert set(kept) <= set(_ids(flow))
    assert [step.step_id for step in flow.substeps] == [
        "tocsin.read", "tocsin.intake", "tocsin.alerts", "tocsin.notices", "tocsin.documents", "tocsin.told",
        "tocsin.outbox", "tocsin.refused", "tocsin.dead_letters",
    ]  # fmt: skip


def test_the_page_shows_the_graph_as_the_engine_draws_it(flow):
    assert f"```mermaid\n{to_mermaid(flow)}\n```" in (ROOT / "docs" / "architecture.md").read_text()


def test_importing_the_flow_builds_nothing():
    assert "flow" not in vars(alerts)


INTRUSIONS = {
    "a webhook of one's own": {"kind": "rules", "put": {"strategies": [{"id": 1, "name": "mine", "actions": [{"id": 1, "signal": ["abnormal"], "plugin_type": "webhook", "config": {"url": "http://127.0.0.1:1/x"}}]}]}},
    "rules taken away": {"kind": "rules", "delete": {"strategies": [1]}},
    "a shield over everything": {"kind": "command", "command": "shield", "operator": "eve", "shield": {"id": 9, "category": "scope", "scope_type": "biz", "begin_time": 0, "end_time": T0 + 900}},
    "a shield lifted": {"kind": "command", "command": "unshield", "operator": "eve", "id": 1},
    "a receipt": {"kind": "receipt", "notice": 0, "results": {"alice": {"result": True}}},
    "a check that says all is well": {"kind": "check", "time": T0 + 1, "strategy_id": 2, "target": "10.0.0.1", "anomaly": False},
}  # fmt: skip


@pytest.mark.parametrize("line", INTRUSIONS.values(), ids=INTRUSIONS)
def test_who_may_write_events_may_not_say_anything_else(line, tmp_path):
    settings = settings_of(tmp_path, source={"files": [str(tmp_path / "in.jsonl")]})
    event = {"event_id": "e", "plugin_id": "p", "strategy_id": 1, "alert_name": "a", "time": T0, "target": "10.0.0.1"}
    (tmp_path / "in.jsonl").write_text(json.dumps({"at": T0, **line}) + "\n" + json.dumps(event) + "\n")
    outcome = Outcome()
    job = run(settings, outcome)
    (letter,) = [json.loads(one) for one in (tmp_path / "dead.jsonl").read_bytes().splitlines()]
    assert (letter["reason"], letter["position"]) == ("foreign_kind", "1")
    assert json.loads(letter["raw"]) == {"at": T0, **line}
    assert job.lifecycle.worker.scene.book is job.rules.holder.current()
    assert [alert.event.event_id for alert in outcome.alerts.values()] == ["e"]
