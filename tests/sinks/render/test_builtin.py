"""Built-in notices: every signal, kind, way and language, with values that want to be more than values."""

import re
from html.parser import HTMLParser

import pytest
from msgspec.structs import replace

from operators.model.alert import Dimension, Extra
from operators.model.event import Tag
from operators.model.settings import CoreSettings, LinkSettings, NoticeSettings
from operators.rules.shapes.model import NoticeOptions, UpgradeConfig
from sinks.render.frames import Frames
from sinks.render.lengths import DEFAULT_LIMIT, DEFAULT_LIMITS
from tests.sinks.render.given import BOOK, NOW, alert, event, message, renderer, say, strategy

WAYS = ("mail", "sms", "voice", "weixin", "rtx", "wxwork-bot", "dingtalk", "feishu", "slack", "webhook")
SIGNALS = ("abnormal", "no_data", "recovered", "closed", "ack")
NOTICE_TYPES = ("normal", "unshielded", "upgrade")
LANGUAGES = {"en": "2", "zh": "3"}
UNLIMITED = CoreSettings(notice=NoticeSettings(dict.fromkeys(WAYS, 0)))
LINKED = CoreSettings(links=LinkSettings("https://alerts.example.org/{{ alert.id }}"))

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=y>\"'&",
    "markdown": "**b** _i_ `c` [l](http://evil) <@all> <at id=all></at> <!channel> ~~s~~ # h > q",
    "template": "{{ 7*191 }}{% for x in range(9) %}{{ x }}{% endfor %}{# c #}${7*191}{{ ''.__class__ }}%s%(a)s{0}",
    "rows": "#Level#Remind\n#fake#row\r\n\n##x",
    "huge": "長" * 100_000,
    "emoji": "👨‍👩‍👧‍👦🇺🇳 e\u0301 \U0001f9d1\U0001f3fd",
    "rtl": "\u202eevil\u202c שלום \u2066مرحبا\u2069",  # noqa: RUF001 (Arabic)
    "control": "a\x00b\x1b[31mc\x07\x85\u2028d\ud800",
    "blank": "   \n\t\n  ",
    "crlf": "subject\r\nBcc: evil@example.org\r\n\r\nbody",
    "mention": "--mention-users--",
}


def ends(signal):
    status = {"recovered": "RECOVERED", "closed": "CLOSED"}.get(signal)
    return {"status": status, "end_time": NOW} if status else {}


def hostile_alert(number, text, signal):
    """Return an alert that says the same thing wherever an alert can say something."""
    own = event(
        number,
        alert_name=text,
        description=text,
        target=text,
        target_type=text,
        plugin_id=text,
        tags=(Tag(text, text),),
        extra_info={"origin_alarm": {"data": {"value": text, "dimensions": {text: text}}}},
    )
    return alert(
        number,
        event=own,
        alert_name=text,
        dimensions=(Dimension(f"tags.{text}", text, text, text),),
        ack_operator=text,
        is_ack=signal == "ack",
        appointee=(text,),
        extra_info=Extra(end_description=text, comment=text, matched_rule_info={"group_name": text}),
        **ends(signal),
    )


class Balanced(HTMLParser):
    """Fails on HTML whose tags do not close in turn; keeps what it met."""

    def __init__(self):
        super().__init__()
        self.open, self.met = [], []

    def handle_starttag(self, tag, attrs):
        self.met.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check_mail(content):
    reader = Balanced()
    reader.feed(content)
    reader.close()
    assert reader.open == []
    allowed = {"html", "head", "meta", "title", "body", "table", "tr", "td", "th", "div", "a", "br"}
    assert {tag for tag, _ in reader.met} <= allowed
    assert not any(name.startswith("on") for _, attrs in reader.met for name in attrs)


def check_text(content, way):
    assert content.strip()
    assert "\x00" not in content
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", content)
    assert "1337" not in content
    assert "<class" not in content
    content.encode()
    if way == "voice":
        assert "\n" not in content
    if way in ("wxwork-bot", "dingtalk", "feishu", "slack"):
        assert not re.search("<(?:@|at|!|script|img)", content)
    if way == "mail":
        check_mail(content)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("kind", ["action", "converge"])
