"""`until`: the source says how long a problem holds without another word (design.md 7.61)."""

import pytest

from tests.replay.driver import RULES, T0, event, replay, strategy_event, tick

BOTH = pytest.mark.parametrize(("rules", "make"), [({}, event), (RULES, strategy_event)], ids=["third", "strategy"])


def leased(make, at, until, status="ABNORMAL", **fields):
    return make(at, status, until=T0 + until, **fields)


def ends(out):
    return [(alert["status"], alert["end_time"] - T0 if alert.get("end_time") else None) for alert in out.alerts]


@BOTH
@pytest.mark.parametrize("settings", [{}, {"fingerprint": "bk"}], ids=["pairs", "bk"])
@pytest.mark.parametrize(("until", "end"), [(599, None), (600, 600), (601, 600), (9000, 600)])
def test_a_lease_ends_its_alert(rules, make, settings, until, end):
    out = replay(rules, [leased(make, 0, 600)], until=until, settings=settings)
    assert ends(out) == [("RECOVERED" if end else "ABNORMAL", end)]
    if end:
        assert [(entry["op_type"], entry["reason"]) for entry in out.told("SYSTEM_RECOVER")] == [
            ("SYSTEM_RECOVER", "lease_over")
        ]
        assert out.signalled()[-1] == (600, "recovered") if rules else out.signalled() == []


@BOTH
def test_ticks_change_nothing(rules, make):
    lines = [leased(make, 0, 600), *(tick(n) for n in range(1, 1200, 7))]
    assert ends(replay(rules, lines)) == [("RECOVERED", 600)]


@BOTH
def test_a_newer_event_moves_it(rules, make):
    assert ends(replay(rules, [leased(make, 0, 600), leased(make, 300, 900)], until=2000)) == [("RECOVERED", 900)]
    assert ends(replay(rules, [leased(make, 0, 600), leased(make, 300, 400)], until=2000)) == [("RECOVERED", 400)]


def test_a_newer_event_without_one_removes_it():
    assert ends(replay({}, [leased(event, 0, 600), event(300)], until=4000)) == [("CLOSED", 3900)]
    assert ends(replay(RULES, [leased(strategy_event, 0, 600), strategy_event(300)], until=4000)) == [
        ("ABNORMAL", None)
    ]


def test_an_older_event_does_neither():
    late = event(300, time=T0 - 5)
    assert ends(replay({}, [leased(event, 0, 600), late], until=700)) == [("RECOVERED", 600)]


def test_a_milder_event_does_neither():
    assert ends(replay({}, [leased(event, 0, 600), leased(event, 300, 900, severity=3)], until=700)) == [
        ("RECOVERED", 600)
    ]


@BOTH
@pytest.mark.parametrize(("until", "end"), [(-50, -50), (0, 0), (1, None)])
def test_a_lease_that_has_passed_at_arrival_ends_at_once(rules, make, until, end):
    out = replay(rules, [leased(make, 0, until)])
    assert ends(out) == [("RECOVERED" if end is not None else "ABNORMAL", end)] or out.alert["end_time"] == T0
    if end is not None:
        assert [entry["time"] for entry in out.told("SYSTEM_RECOVER")] == [T0]


@pytest.mark.parametrize("second", [0, 1, T0])
def test_however_long_ago_a_lease_has_passed_nobody_took_long_to_deal_with_its_alert(second):
    assert replay({}, [event(0), event(100, until=second)]).alert["ack_duration"] == 0


def test_a_lease_that_has_passed_when_a_newer_event_brings_it_ends_the_open_alert():
    assert ends(replay({}, [event(0), leased(event, 100, 90)])) == [("RECOVERED", 90)]


def test_with_a_lease_there_is_no_time_out_by_source():
    settings = {"timeout": 60, "plugins": {"p": {"timeout": 30}}}
    assert ends(replay({}, [leased(event, 0, 600)], until=599, settings=settings)) == [("ABNORMAL", None)]


def test_a_recovery_ends_it_before():
    assert ends(replay({}, [leased(event, 0, 600), event(50, "RECOVERED")], until=700)) == [("RECOVERED", 50)]


def test_an_announced_recovery_takes_its_place_and_a_relapse_gives_it_back():
    settings = {"recover_delay": 100}
    lines = [leased(event, 0, 600), event(50, "RECOVERED")]
    assert ends(replay({}, lines, until=700, settings=settings)) == [("RECOVERED", 150)]
    assert ends(replay({}, [*lines, leased(event, 60, 620)], until=700, settings=settings)) == [("RECOVERED", 620)]


def test_an_older_event_within_an_announced_recovery_brings_no_lease():
    lines = [event(0), event(50, "RECOVERED"), leased(event, 60, 55, time=T0 + 40)]
    assert ends(replay({}, lines, until=700, settings={"recover_delay": 100})) == [("RECOVERED", 150)]


def test_events_of_the_minute_before_the_end_of_a_lease_open_another_alert():
    lines = [leased(event, 0, 600)]
    assert len(replay({}, [*lines, event(700, time=T0 + 539)]).alerts) == 1
    assert len(replay({}, [*lines, event(700, time=T0 + 540)]).alerts) == 2


def test_the_next_status_tells():
    alert = replay({}, [leased(event, 0, 600)]).alert
    assert (alert["next_status"], alert["next_status_time"]) == ("RECOVERED", T0 + 600)


@pytest.mark.parametrize(
    ("until", "reason"), [("soon", "wrong_type"), (-1, "bad_value"), (10**10, "bad_value"), (True, "wrong_type")]
)
def test_what_is_no_second_is_refused(until, reason):
    assert replay({}, [event(0, until=until)]).refused() == [("1", reason)]
