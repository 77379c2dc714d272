"""State that the first format kept goes on: its savepoints are read, its directories refused with words that help."""

import shutil

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli import main
from flows.recovery.layout import FILE, Layout, check_layout, saved_layout
from flows.recovery.savepoint import read
from flows.rules.templates import renderer
from flows.settings.settings import Settings
from operators.converge.in_one_order import InOneOrder
from operators.intake.intake import Intake
from operators.intake.poll import Polled
from operators.lifecycle.worker import Worker
from operators.model import snapshot
from operators.model.slot import ALONE, SHARED
from operators.rules.read.load import load
from operators.savepoint.file import FORMAT, Head, KafkaPlace, Savepoint, SharedState, SlotState
from operators.savepoint.format_1 import VERSION, Businesses, Shared, upgraded
from operators.savepoint.inherit import states_for
from operators.state.scene import ShieldNews
from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.replay.driver import T0
from tests.tree import ROOT

KEPT = ROOT / "tests" / "flows" / "recovery" / "format_1"
"""Made by the last program of format 1: five hosts of one strategy open within five seconds, a shield comes by command."""
HOSTS = {f"10.0.0.{number}" for number in range(1, 6)}


def cli(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_its_savepoint_goes_on_in_every_stage():
    savepoint = read(KEPT / "morning.savepoint")
    states, settings = states_for(savepoint, ALONE), Settings()
    book, _ = load([str(KEPT / "rules.yaml")])
    intake, worker, notices = Intake(settings, lambda: book), Worker(settings), InOneOrder(settings, renderer(settings))
    intake.begin(states.intake)
    for key, data in states.slots.items():
        worker.restore_shared(data) if key == SHARED else worker.restore_slot(key, data)
    for slot, data in states.businesses.items():
        notices.restore(slot, data)
    (record,) = intake.take(Polled()).records
    notices.take(record.body)

    assert savepoint.head.format == FORMAT
    assert list(record.body.book.shields) == ["9"]
    assert {alert.event.target for alert in worker.states.open()} == HOSTS | {"10.0.0.9"}
    told = notices.advance(T0 + 200)
    assert [len(one.alert_ids) for one in told] == [4]
    assert all(host in told[0].content for host in HOSTS - {"10.0.0.1"})


def test_a_job_goes_on_from_it_and_reads_nothing_twice(tmp_path):
    rules, before = tmp_path / "rules", tmp_path / "events.jsonl"
    rules.mkdir()
    shutil.copy(KEPT / "rules.yaml", rules)
    shutil.copy(KEPT / "events.jsonl", before)
    assert cli("savepoint", "import", KEPT / "morning.savepoint", "--data", tmp_path / "data").exit_code == 0
    more = tmp_path / "more.jsonl"
    line = msgspec.json.decode(before.read_bytes().splitlines()[0])
    more.write_bytes(msgspec.json.encode({**line, "at": T0 + 100, "time": T0 + 100, "event_id": "more"}) + b"\n")
    ran = cli("run", "--rules", rules, "--input", before, "--input", more, "--data", tmp_path / "data", "--no-courier")
    assert ran.exit_code == 0, ran.output
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3", read_only=True)
    found = {alert.event.target: alert.event_count for alert in store.alerts(AlertQuery())}
    store.close()
    assert found["10.0.0.1"] == 2


def test_its_directory_is_refused_in_words_that_say_how_to_move_it(tmp_path):
    (tmp_path / FILE).write_text('{"workers":1,"index":0,"slots":256,"topics":{},"job":"all"}')
    refusal = check_layout(saved_layout(tmp_path), Layout(1, 0, 256, {}))
    assert refusal == (
        "the state has format 1, this program keeps format 2. Move it: tocsin savepoint export FILE, "
        "move the directory away, tocsin savepoint import FILE"
    )


def test_a_directory_of_a_newer_format_is_refused():
    refusal = check_layout(Layout(1, 0, 256, {}, format=3), Layout(1, 0, 256, {}))
    assert refusal == "the state has format 3, this program reads up to 2: start the newer program"


@pytest.mark.parametrize("job", ["intake", "notices"])
def test_the_jobs_of_a_split_pipeline_go_on(job):
    shared = Shared(T0, {}, {}, b"", b"", {}, ShieldNews(), {"shields": {"9": None}}, "v")
    slot = snapshot.pack(VERSION, Businesses(b"windows", {}, {"a": T0}))
    old = Savepoint(
        Head(1, T0, "0.1.0", job, 1, 256, {}),
        [KafkaPlace(0, T0, {})],
        shared=[SharedState(0, snapshot.pack(VERSION, shared))],
        slots=[SlotState(0, "cf", slot)],
    )
    states = states_for(upgraded(old), ALONE)
    assert (states.intake is not None, dict(states.slots)) == (True, {})
    assert list(states.businesses) == (["cf"] if job == "notices" else [])
