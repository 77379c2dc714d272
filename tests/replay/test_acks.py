"""Acks that end: by themselves, taken back, renewed; and commands that come twice (docs/decisions.md)."""

import pytest

from tests.replay.driver import RULES, T0, command, replay, strategy_event
from tests.replay.test_commands import ACKING, ID, MD5

ESCALATING = {
    "strategies": [
        {
            "id": 1,
            "name": "CPU usage",
            "notice": {
                "user_groups": ["ops"],
                "options": {"upgrade_config": {"is_enabled": True, "upgrade_interval": 10, "user_groups": ["boss"]}},
            },
        }
    ],
    "user_groups": [
        *RULES["user_groups"],
        {"id": "boss", "name": "Boss", "users": ["carol"], "ways": ["mail"]},
    ],
}


def to(at, name, **fields):
    return command(at, name, **{"dedupe_md5": MD5, **fields})


def done(*lines, rules=RULES, until=None):
    return replay(rules, [strategy_event(0), *lines], until)


def test_an_ack_with_an_end_ends_by_itself_and_the_alert_is_told_again():
    out = done(to(7, "ack", until=T0 + 600), until=700)
    assert not out.alert["is_ack"]
    assert out.story("reason")[1:] == [(7, "ACK", "acked"), (600, "UNACK", "ack_over")]
    assert out.noticed("notice_type") == [(0, "mail", "alice", "normal"), (600, "mail", "alice", "normal")]


def test_an_ack_without_an_end_holds():
    assert done(to(7, "ack"), until=90000).alert["is_ack"]


def test_until_then_nothing_is_told():
    out = done(to(7, "ack", until=T0 + 90000), strategy_event(8000), until=89999)
    assert [at for at, *_ in out.noticed()] == [0]


def test_whoever_acked_may_renew_it():
    out = done(to(7, "ack", until=T0 + 600), to(300, "ack", until=T0 + 1200), until=1300)
    assert out.story("reason")[1:] == [(7, "ACK", "acked"), (300, "ACK", "ack_renewed"), (1200, "UNACK", "ack_over")]
    assert [at for at, *_ in out.noticed()] == [0, 1200]


def test_a_renewal_is_no_second_signal():
    out = done(to(7, "ack", until=T0 + 600), to(300, "ack"), until=700, rules=ACKING)
    assert out.signalled() == [(0, "abnormal"), (7, "ack")]
    assert out.alert["is_ack"]


@pytest.mark.parametrize("fields", [{"operator": "eve", "until": T0 + 1200}, {"until": T0 + 600}])
def test_an_ack_of_somebody_else_and_one_that_changes_nothing_are_refused(fields):
    out = done(to(7, "ack", until=T0 + 600), to(300, "ack", **fields), until=500)
    assert out.refused() == [("3", "already_acked")]
    assert out.alert["extra_info"]["ack_until"] == T0 + 600


def test_an_end_in_the_past_is_refused():
    assert done(to(7, "ack", until=T0 + 7)).refused() == [("2", "bad_value")]


def test_an_ack_is_taken_back_by_anybody_and_the_alert_is_told_again():
    out = done(to(7, "ack"), to(60, "unack", operator="eve", message="not mine"))
    alert = out.alert
    assert (alert["is_ack"], alert.get("ack_operator"), alert["ack_duration"]) == (False, None, 7)
    (entry,) = out.told("UNACK")
    assert (entry["operator"], entry["reason"], entry["description"]) == ("eve", "unacked", "of bob: not mine")
    assert [at for at, *_ in out.noticed()] == [0, 60]


def test_what_nobody_acked_cannot_be_taken_back():
    assert done(to(7, "unack")).refused() == [("2", "not_acked")]


def test_each_ack_is_told_by_a_notice_of_its_own():
    out = done(to(7, "ack"), to(60, "unack"), to(90, "ack", operator="eve"), rules=ACKING)
    acks = [action for action in out.actions if action["signal"] == "ack"]
    assert [(one["time"] - T0, one["execute_times"]) for one in acks] == [(7, 1), (90, 2)]
    assert len({one["id"] for one in acks}) == 2


def test_escalation_rests_while_it_is_acked_and_counts_anew():
    out = done(to(60, "ack", until=T0 + 3600), until=4300, rules=ESCALATING)
    told = [(at, who) for at, _, who in out.noticed()]
    assert told == [(0, "alice"), (3600, "alice"), (4200, "carol")]


def test_a_shield_holds_what_an_ended_ack_would_tell():
    shield = {
        "id": 1,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0 + 500,
        "end_time": T0 + 999,
    }
    out = done(to(7, "ack", until=T0 + 600), until=1100, rules={**RULES, "shields": [shield]})
    assert [(at, kind) for at, _, _, kind in out.noticed("notice_type")] == [(0, "normal"), (1000, "unshielded")]


def test_an_alert_that_ended_does_not_end_its_ack():
    out = done(to(7, "ack", until=T0 + 600), strategy_event(100, "RECOVERED"), until=700)
    assert out.told("UNACK") == []


@pytest.mark.parametrize("name", ["ack", "comment", "close", "assign"])
def test_a_command_that_comes_twice_acts_once(name):
    line = to(7, name, command_id="c1", message="mine", appointee=["dave"])
    once, twice = done(line), done(line, {**line, "at": T0 + 8})
    assert twice.dead_letters == []
    assert twice.bytes["logs.jsonl"] == once.bytes["logs.jsonl"]


def test_two_commands_with_the_same_words_are_two():
    out = done(to(7, "comment", message="again", command_id="a"), to(8, "comment", message="again", command_id="b"))
    assert len(out.told("COMMENT")) == 2


def test_of_two_people_who_ack_in_one_second_the_first_has_it_and_the_other_is_told_so():
    out = done(to(7, "ack", operator="alice", command_id="a"), to(7, "ack", operator="bob", command_id="b"))
    assert out.alert["ack_operator"] == "alice"
    (letter,) = out.dead_letters
    assert (letter["reason"], letter["detail"]) == ("already_acked", f"alert {ID} was acknowledged by alice")
