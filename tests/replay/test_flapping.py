"""Flapping: told once, then again when it is quiet (design.md 7.54)."""

import pytest

from tests.replay.driver import RULES, T0, command, event, put, replay, strategy_event, tick

THIRD = {
    "user_groups": RULES["user_groups"],
    "dispatch": [{"id": 1, "rules": [{"id": 1, "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}]}],
}
KINDS = {"strategy": (RULES, strategy_event), "third party": (THIRD, event)}


def swings(times, make=strategy_event, **fields):
    """Openings and ends in turn at some seconds."""
    return [make(at, "RECOVERED" if n % 2 else "ABNORMAL", event_id=f"s{at}", **fields) for n, at in enumerate(times)]


def rules(flap=None, **notice):
    options = {} if flap is None else {"flap": flap}
    return {
        **RULES,
        "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops"], "options": options, **notice}}],
    }


def told(out):
    return [(one["time"] - T0, one["signal"], one["notice_type"]) for one in out.notices]


def skipped(out):
    return [(one["time"] - T0, one["signal"]) for one in out.actions if one["reason"] == "flapping"]


# --- when it begins


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("last", "flaps"), [(599, True), (600, True), (601, False)])
def test_six_changes_within_the_window_are_flapping_exactly_the_window_apart_included(kind, last, flaps):
    book, make = KINDS[kind]
    out = replay(book, swings([0, 100, 200, 300, 400, last], make))
    assert told(out)[-1] == (last, "recovered", "flapping" if flaps else "normal")
    assert len(told(out)) == 6


def test_the_notice_that_it_flaps_says_how_often_and_takes_the_place_of_its_own():
    out = replay(RULES, swings([0, 100, 200, 300, 400, 500]))
    last = out.notices[-1]
    assert last["title"].startswith("[Flapping] [Recovered]")
    assert "6 times within 8m 20s" in last["content"]
    assert out.alerts[-1]["extra_info"]["flapping"] == {"changes": 6, "span": 500, "quiet": 600}


def test_what_follows_waits_and_says_why():
    out = replay(RULES, swings([0, 100, 200, 300, 400, 500, 600, 700]))
    assert skipped(out) == [(600, "abnormal"), (700, "recovered")]
    assert [alert["status"] for alert in out.alerts] == ["RECOVERED"] * 4
    assert [signal["signal"] for signal in out.signals] == ["abnormal", "recovered"] * 4
    reasons = [entry["reason"] for entry in out.logs if entry["op_type"] == "ACTION"]
    assert reasons[-3:] == ["flap_planned", "flapping", "flapping"]


def test_a_fingerprint_does_not_flap_for_another():
    lines = [
        strategy_event(10 * n, "RECOVERED" if n % 2 else "ABNORMAL", event_id=f"x{n}", target=f"10.0.0.{n // 2}")
        for n in range(12)
    ]
    assert not skipped(replay(RULES, lines))


@pytest.mark.parametrize(
    ("flap", "settings"),
    [({"changes": 0}, {}), (None, {"flap": {"changes": 0}}), ({"window": 10}, {}), ({"changes": 7}, {})],
)
def test_it_can_be_turned_off_or_set_by_the_notice_and_by_setting(flap, settings):
    out = replay(rules(flap), swings([0, 100, 200, 300, 400, 500]), settings=settings)
    assert {kind for _, _, kind in told(out)} == {"normal"}


def test_a_number_that_a_notice_does_not_name_is_that_of_the_setting():
    lines = swings([0, 100, 200, 300])
    out = replay(rules({"quiet": 150}), lines, until=500, settings={"flap": {"changes": 3, "window": 200}})
    assert told(out) == [
        (0, "abnormal", "normal"),
        (100, "recovered", "normal"),
        (200, "abnormal", "flapping"),
        (450, "recovered", "normal"),
    ]


def test_the_numbers_of_a_dispatch_rule_go_before_those_of_the_notice():
    action = {"action_type": "notice", "flap": {"changes": 2}}
    dispatch = [{"id": 1, "rules": [{"id": 1, "user_groups": ["ops"], "actions": [action]}]}]
    out = replay({**rules({"changes": 0}), "dispatch": dispatch}, swings([0, 10]))
    assert told(out) == [(0, "abnormal", "normal"), (10, "recovered", "flapping")]


def test_webhooks_go_on():
    book = rules()
    book["strategies"][0]["actions"] = [
        {"id": 9, "signal": ["abnormal", "recovered"], "config": {"url": "http://127.0.0.1/"}}
    ]
    out = replay(book, swings(range(0, 1000, 50)))
    assert len([one for one in out.actions if one["plugin_type"] == "webhook" and one["status"] == "success"]) == 20


# --- when it ends


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("until", "tells"), [(1199, False), (1200, True)])
def test_an_alert_open_for_long_enough_is_told_as_open(kind, until, tells):
    book, make = KINDS[kind]
    out = replay(book, swings([0, 100, 200, 300, 400, 500, 600], make), until=until)
    assert ((1200, "abnormal", "normal") in told(out)) is tells
    assert out.notices[-1]["title"].find("Repeat") < 0


