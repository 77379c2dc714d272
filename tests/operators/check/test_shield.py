"""Is an alert to be kept silent now."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.check.shield import shielding
from operators.model.alert import Extra
from operators.model.reason import Reason
from operators.model.settings import CoreSettings
from operators.rules.ask.look import Look
from tests.operators.rules.drawn import T0, alert, book, event

SETTINGS = CoreSettings()
HOSTS = [
    {"bk_host_id": 1, "ip": "10.0.0.1"},
    {"bk_host_id": 2, "ip": "10.0.0.2", "state": "no_notice"},
    {"bk_host_id": 3, "ip": "10.0.0.3", "state": "no_monitoring", "bk_cloud_id": 5},
    {"bk_host_id": 4, "ipv6": "fe80::4", "state": "no_notice"},
]
INVENTORY = book(hosts=HOSTS)


def shield(number=1, begin=T0, end=T0 + 100, **changes):
    given = {"id": number, "bk_biz_id": 2, "begin_time": begin, "end_time": end}
    return given | {"dimension_config": {"strategy_id": [1]}} | changes


def seen_by(of, rules, now, of_settings=SETTINGS):
    return shielding(Look(of, rules.strategies.get(of.strategy_id), rules, of_settings, now))


@pytest.mark.parametrize(
    ("now", "shielded", "left", "edge"),
    [
        (T0 - 1, False, 0, T0),
        (T0, True, 100, T0 + 101),
        (T0 + 1, True, 99, T0 + 101),
        (T0 + 100, True, 0, T0 + 101),
        (T0 + 101, False, 0, None),
    ],
)
def test_a_shield_holds_from_its_begin_through_the_second_of_its_end(now, shielded, left, edge):
    found = seen_by(alert(), book(shields=[shield()]), now)
    assert (found.is_shielded, found.left, found.next_look) == (shielded, left, edge)
    assert found.ids == (("1",) if shielded else ())
    assert found.why == (Reason.SHIELDED_BY_RULE if shielded else Reason.UNSHIELDED)


def test_shields_come_in_descending_order_of_time_left():
    rules = book(shields=[shield(1, end=T0 + 50), shield(2, end=T0 + 90), shield(3, end=T0 + 90), shield(4, T0 + 70)])
    found = seen_by(alert(), rules, T0)
    assert (found.ids, found.left, found.next_look) == (("2", "3", "1"), 90, T0 + 51)


def test_only_shields_that_cover_the_alert_make_edges():
    other = shield(2, T0 + 10, dimension_config={"strategy_id": [2]})
    assert seen_by(alert(), book(shields=[shield(), other]), T0).next_look == T0 + 101


def test_an_alert_without_business_meets_no_shield():
    seen = alert(event=event(bk_biz_id=None))
    assert not seen_by(seen, book(shields=[shield()]), T0).is_shielded


def test_the_hours_of_a_shield_are_those_of_its_business():
    daily = shield(end=T0 + 9 * 86400, cycle_config={"type": 2, "begin_time": "06:00:00", "end_time": "07:00:00"})
    shops = book(shields=[daily], businesses=[{"id": 2, "time_zone": "Asia/Shanghai"}])
    assert seen_by(alert(), shops, T0).left == 2800  # it is 06:13:20 in Shanghai
    assert not seen_by(alert(), book(shields=[daily]), T0).is_shielded
    shanghai = CoreSettings(time_zone="Asia/Shanghai")
    assert seen_by(alert(), book(shields=[daily]), T0, shanghai).is_shielded


def test_the_global_switch_comes_first():
    found = seen_by(alert(), book(shields=[shield()]), T0, CoreSettings(global_shield=True))
    assert (found.is_shielded, found.ids, found.left, found.next_look) == (True, (), 0, None)
    assert found.why == Reason.SHIELDED_GLOBALLY


def on(**changes):
    return alert(event=event(target_type="HOST", **changes))


def in_cluster(*agg_dimensions, **dimensions):
    return alert(dimensions, extra_info=Extra(agg_dimensions=agg_dimensions))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (on(ip="10.0.0.1"), False),
        (on(ip="10.0.0.2"), True),
        (on(ip="10.0.0.2", bk_cloud_id=0), True),
        (on(ip="10.0.0.2", bk_cloud_id=1), False),
        (on(ip="10.0.0.3"), False),
        (on(ip="10.0.0.3", bk_cloud_id="5"), True),
        (on(ipv6="fe80::4"), True),
        (on(bk_host_id=2), True),
        (on(), False),
        (on(ip="10.9.9.9"), False),
        (alert(event=event(ip="10.0.0.2")), False),
        (in_cluster("bcs_cluster_id", "pod", ip="10.0.0.2", bk_cloud_id=0), True),
        (in_cluster("bcs_cluster_id", ip="10.0.0.1", bk_cloud_id=0), False),
        (in_cluster("bcs_cluster_id", ip="10.0.0.2"), False),
        (in_cluster("bcs_cluster_id", bk_cloud_id=0), False),
        (in_cluster("pod", ip="10.0.0.2", bk_cloud_id=0), False),
        (in_cluster("bcs_cluster_id", **{"tags.ip": "10.0.0.2", "tags.bk_cloud_id": "0"}), True),
        (in_cluster("bcs_cluster_id", **{"tags.ip": "10.0.0.2"}), False),
    ],
)
def test_the_state_of_its_host_shields_an_alert(seen, expected):
    found = seen_by(seen, INVENTORY, T0)
    assert (found.is_shielded, found.ids, found.left, found.next_look) == (expected, (), 0, None)
    assert found.why == (Reason.SHIELDED_BY_HOST_STATE if expected else Reason.UNSHIELDED)


moments = st.integers(T0, T0 + 400)
spans = st.lists(st.tuples(moments, st.integers(0, 200)), max_size=5)
nows = st.integers(T0 - 50, T0 + 700)


@given(spans, nows)
def test_shields_hold_in_exactly_the_seconds_inside_and_no_edge_is_missed(drawn, now):
    rules = book(shields=[shield(number, begin, begin + length) for number, (begin, length) in enumerate(drawn)])
    found = seen_by(alert(), rules, now)
    inside = {str(number) for number, (begin, length) in enumerate(drawn) if begin <= now <= begin + length}
    assert (set(found.ids), found.is_shielded) == (inside, bool(inside))
    edges = {second for begin, length in drawn for second in (begin, begin + length + 1) if second > now}
    assert found.next_look == min(edges, default=None)


@given(spans, st.lists(nows, min_size=2, max_size=6))
def test_an_answer_does_not_depend_on_what_was_asked_before(drawn, times):
    documents = [shield(number, begin, begin + length) for number, (begin, length) in enumerate(drawn)]
    rules = book(shields=documents)
    for now in times:
        assert seen_by(alert(), rules, now) == seen_by(alert(), book(shields=documents), now)
