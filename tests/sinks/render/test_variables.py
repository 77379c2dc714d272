import json

import pytest
from msgspec.structs import replace

from operators.model.alert import Dimension, Extra
from operators.model.event import Tag
from operators.model.settings import CoreSettings, LinkSettings
from operators.rules.shapes.model import Host, ServiceInstance
from tests.sinks.render.given import BOOK, NOW, alert, event, message, renderer, say, strategy, template


def value(expression, way="rtx", **context):
    """Return what `{{ expression }}` prints, alone on its line."""
    made = say(template("<<" + "{{ " + expression + " }}" + ">>"), way=way, **context)
    assert made.error is None, made.error
    return made.content.split("<<")[1].split(">>")[0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("alarm.id", "1700000000000000000001"),
        ("alarm.name", "CPU usage"),
        ("alarm.level", "1"),
        ("alarm.level_name", "Fatal"),
        ("alarm.begin_time", "2023-11-15 06:11:10+08:00"),
        ("alarm.begin_timestamp", "1699999870"),
        ("alarm.time", "2023-11-15 06:13:20+08:00"),
        ("alarm.duration", "130"),
        ("alarm.duration_string", "2m 10s"),
        ("alarm.description", "Lasting 2m 10s: idle is 3%"),
        ("alarm.end_description", ""),
        ("alarm.current_value", "3"),
        ("alarm.display_type", "alert"),
        ("alarm.is_abnormal", "True"),
        ("alarm.is_no_data_alarm", "False"),
        ("alarm.is_shielded", "False"),
        ("alarm.collect_count", "1"),
        ("alarm.target_string", "10.0.0.1"),
        ("alarm.display_targets", "10.0.0.1"),
        ("alarm.target_type", "HOST"),
        ("alarm.target_type_name", "Host"),
        ("alarm.target_display", "10.0.0.1"),
        ("alarm.dimension_string", "mount point=/data, device=cpu0"),
        ("alarm.dimension_string_list|join(';')", "mount point=/data;device=cpu0"),
        ("alarm.display_dimensions.device.display_value", "cpu0"),
        ("alarm.display_dimensions['mount'].display_key", "mount point"),
        ("alarm.display_dimensions.mount.display_name", "mount point"),
        ("alarm.dimensions.device.value", "cpu0"),
        ("alarm.new_dimensions.device.key", "device"),
        ("alarm.origin_dimensions.device", "cpu0"),
        ("alarm.data_source_name", "Monitoring collector"),
        ("alarm.related_info", "set(prod) module(web)"),
        ("alarm.detail_url", ""),
        ("alarm.strategy_url", ""),
        ("alarm.quick_ack_url", ""),
        ("alarm.log_related_info", ""),
        ("alarm.appointees", "dave"),
        ("alarm.assignees", ""),
        ("alarm.receivers", "alice, bob"),
        ("alarm.ack_operators", ""),
        ("alarm.notice_from", "Tocsin"),
        ("alarm.no_such_thing", ""),
        ("alert.alert_name", "CPU usage"),
        ("alert.event.plugin_id", "p"),
        ("alert.extra_info.agg_dimensions", "mount"),
        ("event.id", "1700000000000000000001"),
        ("event.plugin_id", "p"),
        ("event.tags[0].value", "cpu0"),
        ("strategy.strategy_id", "1"),
        ("strategy.name", "CPU usage"),
        ("strategy.scenario", "os"),
        ("strategy.bk_biz_id", "2"),
        ("strategy.labels", "hot"),
        ("strategy.item.name", "idle"),
        ("strategy.item.metric_field", "idle"),
        ("strategy.item.result_table_id", "bk_monitor.system.cpu"),
        ("strategy.item.unit", "%"),
        ("strategy.item.agg_interval", "60"),
        ("strategy.actions", ""),
        ("target.business.bk_biz_name", "shop"),
        ("target.business.bk_biz_id", "2"),
        ("target.business.bk_biz_maintainer_string", "bob, eve"),
        ("target.business.bk_biz_tester_string", ""),
        ("target.host.bk_host_id", "1"),
        ("target.host.bk_host_innerip", "10.0.0.1"),
        ("target.host.operator_string", "carol"),
        ("target.host.module_string", "web"),
        ("target.host.set_string", "prod"),
        ("target.hosts|length", "1"),
        ("target.modules", "web"),
        ("target.process.nginx.port", ""),
        ("target.service_instance.name", ""),
        ("business.bk_biz_name", "shop"),
        ("alert_level", "1"),
        ("level_name", "Fatal"),
        ("level_color", "#EA3636"),
        ("notice_way", "rtx"),
        ("notice_channel", "user"),
        ("notice_receiver", "alice, bob"),
        ("user_type", "main"),
        ("user_title", "CPU usage on 10.0.0.1 (shop)"),
        ("signal", "abnormal"),
        ("notice_type", "normal"),
        ("product.name", "Tocsin"),
        ("product_name", "Tocsin"),
        ("action.id", "act1"),
        ("action_instance.plugin_type", "notice"),
        ("anomaly_record.source_time", "1700000000"),
        ("alerts_info|length", "1"),
        ("alerts_info[0].target", "10.0.0.1"),
        ("alerts_info[0].current_value", "3"),
        ("arrow.now().format('HH:mm')", "06:14"),
        ("json.loads(alarm.callback_message).event.level_name", "Fatal"),
        ("json.loads(alarm.alert_info).signal", "abnormal"),
        ("shield", ""),
    ],
)
def test_templates_have_these_variables(expression, expected):
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("row", "way", "expected"),
    [
        ("level", "mail", True), ("level", "wxwork-bot", False), ("level", "sms", False), ("level", "weixin", False),
        ("duration", "mail", True), ("duration", "weixin", False),
        ("target_type", "mail", True), ("target_type", "sms", False),
        ("data_source", "mail", True), ("data_source", "wxwork-bot", False),
        ("current_value", "mail", True), ("current_value", "weixin", True), ("since", "sms", False), ("told", "mail", False), ("next", "weixin", True), ("where", "mail", True),
        ("begin_time", "mail", True), ("begin_time", "wxwork-bot", True), ("begin_time", "sms", False), ("begin_time", "weixin", True),
        ("time", "mail", True), ("time", "sms", False), ("time", "weixin", True),
        ("content", "mail", True), ("content", "wxwork-bot", True), ("content", "sms", True), ("content", "weixin", True),
        ("biz", "mail", True), ("biz", "sms", True), ("target", "sms", True), ("target", "weixin", True),
        ("dimension", "mail", True), ("dimension", "sms", True), ("dimension", "wxwork-bot", True),
        ("detail", "mail", False), ("detail", "wxwork-bot", False), ("detail", "sms", True), ("detail", "weixin", True),
        ("related_info", "mail", True), ("related_info", "wxwork-bot", True), ("related_info", "sms", False), ("related_info", "weixin", True),
        ("sms_forced_related_info", "sms", True), ("appointees", "sms", True), ("receivers", "weixin", True),
        ("business_name", "weixin", True), ("ack_operators", "weixin", False), ("remarks", "weixin", False),
        ("assign_detail", "weixin", False), ("assign_detail", "wxwork-bot", True), ("no_such_row", "mail", False),
    ],
)  # fmt: skip
def test_each_row_is_there_where_its_way_shows_it(row, way, expected):
    about = [alert(extra_info=Extra(matched_rule_info={"group_name": "hosts"}))]
    made = say(template("before\n{{ content." + row + " }}\nafter"), way=way, alerts=about).content
    between = made.split("before")[1].split("after")[0]
    text = between.replace("<br>", "").replace("</td>", "").replace("</tr>", "")
    assert ("<td" in text if way == "mail" and "<tr>" in between else bool(text.strip())) is expected


