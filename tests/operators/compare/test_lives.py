"""Lives of one alert, side by side: what counts as a difference, in what order causes are asked for, and how they are named."""

import pytest

from operators.compare.cause import Kind, Why, alone, between
from operators.compare.result import in_words, reason_of, subject_of
from operators.compare.shapes import EventSeen, ExtraSeen, tells
from operators.model.reason import NOT_TOLD
from tests.operators.compare.seen import alert, entry, life, notice


def ruled(*rules, name="teams", **changed):
    info = {"group_id": 4, "group_name": name, "rules": list(rules)}
    return {"extra_info": ExtraSeen(matched_rule_info=info), **changed}


def only(old, new):
    """Return kind, reason, detail and messages of the only difference."""
    (found,) = between(old, new)
    return str(found.cause.kind), str(found.cause.why), found.cause.detail, found.messages


# --- an alert that only one side has


@pytest.mark.parametrize(
    ("one", "others", "strategies", "why"),
    [
        ({"strategy_id": "1"}, [], {"2"}, Why.NO_SUCH_STRATEGY),
        ({"strategy_id": "1"}, [], {"1"}, Why.NO_ALERT),
        ({"strategy_id": ""}, [], set(), Why.NO_ALERT),
        ({"strategy_id": "1"}, [(5, 9)], {"1"}, Why.ONE_ALERT),
        ({"strategy_id": ""}, [(5, 9)], set(), Why.ONE_ALERT),
        ({"strategy_id": "1"}, [(20, 30), (40, None)], {"1"}, Why.NO_ALERT),
        ({"strategy_id": "1"}, [(20, 30), (0, 2)], {"1"}, Why.ONE_ALERT),
    ],
    ids=[
        "strategy opens nothing", "strategy opens others", "third-party", "lived in another", "third-party in another",
        "lived before all others", "lived in one of several",
    ],
)  # fmt: skip
def test_why_an_alert_is_alone(one, others, strategies, why):
    mine = life(of=alert(1, 10, **one))
    found = alone(mine, is_old=True, others=[alert(*other) for other in others], strategies=frozenset(strategies))
    assert found.cause.why == why


def test_who_was_told_of_an_alert_that_is_alone_was_told_of_it_for_nothing():
    mine = life(notice("a", "b"), notice("a", way="sms"))
    old = alone(mine, is_old=True, others=(), strategies=frozenset())
    new = alone(mine, is_old=False, others=(), strategies=frozenset())
    assert (old.cause.kind, old.old, old.new, old.messages) == (Kind.ONLY_OLD, mine, None, 3)
    assert (new.cause.kind, new.old, new.new, new.messages) == (Kind.ONLY_NEW, None, mine, 3)


# --- what differs


@pytest.mark.parametrize(
    ("old", "new", "kind", "messages"),
    [
        ([notice()], [notice("bob")], "told_others", 2),
        ([notice("a", "b")], [notice("b", "c")], "told_others", 2),
        ([notice()], [notice(), notice(time=9)], "told_more", 1),
        ([notice(), notice()], [notice()], "told_fewer", 1),
        ([notice()], [notice(way="sms")], "told_others", 2),
        ([notice("a")], [notice("b"), notice("c")], "told_more", 3),
        ([notice("b"), notice("c")], [notice("a")], "told_fewer", 3),
        ([], [notice("a", "b")], "told_more", 2),
    ],
    ids=["another", "one of two", "twice", "once", "by another way", "one for two", "two for one", "somebody at all"],
)
def test_messages_that_only_one_side_has_are_counted_by_person_and_way(old, new, kind, messages):
    found = between(life(*old), life(*new))
    assert [(str(one.cause.kind), one.messages) for one in found] == [(kind, messages)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([notice("a", "b")], [notice("b", "a")]),
        ([notice("a", "b")], [notice("a"), notice("b")]),
        ([notice(time=1)], [notice(time=999)]),
        ([notice(signal="abnormal")], [notice(signal="closed")]),
        ([notice(), entry("CREATE")], [notice(), entry("ACTION", "nobody")]),
    ],
    ids=["order", "one message or two", "when", "signal", "entries alone"],
)
def test_what_is_no_difference(old, new):
    assert between(life(*old), life(*new)) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ((1, 9), (1, 9), []),
        ((1, 9), (1, 10), ["recovered -> recovered"]),
        ((1, None), (1, 9), ["open -> recovered"]),
        ((1, 9), (1, None), ["recovered -> open"]),
        ((1, 0), (1, 0), []),
        ((1, None), (2, None), []),
    ],
    ids=["the same", "a second later", "ended", "not ended", "in second 0", "another begin"],
)
def test_an_end_is_its_second_and_its_status(old, new, found):
    ends = [one for one in between(life(of=alert(*old)), life(of=alert(*new))) if one.cause.kind == Kind.ENDED]
    assert [one.cause.detail for one in ends] == found


