import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.check.results import (
    EVERY_LEVEL,
    CheckResult,
    fold_check,
    fold_event,
    forget_after,
    lacks_level,
    newest_normal,
    newest_result,
)
from operators.model.memory import EMPTY, Anomaly, CheckMemory
from tests.operators.check.made import NO_DATA, T0, anomaly, detect, event, item, normal, remembered, strategy


@pytest.mark.parametrize(
    ("check", "lacks"),
    [
        (CheckResult(time=T0, anomaly=True), True),
        (CheckResult(time=T0, anomaly=True, level=2), False),
        (CheckResult(time=T0, anomaly=False), False),
        (CheckResult(time=T0, no_data=True), False),
    ],
)
def test_only_an_anomaly_must_name_its_level(check, lacks):
    assert lacks_level(check) is lacks


def test_a_normal_check_without_level_counts_for_every_level():
    memory = remembered(normal(T0, None, 7))
    assert [newest_result(memory, level) for level in (1, 2, 3)] == [T0] * 3
    assert newest_normal(memory, 3).value == 7


def test_a_check_of_one_level_says_nothing_about_another():
    memory = remembered(normal(T0, 1), anomaly(T0 + 60, 3))
    assert newest_result(memory, 2) is None
    assert newest_normal(memory, 3) is None


def test_the_newest_result_of_a_level_may_be_normal_or_anomalous():
    assert newest_result(remembered(normal(T0), anomaly(T0 - 60)), 2) == T0
    assert newest_result(remembered(normal(T0), anomaly(T0 + 60)), 2) == T0 + 60


def test_a_late_normal_check_does_not_replace_a_newer_one():
    memory = remembered(normal(T0, value=5), normal(T0 - 60, value=4))
    assert newest_normal(memory, 2).value == 5


def test_anomalies_stand_in_order_of_time_whatever_the_order_of_arrival():
    memory = remembered(*(anomaly(T0 + 60 * n) for n in (3, 1, 2, 0)))
    assert [one.time - T0 for one in memory.anomalies] == [0, 60, 120, 180]


@pytest.mark.parametrize("event_first", [True, False])
def test_an_event_and_a_check_of_the_same_time_and_level_are_one_result(event_first):
    memory = EMPTY
    folds = [lambda m: fold_event(m, event(), strategy()), lambda m: fold_check(m, anomaly(T0), strategy())]
    for fold in folds if event_first else reversed(folds):
        memory = fold(memory)
    assert memory.anomalies == (Anomaly(T0, 2, is_event=True),)


def test_a_check_of_another_level_at_the_same_time_is_another_result():
    memory = fold_event(remembered(anomaly(T0, 1)), event(), strategy())
    assert sorted(one.level for one in memory.anomalies) == [1, 2]


def test_the_level_of_an_event_is_its_severity():
    assert fold_event(EMPTY, event(severity=3), strategy()).anomalies[0].level == 3


@pytest.mark.parametrize(("event_id", "level"), [(f"md5.{T0}.1.7.1", 1), (f"md5.{T0}.8.7.1", 2), ("a.b.c.d.e", 2)])
def test_the_id_of_an_event_of_the_strategy_names_its_level(event_id, level):
    assert fold_event(EMPTY, event(event_id=event_id), strategy()).anomalies[0].level == level


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_event_that_ends_is_no_result(status):
    assert fold_event(EMPTY, event(status=status), strategy()) is EMPTY


@pytest.mark.parametrize("by", [None, strategy(items=())])
def test_an_event_that_no_window_will_look_at_is_not_kept(by):
    assert fold_event(None, event(), by) is EMPTY


def test_a_no_data_event_is_no_result():
    assert fold_event(EMPTY, event(tags=NO_DATA), strategy()).anomalies == ()


