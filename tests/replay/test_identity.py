"""Fingerprints and ids (design.md 6; spec/lifecycle.md 1.3, 1.4; design.md 7.33, 7.38)."""

import json
from hashlib import md5

import pytest

from tests.replay.driver import RULES, T0, event, put, replay, strategy_event

BK = {"fingerprint": "bk"}


def fingerprint(settings=None, rules=None, **fields):
    (one,) = replay(rules or {}, [event(0, **fields)], settings=settings).events
    return one["dedupe_md5"]


def tagged(**tags):
    keys = [f"tags.{name}" for name in tags]
    return {"tags": [{"key": name, "value": value} for name, value in tags.items()], "dedupe_keys": keys}


def pairs(*keyed):
    return md5(json.dumps(sorted(map(list, keyed)), separators=(",", ":")).encode()).hexdigest()


def test_pairs_are_the_sorted_keys_with_their_values():
    got = fingerprint(alert_name="a", target="10.0.0.9", **tagged(z="1", b="2"))
    assert got == pairs(
        ("alert_name", "a"),
        ("bk_biz_id", None),
        ("tags.b", "2"),
        ("tags.z", "1"),
        ("target", "10.0.0.9"),
        ("target_type", "HOST"),
    )


def test_of_a_strategy_its_id_stands_in_place_of_the_name():
    one = fingerprint(rules=RULES, strategy_id=1, alert_name="a")
    assert one == fingerprint(rules=RULES, strategy_id=1, alert_name="b") == fingerprint(rules=RULES, strategy_id="1")
    assert one != fingerprint(rules=RULES, strategy_id=2)


@pytest.mark.parametrize(
    ("settings", "equal"),
    [(None, False), (BK, True)],
)
def test_dimensions_that_swap_values_collide_only_in_bk(settings, equal):
    assert (fingerprint(settings, **tagged(a="1", b="2")) == fingerprint(settings, **tagged(a="2", b="1"))) is equal


@pytest.mark.parametrize("settings", [None, BK])
@pytest.mark.parametrize(
    ("changes", "equal"),
    [
        ({"dedupe_keys": ["tags.b", "tags.a"]}, True),
        ({"dedupe_keys": ["tags.a", "tags.b", "tags.a", "target"]}, True),
        ({"dedupe_keys": "nonsense"}, False),
        ({"dedupe_keys": ["tags.a"]}, False),
        ({"severity": 1}, True),
        ({"description": "other"}, True),
        ({"event_id": "other"}, True),
        ({"plugin_id": "other"}, True),
        ({"target": "10.0.0.2"}, False),
        ({"alert_name": "other"}, False),
        ({"bk_biz_id": 2}, False),
        ({"target_type": "POD"}, False),
    ],
)
def test_only_identity_counts(settings, changes, equal):
    base = tagged(a="1", b="2")
    assert (fingerprint(settings, **base) == fingerprint(settings, **{**base, **changes})) is equal


@pytest.mark.parametrize(
    ("event_fields", "expected"),
    [
        ({"alert_name": "CPU usage high", "target_type": "", "target": "10.0.0.1"}, "da2a935c581c2a96004f129878a935b0"),
        (
            {"alert_name": "CPU usage high", "target_type": "", "target": "10.0.0.1", **tagged(device="cpu0")},
            "88590646d37632c545b81ed8bfc0ba5f",
        ),
        (
            {"alert_name": "CPU usage high", "target_type": "", "target": "10.0.0.2", **tagged(device="cpu1")},
            "8207bf3588710f1bab2fac2dce3dbb3f",
        ),
        (
            {"strategy_id": 100, "target_type": "", "target": "127.0.0.1", "bk_biz_id": 2, "alert_name": "CPU usage high", "dedupe_keys": ["alert_name"]},
            "936eafa6dac0d420db79fcdf3bae8f15",
        ),
    ],
)  # fmt: skip
def test_bk_agrees_with_the_reference(event_fields, expected):
    assert fingerprint(BK, **event_fields) == expected


def test_bk_hashes_the_text_of_an_object_as_python_writes_it():
    text = '{"b": 1, "a": "\\u00e9"}'
    assert fingerprint(BK, **tagged(x={"b": 1, "a": "\u00e9"})) == fingerprint(BK, **tagged(x=text))


def test_bk_ids_agree_with_the_reference():
    line = {**event(0, plugin_id="fta-test", event_id="2"), "time": 1617504100, "at": 1617504100}
    assert replay({}, [line], settings=BK).events[0]["id"] == "6c8b19978fb232e4f3bf9439be85b1fa"


