"""Slack incoming webhooks, and chats that speak like them."""

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, with_mentions
from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.http import Answer
from sinks.channels.wording import slack_text
from sinks.render.lengths import cut

LONGEST = 39000
"""Characters of a text; Slack takes 40000."""

_LATER = ("ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable")


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f"<@{user}>" for user in post.mentioned)
    return {"text": with_mentions(cut(slack_text(notice.content), LONGEST, chars=True), line), "mrkdwn": True}


def _judge(answer: Answer) -> Result:
    if answer.body.strip() == b"ok":
        return Result(ok=True)
    document = answer.json()
    if document.get("ok") is True:
        return Result(ok=True, message_id=str(document.get("ts") or ""))
    reason = str(document.get("error") or "no reason given")
    raise LaterError(reason) if reason in _LATER else RefusedError(reason)


SLACK = Dialect(payload=_payload, judge=_judge)
"""Source: api.slack.com, incoming webhooks."""
open_channel = bot(SLACK)
