"""Savepoints in parts: written while a job runs and at its end, and a job of any number of workers goes on from them."""

import json
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from flows.cli import main
from flows.recovery.backup import Backups
from flows.recovery.layout import Layout, save_layout, saved_layout
from flows.recovery.parts import generation_of, write_part
from flows.recovery.place import Folder, PlaceUnavailableError
from flows.recovery.restore import restore
from flows.recovery.savepoint import read
from flows.recovery.sets import joined, newest
from operators.savepoint.file import SavepointError
from sinks.kafka.keyed import partition_of
from sinks.store.place import open_store
from tests.flows.morning import SETTINGS
from tests.flows.test_kill import PATIENCE, assert_as_replayed, kept, start
from tests.flows.test_workers import ENV, all_hits, load_eventset, set_up, tocsin, wait_until_read

ONE = Layout(1, 0, 256, {})


def state(folder):
    return folder / "data" / "recovery"


def test_a_job_goes_on_from_its_part_exactly(stopped, tmp_path):
    folder, out = stopped
    place = Folder(tmp_path / "place")
    assert write_part(state(folder), place, 100) > 1000
    shutil.rmtree(state(folder))
    done = restore(place, state(folder), ONE)
    assert (done.workers, done.generation, done.closed_at) == (1, 1, 100)
    rules, events = folder / "rules", folder / "events.jsonl"
    assert start(folder, events, rules, SETTINGS).wait(PATIENCE) == 0, (folder / "log").read_text()[-2000:]
    assert_as_replayed(kept(folder), out)


def test_state_that_is_there_is_left_as_it_is(stopped, tmp_path):
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    assert restore(place, state(folder), ONE) is None


def test_without_state_and_without_parts_a_job_begins_anew(tmp_path):
    assert restore(Folder(tmp_path / "nowhere"), tmp_path / "recovery", ONE) is None
    assert saved_layout(tmp_path / "recovery") is None  # the next start begins again


def test_a_set_is_closed_when_all_its_parts_are_there(stopped, tmp_path):
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    data = place.get("all/000001/part-0-of-1")
    place.put("all/000002/part-0-of-2", data)
    assert newest(place, "all").generation == 1


def test_state_of_another_number_is_moved_aside_and_the_generation_goes_on(stopped, tmp_path):
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    other = tmp_path / "volume" / "worker-0"
    other.mkdir(parents=True)
    save_layout(other, Layout(2, 0, 256, {}))
    done = restore(place, tmp_path / "volume", ONE)
    assert done is not None
    assert saved_layout(tmp_path / "volume").workers == 1
    assert generation_of(tmp_path / "volume") == 1
    assert [path.name for path in (tmp_path / "volume").glob("w*")] == ["was-worker-0-of-2-000001"]
    assert read(tmp_path / "volume" / "savepoint").slots == joined(place, done).slots


def test_state_of_another_number_without_any_parts_is_refused(tmp_path):
    (tmp_path / "worker-0").mkdir()
    save_layout(tmp_path / "worker-0", Layout(2, 0, 256, {}))
    with pytest.raises(SavepointError, match=r"state of another number of workers, and .* no complete set of parts"):
        restore(Folder(tmp_path / "place"), tmp_path / "worker-0", Layout(4, 0, 256, {}))


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: data[:-400] + b"x" * 200 + data[-200:]]
)
def test_a_part_that_is_damaged_is_refused_by_its_name(stopped, tmp_path, damage):
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    data = place.get("all/000001/part-0-of-1")
    place.put("all/000001/part-0-of-1", damage(data))
    with pytest.raises(SavepointError, match=r"all/000001/part-0-of-1: it is damaged"):
        restore(place, tmp_path / "recovery", ONE)
    assert saved_layout(tmp_path / "recovery") is None  # the next start begins again


def test_a_job_that_ends_leaves_its_part_and_says_when(stopped, tmp_path):
    folder, _ = stopped
    said = []
    backups = Backups(state(folder), str(tmp_path / "place"), 3600, said.append)
    backups.start()
    backups.finish()
    assert len(said) == 1
    assert newest(Folder(tmp_path / "place"), "all") is not None


def test_a_place_that_is_away_holds_no_job_up(stopped, tmp_path):
    folder, _ = stopped
    (tmp_path / "place").write_text("a file")
    said = []
    with capture_logs() as lines:
        backups = Backups(state(folder), str(tmp_path / "place"), 3600, said.append)
        backups.start()
        backups.finish()
    assert said == []
    assert [line["event"] for line in lines] == ["no part of a savepoint written"]


