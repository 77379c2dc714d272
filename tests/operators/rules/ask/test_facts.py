"""What rules may ask about an alert."""

import pytest

from operators.model.alert import Extra
from operators.model.event import Tag
from operators.rules.ask.facts import Further, LazyFacts, circuit_facts, rule_facts
from tests.operators.rules.drawn import alert, book, event

HOST = {
    "bk_host_id": 7, "ip": "10.0.0.1", "bk_biz_id": 2, "bk_host_name": "web-1", "operator": ["hank", "hilda"],
    "topo": ["module|28", "set|26", "biz|2"], "attributes": {"bk_os_type": "linux", "racks": ["r1", "r2"]},
}  # fmt: skip
TOPOLOGY = [{"bk_obj_id": "module", "bk_inst_id": 28, "name": "web", "attributes": {"tier": "front"}}]
QUERIES = [{"metric_id": "cpu", "data_source_label": "custom", "data_type_label": "event"}, {"metric_id": "load"}]
STRATEGY = {
    "id": 1, "name": "CPU usage", "scenario": "os", "labels": ["core"], "items": [{"query_configs": QUERIES}],
    "notice": {"user_groups": ["ops"]},
}  # fmt: skip
OPS = {"id": "ops", "name": "Ops", "users": ["alice"]}
BOOK = book(
    hosts=[HOST, {"bk_host_id": 8}], topology=TOPOLOGY, strategies=[STRATEGY], user_groups=[OPS],
    dynamic_groups=[{"id": "g1", "host_ids": [7]}, {"id": "g2", "host_ids": [8]}],
)  # fmt: skip
ON_HOST = event(
    tags={"device": "cpu0"}, metric=("cpu", "load"), target_type="HOST", target="10.0.0.1|0", ip="10.0.0.1",
    bk_cloud_id=0, bk_host_id=7, bk_topo_node=("module|28",),
)  # fmt: skip


def shield_facts(seen, rules):
    return rule_facts(seen, rules.strategies.get(seen.strategy_id), rules)


def dispatched(seen, users=("alice",)):
    return rule_facts(seen, BOOK.strategies.get(seen.strategy_id), BOOK, lambda: users)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("strategy_id", ["1"]),
        ("level", [2]),
        ("bk_biz_id", [2]),
        ("bk_host_id", [7]),
        ("bk_topo_node", ["module|28"]),
        ("metric_id", ["cpu", "load"]),
        ("ip", ["10.0.0.1"]),
        ("bk_target_ip", ["10.0.0.1"]),
        ("bk_cloud_id", [0]),
        ("bk_target_cloud_id", [0]),
        ("dynamic_group", ["g1"]),
        ("tags.device", ["cpu0"]),
        ("device", ["cpu0"]),
        ("alert.name", ["CPU usage"]),
        ("alert.event_source", ["p"]),
        ("alert.severity", [2]),
        ("host.bk_os_type", ["linux"]),
        ("set.bk_set_id", ["26"]),
        ("target", ["10.0.0.1|0"]),
        ("notice_users", None),
        ("is_empty_users", None),
        ("room", None),
    ],
)
def test_a_shield_knows_the_alert_its_host_and_its_metrics(name, values):
    found = shield_facts(alert({"tags.device": "cpu0"}, event=ON_HOST), BOOK).get(name)
    assert (None if found is None else list(found)) == values


@pytest.mark.parametrize(
    ("dimensions", "raw", "name", "values"),
    [
        ({}, {"device": "raw"}, "device", ["raw"]),
        ({"device": "seen"}, {"device": "raw"}, "device", ["seen"]),
        ({"tags.device": "tag"}, {"device": "raw"}, "device", ["raw"]),
        ({"tags.device": "old"}, {}, "device", ["cpu0"]),
        ({"tags.room": "tag"}, {}, "room", ["tag"]),
        ({"tags.room": ["a", "b"]}, {}, "room", ["a", "b"]),
        ({"bk_topo_node": ["set|1"]}, {}, "bk_topo_node", ["set|1"]),
        ({"level": "x"}, {"strategy_id": "9"}, "level", [2]),
        ({}, {"strategy_id": "9"}, "strategy_id", ["1"]),
        ({"bk_target_ip": "10.0.0.9"}, {}, "ip", ["10.0.0.9"]),
        ({"service_instance_id": 5}, {}, "bk_target_service_instance_id", [5]),
        ({"tags.bk_target_service_instance_id": 5}, {}, "bk_service_instance_id", [5]),
    ],
)
def test_dimensions_of_the_alert_lie_over_raw_ones_and_know_their_synonyms(dimensions, raw, name, values):
    assert list(shield_facts(alert(dimensions, raw, event=ON_HOST), BOOK)[name]) == values