def test_another_status_in_the_same_second_is_another_end():
    found = only(life(of=alert(1, 9)), life(of=alert(1, 9, status="CLOSED")))
    assert found == ("ended", "life", "recovered -> closed", 0)


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ([entry("RECOVER", "data_back", time=9)], "data_back"),
        ([entry("SYSTEM_CLOSE", "timed_out", time=12)], "timed_out"),
        ([entry("RECOVER", "data_back", time=8)], "recovered"),
        ([entry("ACTION", "planned", time=9)], "recovered"),
        ([entry("CLOSE", "worse", time=9), entry("RECOVER", "data_back", time=9)], "data_back"),
        ([entry("RECOVER", "data_back", time=9), entry("ACTION", "planned", time=9)], "data_back"),
    ],
    ids=["its second", "written later", "too early", "no end", "the last of two", "what came behind it"],
)
def test_an_end_is_named_by_the_reason_of_its_entry(entries, named):
    found = only(life(*entries, of=alert(1, 9)), life(of=alert(1)))
    assert found[2] == f"{named} -> open"


def test_differences_come_as_severity_messages_end():
    found = between(life(notice(), of=alert(1, 9)), life(of=alert(1, 8, severity=1)))
    assert [str(one.cause.kind) for one in found] == ["severity", "told_fewer", "ended"]


# --- because of what

A_RULE = ruled(1)
WITHHELD = entry("ACTION", "nobody")


@pytest.mark.parametrize(
    ("old", "new", "why", "detail"),
    [
        (life(notice(), **A_RULE), life(WITHHELD, severity=1, **ruled(2)), "dispatch", "teams: 1 -> teams: 2"),
        (life(notice()), life(WITHHELD, severity=1), "withheld", "nobody"),
        (life(notice()), life(severity=1), "other_severity", "2 -> 1"),
        (life(notice(), notice(notice_type="upgrade")), life(notice(), begin=2), "escalation", ""),
        (life(notice(), notice()), life(notice(), begin=2), "life", "open -> open"),
        (life(notice(), notice(), of=alert(1, 9)), life(notice(), of=alert(1)), "life", "recovered -> open"),
        (life(notice("a", "b")), life(notice("a")), "receivers", ""),
        (life(notice(), notice(), entry("ACTION", "repeat_planned")), life(notice()), "repeats", ""),
        (life(notice(), notice()), life(notice()), "rules", ""),
    ],
    ids=["rules", "withheld", "severity", "escalation", "begin", "end", "receivers", "repeats", "nothing that shows"],
)
def test_the_first_question_whose_answer_differs_is_why_fewer_were_told(old, new, why, detail):
    found = next(one for one in between(old, new) if one.messages)
    assert (str(found.cause.kind), str(found.cause.why), found.cause.detail) == ("told_fewer", why, detail)


def test_withheld_on_the_side_that_was_told_more_explains_nothing():
    found = only(life(notice(), notice(), WITHHELD), life(notice()))
    assert found[:2] == ("told_fewer", "rules")


def test_the_most_frequent_reason_is_named_and_of_two_the_first_by_name():
    merged, nobody = entry("ACTION", "merged"), entry("ACTION", "nobody")
    assert only(life(notice()), life(merged, nobody, nobody))[2] == "nobody"
    assert only(life(notice()), life(nobody, merged))[2] == "merged"


def test_a_reason_counts_only_beyond_what_the_other_side_withheld_too():
    merged, nobody = entry("ACTION", "merged"), entry("ACTION", "nobody")
    assert only(life(notice(), merged, merged), life(merged, merged, nobody))[2] == "nobody"


