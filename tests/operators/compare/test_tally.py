"""The sum of all differences, and the document that it becomes."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.compare.cause import Kind
from operators.compare.result import LONGEST_STORY, Story, difference_of, document, story_key, story_of
from operators.compare.shapes import EventSeen
from operators.compare.tally import EXAMPLES, Cell, Tally, strategies_of
from tests.operators.compare.seen import alert, entry, life, notice


def tally(*fingerprints, old=(), new=()):
    """Return the tally of pairs of lives, one fingerprint each, and of the notices of each side."""
    made = Tally()
    for mine, theirs in fingerprints:
        sides = [{one.alert.id: one for one in side} for side in (mine, theirs)]
        made.fingerprint(*sides, (frozenset(), frozenset()))
    for side, told in (("old", old), ("new", new)):
        for one in told:
            made.notice(side, one)
    return made


def result(made, causes=10, stories=None):
    return difference_of(made, names=("a", "b"), stories=stories or {}, causes=causes)


# --- messages


def test_a_message_is_counted_by_person_way_and_hour():
    made = tally(old=[notice("a", "b", time=7199), notice("a", time=3600), notice("a", time=7200, way="sms")])
    assert made.old == {Cell("a", "mail", 3600): 2, Cell("b", "mail", 3600): 1, Cell("a", "sms", 7200): 1}
    assert made.notices["old"] == {"mail": 2, "sms": 1}
    assert (made.new, made.notices["new"]) == ({}, {})


def test_notices_of_each_side_are_counted_by_way_whatever_the_receivers():
    found = result(tally(old=[notice("a", "b")], new=[notice("a"), notice("a", way="sms")]))
    assert found.notices == {"mail": {"old": 1, "new": 1}, "sms": {"old": 0, "new": 1}}


def test_messages_that_one_side_lacks_are_more_or_fewer():
    found = result(tally(old=[notice("a", "b")], new=[notice("a", "c"), notice("a")]))
    assert found.messages == {"old": 2, "new": 3, "more": 2, "fewer": 1}


def test_a_message_in_another_hour_is_one_more_and_one_fewer():
    found = result(tally(old=[notice(time=3599)], new=[notice(time=3600)]))
    assert (found.messages["more"], found.messages["fewer"], found.is_empty) == (1, 1, False)
    assert [(one.hour, one.old, one.new) for one in found.hours] == [(0, 1, 0), (3600, 0, 1)]


def test_people_whose_messages_differ_stand_with_the_largest_difference_first():
    old = [notice("busy"), notice("busy"), notice("gone"), notice("gone"), notice("same")]
    new = [notice("busy"), notice("busy"), notice("busy"), notice("same"), notice("new", way="sms"), notice("new")]
    found = result(tally(old=old, new=new))
    told = [(one.person, one.way, one.old, one.new) for one in found.people]
    assert told == [("gone", "mail", 2, 0), ("busy", "mail", 2, 3), ("new", "mail", 0, 1), ("new", "sms", 0, 1)]


def test_of_a_person_only_the_hours_that_differ_are_named_but_all_messages_counted():
    found = result(tally(old=[notice(), notice(time=4000)], new=[notice(), notice(time=4000), notice(time=4001)]))
    (told,) = found.people
    assert (told.old, told.new, told.hours) == (2, 3, {3600: (1, 2)})


# --- alerts


def test_alerts_are_counted_by_side_in_pairs_and_by_kind():
    one, other = life(of=alert(1, 9)), life(of=alert(50, 60))
    made = tally(([one, other], [life(of=alert(1, 9, severity=1))]), ([], [life(of=alert(70, 80))]))
    found = result(made)
    assert found.alerts == {
        "old": 2, "new": 2, "both": 1, "only_old": 1, "only_new": 1, "severity": 1, "told_more": 0, "told_fewer": 0,
        "told_others": 0, "ended": 0,
    }  # fmt: skip
    assert not found.is_empty


def test_the_other_sides_strategies_say_whether_a_strategy_is_gone():
    made = Tally()
    made.fingerprint({"1": life(strategy_id="7")}, {}, (frozenset("7"), frozenset()))
    made.fingerprint({}, {"1": life(strategy_id="8")}, (frozenset("8"), frozenset("8")))
    assert sorted(str(cause.why) for cause in made.causes) == ["no_alert", "no_such_strategy"]


def test_strategies_are_those_that_have_alerts():
    assert strategies_of([alert(strategy_id="1"), alert(strategy_id=""), alert(strategy_id="1")]) == {"1"}


def test_a_cause_weighs_its_alerts_and_messages_and_shows_its_earliest_alert():
    def silent(begin):
        return [life(notice("a", "b"), of=alert(begin))], [life(of=alert(begin))]

    ((cause, weight),) = tally(silent(9), silent(4), silent(6)).largest(5)
    assert (str(cause.kind), weight.alerts, weight.messages, weight.total) == ("told_fewer", 3, 6, 9)
    assert weight.example.begin_time == 4


def test_causes_come_by_weight_and_equal_ones_by_name():
    lighter = [life(of=alert(1, 9))], [life(of=alert(1, 8))]
    heavier = [life(notice("a", "b"), of=alert(1))], [life(of=alert(1))]
    severer = [life(of=alert(1, 9))], [life(of=alert(1, 9, severity=1))]
    found = result(tally(severer, lighter, heavier))
    assert [str(one.cause.kind) for one in found.causes] == ["told_fewer", "ended", "severity"]
    assert [str(one.cause.kind) for one in result(tally(severer, lighter, heavier), causes=1).causes] == ["told_fewer"]


def test_an_example_shows_both_sides_and_speaks_for_the_new():
    new = alert(2, 9, "n", severity=1, alert_name="CPU", event=EventSeen("p", "host"))
    ((_, weight),) = [
        one for one in tally(([life(of=alert(1, 9, "o"))], [life(of=new)])).causes.items() if one[0].kind == "severity"
    ]
    example = weight.example
    assert (example.begin_time, example.old, example.new, example.name, example.target) == (2, "o", "n", "CPU", "host")
    assert (example.severity_old, example.severity_new, story_key(example)) == (2, 1, "o/n")


def test_an_example_of_one_side_leaves_the_other_empty():
    (example,) = tally(([life(of=alert(1, 9, "o"))], [])).earliest(Kind.ONLY_OLD)
    assert (example.old, example.new, example.severity_old, example.severity_new) == ("o", "", 2, 0)
    assert (example.target, story_key(example)) == ("", "o/")


def test_the_earliest_examples_of_a_kind_are_kept_in_whatever_order_they_come():
    made = tally(*(([life(of=alert(begin, begin))], []) for begin in reversed(range(EXAMPLES * 3))))
    assert [one.begin_time for one in made.earliest(Kind.ONLY_OLD)] == list(range(EXAMPLES))
    assert [one.begin_time for one in made.earliest(Kind.ONLY_OLD, 2)] == [0, 1]
    assert made.alerts[Kind.ONLY_OLD] == EXAMPLES * 3
    assert result(made).examples.keys() == {"only_old"}


def test_nothing_differs_between_equal_sides():
    pair = [life(notice(), of=alert(1, 9))]
    found = result(tally((pair, pair), old=[notice()], new=[notice()]))
    assert (found.is_empty, found.alerts["both"], found.messages["old"]) == (True, 1, 1)
    assert (found.people, found.causes, found.examples, len(found.hours)) == ((), (), {}, 1)


fingerprints = st.lists(
    st.tuples(st.sampled_from([[], [life(of=alert(1, 9))], [life(notice(), of=alert(1, 8))]]), st.sampled_from([[], [life(of=alert(1, 9))]])),
    max_size=6,
)  # fmt: skip


@given(fingerprints.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_in_which_fingerprints_come_does_not_matter(both):
    one, other = (result(tally(*found)) for found in both)
    assert one == other


# --- stories and the document


def test_a_story_stands_by_time_and_tells_entries_before_notices():
    told = [
        notice("a", "b", time=5, signal="abnormal"),
        entry("CREATE", "opened", "text", time=5),
        alert(),
        entry("CLOSE", time=3),
    ]
    found = story_of("1", told)
    assert [(line.time, line.what, line.reason, line.text) for line in found.lines] == [
        (3, "CLOSE", "", ""), (5, "CREATE", "opened", "text"), (5, "NOTICE", "abnormal", "mail to a, b"),
    ]  # fmt: skip
    assert (found.alert_id, found.left_out) == ("1", 0)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"notice_type": "normal"}, "mail to alice"),
        ({"notice_type": "upgrade"}, "mail to alice, upgrade"),
        ({"alert_ids": ("1", "2", "3")}, "mail to alice, with 2 more"),
        ({"alert_ids": ()}, "mail to alice"),
        ({"notice_type": "upgrade", "alert_ids": ("1", "2")}, "mail to alice, upgrade, with 1 more"),
    ],
    ids=["as usual", "an escalation", "a summary", "of no alert", "both"],
)
def test_a_notice_in_a_story(changed, text):
    assert story_of("1", [notice(**changed)]).lines[0].text == text


@pytest.mark.parametrize(("count", "shown", "left"), [(60, 60, 0), (61, 60, 1), (0, 0, 0)])
def test_a_long_story_is_cut_and_says_by_how_much(count, shown, left):
    assert LONGEST_STORY == 60
    found = story_of("1", [entry(time=n) for n in range(count)])
    assert ([line.time for line in found.lines], found.left_out) == (list(range(shown)), left)


def test_a_cause_stands_with_the_stories_of_its_example():
    story = Story("1", ())
    made = tally(([life(of=alert(1, 9, "x"))], [life(of=alert(1, 8, "x"))]))
    assert [(one.old, one.new) for one in result(made, stories={"x/x": (story, None)}).causes] == [(story, None)]
    assert [(one.old, one.new) for one in result(made, stories={"x/": (story, story)}).causes] == [(None, None)]


def test_the_document_is_plain_values_with_keys_of_text():
    plain = document(result(tally(([life(of=alert(1, 9))], []), old=[notice()])))
    assert (plain["format"], plain["old"], plain["new"], plain["alerts"]["only_old"]) == (1, "a", "b", 1)
    assert plain["people"][0] == {"person": "alice", "way": "mail", "old": 1, "new": 0, "hours": {"0": (1, 0)}}
    assert msgspec.json.decode(msgspec.json.encode(plain))["causes"][0]["cause"]["kind"] == "only_old"


@pytest.mark.parametrize(("old", "new"), [([notice()], []), ([], [notice()])], ids=["fewer", "more"])
def test_messages_alone_are_a_difference(old, new):
    assert not result(tally(old=old, new=new)).is_empty


def test_of_equal_differences_who_is_told_most_stands_first():
    old = [notice("rare"), notice("often"), notice("often"), notice("often")]
    found = result(tally(old=old, new=[notice("often"), notice("often")]))
    assert [one.person for one in found.people] == ["often", "rare"]
