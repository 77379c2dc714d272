"""Telegram bots: receivers are ids of chats, or names of channels (`@ops`)."""

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, with_mentions
from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.http import Answer
from sinks.channels.wording import telegram_html
from sinks.render.lengths import cut

LONGEST = 3900
"""Characters of a text as it is read; Telegram takes 4096, mentions included."""
_TOO_MANY = 429


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f"@{user}" for user in post.mentioned)
    text = with_mentions(telegram_html(cut(notice.content, LONGEST, chars=True)), telegram_html(line))
    return {"chat_id": post.chats[0], "text": text, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}


def _judge(answer: Answer) -> Result:
    said = answer.json()
    message = said.get("result")
    if said.get("ok") is True:
        number = message.get("message_id") if isinstance(message, dict) else None
        return Result(ok=True, message_id=str(number or ""))
    code, why = said.get("error_code"), str(said.get("description") or "no reason given")
    if isinstance(code, int) and (code == _TOO_MANY or code >= 500):  # noqa: PLR2004 (5xx)
        raise LaterError(f"code {code}: {why}")
    raise RefusedError(f"code {code}: {why}")


TELEGRAM = Dialect(payload=_payload, judge=_judge, chats_apart=True)
"""Source: core.telegram.org/bots/api, sendMessage. The address is https://api.telegram.org/bot<token>/sendMessage."""
open_channel = bot(TELEGRAM)
