import msgspec
import pytest
from msgspec.structs import replace

from operators.check.snapshot import snapshot_of, strategy_change
from operators.model.alert import Extra
from operators.model.memory import StrategySnapshot
from operators.model.reason import Reason
from operators.rules.shapes.model import Algorithm, NoDataConfig, QueryConfig
from tests.operators.check.made import alert, detect, item, strategy

CPU, MEM = QueryConfig("cpu", agg_dimension=("ip", "core")), QueryConfig("mem", agg_dimension=("ip",))
EQ = {"key": "ip", "value": ["a", "b"], "method": "eq", "condition": "and"}
NEQ = {"key": "core", "value": ["c"], "method": "neq", "condition": "or"}
REG = {"key": "path", "value": "/.*", "method": "reg", "condition": "and"}


def of(*queries, **changes):
    return strategy(items=(item(query_configs=queries or (CPU, MEM), **changes),), detects=(detect(2), detect(1)))


def reason(before, now, **of_alert):
    found = strategy_change(snapshot_of(before), now, alert(**of_alert))
    return found and found[0]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (of(), None),
        (of(replace(CPU, unit="%", agg_interval=30), MEM), None),
        (of(replace(CPU, metric_id="other"), MEM), Reason.METRIC_CHANGED),
        (of(MEM, CPU), Reason.METRIC_CHANGED),
        (of(CPU), Reason.METRIC_CHANGED),
        (of(CPU, MEM, CPU), Reason.METRIC_CHANGED),
        (of(replace(CPU, agg_dimension=("core", "ip")), MEM), None),
        (of(replace(CPU, agg_dimension=("core",)), MEM), Reason.DIMENSIONS_CHANGED),
        (of(CPU, replace(MEM, agg_dimension=("ip", "core"))), Reason.DIMENSIONS_CHANGED),
        (of(replace(CPU, metric_id="other", agg_dimension=())), Reason.METRIC_CHANGED),
        (strategy(items=(), detects=()), Reason.METRIC_CHANGED),
        (replace(of(), name="other", detects=(detect(2, count=3),)), None),
        (replace(of(), detects=(detect(1),)), Reason.LEVEL_REMOVED),
        (replace(of(), detects=()), Reason.LEVEL_REMOVED),
        (of(replace(CPU, agg_condition=(EQ,)), MEM), None),  # conditions matter to no-data alerts only
    ],
)
def test_what_a_change_of_the_strategy_does_to_a_data_alert(now, expected):
    assert reason(of(), now) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ((EQ, NEQ, REG), None),
        ((EQ, REG, NEQ), None),
        ((EQ | {"condition": "or"}, NEQ, REG), None),  # how the first is joined to nothing does not matter
        ((EQ, NEQ | {"condition": "and"}, REG), Reason.CONDITIONS_CHANGED),
        ((EQ | {"value": ["b", "a"]}, NEQ, REG), None),
        ((EQ | {"value": ["a"]}, NEQ, REG), Reason.CONDITIONS_CHANGED),
        ((EQ | {"method": "include"}, NEQ, REG), Reason.CONDITIONS_CHANGED),
        ((EQ | {"dimension_name": "address"}, NEQ, REG), None),
        ((EQ, NEQ), Reason.CONDITIONS_CHANGED),
        ((EQ,), Reason.CONDITIONS_CHANGED),
        ((), Reason.CONDITIONS_CHANGED),
    ],
)
def test_what_a_change_of_conditions_does_to_a_no_data_alert(conditions, expected):
    before, changed = (of(replace(CPU, agg_condition=given)) for given in ((EQ, NEQ, REG), conditions))
    assert reason(before, changed, no_data=True) == expected


def test_a_no_data_alert_outlives_its_level_but_not_its_configuration():
    assert reason(of(), replace(of(), detects=()), no_data=True) is None
    assert reason(of(), of(no_data_config=NoDataConfig()), no_data=True) == Reason.NO_DATA_DISABLED
    assert reason(of(), of(no_data_config=NoDataConfig())) is None


@pytest.mark.parametrize(
    "algorithms",
    [
        (Algorithm("HostAnomalyDetection"), Algorithm("Threshold")),
        (Algorithm("IntelligentDetect", config={"alert_level_mode": "auto"}),),
    ],
)
def test_algorithms_that_set_the_severity_need_no_level(algorithms):
    assert reason(of(), replace(of(algorithms=algorithms), detects=(detect(3),))) is None


@pytest.mark.parametrize(
    "algorithms",
    [
        (Algorithm("Threshold"), Algorithm("HostAnomalyDetection")),
        (Algorithm("IntelligentDetect", config={"alert_level_mode": "auto"}), Algorithm("Threshold")),
        (Algorithm("IntelligentDetect"),),
    ],
)
def test_other_algorithms_need_it(algorithms):
    assert reason(of(), replace(of(algorithms=algorithms), detects=(detect(3),))) == Reason.LEVEL_REMOVED


def test_a_severity_set_by_a_rule_needs_no_level():
    by_rule = Extra(severity_source="by_rule")
    assert reason(of(), replace(of(), detects=()), extra_info=by_rule) is None


def test_a_level_that_was_never_configured_was_not_removed():
    assert reason(of(), of(), severity=3) is None
    assert reason(of(), replace(of(), detects=(detect(2),)), severity=3) is None


def test_without_a_snapshot_nothing_has_changed():
    assert strategy_change(None, of(), alert()) is None


@pytest.mark.parametrize("made", [of(), strategy(items=(), detects=()), strategy(items=(item(query_configs=()),))])
def test_a_snapshot_survives_a_snapshot_of_the_state(made):
    snapshot = snapshot_of(made)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=StrategySnapshot) == snapshot
