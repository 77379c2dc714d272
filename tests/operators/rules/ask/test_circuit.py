"""Which alerts circuit breaking cuts off where."""

import pytest

from operators.rules.ask.circuit import circuit_broken
from tests.operators.rules.drawn import alert, book, event

QUERY = {"metric_id": "cpu", "data_source_label": "custom", "data_type_label": "event"}
STRATEGY = {"id": 1, "name": "cpu", "items": [{"query_configs": [QUERY]}]}


def rule(module, field, value, number=1, method="eq"):
    return {"id": number, "module": module, "conditions": [{"key": field, "method": method, "value": [value]}]}


BUILDER = rule("alert.builder", "strategy_id", "1")
MANAGER = rule("alert.manager", "bk_biz_id", 3, number=2)


@pytest.mark.parametrize(
    ("rules", "module", "expected"),
    [
        ([], "alert.builder", None),
        ([BUILDER], "alert.builder", "1"),
        ([BUILDER], "alert.manager", "1"),
        ([BUILDER], "action", None),
        ([BUILDER, MANAGER], "alert.manager", None),
        ([MANAGER], "alert.builder", None),
        ([rule("alert.manager", "bk_biz_id", 2)], "alert.manager", "1"),
        ([rule("alert.builder", "strategy_id", "2"), rule("alert.builder", "strategy_id", "1", number=3)], "alert.builder", "3"),
        ([rule("alert.builder", "strategy_source", "custom:event")], "alert.builder", "1"),
        ([rule("alert.builder", "data_source_label", "bk_monitor")], "alert.builder", None),
        ([rule("alert.builder", "data_type_label", "event")], "alert.builder", "1"),
        ([rule("alert.builder", "labels", "x")], "alert.builder", None),
        ([rule("alert.builder", "labels", "x", method="neq")], "alert.builder", "1"),
        ([rule("action", "plugin_type", "webhook")], "action", "1"),
        ([rule("action", "plugin_type", "notice")], "action", None),
    ],
)  # fmt: skip
def test_a_rule_cuts_off_what_it_matches_in_its_module(rules, module, expected):
    known = book(circuit_breaking=rules, strategies=[STRATEGY])
    plugin = "webhook" if module == "action" else None
    assert circuit_broken(module, alert(), known.strategies["1"], known, plugin_type=plugin) == expected


def test_a_third_party_alert_is_cut_off_by_its_business():
    known = book(circuit_breaking=[rule("alert.builder", "bk_biz_id", "2")])
    assert circuit_broken("alert.builder", alert(event=event(strategy_id="")), None, known) == "1"
