"""What each bot is sent."""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug import Response

from operators.rules.shapes.model import Channel as ChannelRule
from operators.rules.shapes.model import Secret
from sinks.channels import build
from sinks.channels.chat import with_mentions
from sinks.channels.dingtalk import signed
from tests.sinks.channels.given import BY_WAY


def posts(httpserver, way, *, table=None, secret=False, body=None, **changes):
    """Send a notice; return the results and what was posted, as (path, query, JSON)."""
    stand, seen = BY_WAY[way], []

    def handle(request):
        seen.append((request.path, request.query_string.decode(), json.loads(request.get_data())))
        return Response(body or stand.yes)

    for path in ("/hook", "/a", "/b"):
        httpserver.expect_request(path).respond_with_handler(handle)
    url = httpserver.url_for("/hook")
    if table is not None:
        url = json.dumps({chat: httpserver.url_for(path) for chat, path in table.items()})
    options = {"secret": Secret(env="SIGNING")} if secret else {}
    return stand.channel(url, **options).send(stand.notice(**changes)), seen


def test_a_wecom_bot_gets_all_chats_in_one_post(httpserver):
    _, seen = posts(httpserver, "wxwork-bot")
    assert seen == [
        (
            "/hook",
            "",
            {
                "chatid": "chat1|chat2",
                "msgtype": "markdown",
                "markdown": {"content": "**[Fatal] CPU**\n**Target**: 10.0.0.1"},
            },
        )
    ]


def test_a_wecom_bot_gets_a_post_for_each_chat_where_someone_is_mentioned(httpserver):
    _, seen = posts(httpserver, "wxwork-bot", mentions={"chat1": ["alice", "bob"]})
    assert [(post["chatid"], post["markdown"]["content"].split("\n")[-1]) for _, _, post in seen] == [
        ("chat1", "**@** <@alice> <@bob>"),
        ("chat2", "**Target**: 10.0.0.1"),
    ]


def test_a_wecom_text_is_cut_to_what_wecom_takes_mentions_included(httpserver):
    _, seen = posts(httpserver, "wxwork-bot", content="長" * 5000, mentions={"chat1": ["alice"]})
    for _, _, post in seen:
        assert len(post["markdown"]["content"].encode()) <= 4096
    assert seen[0][2]["markdown"]["content"].endswith("...\n**@** <@alice>")


def test_a_dingtalk_robot_gets_its_own_line_breaks_and_mentions(httpserver):
    _, seen = posts(httpserver, "dingtalk", mentions={"chat1": ["u1"], "chat2": ["u2"]})
    (_, _, post) = seen[0]
    assert post["markdown"] == {
        "title": "Tocsin [Fatal] CPU",
        "text": "**[Fatal] CPU**  \n**Target**: 10.0.0.1\n@u1 @u2",
    }
    assert post["at"] == {"atUserIds": ["u1", "u2"], "isAtAll": False}


def test_a_dingtalk_post_is_signed_in_its_address(httpserver):
    _, seen = posts(httpserver, "dingtalk", secret=True)
    query = parse_qs(seen[0][1])
    stamp = "1700000000000"
    expected = hmac.new(b"signing-secret", f"{stamp}\nsigning-secret".encode(), hashlib.sha256).digest()
    assert query["timestamp"] == [stamp]
    assert base64.b64decode(query["sign"][0]) == expected


@pytest.mark.parametrize(
    ("signal", "severity", "color"),
    [("abnormal", 1, "red"), ("abnormal", 2, "orange"), ("abnormal", 3, "yellow"), ("recovered", 1, "green"), ("closed", 1, "grey"), ("ack", 2, "blue"), ("shield", 3, "grey"), ("abnormal", 9, "blue")],
)  # fmt: skip
def test_a_feishu_card_has_the_colour_of_its_notice(httpserver, signal, severity, color):
    _, seen = posts(httpserver, "feishu", signal=signal, severity=severity)
    header = seen[0][2]["card"]["header"]
    assert header == {"title": {"tag": "plain_text", "content": "Tocsin [Fatal] CPU"}, "template": color}


