"""HTTP calls with hard bounds: time from the first byte to the last, size of the answer, no redirects.

What a status means is decided here once: 2xx is an answer; 408, 425, 429 and 5xx may be tried again; else refused.
"""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

import msgspec
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)
from urllib3.exceptions import (
    TimeoutError as HttpTimeoutError,
)
from urllib3.util.url import Url, parse_url

from sinks.channels.deadline import Deadline
from sinks.channels.errors import LaterError, RefusedError

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""

_EXCERPT = 200
_LATER = (408, 425, 429)
_LONGEST_WAIT = 86400.0
_AGENT = "tocsin"
_HOSTS, _KEPT = 64, 64
"""Hosts whose connections are kept, and connections that are kept of one: as many as a channel may have threads."""

_calls = threading.local()


@lru_cache(4096)
def _parsed(url: str) -> Url:
    """Take an http or https address apart. Raises LocationValueError for what is none."""
    address = parse_url(url)
    if address.scheme not in ("http", "https") or not address.host:
        raise LocationValueError
    return address


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A 2xx answer; `body` ends at LARGEST_ANSWER bytes, and then `is_whole` is false."""

    status: int
    body: bytes
    is_whole: bool

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object. Raises LaterError for anything else."""
        try:
            document = msgspec.json.decode(self.body) if self.is_whole else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise LaterError(f"the answer is no JSON object: {self.text()}" if self.body else "the answer is empty")
        return document

    def text(self) -> str:
        """Return the beginning of the body as text."""
        return self.body[:_EXCERPT].decode("utf-8", "replace")


class _Watched:
    """Tells the deadline of the call in progress on this thread which connection it waits on."""

    sock: Any

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        _calls.deadline.watch(made)
        return made

    def request(self, *arguments: Any, **options: Any) -> None:
        """Send a request on a new connection, or on a kept one."""
        if self.sock is not None:
            _calls.deadline.watch(self.sock)
        super().request(*arguments, **options)  # type: ignore[misc]


class _Plain(_Watched, HTTPConnection):
    """An HTTP connection with a deadline."""


class _Secure(_Watched, HTTPSConnection):
    """An HTTPS connection with a deadline."""


class _PlainPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Secure


class Http:
    """A client for one provider; safe from several threads. `timeout` is seconds for a whole call."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.time) -> None:
        self._timeout = timeout
        self._clock = clock
        self._pools: dict[tuple[str, str, int | None], urllib3.HTTPConnectionPool] = {}

    def call(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float | None = None
    ) -> Answer:
        """Return a 2xx answer. Raises LaterError or RefusedError, whose texts name at most the host."""
        seconds = timeout or self._timeout
        try:
            with Deadline(seconds) as _calls.deadline:
                status, received, fields = self._exchange(method, url, body, headers, seconds)
                _calls.deadline.check()  # what looks like the end of the answer may be where it was cut
        except (HTTPError, OSError, ValueError) as error:
            raise _translated(error, seconds) from None
        return self._judged(status, received, fields)

    def _exchange(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], seconds: float
    ) -> tuple[int, bytes, Mapping[str, str]]:
        address = _parsed(url)
        response = self._pool(address).urlopen(
            method,
            address.request_uri,
            retries=False,
            assert_same_host=False,
            body=body,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **_encoded(headers)},
            timeout=urllib3.Timeout(total=seconds),
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        received = b""
        while len(received) <= LARGEST_ANSWER:
            piece = response.read1(16384)
            if not piece:
                response.release_conn()
                break
            received += piece
        else:
            response.close()
        return response.status, received, response.headers

    def _pool(self, address: Url) -> urllib3.HTTPConnectionPool:
        """Return the pool of a host; a manager of pools costs as much again as the call."""
        key = (address.scheme or "", address.host or "", address.port)
        pool = self._pools.get(key)
        if pool is None:
            if len(self._pools) >= _HOSTS:
                self._pools = {}
            made = _SecurePool if address.scheme == "https" else _PlainPool
            pool = self._pools[key] = made(key[1], address.port, maxsize=_KEPT)
        return pool

    def _judged(self, status: int, received: bytes, fields: Mapping[str, str]) -> Answer:
        answer = Answer(status, received[:LARGEST_ANSWER], len(received) <= LARGEST_ANSWER)
        if 200 <= status < 300:  # noqa: PLR2004 (2xx)
            return answer
        said = f"HTTP {status}: {answer.text()}".rstrip(": ")
        if status in _LATER or status >= 500:  # noqa: PLR2004 (5xx)
            raise LaterError(said, retry_after(fields.get("Retry-After"), self._clock()))
        if 300 <= status < 400:  # noqa: PLR2004 (3xx)
            raise RefusedError(f"HTTP {status}: redirected elsewhere, which is not followed")
        raise RefusedError(said)


def _encoded(headers: Mapping[str, str]) -> dict[str, Any]:
    """Return fields whose values are bytes of UTF-8 where they are not ASCII."""
    return {name: value if value.isascii() else value.encode() for name, value in headers.items()}


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After field, given as seconds or as a date; None for nonsense."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else None  # noqa: PLR0124 (not a number)


def _translated(error: Exception, seconds: float) -> Exception:
    """Return what an error of the client means, in words that hold neither path nor query."""
    if isinstance(error, LocationValueError | UnicodeError) or type(error) is ValueError:
        return RefusedError("the address or a header is not valid")
    if isinstance(error, NameResolutionError):
        return LaterError("the host has no address")
    if isinstance(error, NewConnectionError | ConnectionRefusedError):
        return LaterError("the host refuses connections")
    if isinstance(error, ConnectTimeoutError | HttpTimeoutError | TimeoutError):
        return LaterError(f"no answer within {seconds:g} s")
    if isinstance(error, SSLError):
        return LaterError("no secure connection: " + str(error).partition("(_ssl.c")[0])
    return LaterError("the connection broke")
