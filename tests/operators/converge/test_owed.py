"""Who is yet to be told of an alert because it was inhibited, and what they have missed meanwhile (design.md 7.66)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.converge.owed import Owed, Untold, again, without
from operators.intake.handover import Planned
from operators.model.memory import Told
from operators.rules.ask.inhibition import Side
from tests.operators.check.made import T0, alert
from tests.operators.converge.planned import notice

SIDES = (Side("1", "x"),)
ALICE, BOB = {"mail": ["alice"]}, {"mail": ["bob"]}


def planned(told=None, of=None, **changes):
    return Planned(of or alert(id="1"), notice("1", **changes), target=SIDES, told=told)


def untold(**known):
    return Untold(alert(id="1"), **known)


def owed(*, entry=None, **changes):
    return Owed(notice("1", **changes), entry)


# --- receivers less some

by_way = st.dictionaries(st.sampled_from(["mail", "sms"]), st.lists(st.sampled_from("abc"), max_size=3, unique=True))


@given(by_way, by_way)
def test_receivers_less_some_are_the_others_in_their_order_and_no_way_is_empty(ways, gone):
    left = without(ways, gone)
    assert left == {
        way: kept for way, names in ways.items() if (kept := [one for one in names if one not in gone.get(way, [])])
    }
    assert without(left, gone) == left
    assert without(ways, ways) == {}


def test_of_calls_the_same_people_are_the_same_receiver():
    assert without({"voice": [["a", "b"], ["c"]]}, {"voice": [["a", "b"], ["a"]]}) == {"voice": [["c"]]}


# --- who was inhibited


@pytest.mark.parametrize(
    ("known", "matters", "first"),
    [
        ({}, False, False),
        ({"owed": (owed(),)}, True, True),
        ({"owed": (owed(notice_type="upgrade"),)}, True, False),
        ({"owed": (owed(entry=object()),)}, True, False),
        ({"missed": ALICE}, True, False),
        ({"reached": ALICE}, True, False),
        ({"repeats_from": 0}, True, False),
        ({"due": 5, "until": 9}, False, False),
    ],
    ids=["nothing", "a first notice", "an escalation", "a repeat", "somebody missed it", "somebody heard late", "repeats wait", "times alone"],
)  # fmt: skip
def test_what_is_worth_remembering_of_an_alert(known, matters, first):
    assert (untold(**known).matters, untold(**known).owes_first) == (matters, first)


@pytest.mark.parametrize(
    ("changes", "is_again"),
    [({}, False), ({"execute_times": 2}, True), ({"execute_times": 2, "notice_type": "upgrade"}, False), ({"execute_times": 3, "notice_type": "flapping"}, False)],
    ids=["first", "repeat", "escalation", "flapping"],
)  # fmt: skip
def test_a_repeat_tells_a_problem_once_more(changes, is_again):
    assert again(notice("1", **changes)) is is_again


@pytest.mark.parametrize(
    ("changes", "known", "is_first", "kept", "missed"),
    [
        ({}, {}, True, ["normal"], ALICE),
        ({"execute_times": 2}, {}, False, [], ALICE),
        ({"notice_type": "upgrade", "receivers": BOB}, {}, False, ["upgrade"], BOB),
        ({}, {"owed": (owed(),)}, True, ["normal"], ALICE),
        ({"notice_type": "upgrade", "receivers": BOB}, {"owed": (owed(),)}, False, ["normal", "upgrade"], BOB),
        ({}, {"owed": (owed(notice_type="flapping"),)}, False, ["normal"], ALICE),
        ({"execute_times": 2}, {"owed": (owed(notice_type="flapping"),)}, False, ["flapping"], ALICE),
    ],
    ids=["the first", "a repeat", "an escalation", "the first again", "an escalation behind it", "it flaps no more", "a repeat while it flaps"],
)  # fmt: skip
def test_what_is_kept_of_an_inhibited_notice(changes, known, is_first, kept, missed):
    found = untold(**known).holding(planned(**changes), is_first=is_first)
    assert ([one.action.notice_type for one in found.owed], found.missed, found.target) == (kept, missed, SIDES)


def test_a_notice_that_is_kept_is_skipped_as_inhibited_and_told_by_a_later_revision():
    (one,) = untold().holding(planned(), is_first=True).owed
    assert (one.action.status, one.action.reason, one.action.revision, one.entry) == ("skipped", "inhibited", 2, None)


def test_who_was_told_of_the_problem_before_missed_nothing():
    found = untold().holding(planned(Told("0", "normal", ALICE), receivers={"mail": ["alice", "bob"]}), is_first=True)
    assert found.missed == BOB
    found = untold().holding(planned(Told("0", "normal", {}, ALICE), receivers=ALICE), is_first=True)
    assert found.missed == {}


def test_whom_a_notice_tells_misses_nothing_any_more():
    known = untold(owed=(owed(), owed(notice_type="upgrade")), missed={"mail": ["alice", "bob"]}, repeats_from=T0)
    found = known.told_by(notice("1"))
    assert ([one.action.notice_type for one in found.owed], found.missed, found.repeats_from) == (
        ["upgrade"],
        BOB,
        None,
    )
    found = known.told_by(notice("1", notice_type="upgrade"))
    assert (len(found.owed), found.missed, found.repeats_from) == (2, BOB, T0)


@pytest.mark.parametrize(
    ("changes", "since", "ack_over", "too_soon"),
    [
        ({"execute_times": 2, "time": T0}, T0 + 1, None, True),
        ({"execute_times": 2, "time": T0 + 1}, T0 + 1, None, False),
        ({"execute_times": 2, "time": T0}, None, None, False),
        ({"execute_times": 1, "time": T0}, T0 + 1, None, False),
        ({"execute_times": 2, "time": T0}, T0 + 1, T0, False),
        ({"execute_times": 2, "time": T0}, T0 + 1, T0 - 1, True),
        ({"execute_times": 2, "time": T0, "notice_type": "upgrade"}, T0 + 1, None, False),
    ],
    ids=[
        "sooner",
        "in time",
        "nothing was told late",
        "no repeat",
        "an ack ended",
        "an ack ended before",
        "an escalation",
    ],
)
def test_a_repeat_may_come_too_soon_behind_a_notice_that_was_told_late(changes, since, ack_over, too_soon):
    one = alert(id="1")
    one = type(one)(
        **{n: getattr(one, n) for n in one.__struct_fields__} | {"extra_info": type(one.extra_info)(ack_over=ack_over)}
    )
    assert untold(repeats_from=since).is_too_soon(planned(of=one, **changes)) is too_soon


def test_an_alert_as_it_now_stands():
    known = untold(owed=(owed(),), missed=ALICE, until=7)
    found = known.now_known(alert(id="1", severity=1), SIDES, 99)
    assert (found.alert.severity, found.target, len(found.owed), found.missed, found.until) == (
        1,
        SIDES,
        1,
        ALICE,
        None,
    )
    ended = known.now_known(alert(id="1", status="CLOSED"), (), 99)
    assert (ended.owed, ended.missed, ended.until) == ((), ALICE, 99)


def test_another_alert_of_the_fingerprint_owes_nothing_yet_but_remembers_who_missed_and_heard():
    known = untold(owed=(owed(),), missed=ALICE, reached=BOB, repeats_from=T0)
    found = known.now_known(alert(id="2"), SIDES, 99)
    assert (found.alert.id, found.owed, found.missed, found.reached, found.repeats_from, found.before) == (
        "2", (), ALICE, BOB, None, "1",
    )  # fmt: skip
    assert found.now_known(alert(id="1"), (), 99) is found
    assert known.now_known(alert(id="2", status="CLOSED"), (), 99) is known
