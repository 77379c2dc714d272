"""Who gets a notice, by which way: tables for each rule of spec/notices.md 6.2, 6.5, 6.6 and 4.3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.people.receivers import receivers
from operators.rules.shapes.model import CHAT_WAYS, AlertNotice, NotifyConfig, UserRef
from tests.operators.people.world import NOON, SETTINGS, SHOP, alert, book, group, refs, rota, second, ways

EVERYONE = UserRef("group", "all")
SUSPECTED = {"__double_check_result": "SUSPECTED_MISSING_POINTS"}


def told(rules, main="", follower="", about=None, when=NOON, **rest):
    return receivers(main.split(), follower.split(), about or alert(), rules, SETTINGS, when, **rest)


def mains(*groups, **rest):
    return told(book(*groups), " ".join(one.id for one in groups), **rest).main


def blocks(*ranges: str) -> tuple[AlertNotice, ...]:
    """`09:00--18:00 sms`: a way by time of day, severity 2."""
    pairs = (one.rsplit(" ", 1) for one in ranges)
    return tuple(AlertNotice(hours, (NotifyConfig(2, ways(way)),)) for hours, way in pairs)


@pytest.mark.parametrize(
    ("when", "way"),
    [
        ("08:59:59", "weixin"),
        ("09:00:00", "sms"),
        ("17:59:00", "sms"),
        ("18:00:59", "sms"),
        ("18:01:00", "weixin"),
        ("18:29:59", "weixin"),
        ("22:00:00", "voice"),
        ("23:59:59", "voice"),
        ("06:00:59", "voice"),
        ("06:01:00", "weixin"),
    ],
)
def test_the_first_block_that_holds_now_counts_both_ends_included(when, way):
    ops = group("ops", "alice", alert_notice=blocks("09:00--18:00 sms", "22:00--06:00 voice", "00:00--23:59 weixin"))
    assert list(mains(ops, when=second(f"2026-01-05 {when}"))) == [way]


def test_only_the_minutes_of_a_range_count():
    ops = group("ops", "alice", alert_notice=blocks("09:00:30--18:00:00 sms"))
    assert [bool(mains(ops, when=second(f"2026-01-05 {at}"))) for at in ("09:00:00", "18:00:59")] == [True, True]


def test_no_block_now_is_nobody():
    assert mains(group("ops", "alice", alert_notice=blocks("09:00--11:59 sms"))) == {}


def test_blocks_are_in_the_time_of_the_business_of_the_alert():
    ops = group("ops", "alice", alert_notice=blocks("20:00--20:00 sms"), timezone="America/New_York")
    assert told(book(ops, SHOP), "ops", about=alert(biz=2)).main == {"sms": ["alice"]}
    assert told(book(ops, SHOP), "ops", about=alert(biz=3)).main == {}


@pytest.mark.parametrize(("severity", "expected"), [(1, {"voice": [["alice"]]}), (2, {"sms": ["alice"]}), (3, {})])
def test_the_last_configuration_of_the_severity_counts(severity, expected):
    configs = (NotifyConfig(2, ways("mail")), NotifyConfig(1, ways("voice")), NotifyConfig(2, ways("sms")))
    ops = group("ops", "alice", alert_notice=(AlertNotice("00:00--23:59", configs),))
    assert mains(ops, about=alert(severity)) == expected


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([("alice bob", "mail")], {"mail": ["alice", "bob"]}),
        ([("alice", "mail sms")], {"mail": ["alice"], "sms": ["alice"]}),
        ([("alice bob", "mail"), ("bob carol", "mail")], {"mail": ["alice", "bob", "carol"]}),
        ([("alice", "sms"), ("bob", "mail sms")], {"sms": ["alice", "bob"], "mail": ["bob"]}),
        ([("alice bob", "voice"), ("bob alice", "voice")], {"voice": [["alice", "bob"], ["bob", "alice"]]}),
        ([("alice", "voice"), ("alice", "voice")], {"voice": [["alice"]]}),
        ([("", "voice mail")], {}),
        ([("alice", "wxwork-bot=c1,c2")], {"wxwork-bot": ["c1", "c2"]}),
        ([("alice", "wxwork-bot=c1"), ("bob", "wxwork-bot=c2,c1")], {"wxwork-bot": ["c1", "c2"]}),
        ([("", "wxwork-bot=c1 mail")], {"wxwork-bot": ["c1"]}),
        ([("alice", "slack webhook=http://x mail")], {"webhook": ["http://x"], "mail": ["alice"]}),
        ([("alice", "mail=team@example.org")], {"mail": ["team@example.org"]}),
    ],
)
def test_receivers_by_way(groups, expected):
    found = mains(*(group(f"g{place}", users, by) for place, (users, by) in enumerate(groups)))
    assert found == expected
    assert list(found) == list(expected)


def test_the_order_of_the_groups_is_the_order_of_the_calls():
    rules = book(group("a", "alice", "voice"), group("b", "bob", "voice"))
    assert told(rules, "b a").main == {"voice": [["bob"], ["alice"]]}


def test_an_unknown_group_is_nobody():
    assert told(book(), "gone").main == {}


def test_a_rotation_decides_who_gets_the_notice():
    rules = book(rota("d", "a", "b"), group("ops", by="mail voice", need_duty=True, duty_rules=("d",)))
    assert told(rules, "ops", when=second("2026-01-02 00:00:00")).main == {"mail": ["b"], "voice": [["b"]]}


def test_a_rotation_without_plan_reaches_chats_only():
    rules = book(
        rota("d", "a", hours="08:00--09:00"),
        group("ops", by="mail voice slack=c", need_duty=True, duty_rules=("d",)),
    )
    assert told(rules, "ops").main == {"slack": ["c"]}


@pytest.mark.parametrize(
    ("main", "follower", "followers"),
    [
        ("alice mail", "alice bob mail", {"mail": ["bob"]}),
        ("alice mail", "alice mail", {}),
        ("alice sms", "alice mail", {"mail": ["alice"]}),
        ("alice bob voice", "alice bob voice", {}),
        ("alice bob voice", "bob voice", {"voice": [["bob"]]}),
        ("alice slack=c1", "bob slack=c1,c2", {"slack": ["c2"]}),
    ],
)
def test_followers_who_are_responsible_by_the_same_way_are_left_out(main, follower, followers):
    one, two = (group(name, *text.rsplit(" ", 1)) for name, text in (("one", main), ("two", follower)))
    assert told(book(one, two), "one", "two").followers == followers


@pytest.mark.parametrize(
    ("appointee", "by", "main", "followers"),
    [
        ("ann bea", "mail voice slack=c", {"mail": ["ann", "bea"], "voice": [["ann", "bea"]]}, {"mail": ["fred"], "voice": [["fred"]], "slack": ["c"]}),
        ("fred", "mail voice", {"mail": ["fred"], "voice": [["fred"]]}, {}),
        ("ann ann", "sms", {"sms": ["ann"]}, {"sms": ["fred"]}),
        ("ann", "slack=c webhook=w", {}, {"slack": ["c"], "webhook": ["w"]}),
        ("", "mail", {}, {"mail": ["fred"]}),
    ],
)  # fmt: skip
def test_without_responsible_people_the_appointed_take_the_ways_of_the_followers(appointee, by, main, followers):
    found = told(book(group("f", "fred", by)), "", "f", alert(appointee=appointee.split()))
    assert (found.main, found.followers) == (main, followers)


def test_an_escalation_does_not_fall_back_to_the_appointed():
    found = told(book(group("f", "fred")), "", "f", alert(appointee=["ann"]), upgrade=True)
    assert (found.main, found.followers) == ({}, {"mail": ["fred"]})


def test_the_appointed_do_not_replace_responsible_people():
    rules = book(group("ops", "alice"), group("f", "fred"))
    assert told(rules, "ops", "f", alert(appointee=["ann"])).main == {"mail": ["alice"]}


def test_excluded_ways_are_left_out():
    rules = book(group("ops", "alice", "mail sms slack=c"), group("f", "fred", "sms mail"))
    found = told(rules, "ops", "f", exclude=("sms", "slack"))
    assert (found.main, found.followers, found.mentions) == ({"mail": ["alice"]}, {"mail": ["fred"]}, {})


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([("alice", "voice")], {"sms": ["alice"]}),
        ([("alice bob", "voice mail")], {"mail": ["alice", "bob"]}),
        ([("alice", "voice"), ("bob", "mail")], {"mail": ["bob", "alice"]}),
        ([("alice", "voice mail sms")], {"mail": ["alice"], "sms": ["alice"]}),
        ([("alice", "voice mail"), ("bob", "weixin")], {"mail": ["alice"], "weixin": ["bob", "alice"]}),
        ([("alice", "voice slack=c")], {"slack": ["c"], "sms": ["alice"]}),
        ([("alice", "voice mail wxwork-bot=c")], {"mail": ["alice"], "wxwork-bot": ["c", "alice"]}),
        ([("alice bob", "voice"), ("bob carol", "voice")], {"sms": ["alice", "bob", "carol"]}),
        ([("alice", "mail")], {"mail": ["alice"]}),
    ],
)
def test_suspected_missing_data_moves_voice_to_the_best_quieter_way(groups, expected):
    made = (group(f"g{place}", users, by) for place, (users, by) in enumerate(groups))
    assert mains(*made, about=alert(tags=SUSPECTED)) == expected


@pytest.mark.parametrize("tags", [{}, {"__double_check_result": "OK"}, {"other": "SUSPECTED_MISSING_POINTS"}])
def test_voice_stays_when_nothing_is_suspected(tags):
    assert mains(group("ops", "alice", "voice"), about=alert(tags=tags)) == {"voice": [["alice"]]}


def test_suspicion_leaves_the_voice_of_followers_and_tells_nobody_twice():
    rules = book(group("ops", "alice", "voice sms"), group("f", "fred", "voice"), group("g", "alice", "sms voice"))
    found = told(rules, "ops", "f g", alert(tags=SUSPECTED))
    assert (found.main, found.followers) == ({"sms": ["alice"]}, {"voice": [["fred"]]})


@pytest.mark.parametrize(
    ("settings", "users"),
    [
        ({}, ["alice", "bob"]),
        ({"channels": ("user",)}, None),
        ({"channels": ("user", "wxwork-bot")}, ["alice", "bob"]),
        ({"mention_list": refs("carol")}, ["carol"]),
        ({"mention_list": refs("carol"), "channels": ("user",)}, ["carol"]),
        ({"mention_list": refs("bob @operator carol")}, ["bob", "olga", "carol"]),
        ({"mention_list": (*refs("bob carol"), EVERYONE)}, ["bob", "carol", "alice"]),
        ({"mention_list": refs("@nobody")}, None),
    ],
)
def test_chats_mention_those_listed_else_everyone(settings, users):
    ops = group("ops", "alice bob", "wxwork-bot=c1,c2 mail", **settings)
    found = told(book(ops, SHOP), "ops", about=alert(biz=2)).mentions
    assert found == ({"c1": users, "c2": users} if users else {})


def test_a_chat_of_two_groups_mentions_the_people_of_both():
    rules = book(group("a", "alice bob", "slack=c"), group("b", "bob carol", "slack=c,d"))
    assert told(rules, "a", "b").mentions == {"c": ["alice", "bob", "carol"], "d": ["bob", "carol"]}


NAMES = st.lists(st.sampled_from("abcde"), max_size=4).map(" ".join)
BY = st.lists(
    st.sampled_from(["mail", "sms", "voice", "weixin", "wxwork-bot=c1,c2", "slack=c2", "wxwork-bot=c3,c3"]), max_size=4
).map(" ".join)
GROUPS = st.lists(st.tuples(NAMES, BY), max_size=4)


@given(GROUPS, GROUPS, NAMES, st.booleans(), st.booleans(), st.sets(st.sampled_from(["sms", "voice", "wxwork-bot"])))
def test_nobody_is_told_twice_by_one_way(main, follower, appointee, suspected, upgrade, exclude):
    responsible = [group(f"m{place}", *one) for place, one in enumerate(main)]
    watching = [group(f"f{place}", *one) for place, one in enumerate(follower)]
    about = alert(appointee=appointee.split(), tags=SUSPECTED if suspected else {})
    names = " ".join(one.id for one in responsible), " ".join(one.id for one in watching)
    found = told(book(*responsible, *watching), *names, about, exclude=exclude, upgrade=upgrade)
    for by_way in (found.main, found.followers):
        assert not exclude & by_way.keys()
        for entries in by_way.values():
            assert entries
            assert all(entries.count(one) == 1 for one in entries)
    for way in found.main.keys() & found.followers.keys():
        assert not [one for one in found.main[way] if one in found.followers[way]]
    if suspected:
        assert "voice" not in found.main
    chats = {one for way in CHAT_WAYS for by in (found.main, found.followers) for one in by.get(way, ())}
    assert found.mentions.keys() <= chats
    assert all(users and len(set(users)) == len(users) for users in found.mentions.values())


@given(GROUPS, NAMES)
def test_asking_again_gives_the_same_answer(main, appointee):
    responsible = [group(f"m{place}", *one) for place, one in enumerate(main)]
    rules = book(*responsible)
    names = " ".join(one.id for one in responsible)
    first = told(rules, names, "", alert(appointee=appointee.split()))
    assert told(rules, names, "", alert(appointee=appointee.split())) == first
