"""The driver of these tests says what the files say."""

from tests.replay.driver import RULES, T0, event, replay, strategy_event


def test_an_event_opens_an_alert_that_is_told_once():
    out = replay(RULES, [strategy_event(0)])
    assert out.alert["status"] == "ABNORMAL"
    assert out.story() == [(0, "CREATE")]
    assert out.noticed("signal") == [(0, "mail", "alice", "abnormal")]
    assert out.summary["alerts"] == {"opened": 1, "recovered": 0, "closed": 0, "abnormal": 1}


def test_the_clock_ends_where_it_is_told_to():
    assert replay({}, [event(0)], until=100).summary["until"] == T0 + 100
