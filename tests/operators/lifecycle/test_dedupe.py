"""What one event does to the alert of its fingerprint (spec/lifecycle.md 1.5, 2.5, 3.4; design.md 7.1-7.4, 7.43-7.45)."""

import pytest

from operators.lifecycle.dedupe import access_time, fold_event, is_expired
from operators.model.memory import StrategySnapshot
from operators.model.settings import CoreSettings
from operators.rules.shapes.model import Strategy
from operators.state.state import id_key
from tests.operators.check.made import T0, book, event
from tests.operators.state.staged import Stage, kept

RULES = book(strategies={"1": Strategy("1", "CPU usage")})
DAY = 86400


def uid(number):
    """Return the id of an event: its first half tells events apart."""
    return f"{number:016x}" + "0" * 16


def folded(stage, time=T0, later=0, number=1, **changes):
    """Fold an event of a number; return whether the checkers have anything new to look at."""
    turn = stage.turn(later)
    found = fold_event(turn, event(time, id=uid(number), **changes))
    turn.finish()
    return found


def watched(of=None, **known):
    settings = known.pop("settings", None)
    return Stage(of, rules=RULES, settings=settings, snapshot=StrategySnapshot() if of else None, **known)


# --- when the data of an event was read


@pytest.mark.parametrize(
    ("extra", "second"),
    [
        ({}, T0),
        ({"origin_alarm": {"data": {"access_time": 7}}}, 7),
        ({"origin_alarm": {"data": {"access_time": 7.9}}}, 7),
        ({"origin_alarm": {"data": {"access_time": 0}}}, 0),
        ({"origin_alarm": {"data": {"access_time": "7"}}}, T0),
        ({"origin_alarm": {"data": {"access_time": None}}}, T0),
        ({"origin_alarm": {"data": {"access_time": True}}}, T0),
        ({"origin_alarm": {"data": [7]}}, T0),
        ({"origin_alarm": {"access_time": 7}}, T0),
        ({"origin_alarm": "text"}, T0),
    ],
    ids=[
        "no origin",
        "as said",
        "a fraction",
        "zero",
        "text",
        "null",
        "a flag",
        "no mapping",
        "elsewhere",
        "no origin to read",
    ],
)
def test_the_access_time_of_an_event(extra, second):
    assert access_time(event(T0, extra_info=extra)) == second


# --- what is too old


@pytest.mark.parametrize(
    ("known", "time", "expired"),
    [
        ({}, T0 - DAY, False),
        ({}, T0 - DAY - 1, True),
        ({"grace": T0}, T0, False),
        ({"grace": T0}, T0 - 1, True),
        ({"over": T0}, T0, False),
        ({"over": T0}, T0 - 1, True),
        ({"late": T0, "late_until": T0 + 1}, T0 - 1, True),
        ({"late": T0, "late_until": T0 + 1}, T0, False),
        ({"late": T0, "late_until": T0}, T0 - 1, False),
        ({"late": T0 - 9, "late_until": T0 + 1, "over": T0}, T0 - 1, True),
    ],
    ids=[
        "a day", "more than a day", "within the grace", "beyond it", "as old as the end", "older than the end",
        "older than an end that overtook it", "as old", "an end that is forgotten", "the later of both counts",
    ],
)  # fmt: skip
def test_when_an_event_is_too_old(known, time, expired):
    assert is_expired(watched(**known).turn(), event(time)) is expired


def test_an_open_alert_takes_whatever_is_not_older_than_a_day():
    stage = watched(kept(), grace=T0, over=T0, late=T0, late_until=T0 + 9)
    assert not is_expired(stage.turn(), event(T0 - DAY))
    assert is_expired(stage.turn(), event(T0 - DAY - 1))


def test_what_is_past_is_asked_of_abnormal_events_alone():
    stage = watched(over=T0)
    assert not is_expired(stage.turn(), event(T0 - 1, status="RECOVERED"))


def test_grace_asks_when_the_data_was_read_and_the_past_when_it_happened():
    read_late = {"origin_alarm": {"data": {"access_time": T0}}}
    assert not is_expired(watched(grace=T0).turn(), event(T0 - 500, extra_info=read_late))
    assert is_expired(watched(over=T0).turn(), event(T0 - 500, extra_info=read_late))


# --- the same again


def test_an_event_that_comes_twice_changes_nothing():
    stage = watched()
    assert folded(stage)
    before = len(stage.said)
    assert not folded(stage, later=5)
    assert (len(stage.said), stage.scene.counts.duplicates, stage.state.touched) == (before, 1, T0)


