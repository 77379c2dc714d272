"""What shields say of an alert: its flags, its log, and the notice when they let go of it (spec/lifecycle.md 4.11; spec/notices.md 10.2)."""

import pytest

from operators.check.shield import OPEN, Shielding
from operators.lifecycle.checkers import CHECKERS, only_time_moves
from operators.lifecycle.shielded import carry_out
from operators.model.alert import CycleRecord
from operators.model.memory import CALM, Flapping, Retry, Waiting
from operators.model.reason import Reason
from operators.model.records import LogEntry
from operators.model.settings import CoreSettings
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from tests.operators.check.made import T0
from tests.operators.plan.staged import stage
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

BY_RULE = Shielding(is_shielded=True, ids=("3", "5"), left=90, why=Reason.SHIELDED_BY_RULE, next_look=T0 + 99)
GLOBALLY = Shielding(is_shielded=True, why=Reason.SHIELDED_GLOBALLY)
SHIELDED = {"is_shielded": True, "shield_id": ("3", "5"), "shield_left_time": 95}
TOLD, UNTOLD = CycleRecord(T0, False, T0, 1), CycleRecord(T0, True, T0, 1)


def said(about, found, later=5, **known):
    made = stage(about, actions=(), **known)
    turn = made.turn(later)
    carry_out(turn, found)
    return made, turn


# --- flags and log


@pytest.mark.parametrize(
    ("about", "found", "entry"),
    [
        ({}, BY_RULE, ("SHIELD", "shielded_by_rule", "shield 3, 5, 90 s left")),
        ({}, GLOBALLY, ("SHIELD", "shielded_globally", "without a rule")),
        (SHIELDED, OPEN, ("UNSHIELD", "unshielded", "")),
        (SHIELDED, Shielding(is_shielded=True, ids=("5",), left=9, why=Reason.SHIELDED_BY_RULE), None),
        (SHIELDED, BY_RULE, None),
        ({}, OPEN, None),
    ],
    ids=["shielded", "by the switch", "let go", "by fewer", "as before", "never was"],
)
def test_an_edge_is_logged_and_nothing_else(about, found, entry):
    made, _ = said(about, found)
    entries = [(one.op_type, one.reason, one.description) for one in made.told(LogEntry) if one.op_type != "ACTION"]
    assert entries == ([entry] if entry else [])


@pytest.mark.parametrize("found", [BY_RULE, GLOBALLY, OPEN], ids=["by rules", "globally", "open"])
def test_the_alert_shows_by_what_it_is_shielded_and_for_how_long(found):
    made, turn = said({}, found)
    one = made.state.alert
    assert (one.is_shielded, one.shield_id, one.shield_left_time) == (found.is_shielded, found.ids, found.left)
    assert turn.due == found.next_look


def test_the_time_that_is_left_is_no_reason_for_a_document():
    made, turn = said({**SHIELDED, "ack_duration": 0}, BY_RULE)
    turn.finish()
    assert (made.state.alert.shield_left_time, made.documents) == (90, [])


@pytest.mark.parametrize(
    ("about", "duration"), [({}, 5), ({"ack_duration": 2}, 2)], ids=["by the shield", "written before"]
)
def test_a_shield_settles_how_long_it_took(about, duration):
    made, _ = said(about, BY_RULE)
    assert made.state.alert.ack_duration == duration


# --- when they let go


def let_go(about=None, record=UNTOLD, **known):
    extra = {"cycle_handle_record": {"notice": record}} if record else {}
    made, _ = said(
        {**SHIELDED, **(about or {}), "extra": {**extra, **((about or {}).get("extra") or {})}}, OPEN, **known
    )
    return made


@pytest.mark.parametrize(
    ("about", "record", "known", "tells"),
    [
        ({}, UNTOLD, {}, True),
        ({}, None, {}, True),
        ({}, TOLD, {}, False),
        ({"is_ack": True}, UNTOLD, {}, False),
        ({"extra": {"is_recovering": True}}, UNTOLD, {}, False),
        ({}, UNTOLD, {"signal": ["closed"]}, False),
        ({"is_blocked": True}, UNTOLD, {}, False),
    ],
    ids=[
        "its notice was shielded",
        "it had none",
        "people know already",
        "acked",
        "it recovers",
        "not wanted",
        "blocked",
    ],
)
def test_an_alert_that_a_shield_lets_go_of_is_told_to_who_does_not_know(about, record, known, tells):
    made = let_go(about, record, **known)
    assert [(one.signal, one.notice_type) for one in made.actions] == ([("abnormal", "unshielded")] if tells else [])


