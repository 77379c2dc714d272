"""Commands of operators (design.md 7.16, 7.32, 8; replay.md, kind `command`)."""

import pytest

from tests.replay.driver import RULES, T0, command, event, put, replay, strategy_event, tick

ACKING = {
    **RULES,
    "strategies": [
        {
            **RULES["strategies"][0],
            "notice": {"user_groups": ["ops"], "signal": ["abnormal", "recovered", "closed", "ack"]},
        }
    ],
}
OPEN = replay(RULES, [strategy_event(0)]).alert
ID, MD5 = OPEN["id"], OPEN["dedupe_md5"]


def done(*commands, rules=RULES, until=None):
    return replay(rules, [strategy_event(0), *commands], until)


def to(at, name, **fields):
    """A command about the only alert."""
    return command(at, name, **{"dedupe_md5": MD5, **fields})


# --- addressing


@pytest.mark.parametrize("address", [{"alert_id": ID}, {"dedupe_md5": MD5}, {"alert_id": ID, "dedupe_md5": MD5}])
def test_a_command_names_an_alert_or_a_fingerprint(address):
    assert done(command(5, "ack", **address)).alert["is_ack"]


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ({"alert_id": "nobody"}, "unknown_alert"),
        ({"dedupe_md5": "0" * 32}, "unknown_alert"),
        ({"dedupe_md5": "nonsense"}, "unknown_alert"),
        ({"alert_id": "nobody", "dedupe_md5": MD5}, "unknown_alert"),
        ({}, "missing_field"),
        ({"alert_id": ""}, "missing_field"),
    ],
)
@pytest.mark.parametrize("name", ["ack", "close", "assign", "comment"])
def test_a_command_that_finds_no_alert_is_refused(address, reason, name):
    out = done(command(5, name, appointee=["dave"], **address))
    assert out.refused() == [("2", reason)]
    assert out.story() == [(0, "CREATE")]


@pytest.mark.parametrize("address", [{"alert_id": ID}, {"dedupe_md5": MD5}])
@pytest.mark.parametrize("name", ["ack", "close", "assign", "comment"])
def test_an_ended_alert_takes_no_command(address, name):
    out = done(strategy_event(5, "RECOVERED"), command(9, name, appointee=["dave"], **address))
    assert out.refused() == [("3", "alert_ended")]


def test_the_fingerprint_is_that_of_its_present_alert():
    out = done(strategy_event(5, severity=1), to(9, "ack"))
    assert [alert["is_ack"] for alert in out.alerts] == [False, True]


def test_an_alert_that_was_superseded_has_ended():
    assert done(strategy_event(5, severity=1), command(9, "ack", alert_id=ID)).refused() == [("3", "alert_ended")]


def test_a_fingerprint_that_only_checks_have_named_has_no_alert():
    line = {"kind": "check", "at": T0, "time": T0, "dedupe_md5": "1" * 32, "anomaly": False}
    assert replay(RULES, [line, command(1, "ack", dedupe_md5="1" * 32)]).refused() == [("2", "unknown_alert")]


def test_an_alert_that_is_long_gone_is_unknown():
    assert done(strategy_event(5, "RECOVERED"), to(3605, "ack")).refused() == [("3", "unknown_alert")]


def test_a_refused_command_keeps_its_bytes():
    (letter,) = done(command(5, "ack", alert_id="nobody")).dead_letters
    assert '"nobody"' in letter["raw"]
    assert "nobody" in letter["detail"]


# --- ack


def test_an_ack_is_kept_and_logged():
    out = done(to(7, "ack", message="mine"))
    alert = out.alert
    assert (alert["is_ack"], alert["ack_operator"], alert["ack_duration"], alert["is_ack_noticed"]) == (
        True,
        "bob",
        7,
        False,
    )
    (entry,) = out.told("ACK")
    assert (entry["time"] - T0, entry["operator"], entry["description"], entry["reason"]) == (7, "bob", "mine", "acked")