@pytest.mark.parametrize("value", HOSTILE)
def test_no_value_breaks_a_notice_or_is_interpreted_in_it(language, signal, kind, value):
    number = 3 if kind == "converge" else 1
    alerts = [hostile_alert(n, HOSTILE[value], signal) for n in range(1, number + 1)]
    for way in WAYS:
        made = say(
            way=way, signal=signal, collect_type=kind, alerts=alerts, bk_biz_id=LANGUAGES[language], settings=LINKED
        )
        assert made.error is None
        assert made.title.strip()
        assert "\n" not in made.title
        assert "\r" not in made.title
        assert len(made.title) <= 255
        check_text(made.content, way)
        limit = DEFAULT_LIMITS.get(way, 1 << 20)
        assert len(made.content if way == "sms" else made.content.encode()) <= limit


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("notice_type", NOTICE_TYPES)
@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("way", WAYS)
def test_every_notice_says_what_it_is_and_what_it_is_about(language, notice_type, signal, way):
    about = alert(1, **ends(signal))
    made = say(way=way, signal=signal, notice_type=notice_type, alerts=[about], bk_biz_id=LANGUAGES[language])
    assert made.error is None
    assert "CPU usage" in made.title
    assert "CPU usage" in made.content
    assert "10.0.0.1" in made.content
    for text in (made.title, made.content):
        for word in expected_words(language, notice_type, signal):
            assert word in text.lower(), text


def expected_words(language, notice_type, signal):
    english = {
        "upgrade": "escalation", "unshielded": "shield", "recovered": "recovered", "closed": "closed",
        "ack": "acknowledged", "no_data": "no data", "abnormal": "fatal",
    }  # fmt: skip
    chinese = {
        "upgrade": "升级", "unshielded": "屏蔽", "recovered": "已恢复", "closed": "已关闭", "ack": "已确认",
        "no_data": "无数据", "abnormal": "致命",
    }  # fmt: skip
    words = english if language == "en" else chinese
    return [words[name] for name in (notice_type, signal) if name in words]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_escalation_does_not_read_like_the_first_notice(language):
    for way in WAYS:
        first, later = (say(way=way, notice_type=kind, bk_biz_id=LANGUAGES[language]) for kind in ("normal", "upgrade"))
        assert first.title != later.title
        assert first.content != later.content


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["action", "converge"])
@pytest.mark.parametrize("count", [2, 3, 20])
def test_a_summary_names_every_alert_it_stands_for(way, kind, count):
    alerts = [alert(n, alert_name=f"problem <{n}>") for n in range(1, count + 1)]
    made = say(way=way, collect_type=kind, alerts=alerts, settings=UNLIMITED)
    for number in range(1, count + 1):
        name = (
            f"problem &lt;{number}&gt;"
            if way == "mail"
            else f"problem &lt;{number}>"
            if way in ("wxwork-bot", "dingtalk", "feishu", "slack")
            else f"problem <{number}>"
        )
        assert name in made.content
        assert f"10.0.0.{number}" in made.content
        if way not in ("sms", "voice"):
            assert alerts[number - 1].id in made.content
    assert str(count) in made.content


@pytest.mark.parametrize("way", ["mail", "weixin", "dingtalk", "sms"])
def test_a_summary_has_twenty_rows_at_most_and_says_how_many_alerts_are_not_in_them(way):
    alerts = [alert(n, alert_name=f"problem {n}") for n in range(1, 64)]
    content = say(way=way, alerts=alerts, collect_type="converge", settings=UNLIMITED).content
    assert "and 43 more" in content
    assert "problem 20" in content
    assert "problem 21" not in content


@pytest.mark.parametrize("way", ["mail", "weixin", "dingtalk", "sms"])
@pytest.mark.parametrize("count", [5, 10, 5000])
def test_alerts_that_differ_in_their_target_only_are_one_row(way, count):
    made = say(way=way, alerts=[alert(n) for n in range(1, count + 1)], settings=UNLIMITED)
    assert f"[Fatal] CPU usage on {count} hosts: 10.0.0.1, 10.0.0.2, 10.0.0.3, ... (shop)" in made.title
    assert "10.0.0.5" in made.content
    assert ("and 4990 more" in made.content) is (count == 5000)
    assert len(made.content) < 6000


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["action", "converge"])
def test_every_way_has_a_limit_without_any_setting(way, kind):
    for alerts in (
        [alert(n, alert_name=f"{n}" * 3000) for n in range(1, 41)],
        [alert(event=event(alert_name="x" * 100_000, description="y" * 100_000))],
    ):
        content = say(way=way, alerts=alerts, collect_type=kind if len(alerts) > 1 else "action").content
        most = DEFAULT_LIMITS.get(way, DEFAULT_LIMIT)
        assert len(content if way == "sms" else content.encode()) <= most <= 100_000


