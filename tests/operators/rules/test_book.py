from zoneinfo import ZoneInfo

import pytest

from operators.model.settings import CoreSettings
from operators.rules.book import KINDS, NOT_YET, RuleBook, acted_on
from tests.operators.rules.books import book_of
from tests.operators.rules.full import FULL


def dispatch(identity, **rest):
    return {"id": identity, **rest}


def ids(things):
    return [thing.id for thing in things]


def test_shields_of_a_business_are_its_enabled_ones_in_order():
    book = book_of(
        shields=[
            {"id": 10, "bk_biz_id": 2}, {"id": 9, "bk_biz_id": 2}, {"id": "b", "bk_biz_id": 2}, {"id": "a", "bk_biz_id": 2},
            {"id": 1, "bk_biz_id": 2, "is_enabled": False}, {"id": 2, "bk_biz_id": 3}, {"id": 3},
        ]
    )  # fmt: skip
    assert ids(book.shields_of(2)) == ids(book.shields_of("2")) == ["9", "10", "a", "b"]
    assert ids(book.shields_of(4)) == ids(book.shields_of(None)) == []


def test_dispatch_of_a_business_has_its_groups_and_those_of_every_business_by_priority():
    book = book_of(
        dispatch=[
            dispatch(1, priority=1), dispatch(2, priority=5), dispatch(3, priority=5, bk_biz_id=2),
            dispatch(4, priority=9, is_enabled=False), dispatch(5, priority=7, bk_biz_id=3),
        ]
    )  # fmt: skip
    assert ids(book.dispatch_of(2)) == ["2", "3", "1"]
    assert ids(book.dispatch_of("3")) == ["5", "2", "1"]
    assert ids(book.dispatch_of(None)) == ids(book.dispatch_of(8)) == ids(book.dispatch_of(0)) == ["2", "1"]


def test_dispatch_has_enabled_rules_only():
    group = {"id": 1, "rules": [{"id": 1, "is_enabled": False}, {"id": 2}]}
    assert ids(book_of(dispatch=[group]).dispatch_of(0)[0].rules) == ["2"]


def test_hosts_are_found_by_either_address():
    hosts = [
        {"bk_host_id": 10, "ip": "10.0.0.1"},
        {"bk_host_id": 9, "ip": "10.0.0.1", "ipv6": "::1"},
        {"bk_host_id": 3, "ipv6": "::2", "ip": "::2"},
    ]
    book = book_of(hosts=hosts)
    assert {address: [host.bk_host_id for host in found] for address, found in book.hosts_by_ip.items()} == {
        "10.0.0.1": ["9", "10"], "::1": ["9"], "::2": ["3"],
    }  # fmt: skip


def test_a_host_knows_its_groups():
    book = book_of(**FULL)
    assert book.dynamic_groups_by_host == {"1": ("g1",), "2": ("g1",)}


@pytest.mark.parametrize(
    ("business", "zone", "language"),
    [
        (2, "Asia/Shanghai", "zh"),
        ("2", "Asia/Shanghai", "zh"),
        (3, "Europe/Berlin", "de"),
        (None, "Europe/Berlin", "de"),
    ],
)
def test_zone_and_language_are_those_of_the_business_else_of_the_settings(business, zone, language):
    settings = CoreSettings(time_zone="Europe/Berlin", language="de")
    book = book_of(businesses=[{"id": 2, "time_zone": "Asia/Shanghai", "language": "zh"}, {"id": 3}])
    assert book.zone_of(business, settings) == ZoneInfo(zone)
    assert book.language_of(business, settings) == language


def test_the_empty_book_answers_everything_with_nothing():
    book = RuleBook.empty()
    assert (book.shields_of(2), book.dispatch_of(2)) == ((), ())
    assert book.version == book_of().version


def test_a_book_cannot_be_changed():
    with pytest.raises(AttributeError):
        book_of().version = "x"


def test_kinds_not_acted_on_are_told():
    assert KINDS.keys() >= NOT_YET
    assert all(acted_on(kind) is (kind not in NOT_YET) for kind in KINDS)
    assert not acted_on("nonsense")