def test_a_second_ack_is_refused_and_the_first_operator_stays():
    out = done(to(7, "ack"), to(9, "ack", operator="eve"))
    assert out.refused() == [("3", "already_acked")]
    assert (out.alert["ack_operator"], out.alert["ack_duration"]) == ("bob", 7)


@pytest.mark.parametrize(("rules", "signals"), [(RULES, [(0, "abnormal")]), (ACKING, [(0, "abnormal"), (7, "ack")])])
def test_the_signal_of_an_ack_stands_at_the_command(rules, signals):
    assert done(to(7, "ack"), rules=rules).signalled() == signals


def test_an_acked_alert_still_follows_its_events():
    out = done(to(7, "ack"), strategy_event(9), strategy_event(11, "RECOVERED"))
    assert (out.alert["status"], out.alert["event_count"], out.alert["ack_duration"]) == ("RECOVERED", 3, 7)


@pytest.mark.parametrize(
    ("lines", "duration"),
    [
        ([strategy_event(30, "CLOSED")], 30),
        ([to(7, "ack"), strategy_event(30, "CLOSED")], 7),
        ([to(7, "close")], 7),
    ],
)
def test_the_ack_duration_is_set_once_by_whatever_comes_first(lines, duration):
    assert done(*lines).alert["ack_duration"] == duration


@pytest.mark.parametrize(("ended_at", "duration"), [(150, 50), (101, 1), (100, 0), (50, 0)])
def test_the_ack_duration_of_an_alert_that_ended_before_it_was_heard_of_is_nothing(ended_at, duration):
    late = [strategy_event(100, time=T0), strategy_event(200, "CLOSED", time=T0 + ended_at)]
    assert replay(RULES, late).alert["ack_duration"] == duration


def test_a_shield_settles_the_ack_duration():
    shield = {
        "id": 1,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0 + 50,
        "end_time": T0 + 60,
    }
    out = done(to(70, "ack"), rules={**RULES, "shields": [shield]}, until=100)
    assert out.alert["ack_duration"] == 50


# --- close


def test_a_close_ends_the_alert_and_signals():
    out = done(strategy_event(5), to(9, "close", message="rebooted"))
    alert = out.alert
    assert (alert["status"], alert["end_time"], alert["extra_info"]["end_description"]) == (
        "CLOSED",
        T0 + 9,
        "rebooted",
    )
    (entry,) = out.told("CLOSE")
    assert (entry["operator"], entry["reason"], entry["description"], entry["time"]) == (
        "bob",
        "closed_by_operator",
        "rebooted",
        T0 + 9,
    )
    assert out.signalled() == [(0, "abnormal"), (9, "closed")]


def test_a_close_needs_no_words():
    assert "bob" in done(to(9, "close")).alert["extra_info"]["end_description"]


def test_an_acked_alert_may_be_closed():
    out = done(to(7, "ack"), to(9, "close"))
    assert (out.alert["status"], out.dead_letters) == ("CLOSED", [])


def test_after_a_close_the_next_anomaly_opens_again():
    assert [alert["status"] for alert in done(to(9, "close"), strategy_event(10)).alerts] == ["CLOSED", "ABNORMAL"]


# --- assign, comment


def test_an_assignment_names_the_appointees():
    out = done(to(9, "assign", appointee=["dave", "erin"], message="yours"))
    assert out.alert["appointee"] == ["dave", "erin"]
    (entry,) = out.told("ASSIGN")
    assert (entry["operator"], entry["reason"]) == ("bob", "assigned_by_operator")
    assert "dave" in entry["description"]
    assert "yours" in entry["description"]


def test_an_assignment_outlives_later_notices():
    out = done(to(9, "assign", appointee=["dave"]), tick(7300), strategy_event(7301), until=8000)
    assert len(out.notices) == 2
    assert out.alert["appointee"] == ["dave"]


