import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from operators.check.close import close_verdict
from operators.check.snapshot import snapshot_of
from operators.check.verdict import NOTHING, Verdict
from operators.model.check import CheckResult
from operators.model.memory import EMPTY, CheckMemory
from operators.model.reason import Reason
from operators.model.settings import CoreSettings
from operators.rules.shapes.model import (
    Algorithm,
    Business,
    CircuitBreaking,
    Condition,
    Detect,
    QueryConfig,
    TargetCondition,
    TimeRange,
    TriggerConfig,
    Uptime,
)
from tests.operators.check.made import (
    NO_DATA,
    T0,
    alert,
    book,
    detect,
    event,
    item,
    look_at,
    normal,
    remembered,
    strategy,
)

MIDNIGHT = 1_700_006_400
"""2023-11-15T00:00:00Z."""


def judge(of_alert=None, memory=EMPTY, by=None, before=None, now=T0, rules=None, **of_settings):
    by = by or strategy()
    snapshot = snapshot_of(before or by)
    rules = replace(rules or book(), strategies={by.id: by})
    seen = look_at(
        of_alert or alert(), memory, by, now, rules=rules, settings=CoreSettings(**of_settings), snapshot=snapshot
    )
    return close_verdict(seen)


def active(start, end):
    uptime = Uptime(time_ranges=(TimeRange(start, end),))
    return (Detect(2, TriggerConfig(uptime=uptime)), Detect(1))


def breaking(module, strategy_id="1"):
    condition = Condition("strategy_id", "eq", (strategy_id,))
    return CircuitBreaking("cb", module, (condition,))


def test_an_alert_goes_on_without_a_reason():
    assert judge() == Verdict(next_look=T0 + 1801)


def test_a_third_party_alert_is_not_for_this_checker():
    third = alert(event=event(strategy_id=""))
    assert close_verdict(look_at(third, now=T0 + 10**6)) == NOTHING


@pytest.mark.parametrize("by", [None, strategy(is_enabled=False)])
def test_a_strategy_that_was_deleted_or_disabled_closes(by):
    verdict = close_verdict(look_at(alert(), by=by))
    assert verdict.reason == Reason.STRATEGY_GONE


@pytest.mark.parametrize(
    ("start", "end", "after", "closes", "look"),
    [
        ("09:00", "18:00", 9 * 3600 - 1, True, None),
        ("09:00", "18:00", 9 * 3600, False, 18 * 3600 + 60),
        ("09:00", "18:00", 18 * 3600 + 59, False, 18 * 3600 + 60),
        ("09:00", "18:00", 18 * 3600 + 60, True, None),
        ("22:00", "06:00", 6 * 3600 + 59, False, 6 * 3600 + 60),
        ("22:00", "06:00", 6 * 3600 + 60, True, None),
    ],
)
def test_an_alert_closes_outside_of_the_active_time(start, end, after, closes, look):
    by = strategy(items=(item(data_type="event"),), detects=active(start, end))
    verdict = judge(alert(MIDNIGHT + after), by=by, now=MIDNIGHT + after)
    assert verdict.reason == (Reason.OUT_OF_ACTIVE_TIME if closes else None)
    assert verdict.next_look == (None if look is None else MIDNIGHT + look)


def test_the_active_time_is_in_the_zone_of_the_alerts_business():
    by, shanghai = strategy(detects=active("09:00", "18:00")), Business("2", time_zone="Asia/Shanghai")
    of_alert, rules = alert(MIDNIGHT), book(businesses={"2": shanghai})
    assert judge(of_alert, by=by, now=MIDNIGHT + 3600, rules=rules).reason != Reason.OUT_OF_ACTIVE_TIME
    assert judge(of_alert, by=by, now=MIDNIGHT + 3600 - 1, rules=rules).reason == Reason.OUT_OF_ACTIVE_TIME


@pytest.mark.parametrize(
    ("rule", "blocked", "closes"),
    [
        (breaking("alert.manager"), False, True),
        (breaking("alert.builder"), False, True),
        (breaking("action"), False, False),
        (breaking("alert.manager", "9"), False, False),
        (breaking("alert.manager"), True, False),
    ],
)
def test_circuit_breaking_closes_what_is_not_blocked(rule, blocked, closes):
    verdict = judge(alert(is_blocked=blocked), rules=book(circuit_breaking={"cb": rule}))
    assert (verdict.reason == Reason.CIRCUIT_BREAKING) is closes


def test_a_changed_strategy_closes():
    other = strategy(items=(item(query_configs=(QueryConfig("mem"),)),))
    assert judge(by=other, before=strategy()).reason == Reason.METRIC_CHANGED


def test_a_target_that_left_closes():
    elsewhere = item(target=((TargetCondition("ip", value=("10.0.0.9|0",)),),))
    on_host = event(target_type="HOST", ip="10.0.0.1", bk_cloud_id=0)
    assert judge(alert(event=on_host), by=strategy(items=(elsewhere,))).reason == Reason.TARGET_LEFT


