"""Which alerts a shield covers."""

import pytest

from operators.rules.ask.shields import shields_covering
from tests.operators.rules.drawn import T0, alert, book, event

HOST = {"bk_host_id": 7, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2, "topo": ["module|28", "set|26", "biz|2"]}
STRATEGIES = [{"id": number, "name": f"s{number}", "bk_biz_id": 2} for number in (1, 2)]
STRATEGIES[0]["items"] = [{"query_configs": [{"metric_id": "system.cpu"}, {"metric_id": "system.load"}]}]
GROUPS = [{"id": "g1", "bk_biz_id": 2, "host_ids": [7]}, {"id": "g2", "bk_biz_id": 2, "host_ids": [8]}, {"id": "g3"}]
ON_HOST = event(
    tags={"device": "cpu0"}, target_type="HOST", target="10.0.0.1|0", ip="10.0.0.1", bk_cloud_id=0, bk_host_id=7,
    bk_topo_node=("module|28", "set|26", "biz|2"),
)  # fmt: skip
SEEN = alert({"ip": "10.0.0.1", "bk_cloud_id": 0, "tags.device": "cpu0"}, event=ON_HOST)


def covered(shield, seen=SEEN):
    document = {"id": 1, "bk_biz_id": 2, "begin_time": T0, "end_time": T0 + 3600} | shield
    other = {"bk_host_id": 8, "ip": "10.0.0.8"}
    rules = book(shields=[document], hosts=[HOST, other], strategies=STRATEGIES, dynamic_groups=GROUPS)
    return [timed.shield.id for timed in shields_covering(seen, rules)] == ["1"]


def where(*conditions):
    """Conditions written `field method value`, with `or` before those that begin a group."""
    found = []
    for text in conditions:
        joint, _, rest = text.partition(" ") if text.startswith("or ") else ("and", "", text)
        field, method, value = rest.split(" ")
        found.append({"key": field, "method": method, "value": value.split(","), "condition": joint})
    return found


