"""Feishu (Lark) group bots."""

import base64
import hashlib
import hmac

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, judged, with_mentions
from sinks.channels.http import Answer
from sinks.render.lengths import cut

LONGEST = 18000
"""Bytes of a text; Feishu takes 20 KiB of a whole message."""

_LATER = frozenset({9499, 11232, 11233, 99991400})
"""Too many requests, posts too fast."""

_COLORS = {1: "red", 2: "orange", 3: "yellow"}
_ENDED = {"recovered": "green", "closed": "grey", "ack": "blue", "shield": "grey"}


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f'<at id="{user}"></at>' for user in post.mentioned)
    color = _ENDED.get(notice.signal) or _COLORS.get(notice.severity, "blue")
    return {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": notice.title}, "template": color},
            "elements": [
                {"tag": "markdown", "content": with_mentions(cut(notice.content, LONGEST, chars=False), line)}
            ],
        },
    }


def signed(address: str, payload: Payload, secret: str, now: float) -> tuple[str, Payload]:
    """Return the payload with timestamp and signature."""
    stamp = str(int(now))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return address, {"timestamp": stamp, "sign": base64.b64encode(digest).decode(), **payload}


def _judge(answer: Answer) -> Result:
    return judged(answer, ("code", "StatusCode"), ("msg", "StatusMessage"), _LATER)


FEISHU = Dialect(payload=_payload, judge=_judge, sign=signed)
"""Source: open.feishu.cn, custom bots."""
open_channel = bot(FEISHU)