def test_a_row_has_the_label_of_the_language():
    assert "告警目标: 10.0.0.1" in say(template("{{ content.target }}"), bk_biz_id="3").content


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"target_type": "HOST", "target": "10.9.9.9|0"}, "10.9.9.9"),
        ({"target_type": "HOST", "target": "10.9.9.9"}, "10.9.9.9"),
        ({"target_type": "HOST", "target": "10.9.9.9|3"}, "10.9.9.9|3"),
        ({"target_type": "HOST", "target": "1"}, "10.0.0.1"),
        ({"target_type": "HOST", "target": "", "ip": "10.8.8.8"}, "10.8.8.8"),
        ({"target_type": "SERVICE", "target": "123"}, "nginx"),
        ({"target_type": "SERVICE", "target": "124"}, "124"),
        ({"target_type": "TOPO", "target": "module|28"}, "web"),
        ({"target_type": "TOPO", "target": "module|99"}, "module|99"),
        ({"target_type": "K8S-POD", "target": "pod-1"}, "pod-1"),
        ({"target_type": "", "target": None, "ip": None}, ""),
    ],
)
def test_a_target_is_named_as_people_know_it(changes, expected):
    book = replace(BOOK, service_instances={"123": ServiceInstance(id="123", name="nginx", bk_host_id="1")})
    assert value("alarm.target_display", alerts=[alert(event=event(**changes))], book=book) == expected


