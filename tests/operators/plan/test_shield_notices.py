"""Telling people that a shield begins and ends."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operators.model.settings import CoreSettings
from operators.plan.shield_notices import ShieldNews, shield_notices
from operators.rules.book import RuleBook
from tests.operators.rules.drawn import T0, book

SETTINGS = CoreSettings()
DAY = 86400
MIDNIGHT = T0 - T0 % DAY
TOLD = {"notice_time": 5, "notice_way": ["mail"], "notice_receiver": ["user#alice"]}
OFFICE = {"type": 2, "begin_time": "09:00:00", "end_time": "18:00:00"}


def shield(begin, end, number=1, **changes):
    given = {"id": number, "bk_biz_id": 2, "begin_time": begin, "end_time": end, "notice_config": TOLD}
    return given | {"dimension_config": {"strategy_id": [1]}} | changes


def shields(*documents, **kinds):
    return book(shields=list(documents), strategies=[{"id": 1, "name": "cpu"}], **kinds)


def run(*steps, until):
    """The notices while books are put in force at times; due notices are fetched at their time, as timers do."""
    said, news, rules = [], ShieldNews(), RuleBook.empty()
    for (start, book_then), (stop, _) in zip(steps, [*steps[1:], (until + 1, None)], strict=True):
        rules, now = book_then, start
        while now is not None and now < stop:
            messages, news = shield_notices(rules, news, now, SETTINGS)
            assert all(message.time == now for message in messages)
            said += messages
            now = news.next_time
    return said


def told(messages):
    return [(message.time, message.shield["edge"], message.shield["time"]) for message in messages]


def test_a_begin_is_told_minutes_ahead_and_an_end_one_minute_more():
    said = run((T0, shields(shield(T0 + 1000, T0 + 5000))), until=T0 + 9000)
    assert told(said) == [(T0 + 700, "begin", T0 + 1000), (T0 + 5001 - 360, "end", T0 + 5000)]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (-301, [(-300, "begin"), (641, "end")]),
        (-300, [(-300, "begin"), (641, "end")]),
        (-299, [(-299, "begin"), (641, "end")]),
        (500, [(500, "begin"), (641, "end")]),
        (641, [(641, "begin"), (641, "end")]),
        (700, [(700, "begin"), (700, "end")]),
        (701, []),
        (1001, []),
    ],
)
def test_what_is_known_late_is_told_at_once_unless_it_is_about_to_end(start, expected):
    said = run((T0 + start, shields(shield(T0, T0 + 1000))), until=T0 + 5000)
    assert [(time - T0, edge) for time, edge, _ in told(said)] == expected


def test_every_round_of_a_cycle_is_told():
    said = run((MIDNIGHT, shields(shield(MIDNIGHT, MIDNIGHT + 2 * DAY, cycle_config=OFFICE))), until=MIDNIGHT + 3 * DAY)
    nine, six = MIDNIGHT + 9 * 3600, MIDNIGHT + 18 * 3600
    assert told(said) == [
        (nine - 300, "begin", nine),
        (six - 359, "end", six),
        (nine + DAY - 300, "begin", nine + DAY),
        (six + DAY - 359, "end", six + DAY),
    ]


def test_rounds_that_touch_are_one():
    daily = {"type": 3, "week_list": [1, 2, 3, 4, 5, 6, 7]}
    said = run((MIDNIGHT, shields(shield(MIDNIGHT + DAY, MIDNIGHT + 4 * DAY, cycle_config=daily))), until=T0 + 9 * DAY)
    assert told(said) == [
        (MIDNIGHT + DAY - 300, "begin", MIDNIGHT + DAY),
        (MIDNIGHT + 4 * DAY - 359, "end", MIDNIGHT + 4 * DAY),
    ]


def test_an_endless_shield_is_looked_at_now_and_then_only():
    daily = {"type": 2}
    endless = shields(shield(MIDNIGHT, MIDNIGHT + 20000 * DAY, cycle_config=daily))
    _, news = shield_notices(endless, ShieldNews(), MIDNIGHT, SETTINGS)
    assert news.next_time > MIDNIGHT + 90 * DAY


@pytest.mark.parametrize(
    "changes",
    [
        {"is_enabled": False},
        {"notice_config": {}},
        {"notice_config": TOLD | {"notice_way": []}},
        {"notice_config": TOLD | {"notice_receiver": []}},
        {"notice_config": TOLD | {"notice_receiver": ["group#nobody"]}},
    ],
)
def test_nobody_is_told_of_a_shield_that_is_off_or_names_nobody(changes):
    business = {"id": 2, "roles": {"nobody": []}}
    rules = shields(shield(T0 + 1000, T0 + 5000, **changes), businesses=[business])
    assert run((T0, rules), until=T0 + 9000) == []


def test_roles_are_those_of_the_business_and_each_way_has_its_notice():
    config = TOLD | {"notice_way": ["mail", "sms"], "notice_receiver": ["group#ops", "user#alice", "user#carol"]}
    business = {"id": 2, "roles": {"ops": ["bob", "alice"]}}
    rules = shields(shield(T0 + 1000, T0 + 5000, notice_config=config), businesses=[business])
    said = run((T0, rules), until=T0 + 1000)
    assert [(message.way, message.receivers) for message in said] == [
        ("mail", ("bob", "alice", "carol")),
        ("sms", ("bob", "alice", "carol")),
    ]


def test_a_notice_of_a_shield_belongs_to_no_alert():
    message = run((T0, shields(shield(T0 + 1000, T0 + 5000))), until=T0 + 1000)[0]
    assert (message.signal, message.alert_ids, message.action_ids) == ("shield", (), ())
    assert (message.bk_biz_id, message.collect_type, message.followed) == ("2", "action", False)
    assert message.shield["shield"]["cycle_config"]["type"] == 1


def test_the_hours_are_those_of_the_business():
    rules = shields(
        shield(MIDNIGHT, MIDNIGHT + 2 * DAY, cycle_config=OFFICE), businesses=[{"id": 2, "time_zone": "Asia/Shanghai"}]
    )
    assert told(run((MIDNIGHT - 9000, rules), until=MIDNIGHT + 7200))[0] == (MIDNIGHT + 3300, "begin", MIDNIGHT + 3600)


def test_a_shield_that_is_cut_short_ends_at_once():
    first, second = shields(shield(T0 + 1000, T0 + 5000)), shields(shield(T0 + 1000, T0 + 1500))
    said = run((T0, first), (T0 + 2000, second), until=T0 + 9000)
    assert told(said) == [(T0 + 700, "begin", T0 + 1000), (T0 + 2000, "end", T0 + 2000)]


def test_a_shield_that_is_taken_away_is_forgotten():
    first = shields(shield(T0 + 1000, T0 + 5000))
    assert len(run((T0, first), (T0 + 2000, RuleBook.empty()), until=T0 + 9000)) == 1


def test_a_change_of_other_rules_tells_nothing_twice():
    documents = shield(T0 + 1000, T0 + 5000)
    changed = shields(documents, businesses=[{"id": 3}])
    said = run((T0, shields(documents)), (T0 + 800, changed), (T0 + 4700, shields(documents)), until=T0 + 9000)
    assert [edge for _, edge, _ in told(said)] == ["begin", "end"]


def test_a_call_between_two_times_changes_nothing():
    rules = shields(shield(T0 + 1000, T0 + 5000))
    _, news = shield_notices(rules, ShieldNews(), T0, SETTINGS)
    assert shield_notices(rules, news, T0 + 699, SETTINGS) == ([], news)


def test_a_late_call_gives_every_notice_its_own_time():
    rules = shields(shield(T0 + 1000, T0 + 5000), shield(T0 + 2000, T0 + 3000, number=2))
    _, news = shield_notices(rules, ShieldNews(), T0, SETTINGS)
    messages, _ = shield_notices(rules, news, T0 + 9000, SETTINGS)
    assert [message.time - T0 for message in messages] == [700, 1700, 2641, 4641]


def test_what_was_told_is_plain_data():
    _, news = shield_notices(shields(shield(T0, T0 + 5000)), ShieldNews(), T0, SETTINGS)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(news), type=ShieldNews) == news


@given(
    st.integers(0, 86399), st.integers(0, 86399), st.integers(0, 3 * DAY), st.integers(0, 3 * DAY), st.integers(0, 20)
)
@settings(max_examples=100)
def test_begins_and_ends_alternate_and_fetching_late_changes_nothing(opening, closing, start, length, minutes):
    def clock(second):
        return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"

    cycle = {"type": 2, "begin_time": clock(opening), "end_time": clock(closing)}
    config = TOLD | {"notice_time": minutes}
    rules = shields(shield(T0 + start, T0 + start + length, cycle_config=cycle, notice_config=config))
    said = told(run((T0, rules), until=T0 + 8 * DAY))
    assert [edge for _, edge, _ in said] == (["begin", "end"] * len(said))[: len(said)]
    assert len(said) % 2 == 0
    at_once, news = shield_notices(rules, ShieldNews(), T0, SETTINGS)
    late, _ = shield_notices(rules, news, T0 + 8 * DAY, SETTINGS)
    assert told(at_once + late) == said
