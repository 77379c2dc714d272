"""Replays asked for by another program: a child process each, its progress and its results."""

import json
import time

import msgspec
import pytest

from flows.replay.runs import BROKEN_OFF, BusyError, Request, Runs, UnknownRulesError
from operators.model.event import Event
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.replay.driver import RULES, replay, strategy_event

QUIET = {
    **RULES,
    "strategies": [{**RULES["strategies"][0], "notice": {"user_groups": ["ops"], "signal": ["abnormal"]}}],
}
ASKED = Request(rules="new", against="old", asked_by="dora")


@pytest.fixture
def runs(tmp_path):
    for name, rules in (("new", QUIET), ("old", RULES)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.json").write_text(json.dumps(rules))
    store = SqliteStore(tmp_path / "store.sqlite3")
    events = replay(RULES, [strategy_event(0), strategy_event(100, "RECOVERED")]).events
    store.write(Batch(events=[msgspec.convert(one, Event) for one in events]))
    store.close()
    made = Runs(
        tmp_path / "runs",
        {name: tmp_path / name for name in ("new", "old")},
        store=str(tmp_path / "store.sqlite3"),
        keep=2,
    )
    yield made
    made.close()


def over(runs, name):
    """Wait until a run is over."""
    deadline = time.monotonic() + 120
    while not runs.run(name).is_over:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return runs.run(name)


def test_a_run_ends_with_its_difference_and_its_page(runs):
    name = runs.start(ASKED)
    assert over(runs, name).seen.state == "done"
    assert json.loads(runs.difference(name))["messages"]["fewer"] == 1
    assert b"signal_not_wanted" in runs.page(name)


def test_one_more_than_may_run_is_refused(runs):
    name = runs.start(ASKED)
    with pytest.raises(BusyError):
        runs.start(ASKED)
    over(runs, name)
    over(runs, runs.start(ASKED))


def test_rules_that_nobody_named_are_refused(runs):
    with pytest.raises(UnknownRulesError, match="there are new, old"):
        runs.start(msgspec.structs.replace(ASKED, rules="../../etc"))


def test_a_run_that_fails_says_why(runs, tmp_path):
    (tmp_path / "new/rules.json").write_text('{"strategies": [{"id": 1, "nme": "x"}]}')
    run = over(runs, runs.start(ASKED))
    assert run.seen.state == "failed"
    assert "nme" in run.seen.errors[0]
    assert runs.difference(run.id) is None


def test_a_run_that_was_stopped_has_failed(runs):
    name = runs.start(ASKED)
    runs.stop(name)
    assert runs.run(name).is_over


def test_who_starts_anew_finds_the_runs_of_before(runs, tmp_path):
    name = runs.start(ASKED)
    over(runs, name)
    again = Runs(tmp_path / "runs", runs.sets, store="store.sqlite3")
    assert [(one.id, one.seen.state, one.request.asked_by) for one in again.all()] == [(name, "done", "dora")]


def test_a_run_whose_process_went_away_has_failed(runs, tmp_path):
    name = runs.start(ASKED)
    runs.stop(name)
    (tmp_path / "runs" / name / "status.json").write_bytes(b'{"state":"reading"}')
    again = Runs(tmp_path / "runs", runs.sets, store="store.sqlite3").run(name)
    assert (again.seen.state, again.seen.errors) == ("failed", (BROKEN_OFF,))


def test_there_is_no_run_beside_the_others(runs):
    assert (runs.run("../old"), runs.run(""), runs.run("nothing")) == (None, None, None)


def test_only_the_newest_are_kept(runs):
    names = []
    for _ in range(4):
        names.append(runs.start(ASKED))
        over(runs, names[-1])
    assert names[0] not in [one.id for one in runs.all()]
