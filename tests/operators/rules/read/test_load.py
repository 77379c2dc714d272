import json
from datetime import datetime

import pytest

from operators.rules.read.alone import read_alone
from operators.rules.read.documents import Sourced
from operators.rules.read.load import build, load
from operators.rules.shapes.model import (
    AlertNotice,
    Condition,
    DutyArrange,
    NoticeRelation,
    NoticeWay,
    NotifyConfig,
    Secret,
    UserRef,
)
from operators.rules.shapes.words import WAYS, RefusedError
from tests.operators.rules.books import book_of, built, complaints, loaded

SMALLEST = """
strategies:
  - {id: 1, name: CPU usage, notice: {user_groups: [ops]}}
user_groups:
  - {id: ops, name: Ops, users: [alice], ways: [mail]}
"""


def strategy(**rest):
    return book_of(strategies=[{"id": 1, "name": "CPU usage", **rest}]).strategies["1"]


def group(**rest):
    return book_of(user_groups=[{"id": "ops", "name": "Ops", **rest}]).user_groups["ops"]


def shield(**rest):
    return book_of(shields=[{"id": 1, **rest}]).shields["1"]


def test_the_smallest_set_loads(tmp_path):
    book, errors = loaded(tmp_path, rules=SMALLEST)
    assert errors == []
    assert book.strategies["1"].notice.user_groups == ("ops",)


def test_a_strategy_has_the_defaults_of_the_page():
    one = strategy(notice={}, detects=[{}], items=[{"query_configs": [{}], "algorithms": [{}]}])
    assert (one.bk_biz_id, one.is_enabled, one.timeout, one.priority) == ("0", True, None, None)
    assert (one.notice.id, one.notice.signal) == ("notice", ("abnormal", "recovered", "closed", "no_data"))
    assert one.notice.options.assign_mode == ("by_rule", "only_notice")
    assert (one.notice.options.start_time, one.notice.options.end_time) == ("00:00:00", "23:59:59")
    assert (one.notice.config.notify_interval, one.notice.config.voice_notice) == (7200, "parallel")
    assert one.notice.options.upgrade_config.upgrade_interval == 30
    assert one.notice.options.noise_reduce_config.count == 10
    assert (one.detects[0].trigger_config.count, one.detects[0].trigger_config.check_window) == (1, 5)
    assert one.detects[0].trigger_config.uptime.time_ranges[0].end == "23:59"
    assert one.detects[0].recovery_config.status_setter == "recovery"
    assert one.items[0].no_data_config.continuous == 5
    assert one.items[0].query_configs[0].agg_interval == 60


@pytest.mark.parametrize(("default", "expected"), [(0, "0"), (7, "7"), ("x", "x"), (None, None)])
def test_a_strategy_without_business_takes_that_of_the_settings(default, expected):
    book, _ = built(
        {"strategies": [{"id": 1, "name": "a"}, {"id": 2, "name": "b", "bk_biz_id": 2}]}, default_business=default
    )
    assert book.strategies["1"].bk_biz_id == expected
    assert book.strategies["2"].bk_biz_id == "2"


def test_ids_are_text_everywhere():
    book = book_of(
        strategies=[{"id": 1, "name": "a", "bk_biz_id": 2, "notice": {"id": 9, "user_groups": [5]}}],
        user_groups=[{"id": 5, "name": "g", "duty_rules": [3], "users": ["a"]}],
        duties=[{"id": 3}],
        hosts=[{"bk_host_id": 1, "bk_cloud_id": 0, "bk_biz_id": 2, "operator": ["a"]}],
        service_instances=[{"id": 123, "bk_host_id": 1}],
        dynamic_groups=[{"id": "g1", "host_ids": [1]}],
        topology=[{"bk_obj_id": "module", "bk_inst_id": 28}],
    )
    assert book.strategies["1"].notice.user_groups == ("5",)
    assert book.user_groups["5"].duty_rules == ("3",)
    assert book.hosts["1"].bk_cloud_id == "0"
    assert book.service_instances["123"].bk_host_id == "1"
    assert book.dynamic_groups["g1"].host_ids == ("1",)
    assert book.topology["module|28"].key == "module|28"