@pytest.mark.parametrize("origin", [None, 1, {"data": None}, {"data": []}, {"data": {"dimensions": ["a"]}}])
def test_an_origin_of_any_shape_is_borne(origin):
    seen = alert(event=event(extra_info={"origin_alarm": origin}))
    assert shield_facts(seen, BOOK).get("device") is None


def test_the_origin_is_also_looked_for_in_the_event():
    seen = alert(event=event(extra_info={"origin_alarm": {"data": {"dimensions": {"device": "cpu0"}}}}))
    assert list(shield_facts(seen, BOOK)["device"]) == ["cpu0"]


def test_a_vanished_strategy_has_no_metrics():
    assert shield_facts(alert(event=event(strategy_id="9")), BOOK).get("metric_id") is None


def test_a_host_without_ipv4_is_known_by_ipv6():
    seen = alert(event=event(target_type="HOST", target="fe80::1", ipv6="fe80::1"))
    assert list(shield_facts(seen, BOOK)["bk_target_ip"]) == ["fe80::1"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("alert.event_source", ["p"]),
        ("alert.scenario", ["os"]),
        ("alert.strategy_id", ["1"]),
        ("alert.name", ["CPU usage"]),
        ("alert.metric", ["cpu", "load"]),
        ("alert.labels", ["core"]),
        ("labels", ["core"]),
        ("alert.severity", [2]),
        ("strategy_id", ["1"]),
        ("level", [2]),
        ("metric_id", ["cpu", "load"]),
        ("bk_target_ip", ["10.0.0.1"]),
        ("is_empty_users", ["false"]),
        ("notice_users", ["alice"]),
        ("ip", ["10.0.0.1"]),
        ("bk_cloud_id", [0]),
        ("bk_host_id", [7]),
        ("device", ["cpu0"]),
        ("tags.device", ["cpu0"]),
        ("dynamic_group", ["g1"]),
        ("host.bk_host_name", ["web-1"]),
        ("host.operator", ["hank", "hilda"]),
        ("host.bk_os_type", ["linux"]),
        ("host.racks", ["r1", "r2"]),
        ("host.nothing", None),
        ("module.bk_module_id", ["28"]),
        ("module.bk_module_name", ["web"]),
        ("module.tier", ["front"]),
        ("set.bk_set_id", ["26"]),
        ("set.bk_set_name", None),
    ],
)
def test_dispatch_knows_the_alert_its_people_and_where_it_stands(name, values):
    found = dispatched(alert({"tags.device": "cpu0"}, event=ON_HOST)).get(name)
    assert (None if found is None else list(found)) == values


@pytest.mark.parametrize(
    ("dimensions", "raw", "tags", "name", "values"),
    [
        ({"tags.device": "seen"}, {"device": "raw"}, {}, "device", ["raw"]),
        ({"tags.device": "seen"}, {}, {"device": "tag"}, "tags.device", ["tag"]),
        ({}, {}, {"device": "tag"}, "device", ["tag"]),
        ({"ip": "10.9.9.9"}, {}, {}, "ip", ["10.9.9.9"]),
    ],
)
def test_for_dispatch_raw_dimensions_lie_over_those_of_the_alert(dimensions, raw, tags, name, values):
    found = dispatched(alert(dimensions, raw, event=event(tags=tags))).get(name)
    assert (None if found is None else list(found)) == values


def test_nobody_to_tell_is_a_fact():
    facts = dispatched(alert(), users=())
    assert (facts["is_empty_users"], facts.get("notice_users")) == (("true",), None)