def test_targets_of_one_subject_are_told_together_and_counted():
    alerts = [alert(1), alert(2), alert(event=event(1)), alert(4, event=event(4, alert_name="other"))]
    assert value("alarm.target_string", alerts=alerts) == "10.0.0.1(2), 10.0.0.2"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "3"),
        ({"status": "RECOVERED", "extra_info": Extra(recovery_value=80)}, "80"),
        ({"status": "RECOVERED"}, "3"),
        ({"event": event(tags=(Tag("__NO_DATA_DIMENSION__", True),))}, ""),
        ({"event": event(extra_info={})}, ""),
        ({"event": event(extra_info={"origin_alarm": "text"})}, ""),
        ({"event": event(extra_info={"origin_alarm": {"data": [1]}})}, ""),
        ({"extra_info": Extra(origin_alarm={"data": {"value": 0}})}, "0"),
    ],
)
def test_the_current_value_is_the_one_that_counts_now(changes, expected):
    assert value("alarm.current_value", alerts=[alert(**changes)]) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"duration": 60, "first_anomaly_time": 1_699_999_940}, "1m"),
        ({"duration": 59}, "59s"),
        ({"duration": 3600}, "1h"),
        ({"duration": 3725}, "1h 2m"),
        ({"duration": 3605}, "1h"),
        ({"duration": 90061}, "1d 1h"),
        ({"first_anomaly_time": 1_700_000_000}, ""),
    ],
)
def test_a_duration_has_its_two_largest_units(changes, expected):
    assert value("alarm.duration_string", alerts=[alert(**changes)]) == expected


@pytest.mark.parametrize("second", [10**18, -(10**15)])
def test_a_time_no_calendar_holds_is_a_number(second):
    assert value("alarm.begin_time", alerts=[alert(begin_time=second)]) == str(second)


def test_dimensions_of_markdown_are_links_where_they_are_addresses():
    about = [
        alert(
            dimensions=(
                Dimension("tags.url", "u", "url", "https://x.example/a_b"),
                Dimension("tags.x", "y", "x", "a*b https://z"),
            )
        )
    ]
    made = value("alarm.dimension_string", way="dingtalk", alerts=about)
    assert made == "url: [https://x.example/a_b](https://x.example/a_b)\nx: a\\*b https://z"


def test_followers_are_told_that_they_are():
    assert value("user_type", followed=True) == "follower"


def test_facts_that_cannot_be_computed_print_nothing():
    about = [alert(extra_info=Extra(matched_rule_info={"group_name": {"odd": []}}), dimensions=())]
    assert value("alarm.dimension_string", alerts=about) == ""
    sent = message("rtx", ())
    made = renderer().render(
        sent,
        [],
        strategy(template("[{{ alarm.name }}{{ content.target }}{{ target.host.x }}{{ alert.id }}]")),
        BOOK,
        NOW,
    )
    assert made.error is None
    assert "[]" in made.content


def test_a_strategy_that_is_gone_is_what_the_alert_remembers():
    about = [alert(extra_info=Extra(strategy={"id": "1", "name": "old name", "version": "v"}))]
    settings = CoreSettings(links=LinkSettings("https://x.example/{{ strategy.name }}/{{ strategy.strategy_id }}"))
    made = renderer(settings).render(message("rtx", about), about, None, BOOK, NOW)
    assert "https://x.example/old%20name/1" in made.content


def test_a_host_of_the_inventory_shows_its_attributes():
    host = Host(bk_host_id="1", ip="10.0.0.1", bk_biz_id="2", attributes={"bk_os_type": "linux"})
    book = replace(BOOK, hosts={"1": host}, hosts_by_ip={"10.0.0.1": (host,)})
    assert value("target.host.bk_os_type", book=book) == "linux"


def test_the_older_callback_format_is_json_with_what_it_had():
    made = json.loads(value("alarm.callback_message|replace('<', '')"))
    assert made["type"] == "ANOMALY_NOTICE"
    assert made["event"]["dimensions"] == {"mount": "/data", "device": "cpu0"}
    assert made["strategy"] == {"id": "1", "name": "CPU usage", "item_list": made["strategy"]["item_list"]}
    assert made["bk_biz_name"] == "shop"
