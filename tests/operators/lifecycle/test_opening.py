"""How an alert is opened: what it shows, who is forgotten, and what flow control, dispatch and shields do at once."""

import pytest

from operators.lifecycle.ends import open_alert
from operators.model.event import Tag
from operators.model.memory import Flapping, Retry, Waiting
from operators.model.records import LogEntry
from operators.model.settings import CoreSettings, Quota, Quotas
from operators.state.state import OPENERS, id_key
from tests.operators.check.made import T0, event
from tests.operators.plan.told import ALICE, told
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage

CPU = {
    "id": 1,
    "name": "CPU",
    "labels": ["os"],
    "items": [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "m"}]}],
}
OPS = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}
WATCHED = book_of(strategies=[CPU, {"id": 2, "name": "Off", "is_enabled": False}])


def uid(number):
    return f"{number:016x}" + "0" * 16


def opened(rules=None, settings=None, later=5, known=None, how=None, **said):
    made = Stage(rules=rules or book_of(), settings=CoreSettings(**(settings or {})), **(known or {}))
    turn = made.turn(later)
    open_alert(turn, event(T0, **({"id": uid(1), "strategy_id": ""} | said)), **(how or {}))
    turn.finish()
    return made


# --- opening


@pytest.mark.parametrize(
    ("settings", "said", "business"),
    [({}, {}, 0), ({"default_business": 7}, {}, 7), ({"default_business": 7}, {"bk_biz_id": 0}, 0), ({"default_business": None}, {}, None), ({}, {"bk_biz_id": "2"}, "2")],
    ids=["by default", "by setting", "zero is a business", "none", "as it was said"],
)  # fmt: skip
def test_an_alert_without_business_has_the_default_one(settings, said, business):
    assert opened(settings=settings, **said).state.alert.bk_biz_id == business


def test_an_alert_of_a_strategy_shows_it_as_it_was():
    one = opened(WATCHED, strategy_id="1", bk_tenant_id="t", tags=(Tag("ip", "a"),), dedupe_keys=("tags.ip",)).state
    assert (one.alert.labels, one.alert.extra_info.strategy, one.alert.bk_tenant_id) == (
        ("os",),
        {"id": "1", "name": "CPU"},
        "t",
    )
    assert (one.alert.extra_info.agg_dimensions, one.snapshot.metric_ids) == (("ip",), ("m",))
    assert one.alert.seq_id == one.alert.id[10:]


@pytest.mark.parametrize("strategy_id", ["", "2", "9"], ids=["third-party", "disabled", "gone"])
def test_an_alert_without_a_strategy_in_force_shows_none(strategy_id):
    one = opened(WATCHED, strategy_id=strategy_id).state
    assert (one.alert.labels, one.alert.extra_info.strategy, one.snapshot) == ((), None, None)


def test_what_the_producer_adds_is_kept():
    extra = {"additional_dimensions": [{"key": "a", "value": 1}]}
    assert opened(extra_info=extra).state.alert.extra_info.additional_dimensions == extra["additional_dimensions"]
    assert opened(how={"predecessor": "p"}).state.alert.extra_info.predecessor == "p"


@pytest.mark.parametrize("count", [1, OPENERS, OPENERS + 2])
def test_the_ids_of_the_last_openings_are_kept(count):
    before = b"".join(id_key(uid(number)) for number in range(2, count + 1))
    made = opened(known={"openers": before, "said_over": 9})
    assert made.state.openers == (before + id_key(uid(1)))[-OPENERS * 8 :]
    assert made.state.said_over is None


