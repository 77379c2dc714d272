"""DingTalk group robots."""

import base64
import hashlib
import hmac
from urllib.parse import quote_plus

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, judged, with_mentions
from sinks.channels.http import Answer
from sinks.channels.wording import dingtalk_text
from sinks.render.lengths import cut

LONGEST = 18000
"""Bytes of a text; DingTalk takes 20000 of a whole message."""

_LATER = frozenset({-1, 130101, 410100, 410101})
"""System busy, posts too fast."""


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f"@{user}" for user in post.mentioned)
    text = with_mentions(cut(dingtalk_text(notice.content), LONGEST, chars=False), line)
    return {
        "msgtype": "markdown",
        "markdown": {"title": notice.title, "text": text},
        "at": {"atUserIds": list(post.mentioned), "isAtAll": False},
    }


def signed(address: str, payload: Payload, secret: str, now: float) -> tuple[str, Payload]:
    """Return the address with timestamp and signature."""
    stamp = str(int(now * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    mark = "&" if "?" in address else "?"
    return f"{address}{mark}timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}", payload


def _judge(answer: Answer) -> Result:
    return judged(answer, ("errcode",), ("errmsg",), _LATER)


DINGTALK = Dialect(payload=_payload, judge=_judge, sign=signed)
"""Source: open.dingtalk.com, custom robots."""
open_channel = bot(DINGTALK)
