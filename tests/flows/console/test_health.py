"""How the house stands: when the job last kept its state, and what waits to be sent."""

import os
from contextlib import closing

import pytest

from flows.console.health import FRESH, LATE, HealthAtHand, depth_of, health, is_at_hand, workers_of
from flows.settings.sections import OutboxSettings, RecoverySettings
from flows.settings.settings import Settings
from sinks.outbox import open_outbox
from tests.sinks.outbox.notices import all_room, buried, notice

NOW = 1_700_000_000.0


@pytest.fixture
def snapshot(tmp_path):
    """Write a file of snapshots that is so old."""

    def write(age, worker="", name="part-0.sqlite3"):
        folder = tmp_path / "recovery" / worker / "partitions"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
        os.utime(folder / name, (NOW - age, NOW - age))

    return write


def settings(tmp_path, *, interval=10.0, outbox="none"):
    recovery = RecoverySettings(directory=str(tmp_path / "recovery"), interval=interval)
    return Settings(recovery=recovery, outbox=OutboxSettings(dsn=outbox))


def test_the_age_of_a_snapshot_is_that_of_its_newest_file(snapshot, tmp_path):
    snapshot(50)
    snapshot(7, name="part-1.sqlite3")
    assert health(settings(tmp_path), NOW).snapshot_age == 7


def test_each_worker_has_its_own_age_and_the_youngest_counts_for_the_house(snapshot, tmp_path):
    snapshot(50, "worker-1")
    snapshot(9, "worker-0")
    assert workers_of(str(tmp_path / "recovery"), NOW) == (("worker-0", 9), ("worker-1", 50))
    assert health(settings(tmp_path), NOW).snapshot_age == 9


def test_a_worker_that_has_no_folder_of_its_own_is_the_only_one(snapshot, tmp_path):
    snapshot(9)
    assert workers_of(str(tmp_path / "recovery"), NOW) == (("worker-0", 9),)


def test_a_worker_that_has_kept_nothing_yet_is_not_named(snapshot, tmp_path):
    snapshot(9, "worker-0")
    (tmp_path / "recovery" / "worker-1" / "partitions").mkdir(parents=True)
    assert workers_of(str(tmp_path / "recovery"), NOW) == (("worker-0", 9),)


def test_a_file_from_ahead_is_of_now(snapshot, tmp_path):
    snapshot(-30)
    assert health(settings(tmp_path), NOW).snapshot_age == 0


@pytest.mark.parametrize("directory", ["", "none", "/no/such/folder"])
def test_where_no_state_is_kept_nothing_is_said_of_it(tmp_path, directory):
    assert workers_of(directory, NOW) == ()
    found = health(Settings(recovery=RecoverySettings(directory=directory), outbox=OutboxSettings(dsn="none")), NOW)
    assert (found.snapshot_age, found.is_silent) == (None, False)


@pytest.mark.parametrize(
    ("interval", "age", "is_silent"),
    [(10, 60, False), (10, 61, True), (1, 60, False), (1, 61, True), (100, 600, False), (100, 601, True)],
)
def test_a_job_is_silent_after_six_intervals_and_never_before_a_minute(snapshot, tmp_path, interval, age, is_silent):
    snapshot(age)
    assert health(settings(tmp_path, interval=float(interval)), NOW).is_silent is is_silent


@pytest.fixture
def outbox(tmp_path):
    with closing(open_outbox(str(tmp_path / "outbox.sqlite3"))) as made:
        yield made


@pytest.mark.parametrize(("age", "is_late"), [(LATE - 1, False), (LATE, False), (LATE + 1, True)])
def test_a_notice_that_waits_for_long_is_named(outbox, tmp_path, age, is_late):
    outbox.put([notice("n1")], NOW - age)
    found = health(settings(tmp_path, outbox=str(tmp_path / "outbox.sqlite3")), NOW)
    assert (found.is_late, found.depth.ready, found.trouble) == (is_late, 1, "")


def test_a_notice_that_was_given_up_is_named(outbox, tmp_path):
    outbox.put([notice("n1")], NOW)
    outbox.record([buried(one) for one in outbox.take(all_room, NOW)], NOW)
    assert health(settings(tmp_path, outbox=str(tmp_path / "outbox.sqlite3")), NOW).is_late


def test_an_empty_outbox_is_well(outbox, tmp_path):
    found = health(settings(tmp_path, outbox=str(tmp_path / "outbox.sqlite3")), NOW)
    assert (found.is_late, found.depth.ready) == (False, 0)


@pytest.mark.parametrize("dsn", ["", "none", "/no/such/outbox.sqlite3"])
def test_where_no_outbox_is_at_hand_none_is_made(tmp_path, dsn):
    assert not is_at_hand(dsn)
    assert depth_of(dsn, NOW) == (None, "")


def test_an_outbox_that_cannot_be_read_is_told_without_its_password(tmp_path):
    depth, trouble = depth_of("amqp://u:geheim@h/q", NOW)
    assert depth is None
    assert "amqp://h/q" in trouble
    assert "geheim" not in trouble


@pytest.mark.parametrize(("later", "looks"), [(0.0, 1), (FRESH - 0.1, 1), (FRESH, 2), (-1.0, 2)])
def test_one_look_counts_for_some_seconds_and_not_once_the_clock_went_back(snapshot, tmp_path, later, looks):
    snapshot(9)
    moments = iter([NOW, NOW + later])
    at_hand = HealthAtHand(settings(tmp_path), lambda: next(moments))
    first, second = at_hand(), at_hand()
    assert (first is not second) is (looks == 2)
