"""ntfy: receivers are topics, the address is that of the server, the secret an access token."""

from operators.deliver.delivery import Result
from operators.model.records import Notice
from sinks.channels.chat import Dialect, Payload, Post, bot, with_mentions
from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.http import Answer
from sinks.render.lengths import cut

LONGEST = 3900
"""Bytes of a text; ntfy makes a file of what is longer than 4096."""
_URGENT = {1: 5, 2: 4, 3: 3}
_CALM = 2
"""Priority of what ends a problem."""
_TOO_MANY = 429


def _payload(notice: Notice, post: Post) -> Payload:
    line = " ".join(f"@{user}" for user in post.mentioned)
    is_problem = notice.signal in ("abnormal", "no_data")
    return {
        "topic": post.chats[0],
        "title": notice.title,
        "message": with_mentions(cut(notice.content, LONGEST, chars=False), line),
        "markdown": True,
        "priority": _URGENT.get(notice.severity, 3) if is_problem else _CALM,
        "tags": ["rotating_light" if is_problem else "white_check_mark"],
    }


def _judge(answer: Answer) -> Result:
    said = answer.json()
    if said.get("event") == "message" and isinstance(said.get("id"), str):
        return Result(ok=True, message_id=said["id"])
    status, why = said.get("http"), str(said.get("error") or "no reason given")
    if isinstance(status, int) and (status == _TOO_MANY or status >= 500):  # noqa: PLR2004 (5xx)
        raise LaterError(f"code {said.get('code')}: {why}")
    raise RefusedError(f"code {said.get('code')}: {why}")


def _fields(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"} if secret else {}


NTFY = Dialect(payload=_payload, judge=_judge, chats_apart=True, fields=_fields)
"""Source: docs.ntfy.sh/publish, publish as JSON."""
open_channel = bot(NTFY)
