"""WeCom group bots."""

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, judged, with_mentions
from sinks.channels.http import Answer
from sinks.render.lengths import cut

LONGEST = 4096
"""Bytes of markdown that WeCom takes."""

_LATER = frozenset({-1, 45009, 45033})
"""System busy, too many posts a minute, too many at once."""


def _payload(notice: Notice, post: Post) -> Payload:
    mentions = " ".join(f"<@{user}>" for user in post.mentioned)
    line = f"**@** {mentions}" if mentions else ""
    room = LONGEST - len(line.encode()) - 1
    content = with_mentions(cut(notice.content, room, chars=False), line)
    return {"chatid": "|".join(post.chats), "msgtype": "markdown", "markdown": {"content": content}}


def _judge(answer: Answer) -> Result:
    return judged(answer, ("errcode",), ("errmsg",), _LATER)


WXWORK_BOT = Dialect(payload=_payload, judge=_judge, mentions_apart=True)
"""Source: developer.work.weixin.qq.com, group robots."""
open_channel = bot(WXWORK_BOT)
