"""Receipts: what a delivery makes of an action (spec/notices.md 1.7, 4.4; design.md 7.11; replay.md)."""

import pytest

from tests.replay.driver import RULES, T0, receipt, replay, strategy_event

OK, BAD = {"result": True, "message": "sent"}, {"result": False, "message": "mailbox full"}


def book(users=("alice", "bob"), ways=("mail",)):
    return {**RULES, "user_groups": [{"id": "ops", "name": "Ops", "users": list(users), "ways": list(ways)}]}


def status(out, place=0):
    action = out.actions[place]
    return action["status"], action["reason"]


def test_a_notice_without_a_receipt_counts_as_delivered():
    assert status(replay(book(), [strategy_event(0)])) == ("success", "delivered")


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"alice": OK, "bob": OK}, ("success", "delivered")),
        ({"alice": OK, "bob": BAD}, ("partial_failure", "partly_delivered")),
        ({"alice": BAD, "bob": BAD}, ("failure", "not_delivered")),
        ({"alice": BAD}, ("partial_failure", "partly_delivered")),
        ({}, ("success", "delivered")),
    ],
)
def test_a_receipt_decides_the_status(results, expected):
    assert status(replay(book(), [strategy_event(0), receipt(5, notice=0, results=results)])) == expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"alice": OK, "bob": OK}, ""),
        ({"bob": BAD}, "execute_failure"),
        ({"alice": BAD, "bob": BAD}, "execute_failure"),
    ],
)
def test_what_did_not_reach_everybody_failed_in_execution(results, expected):
    out = replay(book(), [strategy_event(0), receipt(5, notice=0, results=results)])
    assert out.actions[0]["failure_type"] == expected


def test_a_call_left_out_was_aborted_by_the_system():
    out = replay(book(ways=("voice",)), [strategy_event(0), strategy_event(60, "RECOVERED")])
    assert [one["failure_type"] for one in out.actions] == ["", "system_abort"]


def test_what_circuit_breaking_holds_back_is_blocked():
    conditions = [{"key": "plugin_type", "method": "eq", "value": ["notice"]}]
    breaking = [{"id": 1, "module": "action", "conditions": conditions}]
    out = replay({**book(), "circuit_breaking": breaking}, [strategy_event(0)])
    assert [(one["status"], one["failure_type"]) for one in out.actions] == [("blocked", "blocked")]


def test_a_receipt_may_name_the_notice_by_its_id():
    notice = replay(book(), [strategy_event(0)]).notices[0]["id"]
    lines = [strategy_event(0), receipt(5, notice_id=notice, results={"alice": BAD, "bob": BAD})]
    assert status(replay(book(), lines)) == ("failure", "not_delivered")


def test_a_later_receipt_replaces_an_earlier_one():
    lines = [
        strategy_event(0),
        *(receipt(at, notice=0, results={"alice": one, "bob": one}) for at, one in ((5, BAD), (6, OK))),
    ]
    assert status(replay(book(), lines)) == ("success", "delivered")


def test_the_status_is_by_all_notices_of_the_action():
    rules = book(("alice",), ("mail", "sms"))
    lines = [strategy_event(0), receipt(5, notice=0, results={"alice": BAD})]
    assert status(replay(rules, lines)) == ("partial_failure", "partly_delivered")
    assert status(replay(rules, [*lines, receipt(6, notice=1, results={"alice": BAD})])) == ("failure", "not_delivered")


def test_places_count_over_the_whole_replay():
    lines = [
        strategy_event(0),
        strategy_event(60, "RECOVERED"),
        receipt(70, notice=1, results={"alice": BAD, "bob": BAD}),
    ]
    out = replay(book(), lines)
    assert [one["status"] for one in out.actions] == ["success", "failure"]


def test_places_are_those_of_the_file_within_a_second_too():
    lines = [
        strategy_event(0),
        strategy_event(60, target="10.0.0.2", event_id="new"),
        strategy_event(60, "RECOVERED", event_id="end"),
        receipt(60, notice=1, results={"alice": BAD, "bob": BAD}),
    ]
    out = replay(book(), lines)
    assert [(one["signal"], one["status"]) for one in out.actions][1:] == [
        ("recovered", "failure"),
        ("abnormal", "success"),
    ]


def test_a_receipt_of_a_call_answers_for_all_it_rang():
    rules = book(("alice", "bob"), ("voice",))
    assert status(replay(rules, [strategy_event(0), receipt(5, notice=0, results={"alice,bob": BAD})])) == (
        "failure",
        "not_delivered",
    )


def test_a_call_counts_from_when_it_was_answered_or_failed():
    rules = book(("alice",), ("voice",))
    lines = [strategy_event(0), receipt(60, notice=0, results={"alice": OK})]
    early, late = (replay(rules, [*lines, strategy_event(at, "RECOVERED")]) for at in (179, 180))
    assert [len(out.notices) for out in (early, late)] == [1, 2]


@pytest.mark.parametrize(
    "named", [{"notice": 1}, {"notice": -1}, {"notice_id": "no"}, {}, {"notice": True}, {"notice": "0"}]
)
def test_a_receipt_of_no_notice_is_a_dead_letter(named):
    out = replay(book(), [strategy_event(0), receipt(5, results={}, **named)])
    assert out.refused() == [("2", "unknown_notice")]
    assert out.dead_letters[0]["time"] == T0 + 5


@pytest.mark.parametrize("results", [{"alice": True}, {"alice": {"result": "yes"}}, "x"])
def test_a_receipt_of_the_wrong_shape_is_a_dead_letter(results):
    lines = [strategy_event(0), receipt(5, notice=0, results=results)]
    assert replay(book(), lines).refused() == [("2", "wrong_type")]


def test_the_summary_counts_actions_by_their_last_status():
    out = replay(book(), [strategy_event(0), receipt(5, notice=0, results={"alice": BAD})])
    assert (out.summary["actions"], out.summary["notices"], out.summary["signals"]) == (
        {"partial_failure": 1},
        {"mail": 1},
        {"abnormal": 1},
    )