@pytest.mark.parametrize(
    ("known", "how", "knows"),
    [
        ({}, {}, False),
        ({}, {"predecessor": "p"}, True),
        ({}, {"goes_on": True}, True),
        ({"retry": Retry("closed", 9)}, {}, True),
        ({"waiting": Waiting("closed", "normal", 1)}, {}, True),
        ({"flapping": Flapping((T0, T0), 6)}, {}, True),
        ({"flapping": Flapping((T0,))}, {}, False),
    ],
    ids=[
        "a new problem",
        "a worse one",
        "flow control alone closed it",
        "an end is held back",
        "an end waits",
        "it flaps",
        "it changed once",
    ],
)
def test_who_was_told_is_forgotten_with_a_new_problem_unless_they_have_yet_to_hear_of_an_end(known, how, knows):
    made = opened(known={"told": told(ALICE), **known}, how=how)
    assert (made.state.told is not None) is knows


# --- flow control and dispatch at birth

CUT_OFF = {"id": 4, "module": "alert.builder", "conditions": [{"key": "bk_biz_id", "method": "eq", "value": ["2"]}]}


def test_circuit_breaking_blocks_a_new_alert_that_then_says_nothing():
    made = opened(book_of(circuit_breaking=[CUT_OFF], strategies=[CPU]), strategy_id="1", bk_biz_id=2)
    one = made.state.alert
    assert (one.is_blocked, made.signals, made.entries) == (
        True,
        [],
        [("CREATE", "opened"), ("ALERT_QOS", "circuit_breaking")],
    )
    assert (one.next_status, one.next_status_time) == ("CLOSED", T0 + 3605)


@pytest.mark.parametrize(("hits", "blocked"), [(0, False), (1, False), (2, True)])
def test_the_quota_blocks_the_alerts_beyond_its_threshold(hits, blocked):
    made = Stage(settings=CoreSettings(quota=Quotas(alert=Quota(threshold=2, window=60))))
    for _ in range(hits):
        made.scene.alert_quota.hit("0|abnormal|2|None|CPU usage", T0)
    turn = made.turn(5)
    open_alert(turn, event(T0, id=uid(1), strategy_id=""))
    assert made.state.alert.is_blocked is blocked
    texts = [one.description for one in made.told(LogEntry) if one.reason == "alert_quota"]
    assert texts == (["3 new alerts in 60 s; 2 are let through"] if blocked else [])


def dispatching(**rule):
    given = {"id": 5, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}], **rule}
    return book_of(user_groups=[OPS], dispatch=[{"id": 1, "name": "teams", "rules": [given]}])


@pytest.mark.parametrize(
    ("severity", "becomes", "source", "change"),
    [
        (0, 2, "", "kept"),
        (1, 1, "by_rule", "changed from 2 to 1"),
        (2, 2, "by_rule", "kept"),
        (3, 3, "by_rule", "changed from 2 to 3"),
    ],
)
def test_a_dispatch_rule_may_set_the_severity(severity, becomes, source, change):
    made = opened(dispatching(alert_severity=severity))
    one = made.state.alert
    assert (one.severity, one.event.severity, one.extra_info.severity_source) == (becomes, 2, source)
    assert one.extra_info.matched_rule_info == {"group_id": "1", "group_name": "teams", "rules": ("5",)}
    assert [entry.description for entry in made.told(LogEntry) if entry.op_type == "ASSIGN"] == [
        f"rules 5 of group teams: severity {change}"
    ]


def test_a_dispatch_rule_may_add_tags():
    tags = [{"key": "team", "value": "db"}, {"key": "ip", "value": "b"}]
    one = opened(dispatching(additional_tags=tags), tags=(Tag("ip", "a"), Tag("x", 1))).state.alert
    assert one.assign_tags == tuple(tags)
    assert one.event.tags == (Tag("x", 1), Tag("team", "db"), Tag("ip", "b"))


def test_a_shield_that_holds_covers_an_alert_from_its_first_second():
    shield = {"id": 9, "category": "scope", "scope_type": "biz", "begin_time": 0, "end_time": T0 + 99}
    one = opened(book_of(shields=[shield])).documents[0]
    assert (one.is_shielded, one.shield_id, one.shield_left_time, one.ack_duration) == (True, ("9",), 94, 0)