def test_an_event_that_opened_an_ended_alert_is_known_although_sixty_four_came_since():
    stage = watched(kept(status="CLOSED", end_time=T0), ended_at=T0, openers=id_key(uid(1)))
    assert not folded(stage)
    assert stage.scene.counts.duplicates == 1
    assert folded(stage, number=2)


def test_what_was_folded_is_remembered_by_the_newest_time():
    stage = watched()
    for number, time in enumerate([T0, T0 + 9, T0 - 50]):
        folded(stage, time, later=9, number=number)
    assert (stage.state.newest, stage.state.touched) == (T0 + 9, T0 + 9)


# --- opening


def test_the_first_event_opens_an_alert():
    stage = watched()
    assert folded(stage, T0 - 5, later=9, anomaly_time=T0 - 8, severity=1)
    one = stage.state.alert
    assert (one.begin_time, one.latest_time, one.first_anomaly_time, one.create_time) == (
        T0 - 5,
        T0 - 5,
        T0 - 8,
        T0 + 9,
    )
    assert (one.severity, one.event_count, one.revision, one.id[:10]) == (1, 1, 1, str(T0 - 5))
    assert (stage.entries[0], stage.signals, stage.scene.counts.opened) == (
        ("CREATE", "opened"),
        [("abnormal", "normal")],
        1,
    )
    assert stage.events == [one.event]


@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
def test_an_end_opens_nothing_and_is_remembered(status):
    stage = watched()
    assert not folded(stage, T0 - 5, later=9, status=status)
    assert (stage.state.alert, stage.scene.counts.unmatched) == (None, 1)
    assert (stage.state.late, stage.state.late_until) == (T0 - 5, T0 + 9 + 600)


@pytest.mark.parametrize(
    ("later", "time", "kept_"),
    [(10, T0 + 5, (T0 + 5, T0 + 610)), (10, T0, (T0, T0 + 610)), (10, T0 - 5, (T0, T0 + 600)), (600, T0 - 5, (T0 - 5, T0 + 1200))],
    ids=["newer", "as new", "older", "older, when the first is forgotten"],
)  # fmt: skip
def test_of_several_ends_without_an_alert_the_newest_counts(later, time, kept_):
    stage = watched()
    folded(stage, T0, status="CLOSED")
    folded(stage, time, later=later, number=2, status="CLOSED")
    assert (stage.state.late, stage.state.late_until) == kept_


def test_an_event_of_a_strategy_that_is_not_in_force_opens_nothing_but_meets_an_open_alert():
    stage = watched()
    assert not folded(stage, strategy_id="9")
    assert (stage.state.alert, stage.scene.counts.dropped, len(stage.events)) == (None, 1, 1)
    open_one = watched(kept(strategy_id="9"))
    folded(open_one, strategy_id="9")
    assert (open_one.state.alert.event_count, open_one.scene.counts.dropped) == (2, 0)


# --- an open alert


@pytest.mark.parametrize(
    ("time", "latest", "begin", "reason"),
    [(T0 + 5, T0 + 5, T0, "repeated"), (T0, T0, T0, "repeated"), (T0 - 5, T0, T0 - 5, "out_of_order")],
    ids=["newer", "of the same time", "older"],
)
def test_an_event_of_the_same_severity_is_folded_in(time, latest, begin, reason):
    stage = watched(kept())
    folded(stage, time, later=9, description="d")
    one = stage.state.alert
    assert (one.latest_time, one.begin_time, one.event_count, stage.state.run.reason) == (latest, begin, 2, reason)
    assert (one.event.description == "d") is (reason == "repeated")


@pytest.mark.parametrize(("time", "first"), [(T0 + 5, T0 - 9), (T0 - 5, T0 - 9)], ids=["newer", "older"])
def test_an_earlier_first_anomaly_counts_whenever_it_is_told(time, first):
    stage = watched(kept())
    folded(stage, time, later=9, anomaly_time=first)
    assert stage.state.alert.first_anomaly_time == first
    assert stage.documents[-1].first_anomaly_time == first


def test_a_milder_event_is_dropped_and_moves_nothing():
    stage = watched(kept())
    folded(stage, T0 + 5, later=9, severity=3)
    one, run = stage.state.alert, stage.state.run
    assert (one.latest_time, one.event_count, one.severity, run.op_type, run.severity) == (T0, 1, 2, "EVENT_DROP", 3)


