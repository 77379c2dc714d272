"""A connection to the server: bounded in patience and in what waits unread, with all others; one too many is told so."""

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp
from uvicorn.server import ServerState

from flows.gateway.durable import BusyError, Pressure
from flows.gateway.straight import Straight

CONNECTIONS = 2000
"""At once; one more is told 503 and let go."""
HEAD, LINES, AHEAD = 32 * 1024, 100, 64
"""Bytes and lines of a request before its body; requests that may wait for the one before."""
LINE, REQUEST, SMALL = 160, 8 * 1024, 16 * 1024
"""Bytes that a line of a head takes beside its own, about, and a request that waits; bytes of a body that is not weighed."""
UNREAD = 16 * 1024 * 1024
"""Bytes of all heads that have not come whole, all requests that wait for the one before, and all parts of bodies that nobody has taken."""
SLOWEST_HEAD = 10.0
"""Seconds in which a head must have come, since the connection was made or its first byte came."""
LOOK = 1.0
"""Seconds after which who reads a slow body is woken, again and again."""
FULL = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\nconnection: close\r\n\r\n"
LARGE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class HeadError(Exception):
    """A head that is too large, or one too many."""


class Bounded(Straight):
    """A connection that is ended when a head is too large or too slow, or too much waits unread; it wakes readers of slow bodies."""

    def __init__(self, unread: Pressure, **parts: Any) -> None:
        super().__init__(**parts)
        self._unread, self._holds = unread, 0
        self._head, self._whole = 0, False
        self._patience: asyncio.TimerHandle | None = None
        self._waker: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(SLOWEST_HEAD, self._let_go)

    def on_message_begin(self) -> None:
        """Count a new head."""
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop to count; a head that came at once is measured now."""
        is_much = len(self.headers) > LINES or len(self.pipeline) >= AHEAD
        if is_much or sum(len(name) + len(value) for name, value in self.headers) > HEAD:
            self.headers.clear()
            raise HeadError  # the parser ends the connection with 400
        self._head, self._whole = 0, True
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is too much of a head."""
        if self._whole and self.cycle is not None and self.cycle.response_complete:
            self._whole = False
        super().data_received(data)
        if not self._whole:
            self._head += len(data)
        if self._head or self.pipeline or self._holds or self._body() > SMALL:
            self._weigh()
        if self._waker is None and self._is_body_to_come():
            self._waker = self.loop.call_later(LOOK, self._wake)

    def on_response_complete(self) -> None:
        """Go on with the request that waits, if one does."""
        super().on_response_complete()
        if self._holds:
            self._weigh()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer, and hold nothing."""
        for timer in (self._patience, self._waker):
            if timer is not None:
                timer.cancel()
        self._unread.give(self._holds)
        self._holds = 0
        super().connection_lost(exc)

    def _weigh(self) -> None:
        """Hold room for what waits unread; end the connection where it is too much."""
        if self._head and self._patience is None:
            self._patience = self.loop.call_later(SLOWEST_HEAD, self._let_go)
        lines = len(self.headers) if self._head and self.headers else 0
        self._unread.give(self._holds)
        self._holds, holds = 0, self._head + lines * LINE + len(self.pipeline) * REQUEST + self._body()
        if self._head > HEAD or lines > LINES:
            self._cut_off(LARGE)
            return
        try:
            self._unread.take(holds)
            self._holds = holds
        except BusyError:
            self._cut_off(FULL)

    def _body(self) -> int:
        """Return the bytes of a body that nobody has taken."""
        return 0 if self.cycle is None else len(self.cycle.body)

    def _cut_off(self, why: bytes) -> None:
        """Say why, and drop what came at once: hundreds may be cut off before the first of them is lost."""
        if self.headers:
            self.headers.clear()
        self.pipeline.clear()
        if self.cycle is not None:
            self.cycle.disconnected, self.cycle.body = True, bytearray()
            self.cycle.message_event.set()
        if self.transport.get_write_buffer_size():  # it does not even read what it is told
            self.transport.abort()
        elif not self.transport.is_closing():
            self.transport.write(why)
            self.transport.close()

    def _is_body_to_come(self) -> bool:
        return self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete

    def _wake(self) -> None:
        """Let who waits for the rest of a body look at the clock."""
        self._waker = None
        if self._is_body_to_come():
            self.cycle.message_event.set()
            self._waker = self.loop.call_later(LOOK, self._wake)

    def _let_go(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()


class Refused(asyncio.Protocol):
    """A connection that is one too many, told so once it asks; it takes a fraction of another's memory."""

    __slots__ = ("_patience", "_transport")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for what it asks."""
        self._transport = transport
        self._patience = asyncio.get_running_loop().call_later(SLOWEST_HEAD, transport.close)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - whatever it asks
        """Tell it to come again."""
        self._transport.write(FULL)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as above
        """Wait no longer."""
        self._patience.cancel()


def connection(
    unread: Pressure, taking_in: Mapping[bytes, ASGIApp], server_state: ServerState, **parts: Any
) -> asyncio.Protocol:
    """Return what speaks with who has just connected."""
    if len(server_state.connections) >= CONNECTIONS:
        return Refused()
    return Bounded(unread, taking_in=taking_in, server_state=server_state, **parts)