@pytest.mark.parametrize(
    ("check", "is_back"),
    [
        (anomaly(T0), True),
        (normal(T0), True),
        (CheckResult(time=T0, value=0), True),
        (CheckResult(time=T0, no_data=False), True),
        (CheckResult(time=T0, no_data=True), False),
        (CheckResult(time=T0, superseded=True), False),
    ],
)
def test_a_value_or_an_anomaly_says_that_data_is_back(check, is_back):
    memory = fold_check(EMPTY, check, strategy())
    assert memory.is_data_back is is_back
    assert (memory.last_check == T0) is is_back


@pytest.mark.parametrize("last", [CheckResult(time=T0 + 60, no_data=True), None])
def test_the_last_word_on_missing_data_counts(last):
    memory = remembered(normal(T0))
    memory = fold_check(memory, last, strategy()) if last else fold_event(memory, event(tags=NO_DATA), strategy())
    assert not memory.is_data_back


def test_the_newest_time_without_data_is_kept():
    checks = [CheckResult(time=T0 + 60, no_data=True), CheckResult(time=T0, no_data=True)]
    assert remembered(*checks).last_no_data == T0 + 60


def test_a_check_that_only_tells_data_is_no_result():
    memory = remembered(CheckResult(time=T0, no_data=False), CheckResult(time=T0, value=3))
    assert newest_result(memory, 2) is None


def test_superseded_holds_until_the_strategy_detects_again():
    memory = remembered(CheckResult(time=T0, superseded=True))
    assert memory.is_superseded
    assert not fold_check(memory, normal(T0 + 60), strategy()).is_superseded
    assert not fold_event(memory, event(T0 + 60), strategy()).is_superseded
    assert not fold_event(memory, event(T0 + 60), strategy(items=())).is_superseded


def test_repeating_a_known_anomaly_changes_nothing():
    memory = fold_event(EMPTY, event(), strategy())
    assert fold_event(memory, event(), strategy()) is memory


def test_as_many_anomalies_of_a_level_are_kept_as_two_rounds_of_its_windows_hold():
    by = strategy(detects=(detect(window=20, recovery=10),))
    memory = remembered(*(anomaly(T0 + 3600 * n) for n in range(100)), by=by)
    assert len(memory.anomalies) == 60


def test_at_least_thirty_anomalies_of_a_level_are_kept():
    memory = remembered(*(anomaly(T0 + 3600 * n, level) for n in range(100) for level in (1, 2)))
    assert [one.time for one in memory.anomalies if one.level == 1] == [T0 + 3600 * n for n in range(70, 100)]


def test_anomalies_within_reach_of_a_window_are_kept_however_many():
    memory = remembered(*(anomaly(T0 + 15 * n) for n in range(300)))
    newest = memory.anomalies[-1].time
    assert memory.anomalies[0].time <= newest - 15 * 60


def test_memory_is_bounded_whatever_comes():
    memory = remembered(*(anomaly(T0 + n) for n in range(2000)))
    assert len(memory.anomalies) == 120


def test_an_anomaly_is_worth_keeping_while_a_trigger_window_can_reach_it():
    by = strategy(items=(item(unit=10),), detects=(detect(window=7),))
    assert forget_after(remembered(anomaly(T0), by=by), by) == T0 + 69
    assert forget_after(remembered(normal(T0)), by) is None


def test_memory_survives_a_snapshot():
    memory = fold_event(remembered(normal(T0, None, 1.5), anomaly(T0 + 60)), event(T0 + 120), strategy())
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(memory), type=CheckMemory) == memory


def test_a_normal_check_of_every_level_stands_beside_one_of_a_level():
    memory = remembered(normal(T0, 2, 5), normal(T0 + 60, None, 6))
    assert {one.level for one in memory.normals} == {2, EVERY_LEVEL}
    assert newest_normal(memory, 2).value == 6
    assert newest_normal(memory, 1).value == 6


@given(st.permutations([anomaly(T0 + 60 * n) for n in range(6)] + [normal(T0 + 400, value=n) for n in (1,)]))
def test_the_order_of_arrival_does_not_matter(checks):
    assert remembered(*checks) == remembered(*sorted(checks, key=lambda check: check.time))
