"""Orders to a supervisor are files beside the recovery directory, and hold for the number that it was started with."""

import pytest

from flows.rescale.fleet import FleetError
from flows.rescale.processes import Order, Orders, Processes, Standing
from flows.settings.sections import MetricsSettings
from flows.settings.settings import SettingsError


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "data" / "recovery"


@pytest.fixture
def orders(directory):
    return Orders(directory)


@pytest.fixture
def kept(orders):
    """Orders to a supervisor that was started for two workers, which run."""
    with orders.held():
        orders.tell(Standing(given=2, workers=2, running=2))
        yield orders


def test_without_an_order_the_number_of_the_command_line_is_wanted(orders):
    assert orders.wanted(3) == Order(workers=3, instead_of=3, is_stopped=False)


def test_an_order_holds_for_a_supervisor_that_is_started_with_the_same_number_again(kept, directory):
    kept.give(4, is_stopped=False)
    assert Orders(directory).wanted(2) == Order(workers=4, instead_of=2)


def test_a_supervisor_that_is_started_with_another_number_knows_better(kept, directory):
    kept.give(4, is_stopped=True)
    assert Orders(directory).wanted(8) == Order(workers=8, instead_of=8)


def test_the_files_lie_beside_the_recovery_directory_which_is_moved_aside_as_a_whole(kept, directory):
    kept.give(4, is_stopped=False)
    assert not directory.exists()
    assert {path.name for path in directory.parent.iterdir()} == {
        "recovery.workers.json", "recovery.standing.json", "recovery.supervised",
    }  # fmt: skip


def test_a_job_has_one_supervisor(kept, directory):
    with pytest.raises(SettingsError) as told, Orders(directory).held():
        pass
    assert str(told.value) == f"{directory}: another `tocsin run --workers` keeps this job"


def test_a_supervisor_that_has_gone_lets_another_one_keep_the_job(orders, directory):
    with orders.held():
        pass
    with Orders(directory).held():
        pass


@pytest.mark.parametrize("left", ["nothing", "its-standing"])
def test_nobody_is_ordered_where_no_supervisor_runs(orders, directory, left):
    if left == "its-standing":
        with orders.held():
            orders.tell(Standing(2, 2, 2))
    with pytest.raises(FleetError) as told:
        orders.give(4, is_stopped=False)
    assert f"no `tocsin run --workers N` keeps the job of {directory}." in str(told.value)
    assert orders.wanted(2) == Order(2, 2)


def test_a_supervisor_that_has_said_nothing_yet_is_not_ordered(orders):
    with orders.held(), pytest.raises(FleetError, match="no `tocsin run --workers N` keeps the job"):
        orders.give(4, is_stopped=False)


@pytest.mark.parametrize("data", [b"", b"{", b'{"workers": "many"}', b"\xff"], ids=["empty", "cut", "wrong", "no-text"])
def test_an_order_that_cannot_be_read_is_named_by_its_file(orders, directory, data):
    path = directory.with_name("recovery.workers.json")
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(SettingsError) as told:
        orders.wanted(2)
    assert str(told.value).startswith(f"{path} is damaged: ")
    assert str(told.value).endswith("; remove it")


def test_processes_are_stopped_and_started_by_orders(kept):
    fleet = Processes(kept, MetricsSettings())
    fleet.stop()
    assert kept.wanted(2) == Order(2, 2, is_stopped=True)
    fleet.start(4)
    assert kept.wanted(2) == Order(4, 2, is_stopped=False)
    fleet.stop()
    assert kept.wanted(2) == Order(4, 2, is_stopped=True), "stopping changes no number"


def test_the_number_is_the_one_last_ordered_and_those_that_run_are_what_the_supervisor_says(kept):
    fleet = Processes(kept, MetricsSettings())
    assert (fleet.workers(), fleet.running(), fleet.ready()) == (2, 2, 2)
    fleet.start(4)
    assert (fleet.workers(), fleet.running(), fleet.ready()) == (4, 2, 0), "it is not set up for four yet"
    kept.tell(Standing(given=2, workers=4, running=3))
    assert (fleet.workers(), fleet.running(), fleet.ready()) == (4, 3, 3)


@pytest.mark.parametrize(("status", "ready"), [(200, 1), (204, 0), (503, 0), (404, 0)])
def test_a_process_with_a_port_is_ready_when_it_says_so(kept, httpserver, status, ready):
    httpserver.expect_request("/readyz", method="GET").respond_with_data("", status=status)
    kept.tell(Standing(given=2, workers=2, running=1))
    assert Processes(kept, MetricsSettings(port=httpserver.port)).ready() == ready


def test_each_process_has_the_port_of_its_number(kept, httpserver):
    httpserver.expect_request("/readyz").respond_with_data("")
    assert Processes(kept, MetricsSettings(port=httpserver.port - 1)).ready() == 1, "the second one answers"
