import pytest

from operators.lifecycle.dimensions import dimensions_of
from operators.model.alert import NO_DATA_TAG, Dimension
from operators.model.event import Tag
from operators.rules.shapes.model import Business, Host, ServiceInstance, TopoNode
from tests.operators.check.made import book, event, strategy

INVENTORY = book(
    hosts=(Host("1", ip="10.0.0.1", bk_host_name="web-1"), Host("2", ip="10.0.0.2"), Host("3")),
    service_instances={"123": ServiceInstance(id="123", name="nginx", bk_host_id="1")},
    topology={
        "module|28": TopoNode("module", "28", "web"),
        "set|26": TopoNode("set", "26", "prod"),
        "set|27": TopoNode("set", "27"),
    },
    businesses={"2": Business("2", name="shop"), "3": Business("3")},
)


def dimensions(*, by=None, rules=INVENTORY, **about):
    return dimensions_of(event(**about), by, rules)[0]


def shown(**given):
    return [(one.key, one.value, one.display_key, one.display_value) for one in dimensions(**given)]


def with_fields(*names):
    return {"origin_alarm": {"data": {"dimension_fields": list(names)}}}


def test_every_dedupe_key_beyond_identity_is_a_dimension():
    tags = (Tag("device", "cpu0", "Device", "CPU 0"), Tag("core", 1), Tag("other", "x"))
    keys = (
        "alert_name",
        "strategy_id",
        "target_type",
        "target",
        "bk_biz_id",
        "tags.device",
        "tags.core",
        "plugin_id",
        "tags.device",
    )
    assert shown(tags=tags, dedupe_keys=keys) == [
        ("tags.device", "cpu0", "Device", "CPU 0"),
        ("tags.core", 1, "core", 1),
        ("plugin_id", "p", "plugin_id", "p"),
    ]


def test_a_dedupe_key_without_a_tag_is_shown_empty():
    assert dimensions(dedupe_keys=("tags.gone",)) == (Dimension("tags.gone", None, "gone", None),)


def test_the_marker_of_missing_data_is_no_dimension():
    extra = {"additional_dimensions": [{"key": NO_DATA_TAG, "value": 1}]}
    assert not dimensions(tags=(Tag(NO_DATA_TAG, "1"),), dedupe_keys=(f"tags.{NO_DATA_TAG}",), extra_info=extra)


@pytest.mark.parametrize(
    "given",
    [
        [
            {"key": "pod", "value": "web-1"},
            {"key": "ns", "value": "a", "display_key": "Namespace", "display_value": "A"},
        ],
        {"pod": "web-1", "ns": "a"},
    ],
)
def test_additional_dimensions_follow(given):
    found = shown(tags=(Tag("core", 1),), dedupe_keys=("tags.core",), extra_info={"additional_dimensions": given})
    assert [key for key, *_ in found] == ["tags.core", "pod", "ns"]
    assert found[1] == ("pod", "web-1", "pod", "web-1")
    assert found[2][2:] == (("Namespace", "A") if isinstance(given, list) else ("ns", "a"))


@pytest.mark.parametrize("given", [None, 7, "x", [1, None, {"value": 2}, {"key": 3}]])
def test_additional_dimensions_of_no_known_shape_are_passed_over(given):
    assert dimensions(extra_info={"additional_dimensions": given}) == ()


def test_an_additional_dimension_does_not_replace_an_own_one():
    extra = {"additional_dimensions": {"tags.core": 9}}
    assert dimensions(tags=(Tag("core", 1),), dedupe_keys=("tags.core",), extra_info=extra)[0].value == 1


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"ip": "10.0.0.1", "bk_cloud_id": 0}, [("ip", "10.0.0.1"), ("bk_cloud_id", 0)]),
        ({"ip": "10.0.0.1"}, [("ip", "10.0.0.1")]),
        ({"ip": "10.0.0.1", "extra_info": with_fields("device")}, []),
        ({"ip": "10.0.0.1", "extra_info": with_fields("tags.bk_target_ip")}, [("ip", "10.0.0.1")]),
        ({"bk_host_id": 1}, []),
        ({"bk_host_id": 1, "extra_info": with_fields("bk_host_id")}, [("bk_host_id", 1)]),
        ({"target": "10.0.0.9|3"}, [("ip", "10.0.0.9")]),
        ({"target": "fe80::1"}, [("ip", "fe80::1")]),
        ({"target": "web-1"}, []),
        ({"target": None}, []),
        (
            {"target": "10.0.0.9|3", "extra_info": with_fields("ip", "bk_cloud_id")},
            [("ip", "10.0.0.9"), ("bk_cloud_id", 3)],
        ),
        ({"target": "10.0.0.9|x", "extra_info": with_fields("ip", "bk_cloud_id")}, [("ip", "10.0.0.9")]),
        ({"target": "10.0.0.9|3", "extra_info": with_fields("bk_cloud_id")}, []),
        ({"target": "10.0.0.9", "extra_info": {"origin_alarm": "damaged"}}, [("ip", "10.0.0.9")]),
    ],
)
def test_a_host_is_a_dimension_where_the_data_has_it(about, expected):
    assert [(key, value) for key, value, *_ in shown(target_type="HOST", **about)] == expected


