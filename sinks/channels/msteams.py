"""Microsoft Teams: workflows that post an adaptive card when they are called, and the older incoming webhooks."""

import re

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, with_mentions
from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.http import Answer
from sinks.render.lengths import cut

LONGEST = 18_000
"""Bytes of a text; Teams takes 28 KB of a whole message."""
_COLORS = {1: "attention", 2: "warning", 3: "accent"}
_ENDED = {"recovered": "good", "closed": "default", "ack": "default", "shield": "default"}
_FAILED = re.compile(r"error (?P<status>\d{3})")
_CONSENT = (b"", b"1")
_LATER = ("408", "429", "500", "502", "503", "504")


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f"<at>{user}</at>" for user in post.mentioned)
    text = with_mentions(cut(notice.content, LONGEST, chars=False), line).replace("\n", "\n\n")
    color = _ENDED.get(notice.signal) or _COLORS.get(notice.severity, "default")
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": notice.title, "weight": "bolder", "color": color, "wrap": True},
            {"type": "TextBlock", "text": text, "wrap": True},
        ],
        "msteams": {
            "width": "Full",
            "entities": [
                {"type": "mention", "text": f"<at>{user}</at>", "mentioned": {"id": user, "name": user}}
                for user in post.mentioned
            ],
        },
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [content]}


def _judge(answer: Answer) -> Result:
    """A workflow answers with nothing, an older webhook with 1, or in words with what Teams said, and status 200."""
    if answer.body.strip() in _CONSENT:
        return Result(ok=True)
    found = _FAILED.search(answer.text())
    message = f"not taken: {answer.text()}"
    raise LaterError(message) if found and found["status"] in _LATER else RefusedError(message)


MSTEAMS = Dialect(payload=_payload, judge=_judge)
"""Source: learn.microsoft.com, incoming webhooks with workflows; adaptivecards.io."""
open_channel = bot(MSTEAMS)