def test_a_third_party_alert_has_no_strategy_to_ask_about():
    facts = dispatched(alert(event=event(strategy_id="")))
    assert [facts.get(name) for name in ("alert.strategy_id", "alert.scenario", "labels")] == [None] * 3


def test_the_host_of_a_container_is_the_one_its_dimensions_name():
    seen = alert({"ip": "10.0.0.1", "bk_cloud_id": "0"}, event=event(), extra_info=Extra(agg_dimensions=("pod",)))
    assert list(dispatched(seen)["host.bk_host_name"]) == ["web-1"]


def test_circuit_breaking_knows_where_the_data_of_the_first_query_come_from():
    facts = circuit_facts(alert(), BOOK.strategies["1"], "webhook")
    assert {name: list(values) for name, values in facts.items()} == {
        "strategy_id": ["1"], "bk_biz_id": [2], "data_source_label": ["custom"], "data_type_label": ["event"],
        "strategy_source": ["custom:event"], "plugin_type": ["webhook"],
    }  # fmt: skip


def test_circuit_breaking_knows_little_of_a_third_party_alert():
    facts = circuit_facts(alert(event=event(strategy_id="")), None)
    assert {name for name, values in facts.items() if values} == {"bk_biz_id"}


def test_facts_are_worked_out_once_and_only_when_asked_for():
    asked = []

    def costly():
        asked.append("costly")
        return ("x",)

    facts = LazyFacts({}, lambda: Further({"plain": ("y",)}, {"late": costly}, {"far": lambda: {"far.off": costly()}}))
    assert facts["plain"] == ("y",)
    assert asked == []
    assert (facts["late"], facts["late"], facts["far.off"], asked) == (("x",), ("x",), ("x",), ["costly"] * 2)


def test_facts_are_a_mapping_of_what_has_values():
    facts = LazyFacts(
        {"near": ("z",), "none": ()}, lambda: Further({"plain": ("y",), "void": ()}, {"late": lambda: ("x",)}, {})
    )
    assert (dict(facts), len(facts)) == ({"near": ("z",), "plain": ("y",), "late": ("x",)}, 3)
    with pytest.raises(KeyError):
        facts["void"]


@pytest.mark.parametrize(
    ("fields", "tags", "name", "values"),
    [
        ({}, {"ip": "1.1.1.1", "bk_cloud_id": 1}, "ip", ["1.1.1.1"]),
        ({}, {"ip": "1.1.1.1", "bk_cloud_id": 1}, "bk_target_cloud_id", [1]),
        ({"ip": "10.0.0.1"}, {"ip": "1.1.1.1"}, "ip", ["10.0.0.1"]),
        ({"ip": "10.0.0.1"}, {"ip": "1.1.1.1"}, "tags.ip", ["1.1.1.1"]),
        ({"ip": "10.0.0.1"}, {"bk_target_ip": "1.1.1.1"}, "bk_target_ip", ["10.0.0.1"]),
        ({"ip": "10.0.0.1"}, {"bk_cloud_id": 1}, "bk_target_cloud_id", [1]),
        ({"target": "web-1"}, {"target": "x"}, "target", ["web-1"]),
        ({"bk_host_id": 7}, {"bk_host_id": 8}, "bk_host_id", [7]),
    ],
)
def test_a_tag_stands_for_what_the_event_itself_does_not_say(fields, tags, name, values):
    seen = alert(event=event(tags=tags, **fields))
    assert list(shield_facts(seen, BOOK)[name]) == list(dispatched(seen)[name]) == values


def test_the_tags_of_the_newest_event_count():
    seen = alert({"tags.device": "old"}, event=event(tags={"device": "new"}))
    assert list(shield_facts(seen, BOOK)["device"]) == ["new"]


def test_a_tag_with_a_list_has_many_values():
    seen = alert(event=event(tags={"zone": ["a", "b"]}))
    assert list(dispatched(seen)["tags.zone"]) == ["a", "b"]
    assert seen.event.tags == (Tag("zone", ["a", "b"]),)
