"""What is remembered of who is called: the same as asked anew, whatever was asked before."""

from hypothesis import given
from hypothesis import strategies as st

from operators.model.settings import CoreSettings
from operators.people.called import called
from tests.operators.people.world import HOST, NOON, SETTINGS, SHOP, alert, book, group, rota, second

HERE = CoreSettings(time_zone="Europe/Berlin")
DAY = 86400
AFTERNOON, BEGUN = (second(f"2026-01-{at}", "Asia/Shanghai") for at in ("05 16:00:00", "01 08:00:07"))


def world(teams=("kate", "liam"), roles=("olga",)):
    shop = type(SHOP)("2", time_zone="Asia/Shanghai", roles={"operator": roles})
    return book(
        group("all", "alice bob", "mail wxwork-bot=room"),
        group("role", "@operator", "sms"),
        group("duty", need_duty=True, duty_rules=("turns",), by="voice mail"),
        rota("turns", *teams, hours="08:00--17:59", effective_time="2026-01-01 08:00:07"),
        shop,
        HOST,
    )


ALERTS = [
    alert(severity, biz=biz, target_type="HOST", ip=ip)
    for severity in (1, 2)
    for biz in (0, 2)
    for ip in ("10.0.0.1", "")
]
ASKED = st.tuples(
    st.lists(st.sampled_from(["all", "role", "duty", "nobody"]), max_size=2),
    st.lists(st.sampled_from(["all", "role", "duty"]), max_size=2),
    st.sampled_from(ALERTS),
    st.sampled_from([SETTINGS, HERE]),
    st.sampled_from([NOON, NOON + 29, AFTERNOON, AFTERNOON + DAY, *range(BEGUN - 2, BEGUN + 2)]),
)


@given(st.lists(ASKED, min_size=2, max_size=8))
def test_who_is_called_hangs_on_nothing_that_was_asked_before(questions):
    rules = world()
    for main, follower, about, settings, when in questions:
        asked = main, follower, about
        assert called(*asked, rules, settings, when) == called(*asked, world(), settings, when)


def test_the_host_of_an_alert_has_a_say_each_time():
    rules = world()
    of_host, of_none = (alert(biz=2, target_type="HOST", ip=ip) for ip in ("10.0.0.1", ""))
    found = [called(["role"], [], about, rules, SETTINGS, NOON).main for about in (of_host, of_none, of_host)]
    assert found == [{"sms": ["hank"]}, {"sms": ["olga"]}, {"sms": ["hank"]}]


def test_other_duties_and_businesses_call_others_at_once():
    rules, about = world(), alert(biz=2)
    others = world(teams=("zoe",), roles=("otto",))
    changed = type(rules)(
        version="other", user_groups=rules.user_groups, duties=others.duties, businesses=others.businesses
    )
    found = [called(["role", "duty"], [], about, one, SETTINGS, AFTERNOON).main for one in (rules, changed, rules)]
    before, after = (
        {"sms": [role], "voice": [[on_duty]], "mail": [on_duty]}
        for role, on_duty in (("olga", "kate"), ("otto", "zoe"))
    )
    assert found == [before, after, before]
