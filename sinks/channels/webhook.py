"""Webhooks: the notice way, whose receivers are addresses, and the action of a strategy, which brings its own."""

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote, urlsplit

from operators.deliver.delivery import Result, Results
from operators.model.records import Notice
from sinks.channels.body import body_text, content_type
from sinks.channels.errors import DeliveryError, LaterError, RefusedError, attempt, failure, for_all, redact
from sinks.channels.http import Answer, Http
from sinks.channels.parts import Parts
from sinks.channels.secrets import Reveal, revealed

SIGNATURE, STAMP = "X-Tocsin-Signature", "X-Tocsin-Timestamp"
"""Header fields of a signed post: `sha256=` and the HMAC of `timestamp.body`."""

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST = 300.0


class Webhook:
    """Calls the addresses of a notice; a receiver that is a name and no address is called at the channel's `url`."""

    def __init__(
        self,
        http: Http,
        url: Reveal,
        secret: Reveal,
        method: str = "POST",
        headers: Mapping[str, Reveal] | None = None,
        body: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._http, self._url, self._secret, self._clock = http, url, secret, clock
        self._method, self._headers, self._body = method, headers or {}, body

    def send(self, notice: Notice) -> Results:
        """Call every address; of an action, its own."""
        if notice.config is not None:
            return {notice.way: call_action(notice, self._http)}
        secrets: list[str] = []
        try:
            url, secret = self._url(), self._secret()
            headers = {name: value() for name, value in self._headers.items()}
            secrets += [url, secret, *headers.values()]
            body = body_text(self._body, notice)
        except DeliveryError as error:
            return for_all(notice.receivers, failure(error, secrets))
        headers = self._signed({"Content-Type": content_type(body), **headers}, body, secret)
        headers["Idempotency-Key"] = notice.id
        return {
            name: attempt(partial(self._call, name, url, body, headers), (name, *secrets)) for name in notice.receivers
        }

    def _call(self, receiver: str, url: str, body: str, headers: Mapping[str, str]) -> Result:
        address = receiver if "://" in receiver else url
        if not address:
            raise RefusedError("the receiver is no address, and the channel has no 'url'")
        judged(self._http.call(self._method, address, body.encode(), {**headers, **basic_auth(address)}))
        return Result(ok=True)

    def _signed(self, headers: dict[str, str], body: str, secret: str) -> dict[str, str]:
        if not secret:
            return headers
        stamp = str(int(self._clock()))
        digest = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
        return {**headers, STAMP: stamp, SIGNATURE: f"sha256={digest}"}


def open_channel(parts: Parts) -> Webhook:
    """Return the channel of a rule."""
    rule = parts.rule
    return Webhook(parts.http(), parts.url(), parts.secret(), rule.method, parts.headers(), rule.body, parts.clock)


def call_action(notice: Notice, http: Http) -> Result:
    """Call the webhook of a strategy as its configuration says (rules.md); the body is the notice's content."""
    config: dict[str, Any] = notice.config or {}
    try:
        url = revealed(config.get("url") or "")
        headers = {str(name): revealed(value) for name, value in (config.get("headers") or {}).items()}
    except DeliveryError as error:
        return failure(error)
    return attempt(partial(_call_action, notice, config, url, headers, http), (url, *headers.values()))


def _call_action(notice: Notice, config: Mapping[str, Any], url: str, headers: Mapping[str, str], http: Http) -> Result:
    method = str(config.get("method") or "POST").upper()
    if method not in _METHODS or not url:
        raise RefusedError("the action names no address" if not url else f"no method {method!r}")
    body = "" if method == "GET" and not config.get("body") else notice.content
    fields = {"Content-Type": content_type(body), "Idempotency-Key": notice.id, **basic_auth(url)}
    fields.update(headers)
    answer = judged(http.call(method, url, body.encode(), fields, min(float(config.get("timeout") or 10), _LONGEST)))
    return Result(ok=True, message=redact(answer.text(), (url, *headers.values())))


def judged(answer: Answer) -> Answer:
    """Return the answer, unless its `errcode` says no: what posts like the bots of chats means it like them.

    Raises RefusedError.
    """
    if b'"errcode"' not in answer.body:
        return answer
    try:
        said = answer.json()
    except LaterError:
        return answer
    code = said.get("errcode", 0)
    if isinstance(code, int) and code:
        raise RefusedError(f"code {code}: {said.get('errmsg') or ''}".rstrip(": "))
    return answer


def basic_auth(address: str) -> dict[str, str]:
    """Return the field for the user and password of an address, if it has them."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return {}
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
