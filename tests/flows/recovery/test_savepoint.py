"""The state of a stopped job goes into a file, and a job with another number of workers goes on from it."""

import json
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
from click.testing import CliRunner

from flows.cli import main
from flows.recovery.inheritance import drop_used
from flows.recovery.layout import Layout, hold, save_layout
from flows.recovery.savepoint import _check_complete, read
from flows.recovery.store import StoreUnreadableError, read_snapshots
from operators.model.slot import KEYS
from operators.savepoint.file import FORMAT, SavepointError
from operators.savepoint.framing import MAGIC
from sinks.kafka.keyed import partition_of
from sinks.store.place import open_store
from tests.flows.cli.answers import answer
from tests.flows.morning import RULES, SETTINGS, laid_out, lines
from tests.flows.test_kill import PATIENCE, assert_as_replayed, kept, progress, start, wait_past
from tests.flows.test_workers import ENV, all_hits, load_eventset, set_up, tocsin, wait_until_read
from tests.replay.driver import replay


def cli(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def done(*arguments):
    result = cli("savepoint", *arguments)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory):
    """A job over a file that was stopped half-way; its folder, and what all its lines lead to."""
    tmp_path = tmp_path_factory.mktemp("stopped")
    content = lines(1200, seed=21)
    out = replay(RULES, content, settings=SETTINGS)
    rules, events = laid_out(tmp_path, content)
    process = start(tmp_path, events, rules, SETTINGS)
    wait_past(tmp_path, process, (out.logs[0]["time"] + out.logs[-1]["time"]) // 2)
    process.terminate()
    assert process.wait(PATIENCE) == 0, (tmp_path / "log").read_text()[-2000:]
    assert progress(tmp_path) < out.logs[-1]["time"]
    return tmp_path, out


@pytest.fixture
def stopped(stopped_once, tmp_path):
    """The same, to do with as one likes."""
    folder, out = stopped_once
    return shutil.copytree(folder, tmp_path / "job"), out


def test_a_job_goes_on_from_a_savepoint_exactly(stopped):
    folder, out = stopped
    file, recovery = folder / "morning.savepoint", folder / "data" / "recovery"
    assert "slots with state" in done("export", file, "--data", folder / "data")
    recovery.rename(folder / "old")
    assert done("import", file, "--data", folder / "data").split() == [str(recovery)]
    rules, events = folder / "rules", folder / "events.jsonl"
    assert start(folder, events, rules, SETTINGS).wait(PATIENCE) == 0, (folder / "log").read_text()[-2000:]
    assert_as_replayed(kept(folder), out)
    letters = (folder / "data" / "dead_letters.jsonl").read_bytes().splitlines()
    assert len(letters) == len(out.dead_letters)  # exactly: nothing was read twice


def test_programs_read_what_became_of_a_savepoint(stopped):
    folder, _ = stopped
    file, place = folder / "one.savepoint", folder / "place"

    def asked(*words):
        return answer(done(*words, "--json"))

    (head,) = asked("export", file, "--data", folder / "data").items
    assert (head["job"], head["workers"], head["slots"] > 0, head["bytes"] > 0) == ("all", 1, True, True)
    assert asked("show", file).items == [head]
    laid = asked("import", file, "--state", folder / "new")
    assert (laid.kind, laid.items) == ("laid", [{"directory": str(folder / "new"), "workers": 1, "index": 0}])
    (part,) = asked("backup", "--to", place, "--data", folder / "data").items
    assert (part["directory"], part["bytes"] > 0) == (str(folder / "data" / "recovery"), True)
    (restored,) = asked("restore", "--from", place, "--data", folder / "data").items
    assert restored == {"directory": str(folder / "data" / "recovery"), "manifest": None}


def test_a_savepoint_is_let_go_once_everything_is_in_snapshots(stopped):
    folder, _ = stopped
    file, recovery = folder / "one.savepoint", folder / "data" / "recovery"
    done("export", file, "--data", folder / "data")
    laid = recovery / "savepoint"
    laid.write_bytes(file.read_bytes())
    drop_used(recovery)
    assert not laid.exists()
    done("import", file, "--state", folder / "new")
    drop_used(folder / "new")
    assert (folder / "new" / "savepoint").exists()


def test_what_an_engine_would_resume_from_is_read(stopped):
    folder, _ = stopped
    found = read_snapshots(folder / "data" / "recovery")
    assert {key for step, key in found if step == "tocsin.alerts.slots"} == set(KEYS)
    assert [key for step, key in found if step == "tocsin.read"] == ["files"]


def test_a_store_with_a_missing_file_is_refused(stopped):
    folder, _ = stopped
    (folder / "data" / "recovery" / "partitions" / "part-1.sqlite3").unlink()
    with pytest.raises(StoreUnreadableError, match="1 of 2 files are there"):
        read_snapshots(folder / "data" / "recovery")


def test_state_that_is_in_use_is_refused(stopped):
    folder, _ = stopped
    with hold(folder / "data" / "recovery"):
        refused = cli("savepoint", "export", folder / "x", "--data", folder / "data")
        again = start(folder, folder / "events.jsonl", folder / "rules", SETTINGS)
        assert again.wait(PATIENCE) == 1
    assert refused.exit_code == 1
    assert "another process has it in use" in refused.output
    assert "another process has it in use" in (folder / "log").read_text()


def test_what_must_not_be_overwritten_stays(stopped):
    folder, _ = stopped
    file = folder / "one.savepoint"
    done("export", file, "--data", folder / "data")
    for command in ("export", "import"):
        refused = cli("savepoint", command, file, "--data", folder / "data")
        assert refused.exit_code == 1
    assert "holds state already (layout.json, partitions)" in refused.output


def test_a_job_that_reads_files_has_one_worker(stopped):
    folder, _ = stopped
    done("export", folder / "one", "--data", folder / "data")
    refused = cli("savepoint", "import", folder / "one", "--state", folder / "new", "--workers", 2)
    assert (refused.exit_code, "it has one worker" in refused.output) == (1, True)


def test_where_no_job_ever_ran_there_is_no_savepoint(tmp_path):
    refused = cli("savepoint", "export", tmp_path / "x", "--data", tmp_path)
    assert (refused.exit_code, "no state of a job in" in refused.output) == (1, True)


@pytest.mark.parametrize(
    ("layouts", "why"),
    [
        ([Layout(2, 0, 256, {})], "the job has 2 workers; found the state of: 0"),
        ([Layout(1, 0, 256, {}), Layout(2, 1, 256, {})], "workers of different jobs"),
        ([Layout(1, 0, 256, {}, "alerts")], ""),
    ],
)
def test_the_state_of_every_worker_is_needed_and_of_no_other(layouts, why):
    if not why:
        _check_complete(layouts)
        return
    with pytest.raises(SavepointError, match=why):
        _check_complete(layouts)


def test_a_job_without_a_snapshot_has_no_savepoint(tmp_path):
    save_layout(tmp_path, Layout(1, 0, 256, {}))
    refused = cli("savepoint", "export", tmp_path / "x", "--state", tmp_path)
    assert (refused.exit_code, "the job has not taken its first snapshot" in refused.output) == (1, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no savepoint"),
        (b"something else", "it is no savepoint"),
        (MAGIC, "it is damaged or was cut off"),
        (MAGIC + (9).to_bytes(4, "big") + b"\x81\xa6format" + bytes([FORMAT + 1]), "this program reads up to"),
    ],
)
def test_what_is_no_savepoint_is_refused(tmp_path, content, why):
    (tmp_path / "x").write_bytes(content)
    for command in (["show"], ["import", "--state", str(tmp_path / "new")]):
        refused = cli("savepoint", command[0], tmp_path / "x", *command[1:])
        assert refused.exit_code == 1
        assert why in refused.output
    assert not (tmp_path / "new").exists()


