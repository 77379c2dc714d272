"""A replay that sorts what it says into files as it goes writes what one that keeps everything in memory writes."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.replay.files import write_summary
from flows.replay.outcome import summary
from flows.replay.spill import Spill
from flows.replay.written import Written
from tests.replay.driver import RULES, T0, Out, event, lines_of, receipt, replay, replay_of, strategy_event
from tests.replay.scenes import SERIES, SETTINGS, scenes
from tests.replay.test_laws import KNOWN

ODD = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def written(rules, lines, until=None, given_settings=None, *, room=2000, most_alerts=3, **how):
    """Replay lines into files, with little room in memory."""
    driver = replay_of(rules, given_settings, is_lean=how.get("is_lean", False))
    with TemporaryDirectory() as folder:
        driver.outcome = Written(Path(folder), room=room, most_alerts=most_alerts, **how)
        driver.run(lines_of(lines), None if until is None else T0 + until)
        worker = driver.worker
        version = worker.scene.book.version
        counts = summary(
            driver.outcome, worker.scene.counts, until=worker.clock, rules_version=version, held=driver.held()
        )
        write_summary(counts, Path(folder))
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@ODD
@given(scenes(KNOWN), st.integers(0, 5000))
def test_its_files_hold_the_same_bytes(lines, more):
    until = max([0, *(line["at"] - T0 for line in lines if isinstance(line, dict))]) + more
    assert written(SERIES, lines, until, SETTINGS) == replay(SERIES, lines, until, SETTINGS).bytes


def test_a_receipt_changes_an_action_that_has_left_memory():
    lines = [strategy_event(0), *(event(second, target=f"10.0.0.{second}") for second in range(1, 60))]
    lines += [receipt(100, notice=0, results={"alice": {"result": False, "message": "no such box"}})]
    assert written(RULES, lines) == replay(RULES, lines).bytes
    assert Out(written(RULES, lines)).actions[0]["status"] == "failure"


def test_a_lean_one_has_no_events_and_no_entries_that_only_repeat():
    lines = [strategy_event(second) for second in range(0, 300, 10)]
    files = written(RULES, lines, is_lean=True)
    assert "events.jsonl" not in files
    assert b"CONVERGE" not in files["logs.jsonl"]


@ODD
@given(scenes(KNOWN), st.integers(0, 5000))
def test_a_lean_one_says_everything_else_as_a_whole_one(lines, more):
    until = max([0, *(line["at"] - T0 for line in lines if isinstance(line, dict))]) + more
    lean, whole = (written(SERIES, lines, until, SETTINGS, is_lean=is_lean) for is_lean in (True, False))
    assert without_repetition(lean) == without_repetition(whole)


def without_repetition(files):
    """Return what neither says that an event came again, nor how often and under which rules last something was said.

    Nobody reads the words of a lean one, which may name a duration that was not told.
    """
    out = Out({"events.jsonl": b"", **files})
    alerts = [{**one, "revision": 0, "rules_version": ""} for one in out.alerts]
    logs = [{**one, "id": ""} for one in out.logs if one["op_type"] not in ("CONVERGE", "EVENT_DROP")]
    notices = [{**one, "title": "", "content": ""} for one in out.notices]
    same = ("signals.jsonl", "actions.jsonl", "dead_letters.jsonl", "summary.json")
    return alerts, logs, notices, {name: files[name] for name in same}


def test_a_lean_one_leaves_no_events_of_an_earlier_replay(tmp_path):
    (tmp_path / "events.jsonl").write_text("{}\n")
    Written(tmp_path, is_lean=True).said()
    assert not (tmp_path / "events.jsonl").exists()


@given(st.lists(st.tuples(st.integers(0, 5), st.binary(max_size=50))), st.integers(1, 2000))
def test_a_spill_gives_back_in_order_of_keys_and_of_coming(entries, room):
    with TemporaryDirectory() as folder:
        spill = Spill(Path(folder), room)
        for key, entry in entries:
            spill.put(key, entry)
        assert list(spill.drain()) == sorted(entries, key=lambda one: one[0])
