"""Whom an action goes to: those whom the rules name, and of an end who was told of the problem (design.md 7.56, 7.60)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.settings import CoreSettings
from operators.people.called import Receivers
from operators.plan.addressed import addressed, hears_end, joined, told_more, with_told
from operators.rules.shapes.model import NoticeConfig, NoticeOptions, NoticeRelation
from tests.operators.check.made import T0, alert, look_at
from tests.operators.plan.told import ALICE, BOB, action, dispatched, told
from tests.operators.rules.books import book_of
from tests.operators.state.staged import Stage, kept

NOTICE = NoticeRelation()
NO_MAIL = NoticeRelation(options=NoticeOptions(exclude_notice_ways={"closed": ("mail",)}))
BOTH = {"mail": ["bob", "alice"]}


def goes_to(named=None, known=None, signal="closed", relation=NOTICE):
    turn = Stage(kept(), told=known).turn()
    return with_told(turn, relation, signal, named or Receivers())


# --- of an end


@pytest.mark.parametrize(
    ("named", "known", "main", "followers"),
    [
        (Receivers(BOB), None, BOB, {}),
        (Receivers(BOB), told(ALICE), BOTH, {}),
        (Receivers(BOB), told(BOB), BOB, {}),
        (Receivers(), told(ALICE), ALICE, {}),
        (Receivers(BOB), told({"sms": ["alice"]}), {**BOB, "sms": ["alice"]}, {}),
        (Receivers(BOB), told(followers=ALICE), BOB, ALICE),
        (Receivers(followers=BOB), told(followers=ALICE), {}, BOTH),
        (Receivers(BOB), told(followers=BOB), BOB, {}),
        (Receivers(followers=ALICE), told(ALICE), ALICE, {}),
        (Receivers({"voice": [["a", "b"]]}), told({"voice": [["b"]]}), {"voice": [["a", "b"], ["b"]]}, {}),
    ],
    ids=[
        "nobody was told", "somebody else was", "the same were", "the rules name nobody now", "by another way",
        "followers were", "followers beside followers", "a follower who is named now", "a follower who was told as the one",
        "calls",
    ],
)  # fmt: skip
def test_an_end_goes_to_those_named_now_and_to_those_who_were_told(named, known, main, followers):
    found = goes_to(named, known)
    assert (found.main, found.followers) == (main, followers)


@pytest.mark.parametrize("signal", ["abnormal", "no_data", "ack"])
def test_nothing_but_an_end_goes_to_those_who_were_told(signal):
    assert goes_to(Receivers(BOB), told(ALICE), signal) == Receivers(BOB)


def test_a_way_that_the_notice_excludes_is_excluded_for_those_who_were_told_too():
    known = told({"mail": ["alice"], "sms": ["alice"]}, {"mail": ["carl"]})
    found = goes_to(known=known, relation=NO_MAIL)
    assert (found.main, found.followers) == ({"sms": ["alice"]}, {})
    assert goes_to(known=known, signal="recovered", relation=NO_MAIL).main == known.main


def test_mentions_stay_with_what_the_rules_name():
    assert goes_to(Receivers(BOB, {}, {"chat": ["x"]}), told(ALICE)).mentions == {"chat": ["x"]}


@pytest.mark.parametrize(
    ("known", "signal", "relation", "setting", "hears"),
    [
        (told(ALICE), "closed", NOTICE, True, True),
        (told(followers=ALICE), "closed", NOTICE, True, True),
        (told(ALICE), "closed", NOTICE, False, False),
        (None, "closed", NOTICE, True, False),
        (told(), "closed", NOTICE, True, False),
        (told(ALICE), "abnormal", NOTICE, True, False),
        (told(ALICE), "closed", NO_MAIL, True, False),
    ],
    ids=[
        "who was told",
        "who follows",
        "the setting is off",
        "nobody was told",
        "told to nobody",
        "no end",
        "no way left",
    ],
)
def test_under_a_shield_an_end_is_heard_by_who_was_told(known, signal, relation, setting, hears):
    turn = Stage(kept(), told=known, settings=CoreSettings(tell_ends_under_shield=setting)).turn()
    assert hears_end(turn, relation, signal) is hears


# --- who was told


def test_who_is_told_first_is_told_of_that_alert_by_that_type():
    found = told_more(None, action(receivers=ALICE, followers=BOB, alert_ids=("9",), notice_type="flapping"))
    assert found == told(ALICE, BOB, alert_id="9", notice_type="flapping")


def test_who_is_told_later_is_added_and_the_newest_alert_counts():
    found = told_more(told(ALICE), action(receivers={**BOB, "sms": ["alice"]}, alert_ids=("2",)))
    assert found == told({"mail": ["alice", "bob"], "sms": ["alice"]}, alert_id="2")


@pytest.mark.parametrize(
    ("known", "alert_id", "kind"), [(None, "", ""), (told(ALICE), "1", "normal")], ids=["first", "later"]
)
def test_an_escalation_is_nobodys_first_notice(known, alert_id, kind):
    found = told_more(known, action(receivers=BOB, alert_ids=("2",), notice_type="upgrade"))
    assert (found.alert_id, found.notice_type, found.main["mail"][-1]) == (alert_id, kind, "bob")


by_way = st.dictionaries(
    st.sampled_from(["mail", "sms"]), st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)
)


@given(by_way, by_way, by_way)
def test_receivers_are_joined_as_sets_in_the_order_of_their_coming(one, other, third):
    both = joined(one, other)
    assert {way: set(names) for way, names in both.items()} == {
        way: {*one.get(way, ()), *other.get(way, ())} for way in {*one, *other}
    }
    assert all(len(names) == len(set(names)) for names in both.values())
    assert all(both[way][: len(names)] == names for way, names in one.items())
    assert joined(one, one) == joined(one, {}) == joined({}, one) == one
    assert joined(both, third) == joined(one, joined(other, third))


# --- as the rules name them

GROUPS = {
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail", "voice"]},
        {"id": "db", "name": "DB", "users": ["bob", "carl"], "ways": ["voice"]},
    ]
}
OPS = NoticeRelation(user_groups=("ops", "db"))


def named(relation, found=None, groups=None, signal="abnormal", kind="normal"):
    book = book_of(strategies=[{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}], **GROUPS)
    look = look_at(alert(), by=book.strategies["1"], rules=book, now=T0)
    who = addressed(look, relation, signal, kind, found, groups)
    return who.main, who.followers


def test_each_group_is_called_by_itself_unless_calls_are_serial():
    assert named(OPS)[0]["voice"] == [["alice", "bob"], ["bob", "carl"]]
    serial = NoticeRelation(user_groups=("ops", "db"), config=NoticeConfig(voice_notice="serial"))
    assert named(serial)[0]["voice"] == [["alice", "bob", "carl"]]
    assert named(serial)[0]["mail"] == ["alice", "bob"]


def test_rules_that_matched_name_the_people():
    main, followers = named(OPS, dispatched(main=("db",), follower=("ops",)))
    assert (main["voice"], "mail" in main, followers["mail"]) == ([["bob", "carl"]], False, ["alice", "bob"])


def test_an_escalation_names_its_own_groups_whatever_the_rules_say():
    main, followers = named(OPS, dispatched(main=("ops",)), groups=(("db",), ()), kind="upgrade")
    assert (main["voice"], followers) == ([["bob", "carl"]], {})


def test_a_way_is_excluded_for_its_signal_alone():
    relation = NoticeRelation(user_groups=("ops",), options=NoticeOptions(exclude_notice_ways={"abnormal": ("voice",)}))
    assert named(relation)[0].keys() == {"mail"}
    assert named(relation, signal="no_data")[0].keys() == {"mail", "voice"}