def test_users_of_a_group_stand_for_one_arrangement():
    one = group(users=["alice", {"type": "group", "id": "operator"}])
    assert one.duty_arranges == (DutyArrange((UserRef("user", "alice"), UserRef("group", "operator"))),)
    assert one.users == ()


def test_ways_of_a_group_stand_for_all_day_and_every_severity():
    one = group(users=["alice"], ways=["mail", "sms"])
    named = (NoticeWay("mail"), NoticeWay("sms"))
    assert one.alert_notice == (AlertNotice("00:00--23:59", tuple(NotifyConfig(level, named) for level in (1, 2, 3))),)
    assert one.ways == ()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        *((way, way) for way in WAYS),
        ("MAIL", "mail"),
        ("WECHAT", "weixin"),
        ("WXWORK-BOT", "wxwork-bot"),
        ("Voice", "voice"),
    ],
)
def test_a_way_is_known_by_its_older_names_too(given, name):
    assert group(ways=[given]).alert_notice[0].notify_config[0].notice_ways[0].name == name


@pytest.mark.parametrize(
    ("given", "second"),
    [
        (1767196800, 1767196800),
        ("2026-01-01T00:00:00+08:00", 1767196800),
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01 00:00:00", 1767225600),
        ("2026-01-01T00:00", 1767225600),
        ("2026-01-01", 1767225600),
    ],
)
def test_a_moment_is_seconds_or_a_date_and_time(given, second):
    assert shield(begin_time=given).begin_time == second


@pytest.mark.parametrize(
    ("given", "second"),
    [
        ("2026-01-01T00:00:00Z", 1767225600),
        ("2026-01-01T00:00Z", 1767225659),
        ("2026-01-01 08:00+08:00", 1767225659),
        ("2026-01-01 00:00", 1767225659),
        ("2026-01-01", 1767225600),
        (1767225600, 1767225600),
    ],
)
def test_a_moment_that_ends_a_range_holds_through_its_minute_where_it_names_no_second(given, second):
    assert shield(end_time=given).end_time == second


def test_a_moment_without_offset_is_in_the_zone_of_the_business():
    book = book_of(
        shields=[
            {"id": 1, "bk_biz_id": 2, "begin_time": "2026-01-01 00:00:00"},
            {"id": 2, "bk_biz_id": 3, "begin_time": "2026-01-01 00:00:00"},
        ],
        businesses=[{"id": 2, "time_zone": "Asia/Shanghai"}],
    )
    assert book.shields["1"].begin_time == 1767196800
    assert book.shields["2"].begin_time == 1767225600


def test_a_moment_without_offset_or_business_is_in_the_zone_of_the_settings():
    kinds = {"calendars": [{"id": 1, "items": [{"start_time": "2026-01-01 00:00:00"}]}]}
    book, _ = built(kinds, time_zone="Asia/Shanghai")
    assert book.calendars["1"].items[0].start_time == 1767196800


def test_a_shield_without_times_always_holds():
    one = shield()
    assert one.begin_time == 0
    assert datetime.fromtimestamp(one.end_time).year >= 2099  # noqa: DTZ006 (any zone will do)


def test_a_rotation_keeps_its_local_times():
    duty = book_of(duties=[{"id": 1, "effective_time": "2026-01-01T08:00", "end_time": "2026-02-01 00:00:00"}]).duties[
        "1"
    ]
    assert (duty.effective_time, duty.end_time) == ("2026-01-01 08:00:00", "2026-02-01 00:00:00")


def test_a_condition_may_call_its_field_key_and_its_values_are_text():
    conditions = [
        {"key": "level", "method": "eq", "value": [1, 2.5, True]},
        {"field": "ip", "value": [{"ip": "10.0.0.1"}]},
    ]
    one = shield(dimension_config={"dimension_conditions": conditions})
    assert one.dimension_config.dimension_conditions == (
        Condition("level", "eq", ("1", "2.5", "True")),
        Condition("ip", "eq", ("10.0.0.1|0",)),
    )