def test_a_recovering_alert_keeps_the_notice_back_and_says_so():
    made = let_go({"extra": {"is_recovering": True}})
    assert made.state.alert.extra_info.ignore_unshield_notice
    assert ("ACTION", "unshield_withheld") in made.entries


def test_a_notice_that_was_kept_back_is_told_once_it_is_asked_for():
    extra = {"need_unshield_notice": True, "cycle_handle_record": {"notice": UNTOLD}}
    made, _ = said({"extra": extra}, OPEN)
    assert [one.notice_type for one in made.actions] == ["unshielded"]
    assert not made.state.alert.extra_info.need_unshield_notice


# --- whom the checkers concern


NOTHING_WAITS = (None, None, None, CALM)
ALL_WAITS = (Retry("abnormal", 5), None, Waiting("abnormal", "normal", 1), Flapping((T0, T0), 6))


@pytest.mark.parametrize(
    ("about", "remembered", "names"),
    [
        ({}, NOTHING_WAITS, "next close recover shield upgrade action"),
        ({"strategy_id": ""}, NOTHING_WAITS, "next shield upgrade action"),
        ({"is_ack": True}, NOTHING_WAITS, "next close recover shield ack upgrade action"),
        ({"is_shielded": True}, NOTHING_WAITS, "next close recover shield ack upgrade action"),
        ({"is_ack": True}, ALL_WAITS, "next close recover shield ack held flapping waiting upgrade action"),
        ({"is_ack": True, "is_blocked": True}, ALL_WAITS, "next close recover ack"),
        ({"strategy_id": "", "is_blocked": True}, ALL_WAITS, "next"),
    ],
    ids=["a strategy's", "third-party", "acknowledged", "shielded", "much waits", "blocked", "blocked third-party"],
)
def test_the_checkers_come_in_order_and_concern_whom_they_may(about, remembered, names):
    look = Look(kept(**about), None, RuleBook.empty(), CoreSettings(), T0)
    look.remember(*remembered)
    assert [one.name for one in CHECKERS if one.concerns(look)] == names.split()


RULE = {"id": 1, "conditions": [], "user_groups": []}


@pytest.mark.parametrize(
    ("about", "known", "rules", "settings", "only_time"),
    [
        ({}, {}, {}, {}, True),
        ({"strategy_id": "1"}, {}, {}, {}, False),
        ({}, {}, {"dispatch": [{"id": 1, "name": "d", "rules": [RULE]}]}, {}, False),
        ({}, {}, {"shields": [{"id": 1, "category": "scope", "scope_type": "biz"}]}, {}, False),
        ({}, {}, {"hosts": [{"bk_host_id": 1, "ip": "h"}]}, {}, False),
        ({}, {}, {}, {"global_shield": True}, False),
        ({"is_shielded": True}, {}, {}, {}, False),
        ({"is_ack": True}, {}, {}, {}, False),
        ({"extra": {"need_unshield_notice": True}}, {}, {}, {}, False),
        ({"extra": {"cycle_handle_record": {"n": TOLD}}}, {}, {}, {}, False),
        ({}, {"retry": Retry("abnormal", 5)}, {}, {}, False),
        ({}, {"waiting": Waiting("abnormal", "normal", 1)}, {}, {}, False),
        ({}, {"flapping": Flapping((T0, T0), 6)}, {}, {}, False),
        ({}, {"flapping": Flapping((T0,))}, {}, {}, True),
        ({}, {"repeat_waits": True}, {}, {}, False),
        ({}, {}, {"strategies": [{"id": 1, "name": "a"}], "users": [{"id": "alice"}]}, {}, True),
    ],
    ids=[
        "plain", "of a strategy", "dispatch rules", "shields", "hosts", "the switch", "shielded", "acked", "a notice was kept back",
        "somebody was told", "a signal waits", "a notice waits", "it flaps", "it changed once", "a repeat waits", "other rules",
    ],
)  # fmt: skip
def test_only_time_moves_an_alert_in_which_nothing_else_has_a_say(about, known, rules, settings, only_time):
    made = Stage(
        kept(**({"strategy_id": ""} | about)), rules=book_of(**rules), settings=CoreSettings(**settings), **known
    )
    assert only_time_moves(made.state.alert, made.state, made.scene) is only_time
