"""Notices: to whom, by which way, when, and in which order (spec/notices.md 2, 4.3, 6; design.md 7.11, 7.24; replay.md)."""

import pytest

from tests.replay.driver import RULES, T0, command, put, replay, strategy_event

SUSPECTED = [{"key": "__double_check_result", "value": "SUSPECTED_MISSING_POINTS"}]


def group(name, *users, ways=("mail",), **fields):
    return {"id": name, "name": name, "users": list(users), "ways": list(ways), **fields}


def chats(name, users, chat_ids, **fields):
    ways = [{"name": "wxwork-bot", "receivers": list(chat_ids)}]
    blocks = [{"notify_config": [{"level": level, "notice_ways": ways} for level in (1, 2, 3)]}]
    return {"id": name, "name": name, "users": list(users), "alert_notice": blocks, **fields}


def book(*groups, config=None, options=None, told=None, **kinds):
    notice = {"user_groups": told or [one["id"] for one in groups], "config": config or {}, "options": options or {}}
    return {"strategies": [{"id": 1, "name": "CPU", "notice": notice}], "user_groups": list(groups), **kinds}


def only(rules, *lines, **kwargs):
    """The only action, and the notices."""
    out = replay(rules, lines or [strategy_event(0)], **kwargs)
    (action,) = out.actions
    return action, out.noticed()


# --- what a notice says of itself


def test_a_notice_names_its_alert_and_its_action():
    out = replay(RULES, [strategy_event(0)])
    (notice,), (action,) = out.notices, out.actions
    assert notice | {"title": "", "content": ""} == {
        "id": notice["id"],
        "time": T0,
        "way": "mail",
        "receivers": ["alice"],
        "followed": False,
        "signal": "abnormal",
        "notice_type": "normal",
        "collect_type": "action",
        "alert_ids": [out.alert["id"]],
        "action_ids": [action["id"]],
        "title": "",
        "content": "",
        "mentions": {},
        "bk_biz_id": 0,
        "severity": 2,
        "config": None,
    }
    assert action["alert_ids"] == [out.alert["id"]]
    assert (action["time"], action["execute_times"], action["status"], action["plugin_type"]) == (
        T0,
        1,
        "success",
        "notice",
    )


def test_equal_inputs_give_equal_ids_and_bytes():
    lines = [strategy_event(0), strategy_event(5, target="10.0.0.2"), strategy_event(50, "RECOVERED")]
    first, second = (replay(RULES, lines, until=100) for _ in range(2))
    assert first.bytes == second.bytes


def test_ids_of_notices_and_actions_are_their_own():
    groups = group("ops", "alice", ways=["mail", "sms", "voice"]), group("db", "bob", ways=["mail", "voice"])
    out = replay(book(*groups), [strategy_event(0), strategy_event(5, "RECOVERED")])
    for files in (out.notices, out.actions):
        assert len({one["id"] for one in files}) == len(files)


# --- ways and receivers


def test_all_receivers_of_a_way_get_one_notice_each_way_in_the_order_of_the_groups():
    groups = group("a", "alice", "bob", ways=["sms", "mail"]), group("b", "bob", "carol", ways=["mail", "weixin"])
    action, notices = only(book(*groups))
    assert notices == [(0, "sms", "alice,bob"), (0, "mail", "alice,bob,carol"), (0, "weixin", "bob,carol")]
    assert action["receivers"] == {
        "sms": ["alice", "bob"],
        "mail": ["alice", "bob", "carol"],
        "weixin": ["bob", "carol"],
    }


@pytest.mark.parametrize(("level", "way"), [(1, "voice"), (2, "mail"), (3, None)])
def test_the_ways_are_those_of_the_severity(level, way):
    ops = {
        "id": "ops", "name": "Ops", "users": ["alice"],
        "alert_notice": [{"notify_config": [
            {"level": 1, "notice_ways": [{"name": "voice"}]}, {"level": 2, "notice_ways": [{"name": "mail"}]},
        ]}],
    }  # fmt: skip
    action, notices = only(book(ops), strategy_event(0, severity=level))
    assert notices == ([(0, way, "alice")] if way else [])
    assert action["status"] == ("success" if way else "skipped")


