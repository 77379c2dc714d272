"""Whatever fails on the way, the old number of workers runs again, from the same parts."""

import time

import pytest

from flows.recovery.place import Folder
from flows.recovery.sets import newest
from flows.rescale.rescale import Rescale, RescaleError, UndoneError
from tests.flows.recovery.test_restore import begin, lay_set


class Fleet:
    """Workers on volumes of their own, that leave parts as they stop and begin from parts as they start."""

    def __init__(self, folder):
        self.folder, self.place = folder, Folder(folder / "place")
        self.count = self.up = 2
        self.generation, self.offset, self.started = 1, 100, []

    def workers(self):
        return self.count

    def running(self):
        return self.up

    def ready(self):
        return self.up

    def stop(self):
        if self.up:
            self.offset += 100
            lay_set(self.place, self.count, self.generation, self.offset)
        self.up = 0

    def start(self, workers):
        self.count = self.up = workers
        self.started.append(workers)
        for done in begin(self.place, self.folder / "volumes", workers):
            if done is not None:
                self.generation = done.generation + (done.workers != workers)
        lay_set(self.place, workers, self.generation, self.offset)


def work(fleet, timeout=0.5):
    said = []
    return Rescale(
        fleet, fleet.place, "all", timeout=timeout, tell=said.append, wait=lambda seconds: time.sleep(seconds / 50)
    ), said


def test_a_job_gets_another_number_and_may_come_back(tmp_path):
    fleet = Fleet(tmp_path)
    for target in (4, 2, 4, 1):
        done = work(fleet)[0].run(target)
        assert (done.target, done.partitions, done.warnings) == (target, 17, ())
        assert newest(fleet.place, "all").workers == target


def test_workers_that_do_not_become_ready_are_replaced_by_the_old_ones(tmp_path):
    fleet = Fleet(tmp_path)
    fleet.ready = lambda: fleet.up if fleet.count == 2 else 3
    job, said = work(fleet)
    with pytest.raises(UndoneError, match="not all of 4 workers become ready within 0 s; the job runs with 2 workers"):
        job.run(4)
    assert fleet.started == [4, 2]
    assert (newest(fleet.place, "all").workers, fleet.generation) == (2, 1)
    assert job.under_way() is None
    assert "stopping 4 workers" in said
    del fleet.ready
    assert work(fleet)[0].run(4).target == 4


def test_a_worker_that_begins_from_something_else_is_found_out(tmp_path):
    fleet = Fleet(tmp_path)
    start = fleet.start
    fleet.start = lambda workers: (start(workers), fleet.place.drop("all/000002/taken-3-of-4.json"))
    with pytest.raises(UndoneError, match="not all of 4 workers began from generation 1"):
        work(fleet)[0].run(4)
    assert fleet.count == 2


def test_a_place_that_goes_away_leaves_the_job_running(tmp_path):
    fleet = Fleet(tmp_path)
    stop = fleet.stop

    def stop_and_lose():
        stop()
        (tmp_path / "place").rename(tmp_path / "gone")
        (tmp_path / "place").write_text("no folder")

    fleet.stop, fleet.start = stop_and_lose, fleet.started.append
    fleet.ready = lambda: fleet.started[-1]
    with pytest.raises(UndoneError, match="the job runs with 2 workers as before"):
        work(fleet)[0].run(4)
    assert fleet.started == [2]


def test_a_part_that_was_not_written_as_its_worker_stopped_is_said(tmp_path):
    fleet = Fleet(tmp_path)
    lay_set(fleet.place, 2)
    fleet.stop = lambda: setattr(fleet, "up", 0)
    assert [one[:27] for one in work(fleet)[0].run(4).warnings] == [
        f"part-{index}-of-2 was not written" for index in range(2)
    ]


def test_another_number_than_the_one_under_way_is_refused_and_the_old_one_undoes_it(tmp_path):
    fleet = Fleet(tmp_path)
    fleet.start = lambda workers: (_ for _ in ()).throw(SystemExit)  # killed here
    with pytest.raises(SystemExit):
        work(fleet)[0].run(4)
    del fleet.start
    with pytest.raises(
        RescaleError, match="from 2 to 4 workers has not ended: `--to 4` goes on with it, `--to 2` undoes"
    ):
        work(fleet)[0].run(8)
    with pytest.raises(UndoneError):
        work(fleet)[0].run(2)
    assert (fleet.count, fleet.up) == (2, 2)
