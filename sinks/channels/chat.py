"""What the bots of chats have in common: one post an address, an answer with a code, mentions (spec/notices.md 4.2)."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import msgspec

from operators.deliver.delivery import Result, Results
from operators.model.address import authority_of
from operators.model.records import Notice
from sinks.channels.errors import DeliveryError, LaterError, RefusedError, attempt, failure, for_all
from sinks.channels.http import Answer, Http
from sinks.channels.parts import Parts
from sinks.channels.secrets import Reveal, address_of, addresses

MENTION_PLACE = "--mention-users--"
"""A line of a text that mentions replace; without it they go to the end."""

Payload = dict[str, Any]

_JSON = {"Content-Type": "application/json; charset=utf-8"}


class Post(msgspec.Struct, frozen=True, gc=False):
    """One post: the chats it reaches, and whom it mentions."""

    chats: tuple[str, ...]
    mentioned: tuple[str, ...] = ()


class Dialect(msgspec.Struct, frozen=True):
    """What one provider wants and says."""

    payload: Callable[[Notice, Post], Payload]
    judge: Callable[[Answer], Result]
    """Raises DeliveryError for an answer that is none of success."""
    sign: Callable[[str, Payload, str, float], tuple[str, Payload]] | None = None
    """(address, payload, secret, now) -> both signed."""
    mentions_apart: bool = False
    """Chats with mentions get a post each."""
    chats_apart: bool = False
    """Every chat gets a post of its own."""
    fields: Callable[[str], Mapping[str, str]] = lambda _secret: {}
    """Secret -> header fields beside the type."""


class Bot:
    """Posts to the chats of a notice; `url` is one address, or a table of chat -> address (secrets.py)."""

    def __init__(
        self, dialect: Dialect, url: Reveal, secret: Reveal, http: Http, clock: Callable[[], float] = time.time
    ) -> None:
        self._dialect, self._url, self._secret, self._http, self._clock = dialect, url, secret, http, clock

    def send(self, notice: Notice) -> Results:
        """Post the notice to its chats."""
        try:
            table, secret = addresses(self._url()), self._secret()
        except DeliveryError as error:
            return for_all(notice.receivers, failure(error))
        results: Results = {}
        broken: dict[str, Result] = {}
        for address, post in self._posts(notice, table, results):
            host = authority_of(address)
            result = broken.get(host) or attempt(
                partial(self._post, notice, address, post, secret), (secret, *table.values())
            )
            if result.retryable:
                broken[host] = result
            results.update(for_all(post.chats, result))
        return results

    def _posts(self, notice: Notice, table: Mapping[str, str], results: Results) -> Iterable[tuple[str, Post]]:
        """Return the posts by address; a chat without one is answered at once."""
        groups: dict[tuple[str, str], list[str]] = {}
        for chat in notice.receivers:
            try:
                address = address_of(table, chat)
            except RefusedError as error:
                results[chat] = failure(error)
                continue
            apart = chat if self._dialect.chats_apart or (notice.mentions and self._dialect.mentions_apart) else ""
            groups.setdefault((address, apart), []).append(chat)
        return [(address, Post(tuple(chats), _mentioned(notice, chats))) for (address, _), chats in groups.items()]

    def _post(self, notice: Notice, address: str, post: Post, secret: str) -> Result:
        payload = self._dialect.payload(notice, post)
        if secret and self._dialect.sign is not None:
            address, payload = self._dialect.sign(address, payload, secret, self._clock())
        fields = {**_JSON, **self._dialect.fields(secret)}
        return self._dialect.judge(self._http.call("POST", address, msgspec.json.encode(payload), fields))


def bot(dialect: Dialect) -> Callable[[Parts], Bot]:
    """Return what opens the channel of chats that speak a dialect."""
    return lambda parts: Bot(dialect, parts.url(), parts.secret(), parts.http(), parts.clock)


def _mentioned(notice: Notice, chats: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(user for chat in chats for user in notice.mentions.get(chat, ())))


def with_mentions(text: str, line: str) -> str:
    """Return the text with the line of mentions in its place, or at the end; an empty line leaves nothing behind."""
    lines = text.split("\n")
    if MENTION_PLACE in lines:
        return "\n".join(line if one == MENTION_PLACE else one for one in lines if line or one != MENTION_PLACE)
    return f"{text}\n{line}" if line else text


def judged(
    answer: Answer, codes: tuple[str, ...], texts: tuple[str, ...], later: frozenset[int], message_id: str = ""
) -> Result:
    """Return success for code 0 under the first of `codes` that is there. Raises DeliveryError for any other code."""
    document = answer.json()
    code = next((document[name] for name in codes if name in document), None)
    if code == 0 and not isinstance(code, bool):
        return Result(ok=True, message_id=str(document.get(message_id) or ""))
    said = next((str(document[name]) for name in texts if document.get(name)), "")
    if code is None:
        raise LaterError(f"the answer has no code: {answer.text()}")
    message = f"code {code}: {said}".rstrip(": ")
    raise LaterError(message) if code in later else RefusedError(message)
