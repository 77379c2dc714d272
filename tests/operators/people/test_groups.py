"""The people of a group now, rotation or not; roles of businesses and hosts."""

import pytest

from operators.people.groups import people_of
from operators.rules.shapes.model import Business, DutyArrange, ServiceInstance
from tests.operators.people.world import HOST, NOON, SETTINGS, SHOP, alert, book, group, refs, rota, second


def people(rules, when=NOON, about=None) -> str:
    return " ".join(people_of("ops", about or alert(), rules, SETTINGS, when))


def arranged(*users: str):
    return group("ops", duty_arranges=tuple(DutyArrange(refs(one)) for one in users))


@pytest.mark.parametrize(
    ("arrangements", "expected"),
    [
        (("alice bob",), "alice bob"),
        (("alice bob alice",), "alice bob"),
        (("alice", "bob"), "alice"),
        (("", "bob"), "bob"),
        (("@nobody", "bob", "carol"), "bob"),
        (("", ""), ""),
        ((), ""),
    ],
)
def test_without_rotation_the_first_arrangement_that_yields_anyone_counts(arrangements, expected):
    assert people(book(arranged(*arrangements))) == expected


def test_a_group_that_is_not_in_the_book_has_nobody():
    assert people(book()) == ""


ON_HOST = {"target_type": "HOST", "bk_host_id": 1}


@pytest.mark.parametrize(
    ("users", "event", "expected"),
    [
        ("@bk_biz_maintainer", ON_HOST, "mia max"),
        ("max @bk_biz_maintainer", ON_HOST, "max mia"),
        ("@operator", ON_HOST, "hank"),
        ("@operator @bk_bak_operator", ON_HOST, "hank hilda"),
        ("@operator", {"target_type": "HOST", "bk_host_id": 2}, "olga"),
        ("@operator", {"target_type": "", "bk_host_id": 1}, "olga"),
        ("@operator", {"target_type": "HOST", "bk_host_id": "9"}, "olga"),
        ("@bk_bak_operator", {"target_type": "HOST", "bk_host_id": 2}, ""),
        ("@operator", {"target_type": "HOST", "target": "10.0.0.1|0", "ip": "10.0.0.1", "bk_cloud_id": 0}, "hank"),
        ("@operator", {"target_type": "HOST", "target": "10.0.0.1|1", "ip": "10.0.0.1", "bk_cloud_id": 1}, "olga"),
        ("@operator", {"target_type": "SERVICE", "target": "7", "bk_service_instance_id": 7}, "hank"),
        ("@unknown_role", ON_HOST, ""),
    ],
)
def test_roles_are_those_of_the_business_and_two_of_them_those_of_the_host(users, event, expected):
    bare = type(HOST)("2", ip="10.0.0.2", bk_biz_id="2")
    rules = book(group("ops", users), SHOP, HOST, bare, ServiceInstance(id="7", bk_host_id="1"))
    assert people(rules, about=alert(biz=2, **event)) == expected


def test_an_alert_without_business_has_the_roles_of_the_default_one():
    rules = book(group("ops", "@operator"), Business("0", roles={"operator": ("zoe",)}))
    assert people(rules, about=alert(biz=None)) == "zoe"


@pytest.mark.parametrize(
    ("hit_first", "hour", "expected"),
    [
        (True, "08", "day"),
        (True, "12", "day"),
        (True, "20", "night"),
        (False, "12", "day night"),
        (False, "20", "night"),
        (False, "03", ""),
    ],
)
def test_duties_are_walked_in_order_and_the_first_that_serves_may_be_the_last(hit_first, hour, expected):
    rules = book(
        rota("d", "day", hours="08:00--18:00"),
        rota("n", "night", hours="10:00--23:00"),
        group("ops", "ignored", need_duty=True, duty_rules=("d", "n"), hit_first_duty=hit_first),
    )
    assert people(rules, second(f"2026-01-05 {hour}:00:00")) == expected


def test_a_duty_that_serves_with_an_empty_team_still_counts_as_hit():
    rules = book(rota("d", "@nobody"), rota("n", "night"), group("ops", need_duty=True, duty_rules=("d", "n")))
    assert people(rules) == ""


def test_a_disabled_duty_is_passed_over():
    rules = book(
        rota("d", "day", enabled=False), rota("n", "night"), group("ops", need_duty=True, duty_rules=("d", "n"))
    )
    assert people(rules) == "night"


def test_a_group_without_need_of_duty_ignores_its_duties():
    assert people(book(rota("d", "day"), group("ops", "alice", duty_rules=("d",)))) == "alice"


def test_all_arrangements_of_a_duty_contribute_each_person_once():
    twice = rota("d", "alice bob").duty_arranges + rota("d", "bob carol").duty_arranges
    rules = book(rota("d", duty_arranges=twice), group("ops", need_duty=True, duty_rules=("d",)))
    assert people(rules) == "alice bob carol"


def test_roles_serve_in_rotations_too():
    rules = book(rota("d", "@operator"), SHOP, HOST, group("ops", need_duty=True, duty_rules=("d",)))
    assert people(rules, about=alert(biz=2, **ON_HOST)) == "hank"


@pytest.mark.parametrize(
    ("zone", "own_business", "expected"),
    [
        (None, "0", "b"),  # the alert's business: 20:00 UTC is the next day in Shanghai
        (None, "2", "b"),
        (None, "3", "a"),
        ("UTC", "2", "a"),
        ("America/New_York", "0", "a"),
    ],
)
def test_a_rotation_lives_in_the_zone_of_its_group_else_of_the_business(zone, own_business, expected):
    own = group("ops", need_duty=True, duty_rules=("d",), timezone=zone, bk_biz_id=own_business)
    rules = book(own, rota("d", "a", "b"), SHOP, Business("3", time_zone="America/New_York"))
    assert people(rules, second("2026-01-01 20:00:00"), alert(biz=2)) == expected