@pytest.mark.parametrize("reason", sorted(NOT_TOLD))
def test_every_reason_not_to_tell_explains_a_silence_if_an_action_says_it(reason):
    assert only(life(notice()), life(entry("ACTION", reason)))[1:3] == ("withheld", str(reason))
    assert only(life(notice()), life(entry("SHIELD", reason)))[1] == "rules"


@pytest.mark.parametrize(
    ("text", "named"),
    [("shield 7, 90 s left", "shielded_by_rule (shield 7)"), ("shield 7", "shielded_by_rule (shield 7)"), ("", "shielded_by_rule")],
    ids=["with the time left", "without", "without a text"],
)  # fmt: skip
def test_a_shield_is_named_without_the_time_that_was_left(text, named):
    new = life(entry("SHIELD", "shielded_by_rule", text), entry("ACTION", "shielded_by_rule"))
    assert only(life(notice()), new)[2] == named


# --- what causes have in common


def cause(old, new):
    (found,) = between(old, new)
    return found.cause.strategy_id, found.cause.subject


def test_a_cause_concerns_the_strategy_of_its_alerts():
    watched = {"strategy_id": "7", "alert_name": "CPU"}
    assert cause(life(notice(), **watched), life(**watched)) == ("7", "CPU")


def test_a_third_party_cause_concerns_alerts_of_a_name_or_else_of_a_plugin():
    plugin = {"event": EventSeen("zabbix")}
    assert cause(life(notice(), **plugin), life(**plugin)) == ("", "zabbix")
    named = {"alert_name": "Disk", **plugin}
    assert cause(life(notice(), **named), life(**named)) == ("", "Disk")


def test_other_rules_are_one_cause_whatever_the_alerts():
    watched = {"strategy_id": "7", "alert_name": "CPU"}
    assert cause(life(notice(), **ruled(1, **watched)), life(**ruled(2, **watched))) == ("", "")


def test_a_shield_is_one_cause_whatever_the_alerts():
    watched = {"strategy_id": "7", "alert_name": "CPU"}
    quiet = [entry("SHIELD", "shielded_by_rule", "shield 7, 9 s left"), entry("ACTION", "shielded_by_rule")]
    assert cause(life(notice(), **watched), life(*quiet, **watched)) == ("", "")


def test_whom_a_rule_tells_of_third_party_alerts_lies_with_the_rule():
    found = only(life(notice(), **ruled(1, 2)), life(notice("bob"), **ruled(1, 2)))
    assert found[1:3] == ("receivers", "teams: 1, 2")
    found = only(life(notice(), **ruled(1, name="")), life(notice("bob"), **ruled(1, name="")))
    assert found[2] == "4: 1"


def test_whom_a_rule_tells_of_a_strategys_alerts_lies_with_the_strategy():
    watched = ruled(1, strategy_id="7", alert_name="CPU")
    (found,) = between(life(notice(), **watched), life(notice("bob"), **watched))
    assert (found.cause.strategy_id, found.cause.detail) == ("7", "")


def test_a_match_without_rules_is_no_rule():
    assert only(life(**ruled(severity=1)), life(**ruled(1)))[2] == "1 -> 2 (no rule -> teams: 1)"


@pytest.mark.parametrize(
    ("why", "detail", "strategy", "said", "concerns"),
    [
        (Why.WITHHELD, "merged", "7", "withheld: merged", "CPU (strategy 7)"),
        (Why.REPEATS, "", "", "repeats", "CPU"),
    ],
)
def test_a_cause_in_words(why, detail, strategy, said, concerns):
    (found,) = between(life(notice()), life())
    one = type(found.cause)(Kind.TOLD_FEWER, why, detail, strategy, "CPU")
    assert (reason_of(one), in_words(one), subject_of(one)) == (said, f"told less - {said}", concerns)


@pytest.mark.parametrize(
    ("op_type", "reason", "is_told"),
    [("CREATE", "opened", True), ("CONVERGE", "repeated", False), ("EVENT_DROP", "milder", False), ("ACTION", "render_failed", False), ("ACTION", "planned", True)],
)  # fmt: skip
def test_entries_that_a_lean_replay_leaves_out_are_no_part_of_a_story(op_type, reason, is_told):
    assert tells(entry(op_type, reason)) is is_told