def test_a_worse_event_closes_the_alert_and_opens_another_that_names_it():
    stage = watched(kept(latest_time=T0 + 7))
    assert folded(stage, T0 + 5, later=9, severity=1)
    old, new = stage.state.previous[0], stage.state.alert
    assert (old.status, old.end_time, old.severity, new.status, new.severity) == ("CLOSED", T0 + 7, 2, "ABNORMAL", 1)
    assert (old.extra_info.successor, new.extra_info.predecessor) == (new.id, old.id)
    assert stage.signals == [("closed", "normal"), ("abnormal", "normal")]
    assert [one for one in stage.entries if one[0] in ("CLOSE", "CREATE")] == [("CLOSE", "worse"), ("CREATE", "opened")]


@pytest.mark.parametrize("severity", [1, 3])
def test_a_severity_that_a_rule_set_stays_whatever_the_event_says(severity):
    stage = watched(kept(extra={"severity_source": "by_rule"}))
    folded(stage, T0 + 5, later=9, severity=severity)
    one = stage.state.alert
    assert (one.severity, one.event.severity, one.latest_time, one.event_count) == (2, severity, T0 + 5, 2)


@pytest.mark.parametrize(
    ("status", "severity", "time", "end", "entry"),
    [
        ("RECOVERED", 2, T0 + 5, T0 + 5, ("RECOVER", "recovered_by_event")),
        ("CLOSED", 2, T0 + 5, T0 + 5, ("CLOSE", "closed_by_event")),
        ("RECOVERED", 3, T0 + 5, T0 + 5, ("RECOVER", "recovered_by_event")),
        ("CLOSED", 1, T0 - 5, T0, ("CLOSE", "closed_by_event")),
        ("RECOVERED", 2, T0 - 90_000, T0, ("RECOVER", "recovered_by_event")),
    ],
    ids=["recovered", "closed", "milder", "worse and older", "of any age"],
)
def test_an_end_of_any_age_and_severity_ends_the_alert(status, severity, time, end, entry):
    stage = watched(kept())
    assert folded(stage, time, later=9, status=status, severity=severity)
    one = stage.state.alert
    assert (one.status, one.end_time, one.latest_time, one.begin_time, one.severity) == (status, end, T0, T0, 2)
    assert one.event_count == 2
    assert (entry in stage.entries, stage.state.over, stage.state.ended_at) == (True, end, T0 + 9)


# --- a recovery with a delay

DELAY = CoreSettings(recover_delay=60)


def test_a_recovery_waits_for_its_delay_and_a_closing_does_not():
    stage = watched(kept(), settings=DELAY)
    folded(stage, T0 + 5, later=9, status="RECOVERED")
    one = stage.state.alert
    assert (one.status, one.next_status, one.next_status_time, stage.state.said_over) == (
        "ABNORMAL",
        "RECOVERED",
        T0 + 69,
        T0 + 5,
    )
    assert (one.event_count, stage.entries) == (2, [("DELAY_RECOVER", "recovery_delayed")])
    folded(stage, T0 + 6, later=10, number=2, status="CLOSED")
    assert (one.status, one.end_time, stage.state.said_over) == ("CLOSED", T0 + 6, None)


def test_of_two_recoveries_within_the_delay_the_newer_time_counts_and_the_delay_begins_again():
    stage = watched(kept(), settings=DELAY)
    assert folded(stage, T0 + 5, later=9, status="RECOVERED")
    assert folded(stage, T0 + 3, later=20, number=2, status="RECOVERED")
    assert (stage.state.said_over, stage.state.alert.next_status_time) == (T0 + 5, T0 + 80)


@pytest.mark.parametrize(
    ("time", "severity", "said_over", "is_open"),
    [(T0 + 5, 2, None, True), (T0 + 6, 2, None, True), (T0 + 4, 2, T0 + 5, True), (T0 + 4, 1, T0 + 5, True), (T0 + 5, 3, T0 + 5, True)],
    ids=["of the same time", "newer", "older", "older and worse", "milder"],
)  # fmt: skip
def test_an_announced_recovery_is_aborted_by_what_is_not_older(time, severity, said_over, is_open):
    stage = watched(kept(), settings=DELAY)
    folded(stage, T0 + 5, later=9, status="RECOVERED")
    folded(stage, time, later=10, number=2, severity=severity)
    assert (stage.state.said_over, stage.turn().is_open, len(stage.state.previous)) == (said_over, is_open, 0)
    assert (("ABORT_RECOVER", "recovery_aborted") in stage.entries) is (said_over is None)
