import pytest

from operators.check.target import departure
from operators.rules.shapes.model import DynamicGroup, Host, ServiceInstance, TargetCondition
from tests.operators.check.made import book, event, item, strategy

WEB = Host("1", ip="10.0.0.1", ipv6="::1", bk_cloud_id="0", topo=("module|28", "set|26"))
BARE = Host("2", ip="10.0.0.2", bk_cloud_id="3")
INVENTORY = book(
    hosts=(WEB, BARE),
    service_instances={"123": ServiceInstance(id="123", bk_host_id="1", topo=("module|28",))},
    dynamic_groups={"g1": DynamicGroup("g1", host_ids=("1",)), "none": DynamicGroup("none")},
)
ON_WEB = {"target_type": "HOST", "target": "10.0.0.1|0", "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_host_id": 1}
ON_BARE = {"target_type": "HOST", "target": "10.0.0.2|3", "ip": "10.0.0.2", "bk_cloud_id": "3"}
NGINX = {"target_type": "SERVICE", "target": "123", "bk_service_instance_id": 123}
MODULE = {"target_type": "TOPO", "target": "module|28"}


def one(field, *value, method="eq"):
    return TargetCondition(field, method, value)


def left(about, *groups, rules=INVENTORY):
    return departure(event(**about), strategy(items=(item(target=groups),)), rules) is not None


@pytest.mark.parametrize(
    ("about", "group", "leaves"),
    [
        (ON_WEB, (one("ip", "10.0.0.1|0"),), False),
        (ON_WEB, (one("bk_target_ip", "10.0.0.1|0", "10.0.0.9|0"),), False),
        (ON_WEB, (one("ip", "10.0.0.1|1"),), True),
        (ON_WEB, (one("ip", "::1|0"),), False),
        (ON_WEB, (one("ip", "10.0.0.1|0", method="neq"),), True),
        (ON_WEB, (one("ip", "10.0.0.2|3", method="neq"),), False),
        (ON_WEB, (one("bk_host_id", "1"),), False),
        (ON_WEB, (one("bk_host_id", "2"),), True),
        (ON_WEB, (one("host_topo_node", "set|26"),), False),
        (ON_WEB, (one("host_topo_node", "set|27"),), True),
        (ON_WEB, (one("host_topo_node", "set|27", method="neq"),), False),
        (ON_BARE, (one("host_topo_node", "set|26"),), True),  # no topology: its group fails
        (ON_BARE, (one("host_topo_node", "set|26", method="neq"),), True),
        (ON_WEB, (one("dynamic_group", "g1"),), False),
        (ON_BARE, (one("dynamic_group", "g1"),), True),
        (ON_WEB, (one("dynamic_group", "none"),), True),
        (ON_WEB, (one("dynamic_group", "none", "g1"),), False),
        (ON_WEB, (one("bk_service_instance_id", "7"),), False),  # a host is not a service: met
        (ON_WEB, (one("ip", "10.0.0.1|0"), one("host_topo_node", "set|27")), True),
        (NGINX, (one("bk_service_instance_id", "123"),), False),
        (NGINX, (one("service_instance_id", "7"),), True),
        (NGINX, (one("service_topo_node", "module|28"),), False),
        (NGINX, (one("service_topo_node", "set|26"),), True),
        (NGINX, (one("ip", "10.0.0.9|0"),), False),
        (MODULE, (one("host_topo_node", "module|28"),), False),
        (MODULE, (one("host_topo_node", "module|29"),), True),
        (MODULE, (one("ip", "10.0.0.9|0"),), False),
        ({"target_type": "TOPO"}, (one("host_topo_node", "module|29"),), False),
        ({"target_type": "K8S-POD", "target": "web-1"}, (one("ip", "10.0.0.9|0"),), False),
        ({}, (one("ip", "10.0.0.9|0"),), False),
    ],
)
def test_whether_a_target_still_belongs(about, group, leaves):
    assert left(about, group) is leaves


def test_one_group_that_covers_the_target_is_enough():
    assert not left(ON_WEB, (one("ip", "10.0.0.9|0"),), (one("ip", "10.0.0.1|0"),))


@pytest.mark.parametrize("missing", ["ip", "bk_cloud_id"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_gap_in_enrichment_closes_nothing(missing, value):
    assert not left(ON_WEB | {missing: value}, (one("ip", "10.0.0.9|0"),))


@pytest.mark.parametrize(("about", "closes"), [(ON_WEB, True), (NGINX, True), (MODULE, False)])
def test_what_left_the_inventory_left_the_target(about, closes):
    assert left(about, (one("ip", "10.0.0.1|0"), one("host_topo_node", "module|28")), rules=book()) is closes


def test_a_host_in_another_cloud_is_another_host():
    assert left(ON_WEB | {"bk_cloud_id": 3}, (one("ip", "10.0.0.1|3"),))


def test_a_service_without_a_name_is_not_judged():
    assert not left({"target_type": "SERVICE"}, (one("bk_service_instance_id", "7"),))


def test_a_strategy_without_target_has_nothing_to_leave():
    assert not left(ON_WEB, rules=book())


def test_every_item_with_a_target_must_cover_it():
    covers, misses = item(target=((one("bk_host_id", "1"),),)), item(target=((one("bk_host_id", "2"),),))
    assert departure(event(**ON_WEB), strategy(items=(covers, item())), INVENTORY) is None
    assert departure(event(**ON_WEB), strategy(items=(covers, misses)), INVENTORY) is not None