def test_a_summary_shows_the_state_of_alerts_that_ended_meanwhile():
    alerts = [alert(1), alert(2, status="RECOVERED", end_time=NOW)]
    assert "[Recovered] CPU usage, 10.0.0.2" in say(alerts=alerts).content
    assert "**Recovered** CPU usage, 10.0.0.2" in say(way="dingtalk", alerts=alerts).content
    assert "CPU usage 10.0.0.2 (Recovered)" in say(way="sms", alerts=alerts).content
    assert ">Recovered</td>" in say(way="mail", alerts=alerts).content


def test_a_business_summary_names_what_it_merges_and_counts_by_severity():
    alerts = [alert(1), alert(2, alert_name="Disk", severity=2), alert(3, alert_name="Load", severity=2)]
    made = say(alerts=alerts, collect_type="converge")
    assert made.title == "Tocsin [Summary] [Fatal] 3 alerts: CPU usage, Disk, Load (shop)"
    assert made.content.startswith(
        "[Summary] [Fatal] 3 alerts: CPU usage, Disk, Load (shop)\n"
        "3 alerts are merged into this notice: 1 Fatal, 2 Warning\n"
    )


@pytest.mark.parametrize(
    ("target_type", "targets", "expected"),
    [
        ("HOST", ["10.0.0.9"], "[Fatal] CPU usage on 10.0.0.9 (shop)"),
        ("SERVICE", ["i1", "i2"], "[Fatal] CPU usage on 2 service instances: i1, i2 (shop)"),
        ("", ["a", "b", "c", "d"], "[Fatal] CPU usage on 4 targets: a, b, c, ... (shop)"),
        ("", [""], "[Fatal] CPU usage (shop)"),
        ("", ["", ""], "[Fatal] 2 alerts: CPU usage (shop)"),
        ("HOST", ["h", "h"], "[Fatal] CPU usage on h (shop)"),
    ],
)
def test_a_subject_says_what_and_where(target_type, targets, expected):
    alerts = [
        alert(n, event=event(n, target_type=target_type, target=target, ip=None), dimensions=())
        for n, target in enumerate(targets, 1)
    ]
    assert say(way="mail", alerts=alerts).title == expected


@pytest.mark.parametrize(
    ("tags", "extra", "expected"),
    [
        ((Tag("runbook_url", "https://wiki/cpu"),), {}, "runbook https://wiki/cpu"),
        ((Tag("runbook", "ask the dba"),), {}, "runbook ask the dba"),
        ((), {"annotations": {"runbook_url": "https://wiki/x y"}}, "runbook https://wiki/x%20y"),
        ((), {"annotations": "none"}, "Next: to acknowledge"),
    ],
)
def test_a_notice_names_its_runbook(tags, extra, expected):
    assert expected in say(alerts=[alert(event=event(tags=tags, extra_info=extra))]).content


def test_an_escalation_names_who_stayed_silent():
    about = alert(assignee=("zoe", "carl", "alice", "eve"), supervisor=("eve",))
    content = say(notice_type="upgrade", alerts=[about]).content
    assert "Told before, without an answer: zoe, carl." in content
    assert "eve" not in content


def test_a_notice_says_who_else_was_told_and_when_it_goes_to_others():
    rules = strategy()
    escalation = UpgradeConfig(is_enabled=True, upgrade_interval=30, user_groups=("bosses", "ops"))
    rules = replace(rules, notice=replace(rules.notice, options=NoticeOptions(upgrade_config=escalation)))
    about = [alert(assignee=("alice", "zoe"))]

    def told(now, **changes):
        alerts = [replace(one, **changes) for one in about]
        return renderer().render(message("weixin", alerts), alerts, rules, BOOK, now).content

    assert "Also told: zoe; bosses at 2023-11-15 06:43:20+08:00 unless acknowledged" in told(NOW)
    assert "ops at 2023-11-15 07:13:20+08:00" in told(NOW + 1800)
    for content in (told(NOW + 3600), told(NOW, is_ack=True), told(NOW, status="CLOSED", end_time=NOW)):
        assert "unless acknowledged" not in content