def test_what_a_shield_covers_is_cleaned():
    config = {
        "strategy_id": [1], "level": 2, "_hidden": {"any": "thing"}, "tags.a": ["00", "x"], "b": "00",
        "category": ["all"], "ip": [{"ip": "10.0.0.1", "bk_cloud_id": 3}], "bk_topo_node": [{"bk_obj_id": "set", "bk_inst_id": 1}],
    }  # fmt: skip
    expected = {"strategy_id": ("1",), "level": ("2",), "ip": ("10.0.0.1|3",), "bk_topo_node": ("set|1",)}
    assert shield(dimension_config=config).dimension_config.equals == expected


@pytest.mark.parametrize(
    ("field", "given", "expected"),
    [
        ("ip", {"ip": "10.0.0.1", "bk_cloud_id": 0}, ("10.0.0.1|0",)),
        ("ip", {"ip": "10.0.0.1", "bk_cloud_id": 2, "bk_host_id": 7}, ("10.0.0.1|2", "7")),
        ("ip", {"bk_host_id": 7}, ("7",)),
        ("bk_target_ip", {"bk_target_ip": "10.0.0.1", "bk_target_cloud_id": 2}, ("10.0.0.1|2",)),
        ("ip", "10.0.0.1", ("10.0.0.1|0",)),
        ("ip", "10.0.0.1|5", ("10.0.0.1|5",)),
        ("bk_host_id", 7, ("7",)),
        ("bk_service_instance_id", 123, ("123",)),
        ("host_topo_node", {"bk_obj_id": "module", "bk_inst_id": 28}, ("module|28",)),
        ("service_topo_node", "module|28", ("module|28",)),
    ],
)
def test_the_values_of_a_target_are_text(field, given, expected):
    one = strategy(items=[{"target": [[{"field": field, "method": "eq", "value": [given]}]]}])
    assert one.items[0].target[0][0].value == expected


@pytest.mark.parametrize("dsn", ["redis://:pw@10.0.0.1:6379/0/alerts", ["redis://a:1/0/k", "kafka://b:9092/t"]])
def test_a_queue_is_one_address_or_a_list(dsn):
    one = strategy(actions=[{"id": 1, "plugin_type": "message_queue", "config": {"dsn": dsn}}])
    assert one.actions[0].config.dsn == (tuple(dsn) if isinstance(dsn, list) else (dsn,))


def test_a_channel_names_its_secrets():
    mail = {"way": "MAIL", "host": "mx", "sender": "a@b.example", "password": {"env": "PW"}, "tls": True, "timeout": 3}
    hook = {
        "way": "webhook",
        "url": "https://a.example/?team=ops",
        "headers": {"Authorization": {"file": "/run/t"}, "X-Team": "a"},
    }
    first, second = book_of(channels=[hook, mail]).channels
    assert (first.way, first.password.env, first.timeout) == ("mail", "PW", 3)
    assert second.headers["Authorization"].file == "/run/t"


def test_a_written_secret_is_not_repeated():
    said = complaints(channels=[{"way": "slack", "url": "https://hooks.slack.com/services/hunter2"}])
    said += complaints(channels=[{"way": "mail", "host": "a", "sender": "b", "password": "hunter2"}])
    assert len(said) == 2
    assert not any("hunter2" in one for one in said)


def test_a_business_need_not_be_known():
    assert built({"shields": [{"id": 1, "bk_biz_id": 99}], "strategies": [{"id": 1, "name": "a", "bk_biz_id": 98}]})[0]


@pytest.mark.parametrize("role", ["operator", "bk_bak_operator", "bk_biz_maintainer", "dba"])
def test_a_role_is_well_known_or_of_a_business(role):
    people = [{"type": "group", "id": role}]
    mentioned = [*people, {"type": "group", "id": "all"}]
    book_of(
        businesses=[{"id": 2, "roles": {"dba": ["bob"]}}],
        user_groups=[{"id": 1, "name": "a", "users": people, "mention_list": mentioned}],
    )


