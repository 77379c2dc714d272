"""Notices that a shield begins or ends (spec/lifecycle.md 6.7; spec/notices.md 10.1; replay.md)."""

import pytest

from tests.replay.driver import T0, command, delete, put, replay, strategy_event, tick


def shield(begin=1000, end=2000, *, ahead=5, **fields):
    news = {"notice_time": ahead, "notice_way": ["mail"], "notice_receiver": ["user#alice"]}
    return {
        "id": 1,
        "begin_time": T0 + begin,
        "end_time": T0 + end,
        "category": "scope",
        "scope_type": "biz",
        "notice_config": news,
        **fields,
    }


def told(out):
    return [(one["time"] - T0, one["way"], ",".join(one["receivers"]), one["signal"]) for one in out.notices]


def times(out):
    return [time for time, *_ in told(out)]


def news(*shields, lines=(), until=5000):
    return replay({"shields": list(shields)}, [tick(0), *lines], until=until)


def test_people_are_told_before_a_shield_begins_and_before_it_ends():
    out = news(shield())
    assert told(out) == [(700, "mail", "alice", "shield"), (1641, "mail", "alice", "shield")]
    assert [one["alert_ids"] for one in out.notices] == [[], []]
    assert [one["action_ids"] for one in out.notices] == [[], []]
    assert out.actions == []


@pytest.mark.parametrize(("until", "count"), [(699, 0), (700, 1), (1640, 1), (1641, 2)])
def test_each_is_told_in_its_second(until, count):
    assert len(news(shield(), until=until).notices) == count


def test_a_shield_that_holds_already_is_told_at_once():
    assert times(news(shield(-100, 2000)))[0] == 0


def test_a_shield_over_before_the_first_record_is_told_to_nobody():
    assert news(shield(-500, -100)).notices == []


def test_the_words_name_the_shield():
    first, second = news(shield(description="a new disk")).notices
    for one in (first, second):
        assert one["title"]
        assert "a new disk" in one["content"]
    assert first["content"] != second["content"]


@pytest.mark.parametrize(
    "config",
    [
        {"notice_time": 5, "notice_way": [], "notice_receiver": ["user#alice"]},
        {"notice_time": 5, "notice_way": ["mail"], "notice_receiver": []},
        {},
    ],
)
def test_without_ways_or_receivers_nobody_is_told(config):
    assert news(shield(notice_config=config)).notices == []


def test_a_disabled_shield_is_told_to_nobody():
    assert news(shield(is_enabled=False)).notices == []


def test_every_way_is_one_notice_and_everybody_is_told_once():
    config = {
        "notice_time": 5,
        "notice_way": ["mail", "sms"],
        "notice_receiver": ["user#alice", "group#operator", "user#bob"],
    }
    rules = {
        "shields": [shield(notice_config=config)],
        "businesses": [{"id": 0, "name": "zero", "roles": {"operator": ["bob", "olga"]}}],
    }
    out = replay(rules, [tick(0)], until=800)
    assert told(out) == [(700, "mail", "alice,bob,olga", "shield"), (700, "sms", "alice,bob,olga", "shield")]


def test_every_round_of_a_cycle_is_told():
    cycle = {"type": 2, "begin_time": "23:00:00", "end_time": "23:29:59"}  # T0 is 22:13:20 UTC
    out = news(shield(0, 2 * 86400, cycle_config=cycle), until=2 * 86400)
    begin, end = 2800 - 300, 2800 + 1800 - 360
    assert times(out) == [begin, end, 86400 + begin, 86400 + end]


def test_a_shield_by_command_is_told():
    lines = [command(100, "shield", shield=shield(150, 2000))]
    assert times(news(lines=lines)) == [100, 1641]


def test_a_shield_by_rules_is_told():
    assert times(news(lines=[put(100, shields=[shield()])])) == [700, 1641]


def test_a_shield_that_is_taken_back_before_it_was_told_is_told_to_nobody():
    assert news(shield(), lines=[delete(699, shields=[1])]).notices == []


def test_notices_of_alerts_and_of_shields_stand_in_order():
    rules = {
        "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"]}}],
        "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}],
        "shields": [shield()],
    }
    out = replay(rules, [strategy_event(0), strategy_event(900, "RECOVERED")], until=3000)
    assert [(one["time"] - T0, one["signal"]) for one in out.notices] == [
        (0, "abnormal"),
        (700, "shield"),
        (900, "recovered"),
        (1641, "shield"),
    ]


def test_shield_notices_are_counted_by_way():
    assert news(shield()).summary["notices"] == {"mail": 2}