def test_in_bk_a_number_equals_its_text_and_none_the_word():
    assert fingerprint(BK, **tagged(a=1)) == fingerprint(BK, **tagged(a="1"))
    assert fingerprint(BK, **tagged(a="None")) == fingerprint(BK, dedupe_keys=["tags.a"])


def test_in_pairs_a_number_is_no_text():
    assert fingerprint(**tagged(a=1)) != fingerprint(**tagged(a="1"))


@pytest.mark.parametrize("kind", ["K8S-POD", "K8S-NODE", "K8S-SERVICE", "K8S-WORKLOAD", "APM-SERVICE"])
def test_in_bk_targets_that_came_later_do_not_count(kind):
    assert fingerprint(BK, target_type=kind, target="a") == fingerprint(BK, target_type="", target=None)
    assert fingerprint(target_type=kind, target="a") != fingerprint(target_type=kind, target="b")


@pytest.mark.parametrize("settings", [None, BK])
def test_the_default_business_never_enters_a_fingerprint(settings):
    known = settings or {}
    assert fingerprint({**known, "default_business": 7}) == fingerprint({**known, "default_business": 0})


def test_an_alert_falls_back_to_the_default_business():
    assert replay({}, [event(0)], settings={"default_business": 7}).alert["bk_biz_id"] == 7


@pytest.mark.parametrize("settings", [None, BK])
def test_a_strategy_event_without_business_takes_the_strategys(settings):
    rules = {**RULES, "strategies": [{**RULES["strategies"][0], "bk_biz_id": 2}]}
    assert fingerprint(settings, rules, strategy_id=1) == fingerprint(settings, rules, strategy_id=1, bk_biz_id=2)
    assert replay(rules, [strategy_event(0)]).alert["bk_biz_id"] == 2


def test_the_key_depends_on_enrichment():
    host = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2}
    out = replay({}, [event(0), put(1, hosts=[host]), event(2)])
    assert len(out.alerts) == 2
    assert [alert["bk_biz_id"] for alert in out.alerts] == [0, 2]


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"severity": 1}, False),
        ({"target": "other"}, True),
        ({"tags": [{"key": "a", "value": 1}]}, True),
        ({"event_id": "other"}, False),
        ({"plugin_id": "other"}, False),
        ({"status": "CLOSED"}, False),
        ({"time": T0 + 1}, False),
    ],
)
def test_an_events_id_names_producer_event_severity_status_and_time(changes, same):
    one, other = replay({}, [event(0), {**event(0, dedupe_md5="a" * 32), **changes}]).events
    assert (one["id"] == other["id"]) is same


def test_in_bk_the_severity_is_no_part_of_an_events_id():
    out = replay({}, [event(0, severity=3), event(0, severity=1)], settings=BK)
    assert out.summary["duplicates"] == 1


@pytest.mark.parametrize("rules", [{}, RULES])
def test_an_event_that_comes_again_worse_is_another_event(rules):
    line = event(0, severity=3, time=T0, strategy_id=1 if rules else None)
    out = replay(rules, [line, {**line, "at": T0 + 600, "severity": 1}, {**line, "at": T0 + 601, "severity": 1}])
    assert {(alert["status"], alert["severity"]) for alert in out.alerts} == {("CLOSED", 3), ("ABNORMAL", 1)}
    assert out.summary["duplicates"] == 1


def test_an_alerts_id_begins_with_the_second_of_its_opening_event():
    alert = replay({}, [event(50, time=T0 + 7)]).alert
    assert alert["id"][:10] == str(T0 + 7)
    assert len(alert["id"]) == 22
    assert alert["seq_id"] == alert["id"][10:]
    int(alert["id"][10:], 16)


def test_ids_do_not_depend_on_what_else_is_going_on():
    alone = replay({}, [event(5)]).alert
    assert alone["id"] in [alert["id"] for alert in replay({}, [event(0, target="other"), event(5)]).alerts]


def test_log_ids_are_alert_revision_and_position():
    out = replay(RULES, [strategy_event(0), strategy_event(5), strategy_event(9, "RECOVERED")])
    ids = [entry["id"] for entry in out.logs]
    assert len(ids) == len(set(ids))
    assert all(name.rsplit("-", 2)[0] == out.alert["id"] for name in ids)
    assert ids[0].endswith("-1-0")
