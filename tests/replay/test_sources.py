"""What depends on who sends: time-outs by source, strategies that are not there (design.md 7.53, 7.57)."""

import pytest

from tests.replay.driver import RULES, T0, event, put, replay, strategy_event, tick

OFF = {**RULES["strategies"][0], "is_enabled": False}
GROUPS = {"user_groups": RULES["user_groups"]}


def ends(out):
    return [(alert["status"], alert["end_time"] - T0 if alert.get("end_time") else None) for alert in out.alerts]


# --- time-outs


@pytest.mark.parametrize(
    ("settings", "until", "expected"),
    [
        ({"plugins": {"p": {"timeout": 600}}}, 599, ("ABNORMAL", None)),
        ({"plugins": {"p": {"timeout": 600}}}, 600, ("CLOSED", 600)),
        ({"plugins": {"p": {"timeout": 600}}}, 601, ("CLOSED", 600)),
        ({"plugins": {"p": {"timeout": 7200}}}, 7199, ("ABNORMAL", None)),
        ({"plugins": {"p": {"timeout": 0}}}, 10**7, ("ABNORMAL", None)),
        ({"plugins": {"other": {"timeout": 600}}}, 3600, ("CLOSED", 3600)),
        ({"plugins": {"p": {}}}, 3600, ("CLOSED", 3600)),
        ({"timeout": 0}, 10**7, ("ABNORMAL", None)),
        ({"timeout": 0, "plugins": {"p": {"timeout": 60}}}, 100, ("CLOSED", 60)),
    ],
)
def test_a_third_party_alert_times_out_as_its_source_may(settings, until, expected):
    assert ends(replay({}, [event(0)], until=until, settings=settings)) == [expected]
    ticks = [tick(n) for n in range(0, until, max(7, until // 100))]
    assert ends(replay({}, [event(0), *ticks], until=until, settings=settings)) == [expected]


def test_the_newest_event_says_which_source():
    settings = {"plugins": {"q": {"timeout": 60}}}
    assert ends(replay({}, [event(0), event(10, plugin_id="q")], until=100, settings=settings)) == [("CLOSED", 70)]


def test_alerts_of_strategies_are_not_timed_out_by_source():
    settings = {"plugins": {"p": {"timeout": 600}}}
    assert ends(replay(RULES, [strategy_event(0)], until=10**5, settings=settings)) == [("ABNORMAL", None)]


def test_a_blocked_alert_of_a_strategy_keeps_the_time_out_of_blocked_ones():
    settings = {"plugins": {"p": {"timeout": 60}}, "timeout": 600, "quota": {"alert": {"threshold": 1}}}
    lines = [strategy_event(0, target="a"), strategy_event(1, target="b")]
    out = replay(RULES, lines, until=1000, settings=settings)
    assert [one["end_time"] - T0 for one in out.alerts if one["is_blocked"]] == [601]


def test_a_recovery_that_comes_hours_later_finds_its_alert():
    lines = [event(0), event(10800, "RECOVERED")]
    assert ends(replay({}, lines, settings={"plugins": {"p": {"timeout": 0}}})) == [("RECOVERED", 10800)]


# --- strategies that are not there


@pytest.mark.parametrize("rules", [GROUPS, {**GROUPS, "strategies": [OFF]}], ids=["unknown", "disabled"])
@pytest.mark.parametrize("settings", [{}, {"fingerprint": "bk"}])
@pytest.mark.parametrize("status", ["ABNORMAL", "RECOVERED", "CLOSED"])
def test_an_event_of_a_strategy_that_is_not_in_force_opens_nothing(rules, settings, status):
    lines = [strategy_event(n * 60, status) for n in range(5)]
    out = replay(rules, [*lines, {**lines[0], "at": T0 + 300}], settings=settings, until=900)
    assert (out.alerts, out.logs, out.notices) == ([], [], [])
    assert (out.summary["dropped"], out.summary["duplicates"], len(out.events)) == (5, 1, 5)


def test_another_strategy_does_not_mind():
    out = replay(RULES, [strategy_event(0, strategy_id=9), strategy_event(1)])
    assert [(alert["strategy_id"], alert["status"]) for alert in out.alerts] == [("1", "ABNORMAL")]


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_an_open_alert_takes_its_events_until_it_is_closed(severity):
    lines = [strategy_event(0), put(10, strategies=[OFF]), strategy_event(11, severity=severity), strategy_event(200)]
    out = replay(RULES, lines, until=300)
    assert out.alert["status"] == "CLOSED"
    assert out.alert["event_count"] == (1 if severity == 3 else 2)
    assert T0 + 11 <= out.alert["end_time"] <= T0 + 70
    assert out.summary["dropped"] == 1


def test_its_recovery_still_ends_it():
    out = replay(RULES, [strategy_event(0), put(10, strategies=[OFF]), strategy_event(10, "RECOVERED")])
    assert (out.alert["status"], out.alert["end_time"]) == ("RECOVERED", T0 + 10)


def test_once_it_is_in_force_again_its_events_open_alerts():
    lines = [strategy_event(0), put(5, strategies=RULES["strategies"]), strategy_event(6)]
    assert [alert["begin_time"] for alert in replay({**GROUPS, "strategies": [OFF]}, lines).alerts] == [T0 + 6]
