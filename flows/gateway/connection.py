"""A connection to the server: bounded in its heads and in patience."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 32 * 1024
"""Bytes of a request before its body."""
SLOWEST_HEAD = 10.0
"""Seconds in which they must have come, since the connection was made or the request before was answered."""
LOOK = 1.0
"""Seconds after which who reads a slow body is woken, again and again."""


class HeadError(Exception):
    """A head that is too large."""


class Bounded(HttpToolsProtocol):
    """A connection that is closed when the head of a request is too large or too slow, and lets readers of slow bodies see it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._head, self._whole = 0, False
        self._patience = self.loop.call_later(SLOWEST_HEAD, self._let_go)
        self._waker: asyncio.TimerHandle | None = None

    def on_message_begin(self) -> None:
        """Count a new head."""
        self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop to count; a head that came at once is measured now."""
        if sum(len(name) + len(value) for name, value in self.headers) > HEAD:
            raise HeadError  # the parser ends the connection with 400
        self._head, self._whole = 0, True
        self._patience.cancel()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is too much of a head."""
        if self._whole and self.cycle is not None and self.cycle.response_complete:
            self._whole = False
        if not self._whole:
            self._head += len(data)
        super().data_received(data)
        if not self._whole and self._head > HEAD:
            self._let_go()
        if self._waker is None and self._is_body_to_come():
            self._waker = self.loop.call_later(LOOK, self._wake)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._patience.cancel()
        if self._waker is not None:
            self._waker.cancel()
        super().connection_lost(exc)

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