def test_a_feishu_post_is_signed_in_its_body_and_mentions_by_tag(httpserver):
    _, seen = posts(httpserver, "feishu", secret=True, mentions={"chat1": ["ou_1"]})
    post = seen[0][2]
    assert post["timestamp"] == "1700000000"
    assert base64.b64decode(post["sign"]) == hmac.new(b"1700000000\nsigning-secret", b"", hashlib.sha256).digest()
    assert post["card"]["elements"][0]["content"].endswith('\n<at id="ou_1"></at>')


def test_a_slack_text_is_in_slacks_own_markdown(httpserver):
    content = "**[Fatal] a\\*b & &lt;!channel>**\n[Details](https://x.example/a?b=c)\nsnake_case \\_x\\_"
    _, seen = posts(httpserver, "slack", content=content, mentions={"chat1": ["U1"]})
    assert seen[0][2] == {
        "text": "*[Fatal] a*b &amp; &lt;!channel&gt;*\n<https://x.example/a?b=c|Details>\nsnake_case _x_\n<@U1>",
        "mrkdwn": True,
    }


@pytest.mark.parametrize("way", ["wxwork-bot", "dingtalk", "feishu", "slack"])
def test_a_table_of_addresses_sends_each_chat_to_its_own(httpserver, way):
    results, seen = posts(httpserver, way, table={"chat1": "/a", "chat2": "/b"})
    assert sorted(path for path, _, _ in seen) == ["/a", "/b"]
    assert all(one.ok for one in results.values())


@pytest.mark.parametrize("way", ["wxwork-bot", "dingtalk", "feishu", "slack"])
def test_a_chat_without_an_address_fails_alone(httpserver, way):
    results, seen = posts(httpserver, way, table={"chat1": "/a"})
    assert results["chat1"].ok
    assert not results["chat2"].ok
    assert "no address is configured for 'chat2'" in results["chat2"].message
    assert len(seen) == 1


@pytest.mark.parametrize("way", ["wxwork-bot", "dingtalk", "feishu", "slack"])
def test_a_host_that_is_in_trouble_is_asked_once_a_notice(httpserver, way):
    results, seen = posts(httpserver, way, table={"chat1": "/a", "chat2": "/b"}, body=BY_WAY[way].later)
    assert len(seen) == 1
    assert all(one.retryable for one in results.values())


def test_feishus_older_answer_is_understood(httpserver):
    results, _ = posts(httpserver, "feishu", body=b'{"StatusCode":0,"StatusMessage":"success"}')
    assert all(one.ok for one in results.values())


def test_a_slack_timestamp_is_the_message_id(httpserver):
    results, _ = posts(httpserver, "slack", body=b'{"ok":true,"ts":"17.5"}')
    assert results["chat1"].message_id == "17.5"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("a\n--mention-users--\nb", "@x", "a\n@x\nb"),
        ("a\n--mention-users--\nb", "", "a\nb"),
        ("a", "@x", "a\n@x"),
        ("a", "", "a"),
        ("a --mention-users-- b", "@x", "a --mention-users-- b\n@x"),
    ],
)
def test_mentions_take_their_place_or_the_end(text, line, expected):
    assert with_mentions(text, line) == expected


def test_a_signed_address_keeps_its_own_query():
    for address in ("https://h/send?access_token=t", "https://h/send"):
        made, _ = signed(address, {}, "s", 1.0)
        assert made.startswith(address)
        assert set(parse_qs(urlsplit(made).query)) >= {"timestamp", "sign"}


def test_telegram_gets_a_post_for_each_chat_in_its_own_html(httpserver):
    results, seen = posts(
        httpserver, "telegram", content="**CPU** <b> [link](https://a/?q=1) a\\_b", mentions={"chat1": ["ann"]}
    )
    assert [one.message_id for one in results.values()] == ["7", "7"]
    assert [(body["chat_id"], body["parse_mode"]) for _, _, body in seen] == [("chat1", "HTML"), ("chat2", "HTML")]
    text = '<b>CPU</b> &lt;b&gt; <a href="https://a/?q=1">link</a> a_b'
    assert [body["text"] for _, _, body in seen] == [f"{text}\n@ann", text]