def test_a_change_in_the_very_second_of_the_quiet_comes_after_it():
    lines = swings([0, 100, 200, 300, 400, 500, 600, 1200])
    assert told(replay(RULES, lines))[-2:] == [(1200, "abnormal", "normal"), (1200, "recovered", "normal")]


def test_a_change_a_second_before_the_quiet_puts_it_off():
    out = replay(RULES, swings([0, 100, 200, 300, 400, 500, 600, 1199]), until=1800)
    assert told(out)[-1] == (500, "recovered", "flapping")


def test_quiet_after_an_end_that_people_do_not_know_is_told():
    out = replay(rules({"changes": 5}), swings([0, 100, 200, 300, 400, 500]), until=2000)
    assert told(out)[-2:] == [(400, "abnormal", "flapping"), (1100, "recovered", "normal")]


def test_quiet_after_an_end_that_people_know_is_not():
    out = replay(RULES, swings([0, 100, 200, 300, 400, 500, 600, 700]), until=2000)
    assert told(out)[-1] == (500, "recovered", "flapping")


def test_after_the_quiet_counting_begins_anew():
    lines = swings([0, 100, 200, 300, 400, 500, 600, 1300, 1400, 1500, 1600])
    out = replay(RULES, lines)
    assert [kind for at, _, kind in told(out) if at > 1200] == ["normal"] * 4


def test_flapping_that_is_turned_off_meanwhile_tells_how_it_stands():
    lines = [*swings([0, 10, 20, 30, 40, 50, 60]), put(100, strategies=rules({"changes": 0})["strategies"])]
    out = replay(RULES, lines, until=200)
    assert told(out)[-1][1:] == ("abnormal", "normal")
    assert 100 < told(out)[-1][0] <= 160


# --- what is told all the same, and what rests


def test_a_worse_severity_is_told_and_a_milder_one_is_not():
    lines = [*swings([0, 100, 200, 300, 400, 500]), *swings([600, 610], severity=1), *swings([620, 630], severity=3)]
    out = replay(RULES, lines)
    assert told(out)[6:] == [(600, "abnormal", "normal")]
    assert skipped(out) == [(610, "recovered"), (620, "abnormal"), (630, "recovered")]


def test_a_supersede_is_no_change():
    lines = [
        strategy_event(at, severity=severity, event_id=f"w{at}-{severity}")
        for at, severity in ((0, 3), (10, 2), (20, 1))
    ]
    ended = [*lines, strategy_event(30, "RECOVERED"), *swings([40, 50], severity=1)]
    assert not skipped(replay(rules({"changes": 5}), [*ended, *swings([60], severity=1)]))


def test_repeats_and_escalations_rest_until_it_is_quiet():
    upgrade = {"is_enabled": True, "upgrade_interval": 1, "user_groups": ["lead"]}
    book = rules(config={"notify_interval": 60})
    book["strategies"][0]["notice"]["options"] = {"upgrade_config": upgrade}
    book["user_groups"] = [*RULES["user_groups"], {"id": "lead", "name": "Lead", "users": ["lea"], "ways": ["mail"]}]
    lines = [*swings([0, 100, 200, 300, 400, 500, 600]), *(strategy_event(at) for at in range(610, 1500, 30))]
    out = replay(book, lines)
    assert [at for at, _, _ in told(out) if 600 < at < 1200] == []
    assert [one[:3:2] for one in told(out) if one[0] >= 1200][:2] == [(1200, "normal"), (1200, "upgrade")]


# --- together with others


def test_under_a_shield_nobody_hears_of_flapping_and_its_end_says_so():
    shield = {"id": 1, "category": "scope", "scope_type": "biz", "begin_time": T0, "end_time": T0 + 299}
    lines = swings([0, 10, 20, 30, 40, 50, 60])
    out = replay({**RULES, "shields": [shield]}, lines, until=400)
    assert told(out) == [(300, "abnormal", "flapping")]


def test_an_acknowledged_alert_is_not_told_after_the_quiet():
    lines = swings([0, 100, 200, 300, 400, 500, 600])
    fingerprint = replay(RULES, lines).alerts[0]["dedupe_md5"]
    out = replay(RULES, [*lines, command(700, "ack", dedupe_md5=fingerprint)], until=2000)
    assert told(out)[-1][0] == 500


def test_ticks_change_nothing():
    lines = swings([0, 100, 200, 300, 400, 500, 600])
    ticked = sorted([*lines, *(tick(at) for at in range(1, 1500, 7))], key=lambda line: line["at"])
    plain, often = replay(RULES, lines, until=1500), replay(RULES, ticked, until=1500)
    assert plain.bytes["notices.jsonl"] == often.bytes["notices.jsonl"]
    assert plain.bytes["logs.jsonl"] == often.bytes["logs.jsonl"]