def test_a_parent_of_a_kind_of_node_that_is_not_listed_is_taken_to_exist():
    assert (
        book_of(topology=[{"bk_obj_id": "module", "bk_inst_id": 28, "parent": "set|26"}]).topology["module|28"].parent
    )


def test_every_mistake_is_told_in_its_place():
    said = complaints(
        strategies=[
            {
                "id": 1,
                "name": 5,
                "notice": {"user_groups": ["a"], "foo": 1},
                "detects": [{"level": 9}, {"trigger_config": {"count": 0}}],
            },
            {"id": 2, "name": "b", "notice": {"user_groups": ["a", "b"]}},
        ]
    )
    assert [one.rpartition(": ")[0] for one in said] == [
        "rules: strategies[0].name",
        "rules: strategies[0].notice",
        "rules: strategies[0].detects[0].level",
        "rules: strategies[0].detects[1].trigger_config.count",
        "rules: strategies[1].notice.user_groups[0]",
        "rules: strategies[1].notice.user_groups[1]",
    ]


def test_naming_a_document_that_could_not_be_read_is_no_further_mistake():
    said = complaints(
        strategies=[{"id": 1, "name": "a", "notice": {"user_groups": ["ops"]}}], user_groups=[{"id": "ops", "name": 5}]
    )
    assert said == ["rules: user_groups[0].name: expected text, got an integer"]


def test_references_are_not_judged_when_a_file_is_missing(tmp_path):
    _, errors = loaded(tmp_path, a=SMALLEST.partition("\nuser_groups:")[0], b="user_groups: [")
    assert len(errors) == 1


def test_kinds_may_stand_in_many_files_and_folders(tmp_path):
    (tmp_path / "people").mkdir()
    (tmp_path / ".hidden").mkdir()
    strategies, _, groups = SMALLEST.partition("\nuser_groups:")
    (tmp_path / "a.yml").write_text(strategies)
    (tmp_path / "people" / "ops.yaml").write_text(f"user_groups:{groups}")
    (tmp_path / "b.json").write_text(json.dumps({"strategies": [{"id": 2, "name": "b"}]}))
    (tmp_path / ".hidden" / "c.yaml").write_text("nonsense: [")
    (tmp_path / ".d.yaml").write_text("nonsense: [")
    (tmp_path / "README.md").write_text("nonsense: [")
    book, errors = load(tmp_path)
    assert errors == []
    assert set(book.strategies) == {"1", "2"}


def test_duplicates_are_found_across_files(tmp_path):
    _, errors = loaded(tmp_path, a={"strategies": [{"id": 1, "name": "a"}]}, b='strategies: [{id: "1", name: b}]')
    assert errors == [f"{tmp_path}/b.yaml: strategies[0]: duplicate id '1', first in {tmp_path}/a.json: strategies[0]"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"strategies": [{"id": 1, "id": 2, "name": "a"}]}', "strategies[0]: duplicate key 'id'"),
        ('{"strategies": [], "strategies": []}', "duplicate key 'strategies'"),
        ('{"strategies": [}', "not JSON"),
        ('{"hosts": [{"bk_host_id": 1, "attributes": {"a": NaN}}]}', "NaN is not a number"),
        ('{"hosts": [{"bk_host_id": 1, "ip": "\\ud800"}]}', "half a surrogate pair"),
        (
            '{"hosts": [{"bk_host_id": 1, "attributes": {"a": 1e999}}]}',
            "the number 1e999 is too great",
        ),
        ("[" * 100_000, "not JSON"),
        ("", "not JSON"),
        ("[]", "expected a mapping of kinds, got a list"),
    ],
)
def test_json_is_read_as_strictly(tmp_path, text, reason):
    (tmp_path / "a.json").write_text(text)
    book, errors = load(tmp_path)
    assert book is None
    assert reason in str(errors[0])


