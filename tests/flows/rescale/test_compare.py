"""What was left is compared with what was taken over, and the old number comes back where they differ or a step is cut off."""

import json

import pytest

from flows.recovery.place import Folder, PlaceUnavailableError
from flows.recovery.sets import newest
from flows.rescale import journal as journals
from flows.rescale.journal import Journal
from flows.rescale.rescale import RescaleError, UndoneError
from tests.flows.recovery.test_restore import lay_set
from tests.flows.rescale.test_rescale import Fleet, work


@pytest.fixture
def fleet(tmp_path):
    return Fleet(tmp_path)


def rewritten(place, name, change):
    """Change what a worker has said that it took over."""
    told = json.loads(place.get(name))
    change(told["holding"])
    place.put(name, json.dumps(told).encode())


def fewer_states(holding):
    holding["states"] -= 1


def another_offset(holding):
    holding["offsets"]["raw:3"] += 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (fewer_states, r"[\d,]+ states were left and [\d,]+ taken over; the job runs with 2 workers as before"),
        (another_offset, "offsets were not taken over as they were left: raw:3; the job runs with 2 workers as before"),
    ],
)
def test_workers_that_took_over_something_else_are_replaced_by_the_old_ones(fleet, change, why):
    start = fleet.start

    def start_and_lie(workers):
        start(workers)
        if workers == 4:
            rewritten(fleet.place, "all/000002/taken-3-of-4.json", change)

    fleet.start = start_and_lie
    with pytest.raises(UndoneError, match=why):
        work(fleet)[0].run(4)
    assert fleet.started == [4, 2]
    assert newest(fleet.place, "all").workers == 2


def test_workers_that_read_less_far_than_before_are_replaced_by_the_old_ones(fleet):
    start = fleet.start

    def start_behind(workers):
        start(workers)
        if workers == 4:
            lay_set(fleet.place, 4, 2, fleet.offset - 1)

    fleet.start = start_behind
    with pytest.raises(UndoneError, match="read less far than before: raw:0, raw:1, raw:10, raw:11, raw:12;"):
        work(fleet)[0].run(4)
    assert fleet.count == 2


def test_a_worker_that_leaves_no_first_part_is_found_out(fleet):
    start = fleet.start

    def start_and_lose_a_part(workers):
        start(workers)
        if workers == 4:
            fleet.place.drop("all/000002/manifest.json")

    fleet.start = start_and_lose_a_part
    with pytest.raises(UndoneError, match="not every worker has left a first part within 0 s"):
        work(fleet)[0].run(4)


def test_workers_that_do_not_end_go_on(fleet):
    fleet.running = lambda: 1
    job, said = work(fleet)
    with pytest.raises(UndoneError, match="the workers do not end within 0 s; the job runs with 2 workers as before"):
        job.run(4)
    assert fleet.started == [2]
    assert said == [
        "stopping 2 workers, each with its part of a savepoint",
        "the workers do not end within 0 s: going back to 2 workers",
    ]


def test_a_number_that_is_that_already_is_refused_and_nothing_is_begun(fleet):
    job, said = work(fleet)
    with pytest.raises(RescaleError, match="the job has 2 workers already"):
        job.run(2)
    assert (fleet.started, said, job.under_way()) == ([], [], None)


def test_an_interrupted_command_is_undone(fleet):
    def interrupted(_):
        raise KeyboardInterrupt

    start, fleet.start = fleet.start, interrupted
    job, said = work(fleet)

    def told(text):
        said.append(text)
        if text.startswith("interrupted"):
            fleet.start = start

    job._tell = told  # it may start again only when it goes back
    with pytest.raises(UndoneError, match="interrupted; the job runs with 2 workers as before"):
        job.run(4)
    assert (fleet.count, fleet.up) == (2, 2)
    assert job.under_way() is None


def test_a_command_that_was_killed_after_the_start_goes_on_with_the_comparison_and_stops_nobody(fleet):
    fleet.stop()
    journals.keep(fleet.place, "all", Journal(2, 4, 100))
    fleet.start(4)
    job, said = work(fleet)
    done = job.run(4)
    assert (done.origin, done.target, done.partitions, done.standstill) == (2, 4, 17, 0.0)
    assert not any(one.startswith("stopping") for one in said)
    assert job.under_way() is None


def test_a_rescale_that_was_being_undone_is_undone_even_if_it_is_asked_for_again(fleet):
    journals.keep(fleet.place, "all", Journal(2, 4, 100, is_back=True))
    with pytest.raises(UndoneError, match="an earlier rescale was to be undone; the job runs with 2 workers"):
        work(fleet)[0].run(4)
    assert fleet.started == [2]


def test_new_workers_stay_where_they_cannot_be_undone_because_the_place_is_away(fleet, tmp_path):
    start = fleet.start

    def start_and_lose_the_place(workers):
        start(workers)
        (tmp_path / "place").rename(tmp_path / "gone")
        (tmp_path / "place").write_text("no folder")

    fleet.start = start_and_lose_the_place
    with pytest.raises(RescaleError, match="it cannot be undone while the place of parts is away") as told:
        work(fleet)[0].run(4)
    assert not isinstance(told.value, UndoneError)
    assert (fleet.started, fleet.count) == ([4], 4)


def test_what_was_noted_is_read_again_and_forgotten(tmp_path):
    place = Folder(tmp_path / "place")
    assert journals.read(place, "all") is None
    noted = Journal(2, 4, 100, {"all/000001/part-0-of-2": "v1"}, is_back=True)
    journals.keep(place, "all", noted)
    assert journals.read(place, "all") == noted
    assert journals.read(place, "alerts") is None, "each job has its own"
    journals.forget(place, "all")
    assert journals.read(place, "all") is None


def test_what_is_noted_says_what_lay_there_before(fleet):
    lay_set(fleet.place, 2)
    fleet.stop = lambda: (_ for _ in ()).throw(SystemExit)  # killed here
    job = work(fleet)[0]
    with pytest.raises(SystemExit):
        job.run(4)
    noted = job.under_way()
    assert (noted.origin, noted.target, noted.is_back) == (2, 4, False)
    assert noted.before.keys() == {"all/000001/part-0-of-2", "all/000001/part-1-of-2"}


def test_a_note_in_a_place_that_is_away_is_a_refusal(tmp_path):
    (tmp_path / "place").write_text("no folder")
    with pytest.raises(PlaceUnavailableError, match=str(tmp_path)):
        journals.keep(Folder(tmp_path / "place"), "all", Journal(2, 4, 100))
