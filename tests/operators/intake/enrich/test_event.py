import pytest
from msgspec.structs import replace

from operators.intake.enrich.event import Dropped, enrich_event
from operators.model.event import Event
from operators.model.reason import DropReason
from operators.model.settings import CoreSettings
from operators.rules.shapes.model import Host, ServiceInstance
from tests.operators.check.made import NO_DATA, book, event, strategy

WEB = Host("1", ip="10.0.0.1", ipv6="::1", bk_cloud_id="3", bk_biz_id="2", topo=("module|28", "set|26", "module|28"))
TWIN_2 = Host("21", ip="10.0.0.2", bk_cloud_id="0", bk_biz_id="2")
TWIN_3 = Host("31", ip="10.0.0.2", bk_cloud_id="1", bk_biz_id="3")
TRIPLE = Host("32", ip="10.0.0.2", bk_cloud_id="2", bk_biz_id="3")
NGINX = ServiceInstance(id="123", name="nginx", bk_host_id="1", bk_biz_id="2", topo=("module|29",))
INVENTORY = book(hosts=(WEB, TWIN_2, TWIN_3, TRIPLE), service_instances={"123": NGINX})

HOST_FIELDS = {
    "bk_host_id": 1,
    "ip": "10.0.0.1",
    "ipv6": "::1",
    "bk_cloud_id": 3,
    "bk_topo_node": ("module|28", "set|26"),
}


def enrich(rules=INVENTORY, default_business=None, whitelist=(), **about):
    sent = event(**({"strategy_id": "", "plugin_id": "third"} | about))
    return enrich_event(
        sent, rules, CoreSettings(default_business=default_business, third_party_whitelist=list(whitelist))
    )


def changes(after, **about):
    before = event(**({"strategy_id": "", "plugin_id": "third"} | about))
    return {
        name: getattr(after, name) for name in Event.__struct_fields__ if getattr(after, name) != getattr(before, name)
    }


def drop_reason(**given):
    found = enrich(**given)
    return found.reason if isinstance(found, Dropped) else None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("1", {"bk_biz_id": 2} | HOST_FIELDS),
        ("10.0.0.1", {"bk_biz_id": 2, "target": "10.0.0.1|0"} | HOST_FIELDS),  # |0 whatever the host's cloud
        ("10.0.0.1|3", {"bk_biz_id": 2} | HOST_FIELDS),
        ("::1", {"bk_biz_id": 2, "target": "::1|0"} | HOST_FIELDS),
    ],
)
def test_a_host_is_found_by_id_and_by_address(target, expected):
    about = {"target_type": "HOST", "target": target}
    assert changes(enrich(**about), **about) == expected


@pytest.mark.parametrize("target", ["9", "10.0.0.9", "10.0.0.1|4", "10.0.0.1|", "web-1", "|", "10.0.0.1|3|x"])
def test_an_unknown_host_is_let_through_if_its_business_is_known(target):
    about = {"target_type": "HOST", "target": target, "bk_biz_id": 2}
    assert changes(enrich(**about), **about) == {}
    assert drop_reason(**about | {"bk_biz_id": None}) == DropReason.BUSINESS_UNKNOWN


@pytest.mark.parametrize("target", [None, ""])
def test_a_host_event_without_target_goes_on_as_it_is(target):
    about = {"target_type": "HOST", "target": target}
    assert changes(enrich(**about), **about) == {}


def test_a_business_that_the_event_names_stays():
    assert enrich(target_type="HOST", target="1", bk_biz_id=7).bk_biz_id == 7


@pytest.mark.parametrize(
    ("business", "host_id"),
    [(2, 21), ("2", 21), (3, None), (9, "unknown"), (None, None), (0, None), (-5, None)],
)
def test_an_address_of_several_hosts_is_that_of_the_events_business(business, host_id):
    found = enrich(target_type="HOST", target="10.0.0.2", bk_biz_id=business)
    if host_id is None:
        assert found.reason == DropReason.HOST_CONFLICT
    elif host_id == "unknown":
        assert (found.bk_host_id, found.target) == (None, "10.0.0.2")
    else:
        assert (found.bk_host_id, found.target) == (host_id, "10.0.0.2|0")


def test_the_default_business_does_not_choose_among_hosts():
    assert drop_reason(target_type="HOST", target="10.0.0.2", default_business=2) == DropReason.HOST_CONFLICT


def test_a_service_instance_brings_its_host_and_its_own_topology():
    about = {"target_type": "SERVICE", "target": "123"}
    expected = {"bk_biz_id": 2, "bk_service_instance_id": 123} | HOST_FIELDS | {"bk_topo_node": ("module|29",)}
    assert changes(enrich(**about), **about) == expected


def test_a_service_instance_without_topology_takes_its_hosts():
    rules = book(hosts=(WEB,), service_instances={"123": replace(NGINX, topo=())})
    found = enrich(rules, target_type="SERVICE", target="123")
    assert found.bk_topo_node == ("module|28", "set|26")


