"""A turn: what it writes, when, and under which name (replay.md; design.md 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.event import SAID_TIME
from operators.model.memory import StrategySnapshot, Told
from operators.model.reason import OpType, Reason
from operators.model.records import LogEntry
from operators.model.settings import CoreSettings
from operators.state.minute import end_minute, is_document_due, is_run_over
from tests.operators.check.made import T0, book, event, strategy
from tests.operators.state.staged import Stage, kept, run

# --- documents


def test_a_turn_that_changes_nothing_says_nothing():
    stage = Stage(kept(), due=T0 + 5)
    assert stage.turn().finish().due is None
    assert stage.said == []


def test_a_change_is_written_at_the_end_of_the_turn_as_the_next_revision():
    stage = Stage(kept())
    turn = stage.turn(5)
    turn.put(is_ack=True)
    turn.put(ack_operator="alice")
    assert stage.said == []
    turn.finish()
    (said,) = stage.documents
    assert (said.is_ack, said.ack_operator, said.revision, said.update_time) == (True, "alice", 2, T0 + 5)


def test_a_change_that_may_wait_is_not_written_but_the_moment_kept_since_when():
    stage = Stage(kept())
    for later in (5, 9):
        turn = stage.turn(later)
        turn.grew_stale()
        turn.finish()
    assert (stage.said, stage.state.stale_since, stage.state.alert.update_time) == ([], T0 + 5, T0 + 9)


def test_what_waited_goes_with_a_change_that_does_not():
    stage = Stage(kept(), stale_since=T0)
    turn = stage.turn(5)
    turn.grew_stale()
    turn.put_extra(comment="so")
    turn.finish()
    assert ([one.extra_info.comment for one in stage.documents], stage.state.stale_since) == (["so"], None)


@pytest.mark.parametrize(("latest", "duration"), [(T0, 60), (T0 + 59, 60), (T0 + 60, 60), (T0 + 61, 61), (T0 - 5, 60)])
def test_a_document_tells_how_long_it_lasts_and_by_which_rules(latest, duration):
    stage = Stage(kept(latest_time=latest), rules=book())
    turn = stage.turn()
    turn.put()
    turn.finish()
    (said,) = stage.documents
    assert (said.duration, said.rules_version) == (duration, "1")


# --- the log


def test_entries_of_a_turn_are_named_by_the_revision_that_tells_them_and_their_place():
    stage = Stage(kept(revision=4))
    turn = stage.turn(7)
    turn.log(OpType.COMMENT, Reason.COMMENTED, "a", operator="alice")
    turn.log_move(Reason.WINDOW_QUIET, "b")
    turn.finish()
    name = stage.state.alert.id
    first, second = stage.told(LogEntry)
    assert (first.id, second.id) == (f"{name}-5-0", f"{name}-5-1")
    assert (first.op_type, first.operator, first.time, first.severity, first.event_id) == (
        "COMMENT",
        "alice",
        T0 + 7,
        2,
        None,
    )
    assert (second.op_type, second.reason, second.description) == ("RECOVERING", "window_quiet", "b")
    assert stage.documents[0].revision == 5


def test_places_begin_anew_with_the_next_turn():
    stage = Stage(kept())
    for _ in range(2):
        turn = stage.turn()
        turn.log(OpType.COMMENT, Reason.COMMENTED)
        turn.finish()
    assert [one.id.split("-", 1)[1] for one in stage.told(LogEntry)] == ["2-0", "3-0"]


def test_an_entry_names_its_event_and_how_the_alert_stands():
    stage = Stage(kept(next_status="CLOSED", next_status_time=T0 + 9))
    stage.turn().log(OpType.CREATE, Reason.OPENED, "", event(T0 - 3, id="e"))
    (one,) = stage.told(LogEntry)
    assert (one.event_id, one.event_time, one.status) == ("e", T0 - 3, "ABNORMAL")
    assert (one.next_status, one.next_status_time, one.count, one.begin) == ("CLOSED", T0 + 9, 1, None)


@pytest.mark.parametrize(
    ("description", "told"), [("text", "text (its clock said 7: the time of its arrival counts)"), ("other", "other")]
)
def test_an_entry_in_the_words_of_its_event_says_that_its_clock_was_ahead(description, told):
    stage = Stage(kept())
    said = event(description="text", extra_info={SAID_TIME: 7})
    stage.turn().log(OpType.CREATE, Reason.OPENED, description, said)
    assert stage.told(LogEntry)[0].description == told


def test_an_entry_to_come_has_its_place_and_is_not_said():
    stage = Stage(kept(), run=run())
    turn = stage.turn(5)
    entry = turn.entry_to_come(OpType.ACTION)
    turn.log(OpType.COMMENT, Reason.COMMENTED)
    places = [one.id.rsplit("-", 1)[1] for one in stage.told(LogEntry)]
    assert (entry.id.rsplit("-", 1)[1], places, entry.reason, entry.time) == ("1", ["0", "2"], "", T0 + 5)


# --- runs


def test_events_of_one_kind_are_one_run_whose_last_member_speaks():
    stage = Stage(kept())
    stage.turn(0).log_run(Reason.REPEATED, event(T0, id="a", description="first"))
    stage.turn(5).log_run(Reason.OUT_OF_ORDER, event(T0 - 9, id="b", description="last"))
    known = stage.state.run
    assert (known.count, known.begin, known.time, known.event_id, known.event_time) == (2, T0, T0 + 5, "b", T0 - 9)
    assert (known.reason, known.description, stage.said) == ("out_of_order", "last", [])


def test_an_event_of_another_kind_ends_the_run():
    stage = Stage(kept(), run=run(count=3))
    turn = stage.turn(5)
    turn.log_run(Reason.MILDER, event(severity=3))
    (told,) = stage.told(LogEntry)
    assert (told.op_type, told.count, told.begin) == ("CONVERGE", 3, T0)
    assert (stage.state.run.op_type, stage.state.run.count, stage.state.run.severity) == ("EVENT_DROP", 1, 3)


def test_a_repeat_tells_the_severity_of_the_alert_and_a_milder_event_its_own():
    stage = Stage(kept(severity=1))
    stage.turn().log_run(Reason.REPEATED, event(severity=3))
    assert stage.state.run.severity == 1


def test_any_entry_ends_a_run_and_stands_behind_it():
    stage = Stage(kept(), run=run(count=2))
    stage.turn(9).log(OpType.ACK, Reason.ACKED)
    assert stage.entries == [("CONVERGE", "repeated"), ("ACK", "acked")]
    assert stage.state.run is None


@pytest.mark.parametrize(("later", "is_over"), [(0, False), (59, False), (60, True), (61, True)])
def test_a_minute_is_over_after_sixty_seconds(later, is_over):
    assert is_run_over(run(), T0 + later) is is_over
    assert is_document_due(Stage(stale_since=T0).state, T0 + later) is is_over


def test_what_waits_for_nothing_is_never_over():
    assert not is_run_over(None, 10**10)
    assert not is_document_due(Stage().state, 10**10)


seconds = st.sampled_from([None, 0, 1, 30])


@given(seconds, seconds, st.sampled_from([1, 59, 60, 61, 89, 90, 95]))
def test_the_end_of_a_minute_says_what_a_turn_says_in_which_nothing_else_happens(began, stale, later):
    def stage():
        known = {
            "run": None if began is None else run(begin=T0 + began),
            "stale_since": None if stale is None else T0 + stale,
        }
        return Stage(kept(), due=T0 + 500, **known)  # fmt: skip

    quick, long = stage(), stage()
    end_minute(quick.state, quick.state.alert, quick.scene, T0 + later)
    turn = long.turn(later)
    turn.flush()
    turn.look_as_before()
    turn.finish()
    assert (quick.said, quick.state) == (long.said, long.state)


def test_at_the_end_of_all_everything_that_waits_is_written():
    stage = Stage(kept(), run=run(), stale_since=T0)
    turn = stage.turn(1)
    turn.flush(now_or_never=True)
    turn.finish()
    assert (stage.entries, len(stage.documents)) == ([("CONVERGE", "repeated")], 1)
    turn = stage.turn(2)
    turn.flush(now_or_never=True)
    turn.finish()
    assert len(stage.said) == 2


# --- deadlines


@pytest.mark.parametrize(
    ("asked", "due"),
    [([], None), ([None], None), ([50, 20, 30], 20), ([20, None], 20), ([0], 1), ([-5], 1), ([1], 1), ([-5, 20], 1)],
    ids=str,
)
def test_the_soonest_look_counts_and_none_comes_before_the_next_second(asked, due):
    turn = Stage(kept()).turn()
    for later in asked:
        turn.look(None if later is None else T0 + later)
    assert turn.finish().due == (None if due is None else T0 + due)


@pytest.mark.parametrize(
    ("before", "asked", "due"), [(None, 5, 5), (9, None, 9), (9, 5, 5), (5, 9, 5), (None, None, None)]
)
def test_an_earlier_turns_deadline_is_kept_where_it_is_sooner(before, asked, due):
    turn = Stage(kept(), due=before and T0 + before).turn()
    turn.look(asked and T0 + asked)
    turn.look_as_before()
    assert turn.finish().due == (due and T0 + due)


# --- the look


def test_one_look_serves_all_who_ask_until_something_changes():
    turn = Stage(kept()).turn()
    look = turn.view()
    assert turn.view() is look
    turn.put(severity=1)
    other = turn.view()
    assert other is not look
    turn.keep(told=Told("1", "normal"))
    assert (turn.view(), turn.view().told) == (other, Told("1", "normal"))


@pytest.mark.parametrize(
    ("strategy_id", "snapshot", "found"),
    [("1", StrategySnapshot(), True), ("1", None, False), ("", StrategySnapshot(), False), ("2", StrategySnapshot(), False)],
    ids=["of a strategy", "it was not in force", "third-party", "unknown"],
)  # fmt: skip
def test_a_strategy_has_a_say_if_it_was_in_force_when_the_alert_opened(strategy_id, snapshot, found):
    stage = Stage(kept(strategy_id=strategy_id), rules=book(strategies={"1": strategy()}), snapshot=snapshot)
    assert (stage.turn().strategy is not None) is found


def test_a_turn_is_open_while_its_alert_is():
    assert not Stage().turn().is_open
    assert Stage(kept()).turn().is_open
    assert not Stage(kept(status="CLOSED")).turn().is_open
    assert Stage(settings=CoreSettings()).turn().alert is None
