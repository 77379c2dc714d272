"""Who was told of a problem hears how it ended (design.md 7.56, 7.60)."""

import pytest

from tests.replay.driver import RULES, T0, command, delete, event, put, replay, strategy_event
from tests.replay.test_flapping import THIRD

DB = {"id": "db", "name": "DB", "users": ["dave"], "ways": ["mail"]}
LEAD = {"id": "lead", "name": "Lead", "users": ["lea"], "ways": ["sms"]}


def rules(*shields, **notice):
    strategy = {"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"], **notice}}
    return {"strategies": [strategy], "user_groups": [*RULES["user_groups"], DB, LEAD], "shields": list(shields)}


def shield(begin, end):
    return {"id": 1, "category": "scope", "scope_type": "biz", "begin_time": T0 + begin, "end_time": T0 + end}


def ends(out):
    return {
        (one["way"], name)
        for one in out.notices
        if one["signal"] in ("recovered", "closed")
        for name in one["receivers"]
    }


def moved(**notice):
    return put(30, strategies=rules(user_groups=["db"], **notice)["strategies"])


def test_other_people_by_the_rules_and_those_who_were_told_hear_the_end():
    out = replay(rules(), [strategy_event(0), moved(), strategy_event(60, "RECOVERED")])
    assert ends(out) == {("mail", "dave"), ("mail", "alice")}
    assert out.notices[-1]["receivers"] == ["dave", "alice"]


def test_it_is_told_by_the_way_of_the_problem_beside_that_of_the_rules():
    by_sms = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["sms"]}
    out = replay(rules(), [strategy_event(0), put(30, user_groups=[by_sms]), strategy_event(60, "RECOVERED")])
    assert ends(out) == {("mail", "alice"), ("sms", "alice")}


def test_who_was_told_by_an_escalation_hears_the_end():
    upgrade = {"upgrade_config": {"is_enabled": True, "upgrade_interval": 1, "user_groups": ["lead"]}}
    out = replay(rules(options=upgrade), [strategy_event(0), strategy_event(300, "RECOVERED")])
    assert ends(out) == {("mail", "alice"), ("sms", "lea")}


def test_who_was_told_of_the_milder_problem_hears_the_end_of_the_worse():
    ways = [{"level": level, "notice_ways": [{"name": way}]} for level, way in ((1, "sms"), (2, "mail"))]
    by_level = {"id": "ops", "name": "Ops", "users": ["alice"], "alert_notice": [{"notify_config": ways}]}
    lines = [strategy_event(0), strategy_event(100, severity=1), strategy_event(200, "RECOVERED", severity=1)]
    out = replay({**rules(), "user_groups": [by_level]}, lines)
    assert ends(out) == {("mail", "alice"), ("sms", "alice")}


def test_a_third_party_alert_that_no_rule_matches_any_more_is_told_to_who_knows():
    out = replay(THIRD, [event(0), delete(30, dispatch=[1]), event(60, "RECOVERED")])
    assert ends(out) == {("mail", "alice")}
    assert [one["signal"] for one in out.signals] == ["abnormal"]


@pytest.mark.parametrize(
    "change", [moved(signal=["abnormal"]), moved(options={"exclude_notice_ways": {"recovered": ["mail"]}})]
)
def test_what_the_rules_do_not_want_told_is_not(change):
    assert ends(replay(rules(), [strategy_event(0), change, strategy_event(60, "RECOVERED")])) == set()


def test_an_acknowledged_alert_ends_silently_and_the_next_one_owes_nobody_anything():
    fingerprint = replay(rules(), [strategy_event(0)]).alert["dedupe_md5"]
    lines = [
        strategy_event(0),
        command(10, "ack", dedupe_md5=fingerprint),
        moved(),
        strategy_event(60, "RECOVERED"),
        strategy_event(200),
        strategy_event(300, "RECOVERED"),
    ]
    assert ends(replay(rules(), lines)) == {("mail", "dave")}


# --- under a shield


@pytest.mark.parametrize(("at", "named"), [(99, True), (100, False), (200, False), (201, True)])
def test_under_a_shield_only_those_who_were_told_hear_it(at, named):
    lines = [strategy_event(0), moved(), strategy_event(at, "RECOVERED")]
    out = replay(rules(shield(100, 200)), lines)
    assert ends(out) == ({("mail", "dave"), ("mail", "alice")} if named else {("mail", "alice")})


def test_the_end_of_a_problem_that_nobody_was_told_of_stays_silent():
    out = replay(rules(shield(0, 200)), [strategy_event(10), strategy_event(60, "RECOVERED")])
    assert out.notices == []
    assert [action["reason"] for action in out.actions] == ["shielded_by_rule"] * 2


def test_a_setting_keeps_ends_under_a_shield_as_silent_as_the_reference():
    lines = [strategy_event(0), strategy_event(150, "RECOVERED")]
    out = replay(rules(shield(100, 200)), lines, settings={"tell_ends_under_shield": False})
    assert ends(out) == set()


def test_the_state_of_a_host_counts_as_a_shield():
    host = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0, "state": ""}
    lines = [strategy_event(0), put(30, hosts=[{**host, "state": "no_notice"}]), strategy_event(150, "RECOVERED")]
    assert ends(replay({**rules(), "hosts": [host]}, lines)) == {("mail", "alice")}


# --- quotas


def test_an_end_that_a_quota_held_is_told_by_the_next_alert_of_the_fingerprint():
    lines = [
        strategy_event(0),
        strategy_event(1, target="10.0.0.2", event_id="other"),
        strategy_event(70, "RECOVERED", target="10.0.0.2", event_id="first"),
        strategy_event(71, "RECOVERED"),
        strategy_event(72),
        strategy_event(200, "RECOVERED"),
    ]
    out = replay(rules(), lines, until=400, settings={"quota": {"action": {"threshold": 1, "window": 60}}})
    last = {one["alert_ids"][-1]: one["signal"] for one in out.notices}
    assert last[out.alerts[-1]["id"]] == "recovered"