def test_a_service_instance_on_an_unknown_host_still_names_it():
    found = enrich(book(service_instances={"123": NGINX}), target_type="SERVICE", target="123")
    assert (found.bk_host_id, found.ip, found.bk_biz_id, found.bk_topo_node) == (1, None, 2, ("module|29",))


@pytest.mark.parametrize("target", ["9", "nginx", None])
def test_an_unknown_service_instance_is_let_through_if_its_business_is_known(target):
    about = {"target_type": "SERVICE", "target": target}
    assert enrich(**about, bk_biz_id=2).bk_service_instance_id == target
    assert drop_reason(**about) == DropReason.BUSINESS_UNKNOWN


def test_a_topology_node_stands_for_itself():
    assert enrich(target_type="TOPO", target="module|28", bk_biz_id=2).bk_topo_node == ("module|28",)
    assert drop_reason(target_type="TOPO", target="module|28") == DropReason.BUSINESS_UNKNOWN


@pytest.mark.parametrize("target", [None, "", "module", "a|b|c"])
@pytest.mark.parametrize("default_business", [None, 0])
def test_a_topology_target_has_two_parts(target, default_business):
    given = {"target_type": "TOPO", "target": target, "bk_biz_id": 2, "default_business": default_business}
    assert drop_reason(**given) == DropReason.NOT_A_TOPO_NODE


@pytest.mark.parametrize("target_type", ["", "K8S-POD", "APM-SERVICE"])
def test_any_other_target_needs_a_business_only(target_type):
    about = {"target_type": target_type, "target": "x", "bk_biz_id": 2}
    assert changes(enrich(**about), **about) == {}
    for missing in (None, ""):
        assert drop_reason(**about | {"bk_biz_id": missing}) == DropReason.BUSINESS_UNKNOWN


@pytest.mark.parametrize("default_business", [0, 5])
@pytest.mark.parametrize(("target_type", "target"), [("HOST", "web-1"), ("SERVICE", "9"), ("TOPO", "a|b"), ("", None)])
def test_the_default_business_saves_an_event_without_entering_it(target_type, target, default_business):
    found = enrich(book(), default_business, target_type=target_type, target=target)
    assert found.bk_biz_id is None


def test_inventory_that_names_no_business_gives_none():
    rules = book(hosts=(Host("1", ip="10.0.0.1"),))
    assert enrich(rules, 0, target_type="HOST", target="1").bk_biz_id is None
    assert drop_reason(rules=rules, target_type="HOST", target="1") == DropReason.BUSINESS_UNKNOWN


@pytest.mark.parametrize(
    ("given", "business"),
    [
        ({"bk_biz_id": "2"}, 2),
        ({"bk_biz_id": "shop"}, "shop"),
        ({"bk_biz_id": "0"}, None),  # which is what loading gave a strategy without business
        ({"bk_biz_id": None}, None),
    ],
)
def test_a_strategy_event_without_business_takes_the_strategys_own(given, business):
    rules = book(strategies={"1": strategy(**given)})
    assert enrich(rules, 0, strategy_id="1").bk_biz_id == business


def test_the_strategys_business_comes_before_the_hosts():
    rules = book(hosts=(TWIN_2, TWIN_3), strategies={"1": strategy(bk_biz_id="3")})
    found = enrich(rules, strategy_id="1", target_type="HOST", target="10.0.0.2")
    assert (found.bk_biz_id, found.bk_host_id) == (3, 31)


def test_an_event_of_an_unknown_strategy_is_no_reason_to_drop():
    assert enrich(book(), 0, strategy_id="9") == event(strategy_id="9", plugin_id="third")


@pytest.mark.parametrize(
    ("strategy_id", "tags", "name"),
    [("1", (), "CPU usage"), ("1", NO_DATA, "[no data] CPU usage"), ("9", (), "strategy 9")],
)
def test_a_strategy_event_without_name_takes_the_strategys(strategy_id, tags, name):
    rules = book(strategies={"1": strategy()})
    assert enrich(rules, 0, strategy_id=strategy_id, tags=tags, alert_name="").alert_name == name
    assert enrich(rules, 0, strategy_id=strategy_id, tags=tags, alert_name="own").alert_name == "own"


@pytest.mark.parametrize(
    ("business", "whitelist", "strategy_id", "drops"),
    [
        (2, [], "", False),
        (2, [2], "", False),
        ("2", [2], "", False),
        (2, ["2"], "", False),
        (3, [2], "", True),
        (3, [2], "1", False),
        (None, [2], "", True),
        (None, [0], "", False),  # the default business
    ],
)
def test_third_party_events_need_a_business_on_the_white_list(business, whitelist, strategy_id, drops):
    given = {"bk_biz_id": business, "strategy_id": strategy_id, "whitelist": whitelist, "default_business": 0}
    assert (drop_reason(**given) == DropReason.NOT_ON_WHITE_LIST) is drops


def test_the_inventory_may_bring_an_event_onto_the_white_list():
    assert drop_reason(target_type="HOST", target="1", whitelist=[2]) is None


def test_an_event_about_which_nothing_is_known_is_not_copied():
    sent = event(strategy_id="", target_type="HOST", target="web-1")
    assert enrich_event(sent, book(), CoreSettings()) is sent
