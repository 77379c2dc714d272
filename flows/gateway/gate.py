"""The gate: who asks, whether that is allowed, and how often."""

import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.requests import Request

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

    def judge(self, request: Request, need: Need, source: str = "", secret: str = "") -> Token | Denied:
        """Return who asks, or why that is not allowed; `secret` is one that stands in the body."""
        if self.tokens is None:
            return EVERYBODY
        token = self.tokens.of(secret or secret_in(request.headers.get("authorization", "")))
        if token is None:
            return Denied(401, "a token is needed: Authorization: Bearer ...")
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
