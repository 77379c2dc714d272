"""Bad input costs one record: digits without end, wherever text is read as a number, stop neither a job nor its snapshot."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.check.series import result_level
from operators.intake.enrich.locate import locate_host, number
from operators.intake.formats.zabbix import read
from operators.model.bounds import LEAST, MOST, whole
from tests.operators.check.made import event, strategy
from tests.operators.rules.books import book_of
from tests.replay.driver import T0, lines_of, replay_of
from tests.replay.driver import event as line

ENDLESS = ["9" * 19, "9" * 20, "1" * 30, "1" * 5000]
SERIES = {
    "strategies": [{"id": 1, "name": "CPU", "items": [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "m"}]}]}]
}
HOST = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2}
WITH_CLOUD = {"origin_alarm": {"data": {"dimension_fields": ["ip", "bk_cloud_id"]}}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", 0), ("7", 7), ("007", 7), (str(MOST), MOST), (str(MOST + 1), None), ("0" * 18 + "7", 7), ("0" * 19 + "7", None),
        ("", None), ("-1", None), (str(LEAST), None), (" 1", None), ("1.0", None), ("1e3", None), ("\u0661", None), ("1_0", None),
    ],
    ids=repr,
)  # fmt: skip
def test_a_whole_number_is_digits_of_64_bits(text, found):
    assert whole(text) == found


@pytest.mark.parametrize("text", ENDLESS, ids=lambda text: f"{len(text)} digits")
def test_digits_without_end_are_no_number(text):
    assert whole(text) is None


@given(st.integers(0, MOST))
def test_a_number_that_fits_is_read_as_it_is_written(value):
    assert whole(str(value)) == value


@pytest.mark.parametrize(
    ("text", "found"),
    [("0", 0), ("12", 12), ("012", "012"), ("00", "00"), ("", ""), (None, None), ("None", "None"), ("a1", "a1"), ("-1", "-1"), *((one, one) for one in ENDLESS)],
    ids=lambda text: str(text)[:10],
)  # fmt: skip
def test_an_id_is_the_number_as_which_it_can_be_written_or_else_text(text, found):
    assert number(text) == found


@pytest.mark.parametrize(
    ("said", "began"),
    [("17", 17), ("0", 0), ("", 100), ("soon", 100), ("-5", 100), ("101", 100), *((one, 100) for one in ENDLESS)],
    ids=lambda text: str(text)[:10],
)
def test_when_a_problem_of_zabbix_began(said, began):
    (one,) = read(json.dumps({"event_id": "1", "name": "n", "time": said}).encode(), 100).events
    assert json.loads(one)["anomaly_time"] == began


@pytest.mark.parametrize(
    ("event_id", "level"),
    [("a.1.1.1.3", 3), ("a.1.9.1.3", 2), ("a.1.1.1.x", 2), ("a.1.1.3", 2), *((f"a.1.1.1.{one}", 2) for one in ENDLESS)],
    ids=lambda text: str(text)[:12],
)
def test_an_event_id_names_the_level_of_its_strategy(event_id, level):
    assert result_level(event(event_id=event_id, severity=2), strategy()) == level


@pytest.mark.parametrize("target", [*ENDLESS, "007", "7"], ids=lambda text: text[:10])
def test_a_host_that_nobody_knows_by_its_number_stays_as_it_is(target):
    one = event(target_type="HOST", target=target)
    assert locate_host(one, book_of(hosts=[HOST])) is one


@pytest.mark.parametrize("target", ["1", "01"])
def test_a_host_is_found_by_its_number(target):
    found = locate_host(event(target_type="HOST", target=target), book_of(hosts=[HOST]))
    assert (found.bk_host_id, found.ip, found.bk_cloud_id, found.bk_biz_id, found.target) == (
        1,
        "10.0.0.1",
        0,
        2,
        target,
    )


@pytest.mark.parametrize("digits", ENDLESS, ids=lambda text: f"{len(text)} digits")
@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"hosts": [HOST]}, lambda digits: {"target": digits}),
        ({}, lambda digits: {"target": f"10.0.0.1|{digits}", "extra_info": WITH_CLOUD}),
        (SERIES, lambda digits: {"strategy_id": 1, "event_id": f"a.{T0}.1.1.{digits}"}),
        ({}, lambda digits: {"severity": digits}),
        ({}, lambda digits: {"bk_host_id": digits, "bk_biz_id": digits, "bk_cloud_id": digits}),
    ],
    ids=["host", "cloud", "level", "severity", "ids"],
)
def test_an_event_with_digits_without_end_is_an_event_like_any_other(rules, said, digits):
    driver = replay_of(rules, {})
    for one in lines_of([line(0, **said(digits)), line(5)]):
        driver.fold(one)
    slots = driver.worker.states.slots
    assert sum(len(slot.states) for slot in slots.values()) >= 1
    assert all(driver.worker.snapshot_slot(key) for key in slots)


@pytest.mark.parametrize("digits", ENDLESS, ids=lambda text: f"{len(text)} digits")
def test_inventory_with_digits_without_end_is_inventory_like_any_other(digits):
    host = {**HOST, "bk_host_id": digits, "bk_cloud_id": digits, "bk_biz_id": digits}
    driver = replay_of({"hosts": [host]}, {})
    for one in lines_of([line(0, target=f"10.0.0.1|{digits}")]):
        driver.fold(one)
    (slot,) = driver.worker.states.slots.values()
    (state,) = slot.states.values()
    assert (state.alert.event.bk_host_id, state.alert.bk_biz_id) == (digits, digits)
    assert slot.snapshot()