def test_an_assignment_of_nobody_is_refused():
    assert done(to(9, "assign", appointee=[])).refused() == [("2", "missing_field")]


def test_a_comment_is_only_logged():
    out = done(to(9, "comment", message="looking"))
    (entry,) = out.told("COMMENT")
    assert (entry["operator"], entry["description"], entry["time"] - T0) == ("bob", "looking", 9)
    assert out.alert["status"] == "ABNORMAL"
    assert out.signalled() == [(0, "abnormal")]


# --- shields by command


ALL = {"id": 9, "category": "scope", "scope_type": "biz"}


def silence(at, begin, end, number=9):
    document = {
        "id": number,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0 + begin,
        "end_time": T0 + end,
    }
    return command(at, "shield", shield=document)


def test_a_shield_acts_at_once():
    out = done(silence(10, 10, 20), until=100)
    assert out.story("reason") == [
        (0, "CREATE", "opened"), (10, "SHIELD", "shielded_by_rule"), (21, "UNSHIELD", "unshielded"),
    ]  # fmt: skip


def test_unshield_ends_a_shield_at_once():
    out = done(silence(10, 10, 500), command(30, "unshield", id=9), until=100)
    assert out.story() == [(0, "CREATE"), (10, "SHIELD"), (30, "UNSHIELD")]


def test_a_shield_of_the_rules_may_be_ended_by_command():
    shield = {
        "id": 1,
        "category": "strategy",
        "dimension_config": {"strategy_id": [1]},
        "begin_time": T0,
        "end_time": T0 + 500,
    }
    out = done(command(30, "unshield", id=1), rules={**RULES, "shields": [shield]}, until=100)
    assert out.story() == [(0, "CREATE"), (0, "SHIELD"), (30, "UNSHIELD")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (command(5, "unshield", id=77), "unknown_shield"),
        (command(5, "shield", shield={"begin_time": T0}), "invalid_rules"),
        (command(5, "shield", shield=ALL | {"begin_time": T0}), "invalid_rules"),
        (command(5, "shield", shield=ALL | {"end_time": None}), "invalid_rules"),
        (command(5, "shield", shield=ALL | {"end_time": 4102444800}), "invalid_rules"),
        (command(5, "shield", shield=ALL | {"end_time": "2100-01-01T00:00:00+00:00"}), "invalid_rules"),
        (
            command(5, "shield", shield=ALL | {"end_time": T0 + 9, "dimension_config": {"strategy_id": []}}),
            "invalid_rules",
        ),
        (
            command(5, "shield", shield={"id": 1, "begin_time": T0, "end_time": T0 + 9, "colour": "red"}),
            "invalid_rules",
        ),
        (command(5, "shield", shield="all"), "wrong_type"),
    ],
)
def test_a_shield_command_that_makes_no_sense_is_refused(line, reason):
    assert done(line).refused() == [("2", reason)]


def test_a_shield_by_command_may_end_in_the_last_second_that_is_an_end():
    assert done(command(5, "shield", shield=ALL | {"end_time": 4102444799})).refused() == []


def test_a_shield_of_the_rules_needs_no_end():
    assert done(put(5, shields=[ALL])).refused() == []


def test_a_shield_by_command_outlives_other_changes_of_rules():
    out = done(silence(10, 10, 500), put(20, user_groups=[{"id": "more", "name": "More", "users": ["zoe"]}]), until=100)
    assert out.alert["is_shielded"]


# --- whom a command reaches


def test_a_third_party_alert_takes_commands_too():
    md5 = replay({}, [event(0)]).alert["dedupe_md5"]
    out = replay({}, [event(0), command(3, "ack", dedupe_md5=md5), command(5, "close", dedupe_md5=md5)])
    assert (out.alert["is_ack"], out.alert["status"], out.signals) == (True, "CLOSED", [])


def test_a_command_without_operator_is_taken():
    line = {key: value for key, value in to(5, "ack").items() if key != "operator"}
    assert done(line).alert["is_ack"]