def test_a_whole_surrogate_pair_is_a_letter(tmp_path):
    (tmp_path / "a.json").write_text('{"hosts": [{"bk_host_id": 1, "bk_host_name": "\\ud83d\\ude00"}]}')
    assert load(tmp_path)[0].hosts["1"].bk_host_name == "😀"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a: \x80", bytes(range(256)), b"\x00"])
def test_a_binary_file_is_refused(tmp_path, content):
    book, errors = loaded(tmp_path, a=content)
    assert book is None
    assert len(errors) == 1


def test_a_path_that_is_not_there_is_told(tmp_path):
    assert [str(error) for error in load([tmp_path / "x"])[1]] == [f"{tmp_path}/x: no such file or directory"]


def test_documents_may_come_from_anywhere():
    good = Sourced("strategies", {"id": 1, "name": "a"}, "table strategies", "1")
    book, errors = build([good, Sourced("nonsense", {}, "table nonsense", "1")])
    assert book is None
    assert str(errors[0]).startswith("table nonsense: 1: unknown kind 'nonsense'")
    assert build([good])[0].strategies["1"].name == "a"


def test_a_mistake_is_told_in_one_line_of_bounded_length():
    for said in complaints(
        strategies=[{"id": 1, "name": "a", "b\nc": 1, "x" * 5000: 1, "labels": ["\n"], "scenario": 4}]
    ):
        assert "\n" not in said
        assert len(said) <= 1003


@pytest.mark.parametrize("zone", ["Nowhere", "../etc", "", "Asia"])
def test_an_unknown_zone_of_the_settings_is_refused(zone):
    with pytest.raises(RefusedError):
        build([], time_zone=zone)


def test_a_document_alone_is_read_as_in_a_file():
    notice, wrong = read_alone({"id": 5, "user_groups": [1]}, NoticeRelation)
    assert (notice.id, notice.user_groups, wrong) == ("5", ("1",), [])
    assert read_alone({"signal": ["x"]}, NoticeRelation)[1][0].startswith("signal[0]: expected one of")
    assert read_alone(5, NoticeRelation) == (None, ["expected a mapping, got an integer"])


def action(**config):
    (found,) = strategy(actions=[{"id": 1, "plugin_type": "webhook" if "url" in config else "message_queue", "config": config}]).actions  # fmt: skip
    return found.config


def test_the_secrets_of_an_action_are_named_like_those_of_a_channel():
    hook = action(url={"env": "HOOK"}, headers={"Authorization": {"file": "/run/token"}, "X": "{{ alert.id }}"})
    assert hook.url == Secret(env="HOOK")
    assert hook.headers == {"Authorization": Secret(file="/run/token"), "X": "{{ alert.id }}"}
    assert action(dsn={"env": "QUEUE"}).dsn == (Secret(env="QUEUE"),)
    assert action(dsn=["kafka://h/t", {"file": "/q"}]).dsn == ("kafka://h/t", Secret(file="/q"))


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"dsn": {"env": "A", "file": "B"}}, "dsn: expected text"),
        ({"dsn": {"env": ""}}, "dsn: expected text"),
        ({"dsn": {"env": 5}}, "dsn: expected text"),
        ({"dsn": {"vault": "x"}}, "dsn: expected text"),
        ({"dsn": [["redis://h/0/k"]]}, "dsn: expected text"),
        ({"dsn": "redis://h/0/k?ssl=hunter2"}, "dsn: redis:// takes nothing behind the `?`"),
        ({"url": {"env": "A", "file": "B"}}, "url: give either 'env' or 'file'"),
        ({"url": "http://h", "headers": {"A": {}}}, "headers.A: give either 'env' or 'file'"),
    ],
)
def test_a_reference_that_names_no_place_or_two_is_refused(config, place):
    plugin = "webhook" if "url" in config else "message_queue"
    (told,) = complaints(
        strategies=[{"id": 1, "name": "a", "actions": [{"id": 1, "plugin_type": plugin, "config": config}]}]
    )
    assert f"strategies[0].actions[0].config.{place}" in told
    assert "hunter2" not in told