# T0 is 22:13:20 UTC
@pytest.mark.parametrize(
    ("time_range", "told"),
    [
        ("22:13--23:00", True),
        ("22:00--22:13", True),
        ("22:14--23:00", False),
        ("22:00--22:12", False),
        ("23:00--22:13", True),
        ("23:00--22:12", False),
    ],
)
def test_a_group_is_told_in_its_hours_only(time_range, told):
    ways = [{"level": 2, "notice_ways": [{"name": "mail"}]}]
    ops = {
        "id": "ops",
        "name": "Ops",
        "users": ["alice"],
        "alert_notice": [{"time_range": time_range, "notify_config": ways}],
    }
    action, notices = only(book(ops))
    assert bool(notices) is told
    assert action["reason"] == ("delivered" if told else "nobody")


def test_hours_are_those_of_the_business():
    ways = [{"level": 2, "notice_ways": [{"name": "mail"}]}]
    ops = {
        "id": "ops",
        "name": "Ops",
        "users": ["alice"],
        "alert_notice": [{"time_range": "06:00--07:00", "notify_config": ways}],
    }
    assert only(book(ops, businesses=[{"id": 0, "name": "zero", "time_zone": "Asia/Shanghai"}]))[1]
    assert only(book(ops), settings={"time_zone": "Asia/Shanghai"})[1]
    assert not only(book(ops))[1]


def test_ways_may_be_excluded_for_a_signal():
    rules = book(
        group("ops", "alice", ways=["mail", "sms"]),
        options={"exclude_notice_ways": {"abnormal": ["sms"], "recovered": ["mail"]}},
    )
    out = replay(rules, [strategy_event(0), strategy_event(60, "RECOVERED")])
    assert out.noticed() == [(0, "mail", "alice"), (60, "sms", "alice")]


def test_who_has_no_way_left_is_nobody():
    action, notices = only(book(group("ops", "alice"), options={"exclude_notice_ways": {"abnormal": ["mail"]}}))
    assert (action["status"], action["reason"], notices) == ("skipped", "nobody", [])


def test_groups_may_be_empty():
    action, notices = only(book(group("ops")))
    assert (action["status"], action["reason"], notices) == ("skipped", "nobody", [])


