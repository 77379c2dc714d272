"""HTTP calls with hard bounds: time from the first byte to the last, size of the answer, no redirects.

What a status means is decided here once: 2xx is an answer; 408, 425, 429 and 5xx may be tried again; else refused.
"""

import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from errno import EHOSTUNREACH, ENETUNREACH
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import msgspec

from sinks.channels.errors import LaterError, RefusedError
from sinks.channels.wire import Received, Wires, request_of, spot_of

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""

_EXCERPT = 200
_LATER = (408, 425, 429)
_LONGEST_WAIT = 86400.0
_OWN_FIELDS = {"User-Agent": "tocsin", "Accept-Encoding": "identity"}


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


class Http:
    """A client for one provider; safe from several threads. `timeout` is seconds for a whole call."""

    def __init__(self, timeout: float, clock: Callable[[], float] = time.time) -> None:
        self._timeout = timeout
        self._clock = clock
        self._wires = Wires()

    def call(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], timeout: float | None = None
    ) -> Answer:
        """Return a 2xx answer. Raises LaterError or RefusedError, whose texts name at most the host."""
        seconds = timeout or self._timeout
        deadline = time.monotonic() + seconds
        try:
            spot = spot_of(url)
            request = request_of(method, spot, body, {**_OWN_FIELDS, **headers})
        except ValueError:
            raise RefusedError("the address or a header is not valid") from None
        try:
            received = self._wires.exchange(spot.place, method, request, LARGEST_ANSWER, deadline)
        except TimeoutError:
            raise LaterError(f"no answer within {seconds:g} s") from None
        except (OSError, HTTPException, ValueError) as error:
            raise LaterError(_explained(error)) from None
        return self._judged(received)

    def close(self) -> None:
        """Close the connections that are kept for later calls."""
        self._wires.close()

    def _judged(self, received: Received) -> Answer:
        status = received.status
        answer = Answer(status, received.body[:LARGEST_ANSWER], len(received.body) <= LARGEST_ANSWER)
        if 200 <= status < 300:  # noqa: PLR2004 (2xx)
            return answer
        said = f"HTTP {status}: {answer.text()}".rstrip(": ")
        if status in _LATER or status >= 500:  # noqa: PLR2004 (5xx)
            raise LaterError(said, retry_after(received.retry_after, self._clock()))
        if 300 <= status < 400:  # noqa: PLR2004 (3xx)
            raise RefusedError(f"HTTP {status}: redirected elsewhere, which is not followed")
        raise RefusedError(said)


def host_of(address: str) -> str:
    """Return host and port of an address; "" for what is none."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""


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


def _explained(error: Exception) -> str:
    """Return what broke a call, in words that hold neither path nor query."""
    if isinstance(error, socket.gaierror):
        return "the host has no address"
    if isinstance(error, ConnectionRefusedError):
        return "the host refuses connections"
    if isinstance(error, ssl.SSLError):
        return "no secure connection: " + str(error).partition("(_ssl.c")[0]
    if isinstance(error, OSError) and error.errno in (EHOSTUNREACH, ENETUNREACH):
        return "the host cannot be reached"
    return "the connection broke"