@pytest.mark.parametrize(("status", "signal"), [("RECOVERED", "recovered"), ("CLOSED", "closed")])
@pytest.mark.parametrize("end", [None, "closed by bob"])
def test_the_content_of_an_end_says_how_it_ended(status, signal, end):
    about = alert(1, status=status, end_time=NOW, event=event(description="x"), extra_info=Extra(end_description=end))
    assert f"Content: {signal.capitalize()} after 2m 10s: {end or 'x'}\n" in say(signal=signal, alerts=[about]).content


TEXT = """\
[Fatal] CPU usage on 10.0.0.1 (shop)
Content: Lasting 2m 10s: idle is 3%
Current value: 3%
Since: 2023-11-15 06:11:10+08:00
Dimensions: mount point=/data, device=cpu0
Related: set(prod) module(web)
Next: to acknowledge: tocsin ack 1700000000000000000001"""

MARKDOWN = """\
**[Fatal] CPU usage on 10.0.0.1 (shop)**
**Content**: Lasting 2m 10s: idle is 3%
**Current value**: 3%
**Since**: 2023-11-15 06:11:10+08:00
**Dimensions**: mount point: /data
device: cpu0
**Related**: set(prod) module(web)
**Next**: to acknowledge: tocsin ack 1700000000000000000001
[Details](https://alerts.example.org/1700000000000000000001)"""

SMS = """\
Tocsin [Fatal] CPU usage on 10.0.0.1 (shop)
Content: Lasting 2m 10s: idle is 3%
Alert: 1700000000000000000001"""

CHINESE = """\
【致命】CPU usage，目标 10.0.0.1（商店）
内容: 已持续 2m 10s: idle is 3%
当前值: 3%
开始时间: 2023-11-15 06:11:10+08:00
维度: mount point=/data, device=cpu0
关联信息: set(prod) module(web)
下一步: 确认告警: tocsin ack 1700000000000000000001"""  # noqa: RUF001 (Chinese)


@pytest.mark.parametrize(
    ("way", "settings", "business", "expected"),
    [
        ("weixin", None, "2", TEXT),
        ("rtx", None, "2", TEXT),
        ("webhook", None, "2", TEXT),
        ("weixin", LINKED, "2", TEXT + "\nDetails: https://alerts.example.org/1700000000000000000001"),
        ("wxwork-bot", LINKED, "2", MARKDOWN),
        ("slack", LINKED, "2", MARKDOWN),
        ("sms", None, "2", SMS),
        ("sms", LINKED, "2", SMS),
        ("voice", None, "2", "Tocsin Fatal alert: CPU usage on 10.0.0.1 in shop."),
        ("weixin", None, "3", CHINESE),
        ("voice", None, "3", "Tocsin致命告警：商店业务，CPU usage，目标10.0.0.1。"),  # noqa: RUF001 (Chinese)
    ],
)  # fmt: skip
def test_the_built_in_texts_read_like_this(way, settings, business, expected):
    made = say(way=way, settings=settings or CoreSettings(), bk_biz_id=business)
    assert made.content == expected


def test_a_mail_says_what_where_since_when_and_what_to_do_once_with_a_button_and_a_colour():
    content = say(way="mail", settings=LINKED).content
    for text in ("Content", "Since", "Current value", ">3%<", "Next", "tocsin ack", "#EA3636"):
        assert text in content
    for text in ("CPU usage", "10.0.0.1", "(shop)", "2m 10s", "idle is 3%"):
        assert content.count(text) == 2 if text in ("CPU usage", "10.0.0.1", "(shop)") else 1  # in the title as well
    assert content.count('<tr><td style="padding:4px 16px 4px 0') == 6
    assert '<a href="https://alerts.example.org/1700000000000000000001"' in content


@pytest.mark.parametrize(("signal", "color"), [("recovered", "#2dcb56"), ("closed", "#979ba5"), ("ack", "#3a84ff")])
def test_a_mail_has_the_colour_of_its_signal(signal, color):
    assert color in say(way="mail", signal=signal).content