class Workers:
    """A job on a topic, with as many workers as asked for at a time."""

    def __init__(self, folder, topics, topic, settings):
        self.folder, self.topics, self.topic, self.settings = folder, topics, topic, settings

    def options(self, count):
        return "--settings", self.settings, "--data", self.folder / "data", "--workers", count

    def read_up_to(self, count, workers):
        """Run until everything is read; return what an export says while it runs."""
        with (self.folder / "log").open("ab") as log:
            job = subprocess.Popen(
                tocsin("run", *self.options(workers)), stdout=log, stderr=log, env=ENV, cwd=self.folder
            )
        try:
            wait_until_read(self.topics, "savepoint", self.topic, count, job)
            time.sleep(1.5)  # one more snapshot
            refused = cli("savepoint", "export", self.folder / "no", *self.options(workers)[:4])
        finally:
            job.send_signal(signal.SIGTERM)
            assert job.wait(70) == 0, (self.folder / "log").read_text()[-3000:]
        return refused

    def rescale(self, name, workers):
        """Move the state to another number of workers."""
        file, recovery = self.folder / name, self.folder / "data" / "recovery"
        done("export", file, *self.options(1)[:4])
        recovery.rename(self.folder / f"old-{name}")
        done("import", file, *self.options(workers))
        return read(file)


@pytest.mark.servers
@pytest.mark.slow
def test_one_worker_then_two_then_three_say_what_the_model_says(topics, elasticsearch_dsn, tmp_path):
    eventset, count = load_eventset(), 6000
    events = list(eventset.make(count, 600, t0=int(time.time()) - count // eventset.RATE - 60))
    expected = eventset.expected(events)["alerts"]
    topic = topics.make("keyed", 16)
    recovery = {"interval": 0.5, "partitions": 2}
    settings = set_up(tmp_path, elasticsearch_dsn, recovery, topics.address, topic, "savepoint")
    job = Workers(tmp_path, topics, topic, settings)
    for number, workers in enumerate((1, 2, 3)):
        for event in events[number * 2000 : (number + 1) * 2000]:
            topics.put(topic, partition_of(event["dedupe_md5"], 16), (event["time"], json.dumps(event).encode()))
        refused = job.read_up_to((number + 1) * 2000, workers)
        assert "another process has it in use" in refused.output
        if workers < 3:
            made = job.rescale(f"after-{workers}", workers + 1)
            assert (made.head.workers, made.head.topics) == (workers, {topic: 16})

    store = open_store(elasticsearch_dsn, read_only=True)
    client, prefix = store._client, store._prefix
    client.indices.refresh(index=f"{prefix}*")
    alerts = [hit["_source"] for hit in all_hits(client, f"{prefix}alert")]
    store.close()
    found = Counter(alert["status"].lower() for alert in alerts)
    assert {"opened": len({alert["id"] for alert in alerts}), **found} == expected
    assert len(alerts) == expected["opened"]
