"""Configured templates: rows, titles, fallbacks, limits."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace

from operators.model.settings import CoreSettings, LinkSettings, NoticeSettings, ProductSettings
from sinks.render import Renderer
from sinks.render.lengths import measure
from tests.sinks.render.given import BOOK, NOW, alert, channels, event, message, renderer, say, strategy, template

ROWS = "#Host#{{ target.host.bk_host_innerip }}\n\nplain {{ alarm.name }}\n{{ content.target }}\n{{ content.level }}"


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("weixin", "[Fatal] CPU usage on 10.0.0.1 (shop)\nHost: 10.0.0.1\nplain CPU usage\nTarget: 10.0.0.1"),
        ("rtx", "[Fatal] CPU usage on 10.0.0.1 (shop)\nHost: 10.0.0.1\nplain CPU usage\nTarget: 10.0.0.1"),
        ("sms", "Tocsin [Fatal] CPU usage on 10.0.0.1 (shop)\nHost: 10.0.0.1\nplain CPU usage\nTarget: 10.0.0.1"),
        ("voice", "Tocsin Fatal alert: CPU usage on 10.0.0.1 in shop."),
        (
            "wxwork-bot",
            "**[Fatal] CPU usage on 10.0.0.1 (shop)**\n**Host**: 10.0.0.1\n\nplain CPU usage\n**Target**: 10.0.0.1\nAlert 1700000000000000000001",
        ),
    ],
)
def test_rows_of_a_template_take_the_form_of_the_way(way, expected):
    assert say(template(ROWS), way=way).content == expected


def test_a_mail_has_every_row():
    content = say(template(ROWS), way="mail").content
    for text in (">Host</td>", ">10.0.0.1</td>", "plain CPU usage", ">Target</td>", ">Level</td>", ">Fatal</td>"):
        assert text in content


@pytest.mark.parametrize(
    ("configured", "signal", "expected"),
    [
        ("abnormal", "abnormal", True),
        ("abnormal", "no_data", True),
        ("abnormal", "recovered", False),
        ("recovered", "recovered", True),
        ("no_data", "no_data", True),
        ("no_data", "abnormal", False),
        ("closed", "closed", True),
        ("ack", "ack", True),
    ],
)
def test_a_template_is_that_of_the_signal_and_no_data_takes_abnormals(configured, signal, expected):
    made = say(template("mine", signal=configured), signal=signal)
    assert ("mine" in made.content) is expected


def test_no_datas_own_template_wins():
    made = say(template("theirs"), template("own", signal="no_data"), signal="no_data")
    assert "own" in made.content
    assert "theirs" not in made.content


@pytest.mark.parametrize(
    ("way", "title", "first_lines"),
    [
        (
            "weixin",
            "Tocsin [Fatal] ALERT CPU usage",
            ["[Fatal] CPU usage on 10.0.0.1 (shop)", "ALERT CPU usage", "body"],
        ),
        ("rtx", "Tocsin [Fatal] ALERT CPU usage", ["[Fatal] CPU usage on 10.0.0.1 (shop)", "body"]),
        (
            "sms",
            "Tocsin [Fatal] ALERT CPU usage",
            ["Tocsin [Fatal] CPU usage on 10.0.0.1 (shop)", "ALERT CPU usage", "body"],
        ),
        (
            "dingtalk",
            "Tocsin [Fatal] ALERT CPU usage",
            ["**[Fatal] CPU usage on 10.0.0.1 (shop)**", "ALERT CPU usage", "body"],
        ),
    ],
)
def test_a_configured_title_is_the_title_and_the_first_line_where_ways_show_none(way, title, first_lines):
    made = say(template("body", "ALERT {{ alarm.name }}"), way=way)
    assert made.title == title
    assert made.content.split("\n")[: len(first_lines)] == first_lines


def test_a_configured_title_is_the_subject_of_a_mail():
    made = say(template("body", "ALERT {{ alarm.name }}"), way="mail")
    assert made.title == "[Fatal] ALERT CPU usage"
    assert made.content.count("ALERT CPU usage") == 2


@pytest.mark.parametrize("title", ["", "{{ nothing }}", "  \n "])
def test_an_empty_title_is_the_built_in_one(title):
    assert say(template("body", title)).title == "Tocsin [Fatal] CPU usage on 10.0.0.1 (shop)"


def test_a_title_stays_on_one_line_and_within_255_characters():
    about = [alert(event=event(alert_name="a\nb\r\nBcc: x\n" + "n" * 300))]
    made = say(template("body", "{{ alarm.name }}\nsecond"), alerts=about)
    assert made.title.startswith("Tocsin [Fatal] a b Bcc: x nnn")
    assert len(made.title) == 255
    assert made.title.endswith("...")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ 1 / 0 }}", "message_tmpl: ZeroDivisionError: division by zero"),
        ("{{ alarm.name.__class__ }}", "message_tmpl: access to '__class__' is not allowed"),
        ("{% for a in range(20) %}{{ 'x' * 60000 }}{% endfor %}", "message_tmpl: the template does too much work"),
        ("{{ broken", "message_tmpl: unexpected end of template, expected 'end of print statement'."),
    ],
)
def test_a_template_that_fails_leaves_the_built_in_text_and_says_so(text, error):
    made, built_in = say(template(text)), say()
    assert made.error == error
    assert made.content == built_in.content + "\nRemark: The configured template failed, so this is the built-in text."
    assert made.title == built_in.title


def test_a_title_that_fails_is_the_built_in_one():
    made = say(template("body", "{{ 1 / 0 }}"))
    assert made.error == "title_tmpl: ZeroDivisionError: division by zero"
    assert made.title == say().title
    assert "body" in made.content


def test_a_failed_template_of_a_mail_leaves_rows_and_a_remark():
    content = say(template("{{ 1 / 0 }}"), way="mail").content
    assert ">Content</td>" in content
    assert "The configured template failed" in content


@pytest.mark.parametrize("value", ["#Level#Remind", "x\n#Level#Remind", "#", "\ue023Level\ue023Remind"])
@pytest.mark.parametrize(
    "text", ["{{ alarm.name }}", "{{ alarm.name|upper }}", "{% set x %}{{ alarm.name }}{% endset %}{{ x }}"]
)
def test_no_value_makes_a_row(value, text):
    content = say(template(text), alerts=[alert(event=event(alert_name=value))]).content
    assert "Level: Remind" not in content
    assert "LEVEL: REMIND" not in content


def test_markup_of_a_template_stays_but_that_of_values_does_not():
    about = [alert(event=event(alert_name="<i>x</i>"))]
    content = say(template("<b>{{ alarm.name }}</b>"), way="mail", alerts=about).content
    assert "<b>&lt;i&gt;x&lt;/i&gt;</b>" in content


def test_values_are_not_templates():
    about = [alert(event=event(alert_name="{{ 7 * 191 }}", description="{% for x in range(3) %}"))]
    content = say(template("{{ alarm.name }} {{ alarm.description }}"), alerts=about).content
    assert "{{ 7 * 191 }}" in content
    assert "1337" not in content


@pytest.mark.parametrize(
    ("way", "limit", "chars"),
    [("sms", 60, True), ("weixin", 80, False), ("wxwork-bot", 120, False), ("rtx", 50, False), ("mail", 3000, False)],
)
@pytest.mark.parametrize("filler", ["u" * 9000, "長" * 9000, "😀" * 9000, "<&>" * 3000])
def test_a_text_keeps_to_the_limit_of_its_way(way, limit, chars, filler):
    settings = CoreSettings(notice=NoticeSettings({way: limit}))
    about = [alert(event=event(description=filler))]
    for made in (
        say(way=way, settings=settings, alerts=about),
        say(template("{{ alarm.description }}"), way=way, settings=settings, alerts=about),
    ):
        assert measure(made.content, chars=chars) <= limit
        assert "..." in made.content


def test_plain_text_is_cut_in_the_users_part_to_fill_the_limit_but_for_one():
    settings = CoreSettings(notice=NoticeSettings({"weixin": 100}))
    content = say(template("u" * 500), settings=settings).content
    assert content == "[Fatal] CPU usage on 10.0.0.1 (shop)\n" + "u" * (100 - 37 - 1 - 3) + "..."


@pytest.mark.parametrize(
    ("way", "settings", "book", "limit"),
    [
        ("wxwork-bot", {}, BOOK, 5120),
        ("rtx", {}, BOOK, 4000),
        ("rtx", {"rtx": 0}, BOOK, None),
        ("weixin", {}, BOOK, 2048),
        ("weixin", {"weixin": 300}, BOOK, 300),
        ("weixin", {"weixin": 300}, channels(weixin=200), 200),
        ("weixin", {"weixin": 300}, channels(sms=200), 300),
        ("weixin", {"sms": 300}, BOOK, 2048),
    ],
)
def test_the_limit_is_the_channels_else_the_settings_else_the_default(way, settings, book, limit):
    made = say(template("u" * 9000), way=way, settings=CoreSettings(notice=NoticeSettings(settings)), book=book)
    length = len(made.content.encode())
    assert length > 9000 if limit is None else limit - 3 <= length <= limit


def test_nothing_is_longer_than_a_mebibyte():
    about = [alert(event=event(description="長" * 600_000))]
    for way in ("mail", "sms", "weixin", "dingtalk"):
        assert len(say(way=way, alerts=about).content.encode()) <= 1 << 20


def test_a_link_is_rendered_for_the_first_alert():
    settings = CoreSettings(links=LinkSettings("https://x.example/{{ alert.id }}?s={{ alert.strategy_id }}"))
    assert "Details: https://x.example/1700000000000000000001?s=1" in say(settings=settings).content


@pytest.mark.parametrize("value", ["x)](javascript:1)", '"><script>', "a b\nc"])
def test_a_link_stays_a_link_whatever_it_holds(value):
    settings = CoreSettings(links=LinkSettings("https://x.example/{{ alert.alert_name }}"))
    about = [alert(event=event(alert_name=value))]
    for way, opening, closing in (("dingtalk", "[Details](", ")"), ("mail", 'href="', '"')):
        content = say(way=way, settings=settings, alerts=about).content
        link = content.split(opening, 1)[1].split(closing, 1)[0]
        assert link.startswith("https://x.example/")
        assert not set(link) & set("()<>\"' \n")


def test_a_link_that_fails_is_left_out_and_told():
    made = say(settings=CoreSettings(links=LinkSettings("https://x/{{ 1 / 0 }}")))
    assert made.error == "links.alert: ZeroDivisionError: division by zero"
    assert "Details" not in made.content


def test_a_link_that_is_no_template_is_refused_at_the_start():
    with pytest.raises(ValueError, match=r"links\.alert: line 1"):
        Renderer(CoreSettings(links=LinkSettings("https://x/{{")))


def test_the_product_has_the_name_of_the_settings():
    made = say(way="sms", settings=CoreSettings(product=ProductSettings("Bell & Co")))
    assert made.title.startswith("Bell & Co [Fatal]")
    assert made.content.startswith("Bell & Co [Fatal]")


def test_operators_may_put_their_own_files_before_the_built_in_ones(tmp_path):
    folder = tmp_path / "notice" / "abnormal" / "action"
    folder.mkdir(parents=True)
    (folder / "rtx_content.jinja").write_text("own {{ name }} {{ user_content }}")
    (folder / "rtx_content_zh.jinja").write_text("自己 {{ name }}")
    (folder / "sms_content.jinja").write_text("{{ no_such_thing }}")
    made = Renderer(CoreSettings(), [tmp_path])
    about = [alert()]

    def words(way, business="2"):
        return made.render(message(way, about, bk_biz_id=business), about, strategy(), BOOK, NOW)

    assert words("rtx").content.startswith("own CPU usage on 10.0.0.1 (shop) Content:")
    assert words("rtx", "3").content == "自己 CPU usage，目标 10.0.0.1（商店）"  # noqa: RUF001 (Chinese)
    assert words("weixin").content == say().content
    assert words("sms").content.startswith("[Fatal] CPU usage on 10.0.0.1 (shop)\nContent:")
    assert words("sms").error == "notice/abnormal/action/sms_content.jinja: 'no_such_thing' is undefined"


def test_rendering_is_safe_from_several_threads():
    made = Renderer(CoreSettings())
    rules = strategy(template("{% for x in range(20) %}{{ x }}{{ alarm.target_string }}{% endfor %}", "{{ alarm.id }}"))

    def work(number):
        about = [alert(number % 4 + 1)]
        return made.render(message("mail", about), about, rules, BOOK, NOW)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(80)))
    assert all(results[n] == results[n % 4] for n in range(80))
    assert all(one.error is None for one in results)


def test_a_relation_without_notice_or_a_strategy_without_template_is_told_in_built_in_words():
    about = [alert()]
    bare = replace(strategy(), notice=None)
    made = renderer().render(message("weixin", about), about, bare, BOOK, NOW)
    assert made.content == say().content


def test_third_party_alerts_have_the_templates_of_the_default_notice():
    settings = CoreSettings(
        default_notice={"config": {"template": [{"signal": "abnormal", "message_tmpl": "default {{ alarm.name }}"}]}}
    )
    about = [alert(strategy_id="")]

    def words(**changes):
        return Renderer(settings).render(message("weixin", about, **changes), about, None, BOOK, NOW).content

    assert words(strategy_id="") == "[Fatal] CPU usage on 10.0.0.1 (shop)\ndefault CPU usage"
    assert "default" not in words(strategy_id="gone")
