"""Which relations listen to a signal, how far an action may go, and what is asked first (spec/notices.md 1.4, 1.5)."""

from dataclasses import dataclass

import pytest

from operators.check.shield import OPEN, Shielding
from operators.model.reason import Reason
from operators.people.called import Receivers
from operators.plan.judge import BLOCKED, GO, Verdict, groups_of, in_time, judge, plugin_of, unwanted_by
from operators.rules.shapes.model import ActionConfig, ActionRelation, NoticeOptions, NoticeRelation
from tests.operators.check.made import T0, alert, look_at, strategy
from tests.operators.plan.told import dispatched
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

EVERY = ("abnormal", "no_data", "recovered", "closed", "ack")
NOTICE = NoticeRelation(signal=EVERY)
WEBHOOK = ActionRelation("7", EVERY)
PUSH = ActionRelation("8", EVERY, "message_queue")


def notice(**options):
    return NoticeRelation(signal=EVERY, options=NoticeOptions(**options))


# --- who listens


@dataclass(frozen=True)
class Asked:
    relation: object = NOTICE
    signal: str = "abnormal"
    first: bool = True
    age: int = 0
    about: tuple = ()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (Asked(), None),
        (Asked(relation=NoticeRelation(signal=("closed",))), Reason.SIGNAL_NOT_WANTED),
        (Asked(relation=NoticeRelation(), signal="ack"), Reason.SIGNAL_NOT_WANTED),
        (Asked(signal="recovered", about=("no_data",)), Reason.SIGNAL_NOT_WANTED),
        (Asked(WEBHOOK, "closed", about=("no_data",)), Reason.SIGNAL_NOT_WANTED),
        (Asked(PUSH, "closed", about=("no_data",)), None),
        (Asked(signal="no_data", about=("no_data",)), None),
        (Asked(signal="ack", about=("no_data",)), None),
        (Asked(about=("is_ack",)), Reason.SIGNAL_MUTED_BY_ACK),
        (Asked(WEBHOOK, "recovered", about=("is_ack",)), Reason.SIGNAL_MUTED_BY_ACK),
        (Asked(PUSH, "recovered", about=("is_ack",)), None),
        (Asked(signal="ack", about=("is_ack",)), None),
        (Asked(notice(skip_delay=60), age=60), None),
        (Asked(notice(skip_delay=60), age=61), Reason.TOO_OLD),
        (Asked(notice(skip_delay=60), signal="no_data", age=61), Reason.TOO_OLD),
        (Asked(notice(skip_delay=60), signal="recovered", age=61), None),
        (Asked(notice(skip_delay=60), first=False, age=61), None),
        (Asked(notice(skip_delay=0), age=9999), None),
        (Asked(WEBHOOK, age=9999), None),
        (Asked(notice(skip_delay=60), age=61, about=("is_ack",)), Reason.SIGNAL_MUTED_BY_ACK),
    ],
    ids=[
        "wanted", "not listed", "ack by default", "end of no data", "to a webhook", "to a queue", "no data itself",
        "ack of no data", "acked", "acked, to a webhook", "acked, to a queue", "the ack itself", "as old as may be",
        "too old", "no data too old", "an end is never too old", "a repeat is never too old", "no bound",
        "a webhook has none", "an ack is asked for first",
    ],
)  # fmt: skip
def test_why_a_relation_does_not_listen(asked, why):
    about = {"is_ack": True} if "is_ack" in asked.about else {}
    look = look_at(alert(no_data="no_data" in asked.about, **about), now=T0 + asked.age)
    assert unwanted_by(look, asked.relation, asked.signal, first=asked.first) == why


# --- how far an action may go

BY_RULE = Shielding(is_shielded=True, ids=("3", "5"), why=Reason.SHIELDED_BY_RULE)
SOMEBODY = Receivers({"mail": ["alice"]})
NEVER = NoticeOptions(start_time="00:00:00", end_time="00:00:00")
HELD = [{"key": "strategy_id", "method": "eq", "value": ["1"]}]
OFF = {"circuit_breaking": [{"id": 4, "module": "action", "conditions": HELD}]}


