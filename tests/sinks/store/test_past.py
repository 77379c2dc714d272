"""What every store answers across alerts: why people were not told, how often, and which alerts it concerns."""

import msgspec
import pytest

from operators.model.reason import NOT_TOLD
from sinks.store.decisions import Concerned, Happened
from sinks.store.interface import Batch, Retention
from sinks.store.query import ActionQuery, LogQuery, NoticeQuery, time_cursor
from tests.sinks.store.samples import DAY, NOW, action, alert, entry, receipt, sent

HOUR = 3600
START = NOW - NOW % HOUR
"""The begin of the hour of NOW."""
WORST, MILD, OTHERS = alert(1, severity=1), alert(2, severity=3), alert(3, severity=2, bk_biz_id=3)


def told(of, position, reason, time=NOW, **changed):
    return entry(of, position, op_type="ACTION", reason=reason, time=time, **changed)


LOGS = [
    entry(MILD, 0, time=NOW, reason="opened"),
    told(MILD, 1, "shielded_by_rule"),
    told(MILD, 2, "shielded_by_rule", NOW + HOUR),
    told(WORST, 0, "shielded_by_rule", NOW + HOUR),
    told(OTHERS, 0, "outside_notice_time", NOW + 1),
    entry(OTHERS, 1, op_type="CONVERGE", reason="repeated", time=NOW + 2, count=40, begin=NOW + 1),
]
ACTIONS = [
    action(WORST, id="a1", time=NOW, bk_biz_id=2, status="shield", reason="outside_notice_time", receivers={"mail": ["dora"]}),
    action(MILD, id="a2", time=NOW + 1, bk_biz_id=2, receivers={"voice": [["dora", "kai"]]}, followers={"mail": ["mia"]}),
    action(OTHERS, id="a3", time=NOW + HOUR, bk_biz_id=3, status="skipped", reason="nobody", receivers={}),
]  # fmt: skip


@pytest.fixture
def past(store, settle):
    store.write(Batch(alerts=[WORST, MILD, OTHERS], logs=LOGS, actions=ACTIONS))
    settle()
    return store


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ({}, [2, 3, 5, 4, 1, 0]),
        ({"limit": 2}, [2, 3]),
        ({"reason": ("shielded_by_rule",)}, [2, 3, 1]),
        ({"reason": ("shielded_by_rule", "outside_notice_time"), "until": NOW + 1}, [4, 1]),
        ({"reason": ("opened", "repeated")}, [5, 0]),
        ({"op_type": ("CONVERGE",)}, [5]),
        ({"bk_biz_id": "3"}, [5, 4]),
        ({"reason": tuple(NOT_TOLD), "bk_biz_id": "2", "since": NOW + 1}, [2, 3]),
        ({"reason": ("nobody",)}, []),
    ],
)
def test_log_entries_of_any_alert_are_found_by_reason_business_and_time(past, query, positions):
    assert past.entries(LogQuery(**query)) == [LOGS[position] for position in positions]


def test_pages_of_log_entries_go_on_where_the_last_one_ended(past):
    read, after = [], ""
    while page := past.entries(LogQuery(reason=tuple(NOT_TOLD), limit=1, after=after)):
        read += page
        after = time_cursor(page[-1])
    assert read == past.entries(LogQuery(reason=tuple(NOT_TOLD)))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["a3", "a2", "a1"]),
        ({"receiver": "dora"}, ["a2", "a1"]),
        ({"receiver": "kai"}, ["a2"]),
        ({"receiver": "mia", "until": NOW}, []),
        ({"reason": ("nobody",)}, ["a3"]),
        ({"status": ("shield", "skipped"), "bk_biz_id": "2"}, ["a1"]),
        ({"since": NOW + 1, "limit": 1}, ["a3"]),
        ({"receiver": "nobody"}, []),
    ],
)
def test_actions_are_found_by_receiver_reason_business_and_time(past, query, found):
    assert [one.id for one in past.planned(ActionQuery(**query))] == found


def test_pages_of_actions_for_somebody_go_on_where_the_last_one_ended(past):
    read, after = [], ""
    while page := past.planned(ActionQuery(receiver="dora", limit=1, since=NOW, until=NOW + 1, after=after)):
        read += [one.id for one in page]
        after = time_cursor(page[-1])
    assert read == ["a2", "a1"]


