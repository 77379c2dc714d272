"""The gate: who asks, whether that is allowed, and how often."""

import time
from collections.abc import Callable
from typing import NamedTuple

from flows.gateway.bodies import Asking
from flows.gateway.signatures import OLDEST, SignatureError, signed_in
from flows.gateway.tokens import EVERYBODY, Need, Token, Tokens, secret_in
from operators.deliver.lane import Bucket, refill, spend


class Denied(NamedTuple):
    """Why a request is not let in."""

    status: int
    why: str


class Gate:
    """Judges requests by their token; without tokens everybody on this machine may do everything."""

    def __init__(self, tokens: Tokens | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.tokens, self._clock = tokens, clock
        self._buckets: dict[str, Bucket] = {}

    def judge(self, request: Asking, need: Need, source: str = "", secret: str = "") -> Token | Denied:
        """Return who asks, or why that is not allowed; `secret` is one that stands in the body."""
        if self.tokens is None:
            return EVERYBODY
        token = self.tokens.of(secret or secret_in(request.headers.get("authorization", "")))
        if token is None:
            return Denied(401, "a token is needed: Authorization: Bearer ...")
        return self._allowed(token, need, source)

    def judge_signed(self, request: Asking, source: str, body: bytes, now: float) -> Token | Denied:
        """Return who signed a body as it came, or why it is not taken."""
        if self.tokens is None:
            return EVERYBODY
        try:
            signed = signed_in(request.headers)
        except SignatureError as error:
            return Denied(401, str(error))
        if abs(now - signed.at) > OLDEST:
            return Denied(401, f"signed more than {OLDEST} seconds ago or ahead")
        token = self.tokens.of_signature(signed, body)
        return Denied(401, "nobody's signature") if token is None else self._allowed(token, "send", source)

    def _allowed(self, token: Token, need: Need, source: str) -> Token | Denied:
        if not token.may(need, source):
            return Denied(403, f"token {token.name} may not {need}{f' as {source}' if source else ''}")
        if not self._has_room(token):
            return Denied(429, f"token {token.name}: more than {token.rate:g} requests a second")
        return token

    def _has_room(self, token: Token) -> bool:
        if not token.rate:
            return True
        now, most = self._clock(), max(1.0, token.rate)
        bucket = refill(self._buckets.get(token.name) or Bucket(most, now), token.rate, most, now)
        has_room = bucket.tokens >= 1
        self._buckets[token.name] = spend(bucket, 1) if has_room else bucket
        return has_room