def test_roles_are_those_of_the_business_and_of_the_host():
    groups = [group("ops", {"type": "group", "id": "bk_biz_maintainer"}, {"type": "group", "id": "operator"})]
    kinds = {
        "businesses": [{"id": 0, "name": "zero", "roles": {"bk_biz_maintainer": ["mona"], "operator": ["olga"]}}],
        "hosts": [{"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 0, "operator": ["hank"]}],
    }
    assert only(book(*groups, **kinds))[1] == [(0, "mail", "mona,hank")]
    assert only(book(*groups, businesses=kinds["businesses"]))[1] == [(0, "mail", "mona,olga")]


# --- on duty


def on_duty(**fields):
    week = {
        "id": 1,
        "category": "handoff",
        "effective_time": "2023-11-13 00:00:00",
        "duty_arranges": [
            {
                "duty_time": [
                    {"work_type": "daily", "work_time": ["00:00--23:59"], "period_settings": {"duration": 1}}
                ],
                "duty_users": [
                    [{"type": "user", "id": "mon"}],
                    [{"type": "user", "id": "tue"}],
                    [{"type": "user", "id": "wed"}],
                ],
            }
        ],
    }
    ops = {"id": "ops", "name": "Ops", "ways": ["mail"], "need_duty": True, "duty_rules": [1], **fields}
    return book(ops, duties=[week], config={"notify_interval": 3600})


def test_whoever_is_on_duty_is_told_each_time():
    out = replay(on_duty(), [strategy_event(at) for at in range(0, 7300, 60)])
    assert [(time, names) for time, _, names in out.noticed()] == [(0, "tue"), (3600, "tue"), (7200, "wed")]


def test_the_rotation_is_of_the_groups_zone():
    assert replay(on_duty(timezone="Asia/Shanghai"), [strategy_event(0)]).noticed() == [(0, "mail", "wed")]


# --- voice


def voices(mode):
    return book(
        group("a", "alice", "bob", ways=["voice"]),
        group("b", "bob", "carol", ways=["voice"]),
        config={"voice_notice": mode},
    )


def test_parallel_calls_are_one_notice_a_group():
    action, notices = only(voices("parallel"))
    assert notices == [(0, "voice", "alice,bob"), (0, "voice", "bob,carol")]
    assert action["receivers"] == {"voice": [["alice", "bob"], ["bob", "carol"]]}


def test_a_serial_call_is_one_notice_of_everybody_once():
    action, notices = only(voices("serial"))
    assert notices == [(0, "voice", "alice,bob,carol")]
    assert action["receivers"] == {"voice": [["alice", "bob", "carol"]]}


def test_a_serial_call_of_followers_is_one_notice_too():
    rules = voices("serial")
    following = {
        "id": 1,
        "conditions": [],
        "user_groups": ["a", "b"],
        "user_type": "follower",
        "actions": [{"action_type": "notice"}],
    }
    action, notices = only(rules | {"dispatch": [{"id": 1, "rules": [following]}]})
    assert notices == [(0, "voice", "alice,bob,carol")]
    assert action["followers"] == {"voice": [["alice", "bob", "carol"]]}


def test_calls_are_never_merged():
    rules = book(group("ops", "alice", ways=["voice"]))
    out = replay(
        rules, [strategy_event(0), strategy_event(10, target="10.0.0.2"), strategy_event(20, target="10.0.0.3")]
    )
    assert [time for time, *_ in out.noticed()] == [0, 10, 20]


@pytest.mark.parametrize(("at", "called"), [(119, False), (120, True)])
def test_the_same_people_are_not_called_about_the_same_alert_within_two_minutes(at, called):
    rules = book(group("ops", "alice", ways=["voice"]))
    out = replay(rules, [strategy_event(0), strategy_event(at, "RECOVERED")])
    assert len(out.notices) == 1 + called
    assert out.actions[1]["reason"] == ("delivered" if called else "voice_duplicate")
    assert out.actions[1]["status"] == ("success" if called else "skipped")


def test_data_that_may_merely_be_late_rings_nobody():
    rules = book(group("ops", "alice", ways=["voice", "sms"]), group("db", "bob", ways=["voice"]))
    _, notices = only(rules, strategy_event(0, tags=SUSPECTED))
    assert notices == [(0, "sms", "alice,bob")]


# --- chats


def test_all_chats_of_an_alert_get_one_notice_with_mentions_beside_it():
    rules = book(chats("a", ["alice"], ["c1", "c2"]), chats("b", ["bob"], ["c2", "c3"]))
    out = replay(rules, [strategy_event(0)])
    assert out.noticed("mentions") == [
        (0, "wxwork-bot", "c1,c2,c3", {"c1": ["alice"], "c2": ["alice", "bob"], "c3": ["bob"]})
    ]


@pytest.mark.parametrize(
    ("fields", "mentioned"),
    [
        ({}, {"c1": ["alice"]}),
        ({"mention_list": [{"type": "user", "id": "zoe"}]}, {"c1": ["zoe"]}),
        ({"mention_list": [{"type": "group", "id": "all"}, {"type": "user", "id": "zoe"}]}, {"c1": ["alice", "zoe"]}),
        ({"channels": ["user"]}, {}),
        ({"channels": ["user", "wxwork-bot"]}, {"c1": ["alice"]}),
    ],
)
def test_a_group_says_whom_its_chats_mention(fields, mentioned):
    out = replay(book(chats("a", ["alice"], ["c1"], **fields)), [strategy_event(0)])
    assert out.notices[0]["mentions"] == mentioned


def test_chats_are_nobodys_assignees():
    assert replay(book(chats("a", ["alice"], ["c1"])), [strategy_event(0)]).alert["assignee"] == []


# --- the notice's time


# T0 is 22:13:20 UTC
@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("22:13:20", "23:00:00", True),
        ("22:13:21", "23:00:00", False),
        ("22:00:00", "22:13:20", True),
        ("22:00:00", "22:13:19", False),
        ("23:00:00", "22:13:20", True),
        ("23:00:00", "22:13:19", False),
    ],
)
def test_outside_its_time_a_notice_has_status_shield_and_is_sent_by_no_way(start, end, told):
    rules = book(group("ops", "alice", ways=["mail", "voice"]), options={"start_time": start, "end_time": end})
    out = replay(rules, [strategy_event(0)])
    assert len(out.notices) == (2 if told else 0)
    assert (out.actions[0]["status"], out.actions[0]["reason"]) == (
        ("success", "delivered") if told else ("shield", "outside_notice_time")
    )
    assert out.alert["is_shielded"] is False
    assert out.signalled() == [(0, "abnormal")]