def test_a_part_whose_index_is_of_another_is_read_as_a_whole(stopped, tmp_path):
    """A crash lay between the two."""
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    whole, stale = joined(place, newest(place, "all")), place.get("all/000001/part-0-of-1.index")
    write_part(state(folder), place, 10_000_000)  # a longer head moves everything
    place.put("all/000001/part-0-of-1.index", stale)
    assert joined(place, newest(place, "all")).slots == whole.slots
    place.drop("all/000001/part-0-of-1.index")
    assert joined(place, newest(place, "all")).slots == whole.slots


def test_a_crash_while_a_part_is_written_leaves_the_one_before(stopped, tmp_path):
    folder, _ = stopped
    place = Folder(tmp_path / "place")
    write_part(state(folder), place, 100)
    (tmp_path / "place" / "all" / "000001" / ".part-0-of-1.new").write_bytes(b"half")
    assert [name.rpartition("/")[2] for name in sorted(place.names("all"))] == [
        "manifest.json",
        "part-0-of-1",
        "part-0-of-1.index",
    ]
    assert restore(place, tmp_path / "recovery", ONE) is not None


def test_a_place_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlaceUnavailableError, match="file/x/y: Not a directory"):
        Folder(tmp_path / "file").put("x/y", b"")
    said = CliRunner().invoke(main, ["savepoint", "backup", "--to", "ftp://x", "--state", str(tmp_path)])
    assert (said.exit_code, "ftp://x: " in said.output) == (1, True)


@pytest.mark.servers
def test_any_number_of_workers_goes_on_from_the_parts_of_any_other(topics, elasticsearch_dsn, tmp_path):
    """1, 2, 4, 1 workers, each stopped with its parts; what they say together is what one naive model says."""
    eventset, count = load_eventset(), 6000
    events = list(eventset.make(count, 600, t0=int(time.time()) - count // eventset.RATE - 60))
    expected = eventset.expected(events)["alerts"]
    topic, place = topics.make("keyed", 16), tmp_path / "place"
    settings = set_up(tmp_path, elasticsearch_dsn, {"interval": 0.5, "partitions": 2}, topics.address, topic, topic)
    settings.write_text(f"{settings.read_text()}\nbackup: {{place: {place}, interval: 1, restore: true}}\n")
    steps = (1, 2, 4, 1)
    for number, workers in enumerate(steps):  # the last two restore as they start, the others by the command
        for event in events[number * 1500 : (number + 1) * 1500]:
            topics.put(topic, partition_of(event["dedupe_md5"], 16), (event["time"], json.dumps(event).encode()))
        for worker in range(workers if number < 2 else 0):
            words = [
                "savepoint",
                "restore",
                "--settings",
                settings,
                "--data",
                tmp_path / "data",
                "--worker",
                f"{worker}/{workers}",
            ]
            said = CliRunner().invoke(main, [str(one) for one in words])
            assert said.exit_code == 0, said.output
            assert ("left as it is" in said.output) == (number == 0)
        run_until_read(tmp_path, settings, workers, topics, topic, (number + 1) * 1500)
        closed = newest(Folder(place), "all")
        assert (closed.workers, closed.generation) == (workers, number + 1)
        ends = joined(Folder(place), closed)
        reached = {
            name: at[0]
            for one in ends.places
            for name, at in one.partitions.items()
            if one.worker == int(name.split(":")[1]) % workers
        }
        assert sum(reached.values()) == (number + 1) * 1500

    store = open_store(elasticsearch_dsn, read_only=True)
    client, prefix = store._client, store._prefix
    client.indices.refresh(index=f"{prefix}*")
    alerts = [hit["_source"] for hit in all_hits(client, f"{prefix}alert")]
    store.close()
    found = Counter(alert["status"].lower() for alert in alerts)
    assert {"opened": len({alert["id"] for alert in alerts}), **found} == expected


def run_until_read(folder, settings, workers, topics, topic, count):
    """Run workers until everything is read; stop them, so that each writes its part."""
    with (folder / "log").open("ab") as log:
        words = tocsin("run", "--settings", settings, "--data", folder / "data", "--workers", workers)
        job = subprocess.Popen(words, stdout=log, stderr=log, env=ENV, cwd=folder)
    try:
        wait_until_read(topics, topic, topic, count, job)
    finally:
        job.send_signal(signal.SIGTERM)
        assert job.wait(70) == 0, (folder / "log").read_text()[-3000:]
