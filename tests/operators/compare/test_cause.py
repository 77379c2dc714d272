"""What differs between two lives of one alert, and because of what."""

import pytest

from operators.compare.cause import NOT_TOLD, Life, Why, between
from operators.compare.result import REASONS, TITLES, in_words
from operators.compare.shapes import AlertSeen, EntrySeen, ExtraSeen, NoticeSeen
from operators.explain.why import _HELD_BACK
from operators.model.reason import Reason

OF_DELIVERY = {Reason.NOT_DELIVERED, Reason.PARTLY_DELIVERED}
"""Told of receipts, which no history brings."""
OF_EVENTS = {Reason.MILDER}


def life(*entries, told=("alice",), **changed):
    values = {"id": "1", "dedupe_md5": "f" * 32, "status": "ABNORMAL", "severity": 2, "begin_time": 1}
    notices = [NoticeSeen(time=1, way="mail", receivers=told, alert_ids=("1",))] if told else []
    said = [
        EntrySeen(time=1, alert_id="1", op_type=op, reason=reason, description=text) for op, reason, text in entries
    ]
    return Life(AlertSeen(**(values | changed)), said, notices)


def ruled(*rules, **changed):
    info = {"group_id": 1, "group_name": "teams", "rules": list(rules)}
    return life(extra_info=ExtraSeen(matched_rule_info=info), **changed)


def test_every_reason_that_explain_knows_for_a_silence_counts_as_withheld():
    assert set(_HELD_BACK) - NOT_TOLD == OF_DELIVERY | OF_EVENTS


def test_every_cause_has_words():
    assert set(REASONS) == set(Why)
    assert all(TITLES.values())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (life(), life(), []),
        (life(), life(told=("bob",)), [("told_others", "receivers", "")]),
        (life(), life(told=("alice", "bob")), [("told_more", "receivers", "")]),
        (life(), life(("ACTION", "nobody", ""), told=()), [("told_fewer", "withheld", "nobody")]),
        (life(("ACTION", "nobody", ""), told=()), life(), [("told_more", "withheld", "nobody")]),
        (
            life(),
            life(("SHIELD", "shielded_by_rule", "shield 7, 8, 90 s left"), ("ACTION", "shielded_by_rule", ""), told=()),
            [("told_fewer", "withheld", "shielded_by_rule (shield 7, 8)")],
        ),
        (ruled(1), ruled(1, 2, told=("bob",)), [("told_others", "dispatch", "teams: 1 -> teams: 1, 2")]),
        (ruled(1), ruled(1, told=("bob",)), [("told_others", "receivers", "teams: 1")]),
        (life(), ruled(1, severity=1), [("severity", "dispatch", "2 -> 1 (no rule -> teams: 1)")]),
        (life(), life(severity=1), [("severity", "event", "2 -> 1")]),
        (life(), life(severity=1, told=("bob",)), [("severity", "event", "2 -> 1"), ("told_others", "other_severity", "2 -> 1")]),
        (
            life(),
            life(("CLOSE", "timed_out", ""), status="CLOSED", end_time=1),
            [("ended", "life", "open -> timed_out")],
        ),
    ],
)  # fmt: skip
def test_the_first_thing_that_differs_in_the_stories_is_the_cause(old, new, expected):
    assert [(str(one.cause.kind), str(one.cause.why), one.cause.detail) for one in between(old, new)] == expected


def test_a_cause_is_a_phrase():
    (found,) = between(life(), life(("ACTION", "nobody", ""), told=()))
    assert in_words(found.cause) == "told less - withheld: nobody"