def test_a_cycle_outside_its_time_counts():
    options = {"end_time": "22:30:00", "start_time": "22:00:00"}
    rules = book(group("ops", "alice"), options=options, config={"notify_interval": 1800})
    out = replay(rules, [strategy_event(at) for at in range(0, 5500, 60)])
    assert [(one["time"] - T0, one["execute_times"], one["status"]) for one in out.actions] == [
        (0, 1, "success"),
        (1800, 2, "shield"),
        (3600, 3, "shield"),
        (5400, 4, "shield"),
    ]


def test_webhooks_know_no_notices_time_but_the_strategys_active_time():
    rules = book(group("ops", "alice"), options={"start_time": "23:00:00"})
    rules["strategies"][0]["actions"] = [{"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}}]
    out = replay(rules, [strategy_event(0)])
    assert [(one["relation_id"], one["status"]) for one in out.actions] == [("11", "success"), ("notice", "shield")]


def test_outside_the_strategys_active_time_every_action_has_status_shield():
    uptime = {"time_ranges": [{"start": "23:00", "end": "23:59"}]}
    rules = book(group("ops", "alice"))
    rules["strategies"][0] |= {
        "detects": [{"level": 2, "trigger_config": {"uptime": uptime}}],
        "actions": [{"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}}],
    }
    out = replay(rules, [strategy_event(0)])
    assert {one["status"] for one in out.actions} == {"shield"}
    assert (out.notices, out.alert["is_shielded"]) == ([], False)


# --- late and old


@pytest.mark.parametrize(("late", "told"), [(600, True), (601, False)])
def test_skip_delay_lets_old_beginnings_pass_untold(late, told):
    rules = book(group("ops", "alice"), options={"skip_delay": 600})
    out = replay(rules, [strategy_event(0, time=T0 - late)])
    assert (len(out.notices), len(out.actions)) == (1, 1) if told else (0, 0)
    assert out.signalled() == [(0, "abnormal")]
    assert [entry["reason"] for entry in out.told("ACTION")] == (["planned"] if told else ["too_old"])


def test_skip_delay_does_not_keep_an_end_back():
    rules = book(group("ops", "alice"), options={"skip_delay": 600})
    out = replay(rules, [strategy_event(0), strategy_event(900, "RECOVERED")])
    assert [time for time, *_ in out.noticed()] == [0, 900]


def test_an_event_from_the_future_is_not_old():
    rules = book(group("ops", "alice"), options={"skip_delay": 600})
    assert len(replay(rules, [strategy_event(0, time=T0 + 100)]).notices) == 1


# --- order


def test_webhooks_and_pushes_come_before_the_notice_in_their_order():
    rules = book(group("ops", "alice"))
    rules["strategies"][0]["actions"] = [
        {
            "id": 12,
            "signal": ["abnormal"],
            "plugin_type": "message_queue",
            "config": {"dsn": "redis://127.0.0.1/0/key"},
        },
        {"id": 11, "signal": ["abnormal"], "config": {"url": "http://127.0.0.1/"}},
    ]
    out = replay(rules, [strategy_event(0)])
    assert [(one["relation_id"], one["plugin_type"], one["status"]) for one in out.actions] == [
        ("12", "message_queue", "success"),
        ("11", "webhook", "success"),
        ("notice", "notice", "success"),
    ]
    assert [one["way"] for one in out.notices] == ["mail"]


def test_in_one_second_ends_come_before_openings_of_others():
    lines = [
        strategy_event(0),
        strategy_event(60, target="10.0.0.2", event_id="new"),
        strategy_event(60, "RECOVERED", event_id="end"),
    ]
    out = replay(book(group("ops", "alice")), lines)
    assert [one["signal"] for one in out.signals] == ["abnormal", "recovered", "abnormal"]
    assert [one["signal"] for one in out.actions] == ["abnormal", "recovered", "abnormal"]
    assert [one["signal"] for one in out.notices] == ["abnormal", "recovered", "abnormal"]


def test_one_alerts_entries_of_a_second_are_as_made():
    lines = [strategy_event(0), strategy_event(0, "RECOVERED", event_id="r")]
    assert [one["signal"] for one in replay(RULES, lines).notices] == ["abnormal", "recovered"]


# --- who was told


def test_assignees_are_all_who_were_ever_told_and_appointees_those_told_last():
    other = {"strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["db"]}}]}
    rules = book(group("ops", "alice"), group("db", "dave"), told=["ops"])
    out = replay(rules, [strategy_event(0), put(5, **other), strategy_event(60, "RECOVERED")])
    assert (out.alert["assignee"], out.alert["appointee"]) == (["alice", "dave"], ["dave"])
    assert out.alert["is_handled"] is True
    assert out.alert["handle_stage"] == ["handle"]


def test_a_notice_already_names_those_whom_it_tells():
    text = "{{ alarm.assignees }} / {{ alarm.appointees }} / {{ alarm.followers }}"
    seen = [{"field": "alert.strategy_id", "method": "eq", "value": ["1"]}]
    rules = [
        {"id": n, "conditions": seen, "user_groups": [name], "user_type": kind, "actions": [{"action_type": "notice"}]}
        for n, name, kind in ((1, "a", "main"), (2, "b", "follower"))
    ]
    given = book(
        group("a", "alice", ways=("sms",)),
        group("b", "bob", ways=("sms",)),
        config={"template": [{"signal": "abnormal", "message_tmpl": text}]},
        dispatch=[{"id": 1, "name": "all", "rules": rules}],
    )
    out = replay(given, [strategy_event(0)])
    assert ["alice / alice / bob" in one["content"] for one in out.notices] == [True, True]


def test_an_appointee_by_command_stays():
    alert_id = replay(RULES, [strategy_event(0)]).alert["id"]
    out = replay(
        RULES,
        [
            strategy_event(0),
            command(5, "assign", alert_id=alert_id, appointee=["zoe"]),
            strategy_event(60, "RECOVERED"),
        ],
    )
    assert out.alert["appointee"] == ["zoe"]
    assert out.told("ASSIGN")[0]["operator"] == "bob"


def test_the_next_alert_of_a_series_forgets_the_appointee_by_command():
    alert_id = replay(RULES, [strategy_event(0)]).alert["id"]
    lines = [
        strategy_event(0),
        command(5, "assign", alert_id=alert_id, appointee=["zoe"]),
        strategy_event(60, severity=1),
    ]
    assert [alert["appointee"] for alert in replay(RULES, lines).alerts] == [["zoe"], ["alice"]]
