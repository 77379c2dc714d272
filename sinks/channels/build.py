"""From the rules' channels to things that send."""

import os
import time
from collections.abc import Callable, Iterable, Mapping

from operators.rules.shapes.model import WAYS
from operators.rules.shapes.model import Channel as ChannelRule
from sinks.channels.chat import Bot, Dialect
from sinks.channels.dingtalk import DINGTALK
from sinks.channels.feishu import FEISHU
from sinks.channels.gateway import Gateway
from sinks.channels.http import Http
from sinks.channels.mail import Mail, MailSettings
from sinks.channels.push import Push
from sinks.channels.result import Channel
from sinks.channels.secrets import MissingSecretError, reveal
from sinks.channels.slack import SLACK
from sinks.channels.webhook import Webhook
from sinks.channels.wxwork_bot import WXWORK_BOT

QUEUE = "message_queue"
"""The way of queue pushes, which are actions of strategies and no notice way."""

_BOTS: Mapping[str, Dialect] = {"wxwork-bot": WXWORK_BOT, "dingtalk": DINGTALK, "feishu": FEISHU, "slack": SLACK}

Clock = Callable[[], float]


def build(rule: ChannelRule, environ: Mapping[str, str] | None = None, clock: Clock = time.time) -> Channel:
    """Return the channel of a rule. Raises MissingSecretError for a secret that is not there."""
    environ = os.environ if environ is None else environ
    if rule.way == "mail":
        return Mail(_mail_settings(rule), reveal(rule.password, environ))
    http, url = Http(rule.timeout, clock), reveal(rule.url, environ)
    if rule.way in _BOTS:
        return Bot(_BOTS[rule.way], url, reveal(rule.secret, environ), http, clock)
    headers = {name: reveal(value, environ) for name, value in rule.headers.items()}
    if rule.way == "webhook":
        return Webhook(http, url, reveal(rule.secret, environ), rule.method, headers, rule.body, clock)
    return Gateway(url, http, rule.method, headers, rule.body)


def _mail_settings(rule: ChannelRule) -> MailSettings:
    return MailSettings(
        host=rule.host,
        sender=rule.sender,
        port=rule.port,
        security="tls" if rule.tls else "starttls" if rule.starttls else "",
        username=rule.username,
        domain=rule.domain,
        timeout=rule.timeout,
    )


def build_all(
    rules: Iterable[ChannelRule], fallback: Channel | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, Channel]:
    """Return the channels by way: those configured, those of strategies' actions, and the fallback for all other ways.

    Raises MissingSecretError that names every channel whose secret is missing.
    """
    channels: dict[str, Channel] = dict.fromkeys(WAYS, fallback) if fallback is not None else {}
    channels |= {"webhook": build(ChannelRule(way="webhook"), environ), QUEUE: Push()}
    missing: list[str] = []
    for rule in rules:
        try:
            channels[rule.way] = build(rule, environ)
        except MissingSecretError as error:
            missing.append(f"channel {rule.way}: {error}")
    if missing:
        raise MissingSecretError("; ".join(missing))
    return channels