@pytest.mark.parametrize(
    ("shield", "expected"),
    [
        # strategy: conditions and every other key
        ({"dimension_config": {"strategy_id": [1]}}, True),
        ({"dimension_config": {"strategy_id": [2]}}, False),
        ({"dimension_config": {"strategy_id": [1, 2], "level": [1, 2]}}, True),
        ({"dimension_config": {"strategy_id": [1], "level": [1]}}, False),
        ({"dimension_config": {"metric_id": ["system.load"]}}, True),
        ({"dimension_config": {"metric_id": ["system.disk"]}}, False),
        ({"dimension_config": {"strategy_id": [1], "dimension_conditions": where("device eq cpu0")}}, True),
        ({"dimension_config": {"strategy_id": [1], "dimension_conditions": where("device eq cpu1")}}, False),
        ({"dimension_config": {"bk_topo_node": ["module|28"]}}, True),
        ({"dimension_config": {"bk_topo_node": [{"bk_obj_id": "module", "bk_inst_id": 29}]}}, False),
        ({"scope_type": "node", "dimension_config": {"strategy_id": [1], "bk_topo_node": ["biz|3"]}}, True),
        ({"scope_type": "node", "dimension_config": {"strategy_id": [1], "bk_topo_node": ["biz|3", "set|1"]}}, False),
        ({"scope_type": "node", "dimension_config": {"strategy_id": [1], "bk_topo_node": ["set|27"]}}, False),
        ({"dimension_config": {"strategy_id": [1], "bk_topo_node": ["biz|3"]}}, False),
        # cleaning
        ({"dimension_config": {"strategy_id": [1], "_note": ["x"]}}, True),
        ({"dimension_config": {"strategy_id": [1], "level": "00"}}, True),
        ({"dimension_config": {"strategy_id": [1], "level": ["00", "1"]}}, True),
        ({"dimension_config": {"strategy_id": [1], "category": ["all"]}}, True),
        ({"dimension_config": {"strategy_id": [1], "category": ["os"]}}, False),
        # dimension: conditions only
        ({"category": "dimension", "dimension_config": {"strategy_id": [2], "dimension_conditions": where("device eq cpu0")}}, True),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("device eq cpu1", "or ip eq 10.0.0.1")}}, True),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("device eq cpu0", "ip eq 10.0.0.2")}}, False),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("room neq a1")}}, True),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("room eq a1")}}, False),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("room exclude a1")}}, True),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("room nreg a1")}}, True),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("room lte 1")}}, False),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": where("device reg ^cpu\\d$")}}, True),
        ({"category": "dimension", "dimension_config": {}}, True),
        # scope
        ({"category": "scope", "scope_type": "ip", "dimension_config": {"ip": [{"ip": "10.0.0.1", "bk_cloud_id": 0}]}}, True),
        ({"category": "scope", "scope_type": "ip", "dimension_config": {"ip": [{"ip": "10.0.0.1", "bk_cloud_id": 1}]}}, False),
        ({"category": "scope", "scope_type": "ip", "dimension_config": {"bk_target_ip": ["10.0.0.1"]}}, True),
        ({"category": "scope", "scope_type": "node", "dimension_config": {"bk_topo_node": ["set|26"]}}, True),
        ({"category": "scope", "scope_type": "node", "dimension_config": {"bk_topo_node": ["set|27"]}}, False),
        ({"category": "scope", "scope_type": "biz", "dimension_config": {}}, True),
        ({"category": "scope", "scope_type": "dynamic_group", "dimension_config": {"dynamic_group": ["g1"]}}, True),
        ({"category": "scope", "scope_type": "dynamic_group", "dimension_config": {"dynamic_group": ["g2"]}}, False),
        ({"category": "scope", "scope_type": "dynamic_group", "dimension_config": {"dynamic_group": ["g3"]}}, False),
        ({"category": "dimension", "scope_type": "dynamic_group", "dimension_config": {"dynamic_group": ["g2"]}}, False),
        ({"category": "strategy", "scope_type": "dynamic_group", "dimension_config": {"strategy_id": [1]}}, False),
        # alert, quick or not
        ({"category": "alert", "dimension_config": {"strategy_id": [1], "device": ["cpu9"]}}, False),
        ({"category": "alert", "is_quick": True, "dimension_config": {"strategy_id": [1], "device": ["cpu9"]}}, False),
        ({"category": "alert", "is_quick": True, "dimension_config": {"strategy_id": [1], "device": ["cpu9"], "dimension_conditions": where("device eq cpu0")}}, True),
        ({"category": "alert", "is_quick": True, "dimension_config": {"level": [1], "dimension_conditions": where("device eq cpu0")}}, False),
        ({"category": "alert", "dimension_config": {"strategy_id": [1], "device": ["cpu9"], "dimension_conditions": where("device eq cpu0")}}, False),
        # whose
        ({"bk_biz_id": 3, "dimension_config": {"strategy_id": [1]}}, False),
        ({"bk_biz_id": "2", "dimension_config": {"strategy_id": ["1"]}}, True),
        ({"is_enabled": False, "dimension_config": {"strategy_id": [1]}}, False),
    ],
)  # fmt: skip
def test_a_shield_covers_the_alerts_its_category_asks_for(shield, expected):
    assert covered(shield) is expected


def test_a_service_is_covered_by_its_instance():
    seen = alert({"bk_service_instance_id": 123}, event=event(target_type="SERVICE", target="123"))
    scope = {"category": "scope", "scope_type": "instance"}
    assert covered(scope | {"dimension_config": {"bk_service_instance_id": [123]}}, seen)
    assert covered(scope | {"dimension_config": {"bk_target_service_instance_id": ["123"]}}, seen)
    assert not covered(scope | {"dimension_config": {"bk_service_instance_id": [124]}}, seen)


def test_a_third_party_alert_is_covered_like_any_other():
    seen = alert({"tags.device": "cpu0"}, event=event(strategy_id="", tags={"device": "cpu0"}))
    conditions = {"category": "dimension", "dimension_config": {"dimension_conditions": where("tags.device eq cpu0")}}
    assert covered(conditions, seen)
    assert not covered({"dimension_config": {"strategy_id": [1]}}, seen)


def test_shields_come_in_the_order_of_their_ids():
    documents = [{"id": number, "bk_biz_id": 2, "dimension_config": {"level": [2]}} for number in (10, 9, 2)]
    found = shields_covering(SEEN, book(shields=documents))
    assert [timed.shield.id for timed in found] == ["2", "9", "10"]