def verdict(relation=NOTICE, shield=OPEN, who=SOMEBODY, **kinds):
    turn = Stage(kept(), rules=book_of(**kinds)).turn()
    return judge(turn.view(), relation, shield, who)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, GO),
        ({"who": Receivers()}, Verdict("skipped", Reason.NOBODY)),
        ({"who": Receivers(followers={"mail": ["bob"]})}, GO),
        ({"relation": WEBHOOK, "who": Receivers()}, GO),
        ({"shield": BY_RULE}, Verdict("skipped", Reason.SHIELDED_BY_RULE, "3, 5")),
        ({"shield": BY_RULE, "relation": WEBHOOK}, Verdict("shield", Reason.SHIELDED_BY_RULE, "3, 5")),
        ({"shield": BY_RULE, "relation": PUSH}, GO),
        (
            {"shield": BY_RULE, "relation": ActionRelation("8", EVERY, "message_queue", ActionConfig(push_shielded=False))},
            Verdict("shield", Reason.SHIELDED_BY_RULE, "3, 5"),
        ),
        ({"relation": NoticeRelation(options=NEVER)}, Verdict("shield", Reason.OUTSIDE_NOTICE_TIME)),
        (OFF, Verdict(BLOCKED, Reason.CIRCUIT_BREAKING, "rule 4")),
        ({**OFF, "relation": WEBHOOK}, Verdict(BLOCKED, Reason.CIRCUIT_BREAKING, "rule 4")),
        ({**OFF, "who": Receivers()}, Verdict(BLOCKED, Reason.CIRCUIT_BREAKING, "rule 4")),
        ({**OFF, "relation": NoticeRelation(options=NEVER)}, Verdict("shield", Reason.OUTSIDE_NOTICE_TIME)),
        (
            {**OFF, "shield": BY_RULE, "relation": NoticeRelation(options=NEVER)},
            Verdict("skipped", Reason.SHIELDED_BY_RULE, "3, 5"),
        ),
    ],
    ids=[
        "free to go", "nobody", "followers are somebody", "a webhook needs nobody", "shielded", "shielded webhook",
        "shielded push", "a push that does not ask for it", "outside its time", "cut off", "webhook cut off",
        "cut off before nobody", "its time before the cut", "shield before all",
    ],
)  # fmt: skip
def test_how_far_an_action_may_go(asked, found):
    assert verdict(**asked) == found


def test_only_what_is_cut_off_has_a_type_of_failure():
    assert Verdict(BLOCKED).failure_type == "blocked"
    assert [Verdict(status).failure_type for status in ("received", "skipped", "shield")] == ["", "", ""]


# --- its time

HOUR = 3600
NIGHT = T0 - T0 % 86400


@pytest.mark.parametrize(
    ("second", "is_in"),
    [(9 * HOUR - 1, False), (9 * HOUR, True), (18 * HOUR, True), (18 * HOUR + 1, False)],
    ids=["before", "first second", "last second", "behind"],
)
def test_the_hours_of_a_notice_hold_from_their_first_second_through_their_last(second, is_in):
    relation = notice(start_time="09:00:00", end_time="18:00:00")
    look = look_at(alert(), now=NIGHT + second)
    assert in_time(look, relation) is is_in
    assert in_time(look, WEBHOOK)


def test_the_active_time_of_a_strategy_holds_for_whatever_it_does():
    daily = {"time_ranges": [{"start": "09:00", "end": "18:00"}]}
    detects = [{"level": 2, "trigger_config": {"uptime": daily}}]
    (by,) = book_of(strategies=[{"id": 1, "name": "CPU", "items": [], "detects": detects}]).strategies.values()
    for relation in (NOTICE, WEBHOOK, PUSH):
        assert in_time(look_at(alert(), by=by, now=NIGHT + 12 * HOUR), relation)
        assert not in_time(look_at(alert(), by=by, now=NIGHT + 20 * HOUR), relation)
        assert in_time(look_at(alert(), by=replace_detects(by), now=NIGHT + 20 * HOUR), relation)


def replace_detects(by):
    """Return a strategy without levels: it is always active."""
    return type(by)(by.id, by.name)


# --- whose it is


def test_groups_are_those_of_the_rules_that_matched_else_of_the_strategy():
    relation = NoticeRelation(user_groups=("ops",))
    assert groups_of(relation, strategy(), None) == (("ops",), ())
    assert groups_of(relation, strategy(), dispatched(main=("db",), follower=("boss",))) == (("db",), ("boss",))
    assert groups_of(relation, strategy(), dispatched()) == ((), ())
    assert groups_of(relation, None, None) == ((), ())


def test_the_rules_alone_tell_people_where_the_notice_says_so():
    relation = NoticeRelation(user_groups=("ops",), options=NoticeOptions(assign_mode=("by_rule",)))
    assert groups_of(relation, strategy(), None) == ((), ())


def test_a_relation_is_a_notice_or_what_it_says():
    assert [plugin_of(one) for one in (NOTICE, WEBHOOK, PUSH)] == ["notice", "webhook", "message_queue"]
