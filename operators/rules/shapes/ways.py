"""Every notice way there is: one row each, which rules, plans, words, channels and redaction read.

A new way is a row here and a file `sinks/channels/<channel>.py` (docs/extending.md).
"""

from typing import Literal

import msgspec

Medium = Literal["mail", "markdown", "sms", "line", "text"]


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to reach people. `takes` and `needs` are fields of its channel beside the common ones."""

    name: str
    channel: str
    """Module of sinks/channels that delivers it."""
    takes: frozenset[str]
    needs: frozenset[str] = frozenset()
    chats: bool = False
    """Its receivers are chats, topics or addresses, not people."""
    contact: str = ""
    """Field of `users` that says how its provider knows a person: who gets it, or whom it mentions in its chats."""
    medium: Medium = "text"
    limit: int = 0
    """Bytes of a text (of sms characters), where neither its channel nor the setting `notice.max_length` says otherwise; 0 = as any way."""
    hook_hosts: tuple[str, ...] = ()
    """Hosts of its hooks: their very path lets anyone post, so an address there is a secret."""
    aliases: tuple[str, ...] = ()
    """Older names, in lower case."""


_POSTS = frozenset({"url", "method", "headers", "body"})
_URL, _SIGNED = frozenset({"url"}), frozenset({"url", "secret"})
_MAIL = frozenset({"host", "port", "sender", "username", "password", "starttls", "tls", "plain_login", "domain"})

TABLE = (
    Way(name="mail", contact="mail", limit=100_000, channel="mail", takes=_MAIL, needs=frozenset({"host", "sender"}), medium="mail",
        aliases=("email",)),
    Way(name="sms", contact="phone", limit=140, channel="gateway", takes=_POSTS, needs=_URL, medium="sms"),
    Way(name="voice", contact="phone", limit=500, channel="gateway", takes=_POSTS, needs=_URL, medium="line", aliases=("phone",)),
    Way(name="weixin", limit=2_048, channel="gateway", takes=_POSTS, needs=_URL, aliases=("wechat",)),
    Way(name="rtx", channel="gateway", takes=_POSTS, needs=_URL, limit=4000),
    Way(name="wxwork-bot", contact="wxwork", channel="wxwork_bot", takes=_URL, needs=_URL, chats=True, medium="markdown", limit=5120,
        aliases=("wxwork_bot",)),
    Way(name="dingtalk", contact="dingtalk", limit=20_000, channel="dingtalk", takes=_SIGNED, needs=_URL, chats=True, medium="markdown"),
    Way(name="feishu", contact="feishu", limit=20_000, channel="feishu", takes=_SIGNED, needs=_URL, chats=True, medium="markdown",
        hook_hosts=("open.feishu.cn", "open.larksuite.com")),
    Way(name="slack", contact="slack", limit=12_000, channel="slack", takes=_URL, needs=_URL, chats=True, medium="markdown",
        hook_hosts=("hooks.slack.com",)),
    Way(name="telegram", contact="telegram", limit=16_000, channel="telegram", takes=_URL, needs=_URL, chats=True, medium="markdown",
        hook_hosts=("api.telegram.org",)),
    Way(name="ntfy", channel="ntfy", takes=_SIGNED, needs=_URL, chats=True, medium="markdown", limit=4000),
    Way(name="pagerduty", channel="pagerduty", takes=_SIGNED, needs=frozenset({"secret"}), chats=True),
    Way(name="msteams", contact="mail", channel="msteams", takes=_URL, needs=_URL, chats=True, medium="markdown", limit=20_000,
        hook_hosts=("logic.azure.com", "webhook.office.com", "api.powerplatform.com")),
    Way(name="webhook", channel="webhook", takes=_POSTS | {"secret"}, chats=True),
)  # fmt: skip

BY_NAME = {way.name: way for way in TABLE}
WAYS = tuple(BY_NAME)
"""Every notice way there is (rules.md)."""
CHAT_WAYS = tuple(way.name for way in TABLE if way.chats)
"""Ways whose receivers are chats or addresses, not people."""
WAY_ALIASES = {alias: way.name for way in TABLE for alias in way.aliases}
HOOK_HOSTS = tuple(host for way in TABLE for host in way.hook_hosts)
"""Hosts of hooks whose very path lets anyone post; hosts below them too."""
