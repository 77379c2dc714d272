"""Notices to send, and each channel with what its provider says."""

from typing import Any

import msgspec

from operators.model.records import Notice
from operators.rules.shapes.model import Channel as ChannelRule
from operators.rules.shapes.model import Secret
from sinks.channels import Channel, build

KEY = "hunter2secret"
ENVIRON = {"SIGNING": "signing-secret", "TOKEN": "token-secret"}


def notice(way: str = "webhook", **changes: Any) -> Notice:
    fields: dict[str, Any] = {
        "id": "0123abcd",
        "time": 1_700_000_000,
        "way": way,
        "receivers": ("alice", "bob"),
        "followed": False,
        "signal": "abnormal",
        "notice_type": "normal",
        "collect_type": "action",
        "alert_ids": ("a1",),
        "action_ids": ("x1",),
        "title": "Tocsin [Fatal] CPU",
        "content": "**[Fatal] CPU**\n**Target**: 10.0.0.1",
        "severity": 1,
    }
    return Notice(**{**fields, **changes})


class Stand(msgspec.Struct, frozen=True):
    """A way over HTTP: how its provider says yes, no, and not now."""

    way: str
    yes: bytes
    no: bytes = b""
    later: bytes = b""
    nonsense_is_no: bool = True
    posts: int = 1
    """Of one notice to two chats."""
    is_secret: bool = False
    """It needs a secret beside its address."""

    def channel(self, url: str, **changes: Any) -> Channel:
        changes = {"timeout": 60.0, **({"secret": Secret(env="TOKEN")} if self.is_secret else {}), **changes}
        rule = ChannelRule(way=self.way, url=Secret(env="URL"), **changes)
        return build(rule, {**ENVIRON, "URL": url}, clock=lambda: 1_700_000_000.0)

    def notice(self, url: str = "", **changes: Any) -> Notice:
        """Return a notice of the way; that of a webhook names the address as its receiver."""
        receivers = (url,) if self.way == "webhook" and url else ("chat1", "chat2")
        return notice(self.way, **{"receivers": receivers, **changes})


STANDS = (
    Stand("webhook", b"thanks", b'{"errcode":40035,"errmsg":"invalid parameter"}', nonsense_is_no=False),
    Stand("wxwork-bot", b'{"errcode":0,"errmsg":"ok"}', b'{"errcode":93000,"errmsg":"invalid webhook url"}', b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
    Stand("dingtalk", b'{"errcode":0,"errmsg":"ok"}', b'{"errcode":310000,"errmsg":"keywords not in content"}', b'{"errcode":130101,"errmsg":"send too fast"}'),
    Stand("feishu", b'{"code":0,"msg":"success","data":{}}', b'{"code":19021,"msg":"sign match fail"}', b'{"code":11232,"msg":"frequency limited"}'),
    Stand("slack", b"ok", b'{"ok":false,"error":"channel_not_found"}', b'{"ok":false,"error":"ratelimited"}'),
    Stand("telegram", b'{"ok":true,"result":{"message_id":7}}', b'{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}', b'{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5"}', posts=2),
    Stand("ntfy", b'{"id":"m1","time":1,"event":"message","topic":"chat1"}', b'{"code":40301,"http":403,"error":"forbidden"}', b'{"code":42901,"http":429,"error":"limit reached"}', is_secret=True, posts=2),
    Stand("pagerduty", b'{"status":"success","message":"Event processed","dedup_key":"a1"}', b'{"status":"invalid event","message":"Event object is invalid","errors":["Length of routing_key is incorrect"]}', is_secret=True, posts=2),
    Stand("msteams", b"", b"Summary or Text is required.", b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"),
    Stand("sms", b'{"result":true,"message":"sent","message_id":"m1"}', b'{"result":false,"code":1001,"message":"no credit"}', b'{"result":false,"code":429,"message":"slow down"}'),
    Stand("voice", b'{"result":true}', b'{"result":false,"message":"no line"}', b'{"code":503,"message":"busy"}'),
    Stand("weixin", b"", b'{"errcode":40003,"errmsg":"invalid openid"}', b'{"errcode":500,"errmsg":"oops"}'),
    Stand("rtx", b'{"code":0}', b'{"code":7,"msg":"no"}', b'{"code":"502"}'),
)  # fmt: skip
IDS = [one.way for one in STANDS]
BY_WAY = {one.way: one for one in STANDS}
