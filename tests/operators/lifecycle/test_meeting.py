"""What else an event may meet: flow control, a strategy that is gone, windows that want to know of it (design.md 7.8, 7.30, 7.57)."""

import pytest

from operators.intake.enrich.event import Dropped
from operators.lifecycle.dedupe import fold_event
from operators.limits.quota import Counter
from operators.model.memory import Anomaly, StrategySnapshot
from operators.model.settings import CoreSettings, Quota, Quotas
from tests.operators.check.made import T0, event
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

DAY = 86400
ITEM = {"id": 1, "name": "cpu", "query_configs": [{"metric_id": "m"}]}
PLAIN, SERIES = (
    {"id": 1, "name": "CPU"},
    {"id": 1, "name": "CPU", "items": [ITEM], "detects": [{"level": 2}, {"level": 3}]},
)
CUT_OFF = {"id": 4, "module": "alert.builder", "conditions": [{"key": "strategy_id", "method": "eq", "value": ["1"]}]}
ONE = CoreSettings(quota=Quotas(alert=Quota(threshold=1, window=60)))


def met(of=None, *, strategy=PLAIN, settings=None, counters=None, kinds=None, time=T0, later=5, **said):
    """Fold an event; return the stage, and whether the checkers have anything new to look at."""
    rules = book_of(strategies=[strategy], **(kinds or {}))
    made = Stage(of, rules=rules, settings=settings, snapshot=StrategySnapshot() if of else None)
    made.scene.alert_quota.counters.update(counters or {})
    turn = made.turn(later)
    found = fold_event(turn, event(time, id="b" * 32, **said))
    turn.finish()
    return made, found


# --- too old, or of nobody


def test_an_event_that_is_too_old_is_archived_and_counted_and_opens_nothing():
    made, found = met(time=T0 - DAY, later=1)
    assert (found, made.state.alert, made.scene.counts.expired, len(made.events)) == (False, None, 1, 1)


def test_an_end_that_is_too_old_is_not_remembered():
    made, _ = met(time=T0 - DAY, later=1, status="RECOVERED")
    assert (made.scene.counts.expired, made.scene.counts.unmatched, made.state.late_until) == (1, 0, 0)


def test_an_event_of_a_strategy_that_is_gone_is_said_to_be_dropped():
    made, _ = met(strategy_id="9")
    (dropped,) = made.told(Dropped)
    assert (dropped.reason, dropped.strategy_id, dropped.event_id) == ("unknown_strategy", "9", f"e{T0}")


def test_a_third_party_event_needs_no_strategy():
    made, found = met(strategy_id="")
    assert (found, made.state.alert.strategy_id) == (True, "")


def test_a_worse_event_of_a_strategy_that_is_gone_opens_no_successor():
    made, _ = met(kept(strategy_id="9"), strategy_id="9", severity=1, time=T0 + 5)
    assert (made.state.alert.severity, made.state.alert.event_count, made.state.previous) == (2, 2, ())


# --- what the windows learn


@pytest.mark.parametrize(
    ("strategy", "said", "learns"),
    [
        (SERIES, {"severity": 2}, [Anomaly(T0 + 5, 2, True)]),
        (SERIES, {"severity": 3}, [Anomaly(T0 + 5, 3, True)]),
        (PLAIN, {"severity": 2}, None),
        (SERIES, {"severity": 2, "strategy_id": ""}, None),
    ],
    ids=["a repeat", "a milder one", "of a strategy without items", "of a third party"],
)
def test_an_event_of_a_series_counts_as_a_result_of_its_level(strategy, said, learns):
    made, _ = met(kept(strategy_id=said.get("strategy_id", "1")), strategy=strategy, time=T0 + 5, **said)
    assert (made.state.checks and list(made.state.checks.anomalies)) == learns


@pytest.mark.parametrize(("strategy", "looks"), [(SERIES, True), (PLAIN, False)], ids=["a series", "no items"])
def test_a_milder_event_is_looked_at_where_it_is_a_result(strategy, looks):
    _, found = met(kept(), strategy=strategy, time=T0 + 5, severity=3)
    assert found is looks


# --- flow control


def test_circuit_breaking_closes_the_alert_and_opens_one_that_is_blocked():
    made, found = met(kept(), kinds={"circuit_breaking": [CUT_OFF]}, time=T0 + 5)
    old, new = made.state.previous[0], made.state.alert
    assert (found, old.status, old.is_blocked, new.is_blocked, made.signals) == (True, "CLOSED", True, True, [])
    assert [one for one in made.entries if one[1] == "circuit_breaking"] == [("ALERT_QOS", "circuit_breaking")] * 2


def test_a_blocked_alert_goes_on_while_circuit_breaking_holds():
    made, _ = met(kept(is_blocked=True), kinds={"circuit_breaking": [CUT_OFF]}, time=T0 + 5)
    assert (made.state.alert.event_count, made.state.previous) == (2, ())


@pytest.mark.parametrize(
    ("count", "released"),
    [(2, False), (1, True), (0, True)],
    ids=["over the quota", "no longer over it", "its window is over"],
)
def test_a_blocked_alert_is_released_by_its_next_event_once_the_quota_lets_it(count, released):
    counters = {"1|abnormal|2": Counter(T0 + 60, count)} if count else {}
    made, _ = met(kept(is_blocked=True), settings=ONE, counters=counters, time=T0 + 5)
    assert (len(made.state.previous), ("CLOSE", "quota_released") in made.entries) == (released, released)


def test_what_is_released_opens_like_any_other():
    made, found = met(kept(is_blocked=True), settings=ONE, time=T0 + 5)
    assert (found, made.state.alert.is_blocked, made.state.alert.extra_info.predecessor) == (True, False, None)
    assert made.signals == [("abnormal", "normal")]


def test_an_end_ends_a_blocked_alert_in_silence():
    made, _ = met(kept(is_blocked=True), status="RECOVERED", time=T0 + 5)
    assert (made.state.alert.status, made.signals) == ("RECOVERED", [])