def test_an_ack_says_who_and_why():
    about = alert(1, is_ack=True, ack_operator="bob", extra_info=Extra(comment="on it"))
    made = say(signal="ack", alerts=[about])
    assert "Acknowledged by: bob\nReason: on it\n" in made.content


def test_an_end_tells_the_reason_of_the_end():
    about = alert(1, status="CLOSED", end_time=NOW, extra_info=Extra(end_description="closed by bob"))
    assert "Content: Closed after 2m 10s: closed by bob" in say(signal="closed", alerts=[about]).content


def test_a_first_anomaly_is_new_and_has_no_duration():
    about = alert(1, first_anomaly_time=1_700_000_000)
    made = say(way="mail", alerts=[about])
    assert "New: idle is 3%" in made.content
    assert "Lasted" not in made.content


def test_a_suspected_gap_in_the_data_is_named_in_the_level():
    own = event(tags=(Tag("__double_check_result", "SUSPECTED_MISSING_POINTS"),))
    assert say(alerts=[alert(event=own)]).content.startswith("[Suspected Fatal] CPU usage on")


def test_an_alert_without_strategy_is_told_in_the_built_in_words():
    about = [alert(strategy_id="")]
    made = renderer().render(message("weixin", about, strategy_id=""), about, None, BOOK, NOW)
    assert made.content.startswith("[Fatal] CPU usage on 10.0.0.1 (shop)\n")


def test_a_message_whose_alerts_are_gone_still_names_them():
    sent = message("mail", alert_ids=("a1", "a2"))
    made = renderer().render(sent, [], None, BOOK, NOW)
    assert "a1, a2" in made.title
    assert "a1, a2" in made.content
    assert "a1, a2" in renderer().render(replace(sent, way="voice"), [], None, BOOK, NOW).content


SHIELD = {
    "id": "7",
    "category": "strategy",
    "begin_time": 1_700_000_000,
    "end_time": 1_700_086_400,
    "dimension_config": {
        "strategy_id": ["1"],
        "dimension_conditions": [{"key": "ip", "method": "eq", "value": ["10.0.0.1"]}],
    },
    "cycle_config": {"type": 3, "begin_time": "22:00", "end_time": "23:00", "week_list": [1, 2]},
    "description": "maintenance <b>",
}


def shield_notice(way, edge, business="2", shield=None):
    news = {"edge": edge, "shield": SHIELD if shield is None else shield, "time": 1_700_000_400}
    sent = message(way, signal="shield", strategy_id="", action_ids=(), bk_biz_id=business, shield=news)
    return renderer().render(sent, [], None, BOOK, NOW)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("edge", "business", "word", "when"),
    [("begin", "2", "begins", "06:20:00"), ("end", "2", "ends", "06:20:00"), ("begin", "3", "开始", "06:20:00"), ("end", "3", "结束", "06:20:00")],
)  # fmt: skip
def test_a_shields_edge_is_told_with_its_number(way, edge, business, word, when):
    made = shield_notice(way, edge, business)
    assert made.error is None
    assert word in made.title
    assert "7" in made.title
    assert word in made.content
    check_text(made.content, way)


def test_a_shield_notice_says_when_what_and_why():
    assert shield_notice("weixin", "begin").content == (
        "[Shield begins] Shield 7\n"
        "Shield 7 begins at 2023-11-15 06:20:00+08:00.\n"
        "Kind of shield: Strategy\n"
        "In force: 2023-11-15 06:13:20+08:00 to 2023-11-16 06:13:20+08:00\n"
        "Repeats: Weekly on days 1, 2, 22:00 to 23:00\n"
        "Covers: strategy_id=1, ip eq 10.0.0.1\n"
        "Reason: maintenance <b>"
    )


def test_a_shield_notice_without_a_document_still_tells_the_edge():
    assert "Shield ends" in shield_notice("mail", "end", shield={}).content


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_signal_kind_and_way_has_its_file(language):
    frames = Frames()
    for signal in (*SIGNALS, "shield", "manual"):
        for kind in ("action", "converge") if signal != "shield" else ("action",):
            for way in WAYS:
                for part in ("title", "content"):
                    assert frames.find(signal, kind, way, part, language) is not None


def test_the_same_inputs_give_the_same_words():
    assert say(way="mail", settings=LINKED) == say(way="mail", settings=LINKED)