@pytest.mark.parametrize(
    ("about", "heading", "name"),
    [
        ({"target_type": "HOST", "bk_host_id": 1, "extra_info": with_fields("bk_host_id")}, "Host", "web-1"),
        ({"target_type": "HOST", "bk_host_id": "2", "extra_info": with_fields("bk_host_id")}, "Host", "10.0.0.2"),
        ({"target_type": "HOST", "bk_host_id": 3, "extra_info": with_fields("bk_host_id")}, "Host ID", 3),
        ({"target_type": "HOST", "bk_host_id": 9, "extra_info": with_fields("bk_host_id")}, "Host ID", 9),
        ({"target_type": "HOST", "ip": "10.0.0.1"}, "Target IP", "10.0.0.1"),
        ({"target_type": "SERVICE", "target": "123"}, "Service instance", "nginx"),
        ({"target_type": "SERVICE", "target": "9"}, "Service instance ID", "9"),
        ({"target_type": "TOPO", "target": "module|28"}, "module", "web"),
        ({"target_type": "TOPO", "target": "set|27"}, "Topology node", "set|27"),
        ({"target_type": "TOPO", "target": "set|99"}, "Topology node", "set|99"),
    ],
)
def test_a_target_is_shown_by_its_name(about, heading, name):
    (found,) = dimensions(**about)
    assert (found.display_key, found.display_value) == (heading, name)


def test_a_target_of_another_type_is_shown_as_it_is():
    found = shown(target_type="K8S-POD", target="web-1")
    assert found == [("target_type", "K8S-POD", "Target type", "K8S-POD"), ("target", "web-1", "Target", "web-1")]
    assert shown(target_type="SERVICE", target=None) == shown(target_type="TOPO", target=None) == shown() == []


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ((Tag("bk_biz_id", 2),), "shop"),
        ((Tag("bk_biz_id", 3),), 3),
        ((Tag("bk_host_id", "1"),), "web-1"),
        ((Tag("bk_service_instance_id", 123),), "nginx"),
        ((Tag("bk_target_service_instance_id", "123"),), "nginx"),
        ((Tag("bk_topo_node", ["module|28", "set|99"]),), ["web", "set|99"]),
        ((Tag("bk_topo_node", ["set|99"]),), ["set|99"]),
        ((Tag("bk_set_id", 26),), "prod"),
        ((Tag("bk_module_id", 28),), "web"),
        ((Tag("bk_inst_id", 28), Tag("bk_obj_id", "module")), "web"),
        ((Tag("bk_inst_id", 28),), 28),
        ((Tag("bk_host_id", None),), None),
        ((Tag("device", "1"),), "1"),
    ],
)
def test_a_tag_of_a_strategys_alert_is_shown_by_the_name_the_inventory_has(tags, name):
    key = (f"tags.{tags[0].key}",)
    assert dimensions(by=strategy(), tags=tags, dedupe_keys=key)[0].display_value == name
    assert dimensions(tags=tags, dedupe_keys=key)[0].display_value == tags[0].value


def test_dimensions_stand_in_the_order_of_aggregation_and_the_others_last():
    tags = (Tag("b", 1), Tag("a", 2))
    extra = {"additional_dimensions": {"z": 1, "bk_target_ip": "10.0.0.9"}}
    found, names = dimensions_of(
        event(tags=tags, dedupe_keys=("target", "tags.ip", "tags.b", "tags.a"), extra_info=extra), None, INVENTORY
    )
    assert names == ("ip", "b", "a")
    assert [one.key for one in found] == ["tags.ip", "bk_target_ip", "tags.b", "tags.a", "z"]


def test_an_event_without_anything_has_no_dimensions():
    assert dimensions_of(event(), strategy(), book()) == ((), ())
