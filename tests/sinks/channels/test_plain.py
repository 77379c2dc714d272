"""The channels without a provider, the forms of texts, and building."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.shapes.model import WAYS, Secret
from operators.rules.shapes.model import Channel as ChannelRule
from sinks.channels import Console, File, MissingSecretError, build_all
from sinks.channels.chat import Bot
from sinks.channels.gateway import Gateway
from sinks.channels.mail import Mail
from sinks.channels.push import Push
from sinks.channels.webhook import Webhook
from sinks.channels.wording import dingtalk_text, plain_text, slack_text
from tests.sinks.channels.given import notice
from tests.sinks.render.given import say


def test_a_file_gets_a_line_of_json_for_every_notice(tmp_path):
    path = tmp_path / "notices.jsonl"
    channel = File(path)
    assert channel.send(notice("mail"))["alice"].ok
    assert channel.send(notice("webhook", receivers=(), config={"url": "http://h/?key=secret"}))["webhook"].ok
    lines = path.read_text().splitlines()
    assert [json.loads(line)["way"] for line in lines] == ["mail", "webhook"]
    assert list(json.loads(lines[0])) == sorted(json.loads(lines[0]))
    assert "secret" not in path.read_text()


def test_a_file_that_cannot_be_written_is_a_failure_for_now(tmp_path):
    result = File(tmp_path / "none" / "x").send(notice("mail"))["alice"]
    assert (result.ok, result.retryable) == (False, True)
    assert "No such file" in result.message


def test_the_console_shows_people_what_came_and_nothing_to_the_terminal():
    stream = io.StringIO()
    channel = Console(stream)
    channel.send(notice("sms", content="text \x1b[31m red\x07\nline"))
    channel.send(notice("mail", content="<p>hello <b>you</b></p>"))
    assert stream.getvalue() == (
        "--- sms to alice, bob: Tocsin [Fatal] CPU\ntext ?[31m red?\nline\n"
        "--- mail to alice, bob: Tocsin [Fatal] CPU\nhello you\n"
    )


def test_a_notice_in_html_reads_as_rows_in_plain_text():
    text = plain_text(say(way="mail").content)
    assert text.splitlines()[:4] == [
        "[Fatal] CPU usage on 10.0.0.1 (shop)",
        "2023-11-15 06:14:20+08:00",
        "Content: Lasting 2m 10s: idle is 3%",
        "Current value: 3%",
    ]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b", "a\nb"),
        (
            "<table role=presentation><tr><td>k</td><td>v</td></tr><tr><td colspan=2>free</td></tr></table>",
            "k: v\nfree",
        ),
        (
            "<table><tr><th>a</th><th>b</th></tr><tr><td>1<div>id</div></td><td>2<br>3</td></tr></table>",
            "a | b\n1 id | 2 3",
        ),
        ("<table role=presentation><tr><td>a<table><tr><td>1<td>2</table>b</td></tr></table>", "a\n1 | 2\nb"),
        ('<a href="https://x/?a=1&amp;b=2">Details</a>', "https://x/?a=1&b=2 Details"),
        ("<head><title>t</title><style>p{}</style></head>x", "x"),
        ("<script>alert(1)</script>x", "x"),
        ("&lt;b&gt; &amp; &#34;", '<b> & "'),
        ("no markup", "no markup"),
        ("", ""),
        ("<p>unclosed", "unclosed"),
        ("<<<>>>", "<<<>>>"),
    ],
)
def test_html_becomes_what_a_reader_sees(html, expected):
    assert plain_text(html) == expected


@given(st.text(max_size=200))
def test_any_text_can_be_read_as_html(text):
    plain_text(text)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**bold** plain", "*bold* plain"),
        ("[t](https://x/a?b=c)", "<https://x/a?b=c|t>"),
        (r"\*\*not bold\*\*", "**not bold**"),
        (r"[t]\(https://x)", "[t](https://x)"),
        ("&lt;!channel> <@U1>", "&lt;!channel&gt; &lt;@U1&gt;"),
        ("a & b", "a &amp; b"),
        ("[t](javascript:x)", "[t](javascript:x)"),
    ],
)
def test_slack_reads_its_own_markdown_and_no_tag_of_a_value(markdown, expected):
    assert slack_text(markdown) == expected


def test_dingtalk_breaks_lines_with_two_blanks():
    assert dingtalk_text("a\nb\n\nc") == "a  \nb  \n  \nc"


RULES = [
    ChannelRule(way="mail", host="h", sender="a@b"),
    ChannelRule(way="sms", url="http://h/"),
    ChannelRule(way="voice", url="http://h/"),
    ChannelRule(way="weixin", url="http://h/"),
    ChannelRule(way="rtx", url="http://h/"),
    ChannelRule(way="wxwork-bot", url=Secret(env="URL")),
    ChannelRule(way="dingtalk", url=Secret(env="URL"), secret=Secret(env="URL")),
    ChannelRule(way="feishu", url=Secret(env="URL")),
    ChannelRule(way="slack", url=Secret(env="URL")),
    ChannelRule(way="webhook", headers={"Authorization": Secret(env="URL")}),
]


def test_every_way_that_can_be_configured_can_be_built():
    made = build_all(RULES, environ={"URL": "http://h/"})
    kinds = {way: type(channel) for way, channel in made.items()}
    assert kinds == {
        "mail": Mail,
        **dict.fromkeys(("sms", "voice", "weixin", "rtx"), Gateway),
        **dict.fromkeys(("wxwork-bot", "dingtalk", "feishu", "slack"), Bot),
        "webhook": Webhook,
        "message_queue": Push,
    }


def test_without_rules_the_webhooks_and_pushes_of_strategies_still_go():
    assert set(build_all([], environ={})) == {"webhook", "message_queue"}


def test_a_fallback_takes_the_ways_that_are_not_configured(tmp_path):
    fallback = File(tmp_path / "x")
    made = build_all(RULES[:1], fallback, environ={})
    assert set(made) == {*WAYS, "message_queue"}
    assert {way for way, one in made.items() if one is fallback} == set(WAYS) - {"mail", "webhook"}


def test_every_missing_secret_is_told_at_once():
    with pytest.raises(MissingSecretError) as caught:
        build_all(RULES, environ={})
    assert str(caught.value).count("environment variable URL is not set") == 5
    assert "channel slack: " in str(caught.value)
