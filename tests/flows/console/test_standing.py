"""How the workers of the job stand, by their own last words."""

import pytest

from flows.console.health import health
from flows.console.standing import BEHIND, GONE, SILENT, backlog_of, standings
from flows.settings.sections import OutboxSettings, RecoverySettings
from flows.settings.settings import Settings
from sinks.store.interface import StoreUnavailableError
from tests.sinks.store.samples import NOW, worker


def standing(*words, version="", now=NOW):
    return standings(words, version, now)


def lag(*words, now=NOW):
    return backlog_of(standing(*words, now=now))


def test_workers_come_by_job_and_number():
    given = [worker(1), worker(0), worker(0, id="alerts-0", job="alerts")]
    assert [one.said.id for one in standing(*given)] == ["alerts-0", "all-0", "all-1"]


def test_a_worker_beyond_the_number_that_the_newest_word_names_is_gone():
    given = [worker(1, workers=4), worker(3, workers=4), worker(0, time=NOW + 1, workers=2)]
    assert [one.said.worker for one in standing(*given)] == [0, 1]


@pytest.mark.parametrize(
    ("age", "is_there", "is_silent"),
    [(-5, True, False), (SILENT, True, False), (SILENT + 1, True, True), (GONE, True, True), (GONE + 1, False, None)],
)
def test_a_worker_without_a_word_is_silent_after_a_minute_and_forgotten_after_a_day(age, is_there, is_silent):
    found = standing(worker(0, time=NOW - int(age)))
    assert [one.is_silent for one in found] == ([is_silent] if is_there else [])


@pytest.mark.parametrize(("said", "here", "is_other"), [("v1", "v1", False), ("v0", "v1", True), ("", "v1", False), ("v1", "", False)])  # fmt: skip
def test_other_rules_than_those_here_are_marked(said, here, is_other):
    (found,) = standing(worker(0, rules_version=said), version=here)
    assert found.is_other is is_other


def test_the_clock_that_is_furthest_behind_its_machine_counts():
    found = lag(worker(0, clock=NOW - 4), worker(1, clock=NOW - 9))
    assert (found.behind, found.is_behind) == (9, False)
    assert lag(worker(0, clock=NOW - BEHIND - 1)).is_behind
    assert lag(worker(0, clock=0)).behind == 0, "nothing was read yet"


def test_what_waits_is_summed_by_its_unit_and_silent_workers_do_not_count():
    given = [worker(0, waits=3), worker(1, waits=4), worker(0, id="b-0", job="b", waits=900, unit="bytes")]
    assert (lag(*given).records, lag(*given).size) == (7, 900)
    quiet = worker(1, waits=4, time=NOW - 90)
    assert (lag(worker(0, waits=3), quiet).records, lag(quiet).records) == (3, None)
    assert lag(worker(0, waits=3), quiet).silent == ("all-1",)


@pytest.mark.parametrize(("versions", "differ"), [(("v1", "v1"), False), (("v1", "v2"), True), (("v1", ""), False)])
def test_different_rules_among_workers_are_named(versions, differ):
    given = [worker(number, rules_version=version) for number, version in enumerate(versions)]
    assert lag(*given).has_other_rules is differ


def test_where_no_worker_has_spoken_or_the_store_is_away_nothing_is_said_of_lag():
    settings = Settings(recovery=RecoverySettings(directory="none"), outbox=OutboxSettings(dsn="none"))

    def away():
        raise StoreUnavailableError("away")

    assert (lag(), health(settings, NOW).lag, health(settings, NOW, away).lag) == (None, None, None)
    assert health(settings, NOW, lambda: [worker(0)]).lag.records == 7
