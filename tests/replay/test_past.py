"""What is of the past: events older than the end of their alert, ends without an alert, events that come again (design.md 7.43-7.45)."""

import pytest

from tests.replay.driver import RULES, T0, command, event, replay, strategy_event, tick
from tests.replay.test_events import at

DAY = 86400
MD5 = "0123456789abcdef" * 2
BOTH = pytest.mark.parametrize(("rules", "make"), [({}, event), (RULES, strategy_event)], ids=["third", "strategy"])
FINGERPRINTS = pytest.mark.parametrize("settings", [{}, {"fingerprint": "bk"}], ids=["pairs", "bk"])


def opened(out):
    return [alert["create_time"] - T0 for alert in out.alerts]


# --- older than the event that ended the last alert


@BOTH
@FINGERPRINTS
@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
@pytest.mark.parametrize(("time", "opens"), [(40, False), (99, False), (100, True), (101, True)])
def test_what_is_older_than_the_end_that_was_reported_is_expired(rules, make, settings, status, time, opens):
    lines = [make(0), make(100, status), make(200, event_id="x", time=T0 + time)]
    out = replay(rules, lines, settings=settings)
    assert (len(out.alerts), out.summary["expired"]) == ((2, 0) if opens else (1, 1))
    assert replay(rules, [lines[0], tick(50), lines[1], tick(150), lines[2]], settings=settings).alerts == out.alerts


@pytest.mark.parametrize(("time", "opens"), [(199, False), (200, True)])
def test_an_end_older_than_the_newest_anomaly_ends_at_that(time, opens):
    out = replay({}, [event(200), at(210, 100, "RECOVERED"), at(220, time, event_id="x")])
    assert len(out.alerts) == (2 if opens else 1)


@pytest.mark.parametrize("end", [command(100, "close", dedupe_md5=MD5), None])
def test_other_ends_leave_a_minute(end):
    first = event(0, dedupe_md5=MD5)
    ends = 100 if end else 3600
    lines = [first, *([end] if end else [])]
    for time, count in ((ends - 61, 1), (ends - 60, 2), (ends - 1, 2)):
        late = event(3700, dedupe_md5=MD5, event_id="x", time=T0 + time)
        assert len(replay({}, [*lines, late]).alerts) == count


def test_older_is_by_the_time_of_the_event_not_by_when_its_data_was_read():
    read = {"origin_alarm": {"data": {"access_time": T0 + 150}}}
    out = replay({}, [event(0), event(100, "RECOVERED"), at(200, 99, extra_info=read)])
    assert (len(out.alerts), out.summary["expired"]) == (1, 1)


# --- within a recovery delay

DELAY = {"recover_delay": 300}


@BOTH
@pytest.mark.parametrize(("time", "aborts"), [(99, False), (100, True), (101, True)])
@pytest.mark.parametrize("severity", [2, 1])
def test_an_older_anomaly_within_the_delay_aborts_nothing(rules, make, time, aborts, severity):
    lines = [make(0), make(100, "RECOVERED"), make(150, time=T0 + time, severity=severity)]
    out = replay(rules, lines, settings=DELAY, until=600)
    if aborts:
        assert out.alerts[-1]["status"] == "ABNORMAL"
        assert len(out.alerts) == (2 if severity == 1 else 1)
        return
    alert = out.alert
    assert (alert["status"], alert["end_time"], alert["latest_time"]) == ("RECOVERED", T0 + 400, T0 + time)
    assert (alert["severity"], alert["event_count"]) == (2, 3)
    assert [op for _, op in out.story()] == ["CREATE", "DELAY_RECOVER", "CONVERGE", "SYSTEM_RECOVER"]


def test_a_milder_older_anomaly_within_the_delay_is_dropped():
    out = replay({}, [event(0), event(100, "RECOVERED"), at(150, 99, severity=3)], settings=DELAY, until=600)
    assert [op for _, op in out.story()] == ["CREATE", "DELAY_RECOVER", "EVENT_DROP", "SYSTEM_RECOVER"]


@pytest.mark.parametrize(("time", "opens"), [(99, False), (100, True), (390, True)])
def test_an_end_by_the_delay_counts_as_the_end_by_its_event(time, opens):
    out = replay({}, [event(0), event(100, "RECOVERED"), at(500, time, event_id="x")], settings=DELAY)
    assert len(out.alerts) == (2 if opens else 1)


def test_after_an_abort_the_older_recovery_is_forgotten():
    lines = [event(0), event(100, "RECOVERED"), event(120), at(150, 90, severity=1)]
    out = replay({}, lines, settings=DELAY, until=600)
    assert [alert["status"] for alert in out.alerts] == ["CLOSED", "ABNORMAL"]


def test_a_second_recovery_within_the_delay_is_the_one_that_counts():
    lines = [event(0), event(100, "RECOVERED"), event(200, "RECOVERED"), at(250, 150)]
    assert replay({}, lines, settings=DELAY, until=500).alert["end_time"] == T0 + 500


