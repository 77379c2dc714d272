"""Merging of notices: summaries of one subject, and of a storm over a business (spec/notices.md 2; design.md 7.22, 7.25, 7.26)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import RULES, T0, receipt, replay, strategy_event

OPS = RULES["user_groups"]


def strategies(count, **options):
    notice = {"user_groups": ["ops"], "options": options}
    return {
        "strategies": [{"id": number, "name": f"s{number}", "notice": notice} for number in range(1, count + 1)],
        "user_groups": OPS,
    }


def host(number, at=0, status="ABNORMAL", **fields):
    """An event of one of many hosts of a strategy."""
    return strategy_event(at, status, event_id=f"{number}-{status}-{at}", target=f"10.0.0.{number}", **fields)


def of(strategy, at=0, **fields):
    """An event of another strategy: another subject."""
    return strategy_event(at, event_id=f"s{strategy}-{at}", strategy_id=strategy, alert_name=f"s{strategy}", **fields)


def rows(out):
    """Rows (second, number of alerts, kind) of the notices."""
    return [(one["time"] - T0, len(one["alert_ids"]), one["collect_type"]) for one in out.notices]


# --- level 1


def test_hosts_of_one_strategy_are_told_in_one_summary_a_minute_after_the_first():
    out = replay(RULES, [host(number, number) for number in range(5)], until=200)
    assert rows(out) == [(0, 1, "action"), (60, 4, "action")]
    assert out.notices[1]["alert_ids"] == [one["alert_id"] for one in out.signals[1:]]
    assert out.notices[1]["action_ids"] == [one["id"] for one in out.actions[1:]]


@pytest.mark.parametrize(("until", "count"), [(59, 1), (60, 2)])
def test_the_summary_comes_a_delay_after_its_group_opened(until, count):
    assert len(replay(RULES, [host(1), host(2, 30)], until=until).notices) == count


@pytest.mark.parametrize(
    ("at", "expected"), [(59, [(0, 1), (60, 1)]), (60, [(0, 1), (60, 1)]), (61, [(0, 1), (61, 1)])]
)
def test_a_closed_group_lets_the_next_notice_go_at_once(at, expected):
    out = replay(RULES, [host(1), host(2, at)], until=300)
    assert [(time, count) for time, count, _ in rows(out)] == expected
    assert out.actions[1]["status"] == ("skipped" if at < 60 else "success")


def test_a_withheld_action_is_skipped_because_it_was_merged():
    out = replay(RULES, [host(1), host(2, 30)], until=100)
    assert [(one["status"], one["reason"]) for one in out.actions] == [("success", "delivered"), ("skipped", "merged")]
    assert [entry["reason"] for entry in out.told("ACTION")] == ["planned", "merged"]


def test_a_summary_has_no_action_of_its_own():
    assert len(replay(RULES, [host(1), host(2, 30)], until=100).actions) == 2


def test_a_group_without_members_has_no_summary():
    assert rows(replay(RULES, [host(1)], until=300)) == [(0, 1, "action")]


@pytest.mark.parametrize(
    ("fields", "merged"),
    [
        ({}, True),
        ({"severity": 1}, False),
        ({"tags": [{"key": "device", "value": "sda"}], "dedupe_keys": ["tags.device"]}, False),
        ({"strategy_id": 2}, False),
        ({"bk_biz_id": 7}, False),
    ],
)
def test_subject_severity_and_business_keep_groups_apart(fields, merged):
    out = replay(strategies(2), [host(1), host(2, 30, **fields)])
    assert (out.actions[1]["status"] == "skipped") is merged


def test_signals_keep_groups_apart():
    out = replay(RULES, [host(1), host(1, 10, "RECOVERED")])
    assert [time for time, *_ in rows(out)] == [0, 10]


def test_every_receiver_and_way_gets_a_summary_of_its_own():
    groups = [{"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail", "sms"]}]
    out = replay({**RULES, "user_groups": groups}, [host(1), host(2, 30)], until=100)
    assert out.noticed() == [
        (0, "mail", "alice,bob"),
        (0, "sms", "alice,bob"),
        (60, "mail", "alice"),
        (60, "mail", "bob"),
        (60, "sms", "alice"),
        (60, "sms", "bob"),
    ]


def test_a_notice_that_some_receivers_get_now_is_a_success_and_the_others_wait():
    groups = [*OPS, {"id": "both", "name": "Both", "users": ["alice", "bob"], "ways": ["mail"]}]
    rules = {"strategies": [RULES["strategies"][0]], "user_groups": groups}
    dispatch = [
        {
            "id": 1,
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "ip", "method": "eq", "value": ["10.0.0.2"]}],
                    "user_groups": ["both"],
                    "actions": [{"action_type": "notice"}],
                }
            ],
        }
    ]
    hosts = [{"bk_host_id": number, "ip": f"10.0.0.{number}", "bk_cloud_id": 0, "bk_biz_id": 0} for number in (1, 2)]
    out = replay({**rules, "dispatch": dispatch, "hosts": hosts}, [host(1), host(2, 30)], until=100)
    assert out.noticed() == [(0, "mail", "alice"), (30, "mail", "bob"), (60, "mail", "alice")]
    assert out.actions[1]["status"] == "success"


def test_followers_have_groups_of_their_own():
    everything = [{"field": "alert.strategy_id", "method": "eq", "value": ["1"]}]
    follower = {
        "id": 1,
        "conditions": everything,
        "user_groups": ["ops"],
        "user_type": "follower",
        "actions": [{"action_type": "notice"}],
    }
    out = replay({**RULES, "dispatch": [{"id": 1, "rules": [follower]}]}, [host(1), host(2, 30)], until=100)
    assert out.noticed("followed") == [(0, "mail", "alice", True), (60, "mail", "alice", True)]


def test_repeats_are_merged_like_first_notices():
    lines = [line for at in range(0, 7300, 300) for line in (host(1, at), host(2, at + 30))]
    out = replay(RULES, lines, until=7300)
    assert [time for time, *_ in rows(out)] == [0, 60, 7200, 7260]


def test_an_alert_that_ends_while_it_waits_is_told_once_as_ended():
    out = replay(RULES, [host(1), host(2, 30), host(2, 40, "RECOVERED")], until=100)
    assert [(one["time"] - T0, one["signal"]) for one in out.notices] == [(0, "abnormal"), (60, "recovered")]
    assert out.notices[1]["alert_ids"] == out.actions[1]["alert_ids"]
    assert [one["reason"] for one in out.actions] == ["delivered", "merged", "merged"]


def test_a_summary_of_alerts_that_ended_in_different_ways_says_closed():
    lines = [host(1), host(2, 10), host(3, 11), host(2, 20, "RECOVERED"), host(3, 21, "CLOSED")]
    assert replay(RULES, lines, until=60).notices[-1]["signal"] == "closed"


@pytest.mark.parametrize(("status", "said"), [("RECOVERED", "[Recovered] "), ("CLOSED", "[Closed] ")])
def test_a_summary_of_one_alert_says_that_it_has_ended_meanwhile(status, said):
    out = replay(RULES, [host(1), host(2, 10), host(2, 20, status)], until=60)
    summary = out.notices[-1]
    assert (summary["time"] - T0, summary["signal"], len(summary["alert_ids"])) == (60, status.lower(), 1)
    assert summary["title"].startswith(said)
    assert f"{said}CPU usage" in summary["content"]
    assert "Recovered" not in out.notices[0]["title"]


@pytest.mark.parametrize(("ends", "said"), [((2, 3), "[Recovered] "), ((2,), "[Warning] ")])
def test_a_summary_says_in_its_title_when_all_its_alerts_have_ended_alike(ends, said):
    lines = [host(1), host(2, 10), host(3, 11), *(host(number, 20, "RECOVERED") for number in ends)]
    summary = replay(RULES, lines, until=60).notices[-1]
    assert (summary["signal"], len(summary["alert_ids"])) == ("recovered" if len(ends) == 2 else "abnormal", 2)
    assert summary["title"].startswith(said)
    assert ("Recovered" in summary["title"]) == (len(ends) == 2)


def test_the_delay_is_a_setting():
    out = replay(RULES, [host(1), host(2, 5)], until=100, settings={"converge": {"delay": 10}})
    assert [time for time, *_ in rows(out)] == [0, 10]


def test_a_receipt_of_a_summary_does_not_unmerge_its_actions():
    lines = [host(1), host(2, 30), receipt(70, notice=1, results={"alice": {"result": False, "message": "full"}})]
    out = replay(RULES, lines, until=100)
    assert [one["status"] for one in out.actions] == ["success", "skipped"]
    assert out.actions[1]["real_status"] == "failure"


# --- level 2


def storm(*times):
    return [of(number, at) for number, at in enumerate(times, 1)]


def test_the_third_subject_within_the_window_raises_a_business_summary_a_minute_later():
    out = replay(strategies(5), storm(0, 10, 20, 30, 40), until=300)
    assert rows(out) == [(0, 1, "action"), (10, 1, "action"), (80, 3, "converge")]
    assert [one["status"] for one in out.actions] == ["success", "success", "skipped", "skipped", "skipped"]


@pytest.mark.parametrize(("until", "count"), [(79, 2), (80, 3)])
def test_the_business_summary_comes_a_delay_after_the_group_that_raised_it(until, count):
    assert len(replay(strategies(3), storm(0, 10, 20), until=until).notices) == count


def test_a_business_summary_of_one_alert_is_no_merge():
    assert rows(replay(strategies(3), storm(0, 10, 20), until=300))[-1] == (80, 1, "action")


@pytest.mark.parametrize(("third", "expected"), [(119, (179, 1)), (120, (120, 1)), (121, (121, 1))])
def test_the_window_is_fixed_and_begins_with_its_first_group(third, expected):
    time, count, _ = rows(replay(strategies(3), storm(0, 110, third), until=300))[-1]
    assert (time, count) == expected


def test_a_summary_tells_what_its_groups_withheld_in_the_order_of_withholding():
    lines = [of(1), of(2, 5), host(2, 10, alert_name="s1"), of(3, 20), host(3, 30, alert_name="s1")]
    out = replay(strategies(3), lines, until=300)
    assert rows(out) == [(0, 1, "action"), (5, 1, "action"), (80, 3, "converge")]
    withheld = [one["id"] for one in out.actions if one["status"] == "skipped"]
    assert out.notices[-1]["action_ids"] == withheld


@pytest.mark.parametrize(("at", "told"), [(90, 140), (139, 140), (140, 140), (141, 141)])
def test_after_the_summary_nobody_passes_at_once_until_a_window_passes_empty(at, told):
    lines = [*storm(0, 10, 20), of(1, at, target="10.0.9.1")]
    assert [time for time, *_ in rows(replay(strategies(3), lines, until=300))] == [0, 10, 80, told]


def test_a_strategy_may_do_without_the_business_merge():
    assert [
        time for time, *_ in rows(replay(strategies(4, need_biz_converge=False), storm(0, 1, 2, 3), until=300))
    ] == [0, 1, 2, 3]


@pytest.mark.parametrize(("threshold", "direct"), [(0, 0), (1, 1), (3, 3)])
def test_the_threshold_is_a_setting(threshold, direct):
    out = replay(strategies(4), storm(0, 1, 2, 3), until=300, settings={"converge": {"business_threshold": threshold}})
    assert len([one for one in out.actions if one["status"] == "success"]) == direct


def test_the_window_is_a_setting():
    out = replay(strategies(3), storm(0, 4, 8), until=300, settings={"converge": {"window": 5}})
    assert [time for time, *_ in rows(out)] == [0, 4, 8]


def test_businesses_and_severities_have_storms_of_their_own():
    lines = [of(1), of(2, 1), of(3, 2, severity=1), of(4, 3, bk_biz_id=9)]
    assert len(replay(strategies(4), lines).notices) == 4


# --- laws


@settings(max_examples=40)
@given(
    events=st.lists(
        st.tuples(
            st.integers(0, 400), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["ABNORMAL", "RECOVERED"])
        ),
        min_size=1,
        max_size=25,
    )
)
def test_everybody_hears_of_every_alert_at_most_once_a_signal_and_last_how_it_ended(events):
    groups = [{"id": "ops", "name": "Ops", "users": ["alice", "bob"], "ways": ["mail", "sms"]}]
    lines = [
        strategy_event(
            at, status, event_id=f"{at}{strategy}{number}{status}", strategy_id=strategy, target=f"10.0.0.{number}"
        )
        for at, strategy, number, status in sorted(events)
    ]
    book = {**strategies(4), "user_groups": groups}
    out = replay(book, lines, until=1000, settings={"flap": {"changes": 0}})
    told = [
        (alert_id, one["signal"], receiver, one["way"], one["time"])
        for one in out.notices
        for alert_id in one["alert_ids"]
        for receiver in one["receivers"]
    ]
    assert len(told) == len({entry[:4] for entry in told})
    last = {(alert_id, who, way): time for alert_id, _, who, way, time in told}
    begun = {one["alert_id"] for one in out.signals if one["signal"] == "abnormal"}
    assert last.keys() == {(name, who, way) for name in begun for who in ("alice", "bob") for way in ("mail", "sms")}
    ends = {one["alert_id"]: one["time"] for one in out.signals if one["signal"] == "recovered"}
    assert all(time >= ends.get(alert_id, 0) for (alert_id, _, _), time in last.items())