@pytest.mark.parametrize(
    ("by", "tolerance"),
    [
        (strategy(), 1800),
        (strategy(detects=(detect(window=30),)), 1800),
        (strategy(detects=(detect(window=31),)), 1860),
        (strategy(detects=(detect(1, window=60), detect(2, window=40))), 2400),
        (strategy(items=(item(unit=3600),), detects=(detect(window=2),)), 5 * 3600),
        (strategy(items=(item(unit=600, algorithms=(Algorithm("IntelligentDetect"),)),)), 10 * 600),
        (
            strategy(items=(item(unit=600, algorithms=(Algorithm("IntelligentDetect", config={"use_sdk": True}),)),)),
            5 * 600,
        ),
        (strategy(items=(item(data_type="log", unit=10),)), 300),
        (strategy(items=(item(data_type="log"),)), 600),
        (strategy(items=(item(data_type="log"),), detects=(detect(window=7, recovery=9),)), 960),
        (strategy(items=(item(data_type="log"),), detects=()), 600),
    ],
)
def test_silence_beyond_tolerance_closes(by, tolerance):
    deadline = T0 + tolerance + 1
    assert judge(by=by).next_look == deadline
    assert judge(by=by, now=deadline - 1) == Verdict(next_look=deadline)
    assert [judge(by=by, now=deadline + late).reason for late in (0, 1)] == [Reason.DATA_STOPPED] * 2


@pytest.mark.parametrize(
    "by", [strategy(items=()), strategy(items=(item(data_type="event"),)), strategy(items=(item(data_type="alert"),))]
)
def test_silence_of_other_data_closes_nothing(by):
    assert judge(by=by, now=T0 + 10**6) == Verdict()


@pytest.mark.parametrize(
    ("of_alert", "memory", "since"),
    [
        (alert(latest_time=T0 + 60), EMPTY, 60),
        (alert(create_time=T0 + 70), EMPTY, 70),
        (alert(latest_time=T0 + 60, create_time=T0 + 70), remembered(normal(T0 + 80)), 80),
        (alert(latest_time=T0 + 60), remembered(normal(T0 + 50)), 60),
        (alert(), remembered(normal(T0 + 90, level=1)), 90),
        (alert(), remembered(CheckResult(time=T0 + 90, no_data=True)), 0),
        (alert(), remembered(CheckResult(time=T0 + 90, no_data=False)), 90),
    ],
)
def test_silence_begins_with_the_latest_sign_of_life(of_alert, memory, since):
    assert judge(of_alert, memory).next_look == T0 + since + 1801


@pytest.mark.parametrize(
    ("of_alert", "memory", "since"),
    [
        (alert(no_data=True), EMPTY, 0),
        (alert(no_data=True, latest_time=T0 + 60, event=event(tags=NO_DATA)), EMPTY, 60),
        (alert(no_data=True, create_time=T0 + 60), EMPTY, 0),
        (alert(no_data=True), remembered(CheckResult(time=T0 + 120, no_data=True)), 120),
        (alert(no_data=True), remembered(normal(T0 + 120)), 0),
    ],
)
@pytest.mark.parametrize("by", [strategy(), strategy(items=())])
def test_a_no_data_alert_expires_after_its_last_silence(of_alert, memory, since, by):
    deadline = T0 + since + 86401
    assert judge(of_alert, memory, by).next_look == deadline
    assert judge(of_alert, memory, by, now=deadline - 1).reason is None
    assert judge(of_alert, memory, by, now=deadline).reason == Reason.NO_DATA_EXPIRED
    assert judge(of_alert, memory, by, now=deadline, no_data_expiry=86401).reason is None


@pytest.mark.parametrize("by", [strategy(), strategy(items=())])
def test_a_better_placed_strategy_takes_over(by):
    assert judge(memory=CheckMemory(is_superseded=True), by=by).reason == Reason.PRIORITY


def test_reasons_come_in_order():
    late = T0 + 10**6
    dead = strategy(is_enabled=False, detects=active("00:00", "00:01"))
    assert judge(by=dead, now=late).reason == Reason.STRATEGY_GONE
    idle = strategy(detects=active("00:00", "00:01"))
    cut = book(circuit_breaking={"cb": breaking("alert.manager")})
    assert judge(by=idle, now=late, rules=cut).reason == Reason.OUT_OF_ACTIVE_TIME
    changed, gone = QueryConfig("mem"), ((TargetCondition("ip", value=("10.0.0.9|0",)),),)
    on_host = alert(event=event(target_type="HOST", ip="10.0.0.1", bk_cloud_id=0))
    yielding = CheckMemory(is_superseded=True)
    other = strategy(items=(item(query_configs=(changed,), target=gone),))
    assert judge(on_host, yielding, other, strategy(), late, cut).reason == Reason.CIRCUIT_BREAKING
    assert judge(on_host, yielding, other, strategy(), late).reason == Reason.METRIC_CHANGED
    assert judge(on_host, yielding, other, other, late).reason == Reason.TARGET_LEFT
    assert judge(alert(), yielding, strategy(), strategy(), late).reason == Reason.DATA_STOPPED
    assert judge(alert(), yielding).reason == Reason.PRIORITY


@settings(max_examples=100, deadline=None)
@given(
    unit=st.integers(1, 30),
    data_type=st.sampled_from(["time_series", "log"]),
    start=st.integers(0, 23),
    end=st.integers(0, 23),
    offset=st.integers(0, 86399),
    seen=st.integers(-100, 500),
)
def test_no_reason_comes_before_the_next_look(unit, data_type, start, end, offset, seen):
    by = strategy(items=(item(data_type=data_type, unit=unit),), detects=active(f"{start:02}:00", f"{end:02}:30"))
    opened = MIDNIGHT + offset
    of_alert, memory = alert(opened), remembered(normal(opened + seen))
    verdict = judge(of_alert, memory, by, now=opened)
    if verdict.reason is not None:
        return
    assert verdict.next_look > opened
    step = max(1, (verdict.next_look - opened) // 50)
    seconds = [*range(opened, verdict.next_look, step), verdict.next_look - 1]
    assert {judge(of_alert, memory, by, now=second).reason for second in seconds} == {None}
    assert judge(of_alert, memory, by, now=verdict.next_look).reason is not None
