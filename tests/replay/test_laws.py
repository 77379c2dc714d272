"""Laws that hold for every input."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operators.lifecycle import checkers
from operators.rules.ask.look import Look
from tests.replay.driver import T0, event, finished, lines_of, replay, replay_of, restarted, tick
from tests.replay.scenes import HOSTS, NAMES, SERIES, SETTINGS, scenes

ENDS = {"RECOVER", "CLOSE", "SYSTEM_RECOVER", "SYSTEM_CLOSE"}
ODD = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def _known():
    lines = [event(0, target=host, alert_name=name) for host in HOSTS for name in NAMES]
    lines += [event(0, target=host, strategy_id=number, alert_name="") for host in HOSTS for number in (1, 2, 3, 4)]
    return [one["dedupe_md5"] for one in replay(SERIES, lines).events]


KNOWN = _known()
some_lines = scenes(KNOWN)


@ODD
@given(some_lines, st.integers(0, 5000))
def test_the_same_lines_give_the_same_bytes(lines, more):
    until = _last(lines) + more
    assert replay(SERIES, lines, until, SETTINGS).bytes == replay(SERIES, lines, until, SETTINGS).bytes


def _last(lines):
    return max([0, *(line["at"] - T0 for line in lines if isinstance(line, dict))])


@ODD
@given(some_lines, st.integers(0, 5000), st.lists(st.integers(0, 10000), max_size=30))
def test_ticks_anywhere_change_no_byte(lines, more, ticks):
    until = _last(lines) + more
    plain = replay(SERIES, lines, until, SETTINGS)
    ticking = replay(SERIES, _with_ticks(lines, ticks, until), until, SETTINGS)
    assert _without_positions(ticking) == _without_positions(plain)


def _with_ticks(lines, ticks, until):
    first = next((line["at"] - T0 for line in lines if isinstance(line, dict)), 0)  # the clock begins with a line
    out, left = [], sorted(at for at in ticks if first <= at <= until)
    for line in lines:
        at = line["at"] - T0 if isinstance(line, dict) else 0
        while left and left[0] <= at:
            out.append(tick(left.pop(0)))
        out.append(line)
    return [*out, *map(tick, left)]


def _without_positions(out):
    """Return the bytes of all files; dead letters without their line numbers."""
    letters = [{**letter, "position": ""} for letter in out.dead_letters]
    return {**out.bytes, "dead_letters.jsonl": letters}


@ODD
@given(some_lines, st.integers(0, 5000), st.randoms(use_true_random=False))
def test_a_worker_restored_at_any_moment_goes_on_as_if_it_had_never_stopped(lines, more, rng):
    until = _last(lines) + more
    unbroken, broken = replay_of(SERIES, SETTINGS), replay_of(SERIES, SETTINGS)
    for line in lines_of(lines):
        unbroken.fold(line)
        if rng.random() < 0.3:
            broken = restarted(broken, SERIES, SETTINGS)
        broken.fold(line)
    broken = restarted(broken, SERIES, SETTINGS)
    assert finished(broken, until).bytes == finished(unbroken, until).bytes


@ODD
@given(some_lines, st.integers(0, 5000))
def test_what_was_said_never_changes_afterwards(lines, more):
    driver, said = replay_of(SERIES, SETTINGS), []
    drain = driver.worker.drain

    def heard():
        things = drain()
        said.extend((thing, msgspec.json.encode(thing)) for thing in things.documents)
        return things

    driver.worker.drain = heard
    for line in lines_of(lines):
        driver.fold(line)
    finished(driver, _last(lines) + more)
    assert all(msgspec.json.encode(thing) == then for thing, then in said)


@ODD
@given(some_lines, st.integers(0, 5000))
def test_what_was_worked_out_of_a_look_stays_true_while_it_is_asked(lines, more):
    driver, once = replay_of(SERIES, SETTINGS), Look.once

    def checked(look, make):
        anew = Look(look.alert, look.strategy, look.book, look.settings, look.now, default_notice=look.default_notice)
        remembered = once(look, make)
        assert make(anew) == remembered
        return remembered

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Look, "once", checked)
        for line in lines_of(lines):
            driver.fold(line)
        finished(driver, _last(lines) + more)


@ODD
@given(some_lines)
def test_an_alert_ends_at_most_once_and_counts_never_fall(lines):
    driver = replay_of(SERIES, SETTINGS)
    before = _counts(driver)
    for line in lines_of(lines):
        driver.fold(line)
        now = _counts(driver)
        assert all(now[name] >= before[name] for name in before)
        before = now
    out = finished(driver, _last(lines) + 9000)
    ended = [entry["alert_id"] for entry in out.logs if _is_end(entry)]
    assert len(ended) == len(set(ended))
    stand = {alert["id"]: alert["status"] for alert in out.alerts}
    assert {name for name, status in stand.items() if status != "ABNORMAL"} == set(ended)
    alerts = out.summary["alerts"]
    assert alerts["opened"] == len(stand) == alerts["recovered"] + alerts["closed"] + alerts["abnormal"]


@ODD
@given(some_lines)
def test_looking_more_often_than_asked_changes_nothing(lines):
    """Work that cannot change a verdict may be skipped (design.md 7.36): then doing it changes nothing."""
    sparing, eager = replay_of(SERIES, SETTINGS), replay_of(SERIES, SETTINGS)
    finish = eager.worker.finish
    # a look that is due in this very second comes by itself: then it only makes two documents of one
    eager.worker.finish = lambda turn, *, looks: finish(turn, looks=looks or turn.state.due != turn.now)
    eager.worker.repeats = lambda event: False
    for line in lines_of(lines):
        sparing.fold(line)
        eager.fold(line)
    until = _last(lines) + 3000
    assert finished(eager, until).bytes == finished(sparing, until).bytes


@ODD
@given(some_lines)
def test_the_short_way_of_a_repeat_does_what_the_long_way_does(lines):
    short, long = replay_of(SERIES, SETTINGS), replay_of(SERIES, SETTINGS)
    long.worker.repeats = lambda event: False
    for line in lines_of(lines):
        short.fold(line)
        long.fold(line)
        assert _snapshots(short) == _snapshots(long)
    until = _last(lines) + 3000
    assert finished(short, until).bytes == finished(long, until).bytes


@ODD
@given(some_lines, st.booleans())
def test_checkers_that_need_a_cause_have_nothing_to_say_without_one(lines, has_rules):
    rules, until = SERIES if has_rules else {}, _last(lines) + 3000
    sparing = replay(rules, lines, until, SETTINGS)
    asking = tuple(row._replace(needs_cause=False) for row in checkers.CHECKERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkers, "CHECKERS", asking)
        assert replay(rules, lines, until, SETTINGS).bytes == sparing.bytes


def _snapshots(driver):
    return {key: slot.snapshot() for key, slot in driver.worker.states.slots.items() if slot.states}


def _is_end(entry):
    return entry["op_type"] in ENDS or (entry["op_type"] == "ALERT_QOS" and entry["status"] == "CLOSED")


def _counts(driver):
    counts = driver.worker.scene.counts
    named = {name: getattr(counts, name) for name in counts.__struct_fields__}
    sizes = {
        name: len(getattr(driver.outcome, name)) for name in ("logs", "signals", "notices", "dead_letters", "events")
    }
    return {**named, **sizes}


@ODD
@given(some_lines, st.integers(0, 40))
def test_events_that_come_twice_change_nothing(lines, length):
    """A producer that restarts sends its last events again; only the count of duplicates tells."""
    remembering = {**SETTINGS, "ended_retention": 10**6}
    out = replay(SERIES, lines, _last(lines) + 9000, remembering)
    prefix = [line for line in lines[:length] if isinstance(line, dict) and "kind" not in line]
    now = T0 + _last(lines[:length])
    again = [{**line, "at": now} for line in prefix[-20:]] if prefix else []
    twice = replay(SERIES, [*lines[:length], *again, *lines[length:]], _last(lines) + 9000, remembering)
    for name in ("alerts", "logs", "signals", "actions", "notices", "events"):
        assert twice.bytes[f"{name}.jsonl"] == out.bytes[f"{name}.jsonl"]


def test_the_scenes_of_these_laws_reach_every_end():
    seen = set()

    @settings(max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(some_lines)
    def walk(lines):
        out = replay(SERIES, lines, _last(lines), SETTINGS)
        seen.update(name for name, count in out.summary["alerts"].items() if count)

    walk()
    assert seen == {"opened", "recovered", "closed", "abnormal"}