# --- an end before its problem


@BOTH
@FINGERPRINTS
@pytest.mark.parametrize("status", ["RECOVERED", "CLOSED"])
@pytest.mark.parametrize(("time", "opens"), [(9, False), (10, True), (11, True)])
def test_an_end_that_overtakes_its_problem_is_remembered(rules, make, settings, status, time, opens):
    out = replay(rules, [make(10, status), make(12, time=T0 + time)], settings=settings)
    assert (len(out.alerts), out.summary["expired"], len(out.events)) == ((1, 0, 2) if opens else (0, 1, 2))


@pytest.mark.parametrize("late", [None, 60])
@pytest.mark.parametrize("ticks", [True, False])
def test_it_is_remembered_for_a_while(late, ticks):
    settings, span = ({}, 600) if late is None else ({"late": late}, late)
    for after, opens in ((span - 1, False), (span, True), (span + 1, True)):
        between = [tick(10 + n) for n in range(0, after, 7)] if ticks else []
        out = replay({}, [event(10, "RECOVERED"), *between, at(10 + after, 5)], settings=settings)
        assert bool(out.alerts) is opens


def test_the_newest_of_several_ends_counts():
    ends = [event(10, "RECOVERED"), at(12, 5, "RECOVERED")]
    assert replay({}, [*ends, at(20, 8)]).alerts == []
    assert len(replay({}, [*ends, at(20, 8, target="other")]).alerts) == 1


def test_an_end_after_a_time_out_is_remembered_too():
    lines = [event(0), event(3700, "RECOVERED"), at(3705, 3690), at(3706, 3700)]
    out = replay({}, lines)
    assert [(alert["status"], alert["begin_time"] - T0) for alert in out.alerts] == [("CLOSED", 0), ("ABNORMAL", 3700)]


def test_it_outlives_a_short_retention():
    out = replay({}, [event(10, "RECOVERED"), tick(500), at(600, 5)], settings={"ended_retention": 0})
    assert out.alerts == []


# --- events that come again


@BOTH
@FINGERPRINTS
@pytest.mark.parametrize("retention", [0, 60, 3600])
@pytest.mark.parametrize("again", [3700, DAY - 1, DAY, DAY + 1, 2 * DAY])
def test_an_event_has_one_life(rules, make, settings, retention, again):
    lines = [make(0), make(100, "RECOVERED")]
    settings = {**settings, "ended_retention": retention}
    once = replay(rules, lines, settings=settings, until=2 * DAY)
    twice = replay(rules, [*lines, *({**line, "at": T0 + again} for line in lines)], settings=settings, until=2 * DAY)
    assert twice.bytes["alerts.jsonl"] == once.bytes["alerts.jsonl"]
    assert twice.bytes["notices.jsonl"] == once.bytes["notices.jsonl"]
    if again <= DAY:
        assert (twice.summary["duplicates"], len(twice.events)) == (2, 2)


def test_what_times_out_has_one_life_too():
    line = event(0)
    lines = [{**line, "at": T0 + again} for again in range(0, 30 * 3600, 300)]
    out = replay({}, lines, until=31 * 3600)
    assert (out.alert["status"], out.alert["end_time"]) == ("CLOSED", T0 + 3600)


def test_an_event_beyond_the_last_ids_counts_once_more_and_changes_nothing_else():
    lines = [event(n) for n in range(70)]
    once, twice = replay({}, [*lines, tick(80)]), replay({}, [*lines, {**lines[0], "at": T0 + 80}])
    one, two = ({**out.alert, "update_time": 0, "revision": 0} for out in (once, twice))
    assert two == {**one, "event_count": 71}


@pytest.mark.parametrize("retention", [0, 3600])
def test_no_alert_id_comes_twice(retention):
    burst = [event(n // 10, event_id=f"b{n}", dedupe_md5=MD5) for n in range(100)]
    lines = [*burst, command(11, "close", dedupe_md5=MD5), {**burst[0], "at": T0 + 20}]
    out = replay({}, lines, settings={"ended_retention": retention})
    assert (len(out.alerts), out.alert["status"], out.summary["duplicates"]) == (1, "CLOSED", 1)


def test_versions_go_on_where_an_alert_was_forgotten():
    out = replay({}, [event(0), event(100, "RECOVERED"), event(9000)])
    assert {alert["generation"] for alert in out.alerts} == {T0}


def test_what_is_known_of_a_fingerprint_goes_when_nothing_of_it_can_come_again():
    from tests.replay.driver import lines_of, replay_of  # noqa: PLC0415 - a driver that has not ended

    driver = replay_of({})
    for line in lines_of([event(0), event(100, "RECOVERED"), tick(100 + DAY)]):
        driver.fold(line)
    states = driver.worker.states.slots
    assert [state.alert for slot in states.values() for state in slot.states.values()] == [None]
    for line in lines_of([tick(101 + DAY)]):
        driver.fold(line)
    assert not any(slot.states for slot in states.values())