@pytest.mark.parametrize(
    ("signal", "severity", "priority"), [("abnormal", 1, 5), ("no_data", 2, 4), ("abnormal", 3, 3), ("recovered", 1, 2)]
)
def test_ntfy_gets_a_post_for_each_topic_as_urgent_as_its_severity(httpserver, signal, severity, priority):
    _, seen = posts(httpserver, "ntfy", signal=signal, severity=severity)
    assert [(body["topic"], body["priority"], body["markdown"]) for _, _, body in seen] == [
        ("chat1", priority, True),
        ("chat2", priority, True),
    ]


def test_ntfy_is_let_in_by_its_token(httpserver):
    stand = BY_WAY["ntfy"]
    httpserver.expect_request("/hook", headers={"Authorization": "Bearer token-secret"}).respond_with_data(stand.yes)
    results = stand.channel(httpserver.url_for("/hook")).send(stand.notice())
    assert all(one.ok for one in results.values())


@pytest.mark.parametrize(
    ("signal", "action"),
    [("abnormal", "trigger"), ("no_data", "trigger"), ("recovered", "resolve"), ("closed", "resolve"), ("ack", "acknowledge")],
)  # fmt: skip
def test_pagerduty_gets_an_event_for_each_alert_under_the_alerts_id(httpserver, signal, action):
    _, seen = posts(httpserver, "pagerduty", signal=signal, severity=2, alert_ids=("a1", "a2"), receivers=("db",))
    assert [(body["event_action"], body["dedup_key"]) for _, _, body in seen] == [(action, "a1"), (action, "a2")]
    assert {body["routing_key"] for _, _, body in seen} == {"token-secret"}
    assert all(("payload" in body) == (action == "trigger") for _, _, body in seen)
    assert all(body["payload"]["severity"] == "warning" for _, _, body in seen if action == "trigger")


def test_pagerduty_makes_at_most_fifty_incidents_of_a_notice(httpserver):
    _, seen = posts(httpserver, "pagerduty", alert_ids=tuple(f"a{n}" for n in range(200)), receivers=("db",))
    assert len(seen) == 50


def test_pagerduty_has_no_use_for_a_notice_without_alerts(httpserver):
    results, seen = posts(httpserver, "pagerduty", alert_ids=(), signal="shield", receivers=("db",))
    assert ([(one.ok, one.retryable, one.message) for one in results.values()], seen) == (
        [(False, False, "it takes alerts only")],
        [],
    )


def test_a_service_without_a_key_fails_alone(httpserver, monkeypatch):
    stand = BY_WAY["pagerduty"]
    httpserver.expect_request("/hook").respond_with_data(stand.yes)
    table = Secret(env="KEYS")
    rule = ChannelRule(way="pagerduty", url=httpserver.url_for("/hook"), secret=table)
    results = build(rule, {"KEYS": '{"db": "k1"}'}).send(stand.notice(receivers=("db", "web")))
    assert {name: one.ok for name, one in results.items()} == {"db": True, "web": False}


@pytest.mark.parametrize(("severity", "signal", "color"), [(1, "abnormal", "attention"), (2, "abnormal", "warning"), (1, "recovered", "good")])  # fmt: skip
def test_teams_gets_a_card_in_the_colour_of_its_notice_and_mentions_that_ping(httpserver, severity, signal, color):
    _, seen = posts(httpserver, "msteams", severity=severity, signal=signal, mentions={"chat1": ["ann@a"]})
    ((_, _, body),) = seen
    card = body["attachments"][0]["content"]
    assert (card["body"][0]["text"], card["body"][0]["color"]) == ("Tocsin [Fatal] CPU", color)
    assert card["body"][1]["text"].endswith("<at>ann@a</at>")
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>ann@a</at>", "mentioned": {"id": "ann@a", "name": "ann@a"}}
    ]
