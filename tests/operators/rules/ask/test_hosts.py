"""The machine that an alert is about, and the nodes above it."""

import pytest

from operators.rules.ask.hosts import dimension_values, host_at, host_of, nodes_of
from tests.operators.rules.drawn import alert, book, event

HOSTS = [
    {"bk_host_id": 1, "ip": "a", "bk_cloud_id": 0, "topo": ["module|1", "set|1"]},
    {"bk_host_id": 2, "ip": "a", "bk_cloud_id": 3},
    {"bk_host_id": 3, "ipv6": "::1", "bk_cloud_id": 0},
]
BOOK = book(hosts=HOSTS, service_instances=[{"id": 9, "name": "n", "bk_host_id": 2}])


@pytest.mark.parametrize(
    ("address", "cloud", "found"),
    [("a", 0, "1"), ("a", "0", "1"), ("a", None, "1"), ("a", "", "1"), ("a", 3, "2"), ("a", "3", "2"), ("a", 4, None), ("b", 0, None), (None, 0, None), ("::1", None, "3")],
    ids=str,
)  # fmt: skip
def test_a_host_is_found_by_address_and_cloud_and_no_cloud_is_the_default_one(address, cloud, found):
    host = host_at(address, cloud, BOOK)
    assert (host and host.bk_host_id) == found


@pytest.mark.parametrize(
    ("said", "dimensions", "found"),
    [
        ({"bk_host_id": 2}, {}, "2"),
        ({"bk_host_id": "2", "ip": "a", "bk_cloud_id": 0}, {}, "2"),
        ({"bk_host_id": 99, "ip": "a"}, {}, "1"),
        ({"bk_service_instance_id": 9}, {}, "2"),
        ({"bk_service_instance_id": "9", "bk_host_id": 1}, {}, "1"),
        ({"ip": "a", "bk_cloud_id": 3}, {}, "2"),
        ({"ipv6": "::1"}, {}, "3"),
        ({"ip": "b"}, {"bk_host_id": 1}, None),
        ({}, {"bk_host_id": 1}, "1"),
        ({}, {"ip": "a", "bk_cloud_id": 3}, "2"),
        ({}, {"ip": "a"}, "1"),
        ({}, {"tags.ip": "a"}, None),
        ({}, {}, None),
    ],
    ids=[
        "by id", "id before address", "an unknown id", "by its service", "id before service", "by address", "by ipv6",
        "an unknown address is not looked for elsewhere", "by a dimension", "by dimensions of an address", "in the default cloud", "not by a tag", "nothing said",
    ],
)  # fmt: skip
def test_what_the_event_says_of_its_host_comes_before_its_dimensions(said, dimensions, found):
    host = host_of(alert(dimensions, event=event(**said)), BOOK)
    assert (host and host.bk_host_id) == found


def test_nodes_are_those_of_the_event_and_then_of_its_host_each_once():
    told = event(bk_host_id=1, bk_topo_node=("set|1", "biz|2"))
    assert nodes_of(alert(event=told), BOOK) == ("set|1", "biz|2", "module|1")
    assert nodes_of(alert(), BOOK) == ()


def test_dimensions_keep_their_prefixes():
    assert dimension_values(alert({"tags.a": 1, "a": 2})) == {"tags.a": 1, "a": 2}