def test_an_action_whose_time_changed_is_found_once_by_whom_it_was_for(past, settle):
    past.write(Batch(actions=[msgspec.structs.replace(ACTIONS[0], time=NOW + 5, revision=2)]))
    settle()
    assert [(one.id, one.time) for one in past.planned(ActionQuery(receiver="dora"))] == [
        ("a1", NOW + 5),
        ("a2", NOW + 1),
    ]
    assert [one.id for one in past.planned(ActionQuery(receiver="dora", until=NOW + 4))] == ["a2"]


def test_actions_that_are_found_say_what_their_receipts_made_of_them(past, settle):
    past.write(Batch(receipts=[receipt(ACTIONS[0])]))
    settle()
    assert [bool(one.deliveries) for one in past.planned(ActionQuery())] == [False, False, True]
    after = time_cursor(ACTIONS[2])
    assert [one.id for one in past.planned(ActionQuery(after=after))] == ["a2", "a1"]


def test_what_happened_is_counted_by_steps_of_time_and_reason(past):
    reasons = tuple(NOT_TOLD)
    assert past.happened(LogQuery(reason=reasons), HOUR) == (
        Happened(START, "ACTION", "outside_notice_time", 1),
        Happened(START, "ACTION", "shielded_by_rule", 1),
        Happened(START + HOUR, "ACTION", "shielded_by_rule", 2),
    )
    assert [one.count for one in past.happened(LogQuery(reason=reasons), DAY)] == [1, 3]
    assert past.happened(LogQuery(reason=reasons, bk_biz_id="3"), HOUR)[0].reason == "outside_notice_time"
    assert past.happened(LogQuery(op_type=("CONVERGE",)), HOUR) == (Happened(START, "CONVERGE", "repeated", 40),)
    assert past.happened(ActionQuery(receiver="dora"), HOUR) == (
        Happened(START, "shield", "outside_notice_time", 1),
        Happened(START, "success", "", 1),
    )


def test_the_alerts_it_concerns_come_worst_first_and_then_by_how_often(past):
    assert past.concerned(LogQuery(reason=("shielded_by_rule",))) == (
        Concerned(WORST, 1, NOW + HOUR),
        Concerned(MILD, 2, NOW + HOUR),
    )
    assert [one.count for one in past.concerned(LogQuery())] == [1, 41, 3]
    assert [one.alert for one in past.concerned(LogQuery(limit=1))] == [WORST]
    assert [one.alert for one in past.concerned(ActionQuery(receiver="kai"))] == [MILD]
    assert past.concerned(LogQuery(reason=("nobody",))) == ()


def test_notices_are_counted_and_lead_to_their_alerts_too(past, settle):
    both = sent("n1", alert_ids=(WORST.id, MILD.id), receivers=("dora",))
    buried = sent("n2", time=NOW + HOUR, state="given_up", reason="refused", alert_ids=(MILD.id,), receivers=("kai",))
    past.write(Batch(notices=[both, buried]))
    settle()
    assert past.happened(NoticeQuery(), HOUR) == (
        Happened(START, "delivered", "", 1),
        Happened(START + HOUR, "given_up", "refused", 1),
    )
    assert [one.count for one in past.concerned(NoticeQuery())] == [1, 2]
    assert [one.alert for one in past.concerned(NoticeQuery(receiver="kai"))] == [MILD]
    assert past.happened(NoticeQuery(alert_id=WORST.id, way=("mail",), bk_biz_id="2"), HOUR)[0].count == 1
    assert past.happened(NoticeQuery(id="n2", state=("delivered",)), HOUR) == ()


def test_an_empty_store_knows_of_nothing_that_happened(store):
    for query in (LogQuery(), ActionQuery(), NoticeQuery()):
        assert (store.happened(query, HOUR), store.concerned(query)) == ((), ())


def test_whom_dropped_actions_were_for_is_forgotten_too(past, settle):
    past.retain(NOW + 100 * DAY, Retention(actions=30))
    settle()
    assert past.planned(ActionQuery(receiver="dora")) == []
    assert past.happened(ActionQuery(receiver="dora"), HOUR) == ()
