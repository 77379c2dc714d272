"""The server under the application: one process, bounded in connections, headers and patience; ends in peace on SIGTERM."""

import asyncio
import gc
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD = 32 * 1024
"""Bytes of a request before its body."""
SLOWEST_HEAD = 10.0
"""Seconds in which they must have come, since the connection was made or the request before was answered."""
LOOK = 1.0
"""Seconds after which who reads a slow body is woken, again and again."""
CONNECTIONS = 2000
"""At once; one more is told 503 and let go."""
COLLECT_EVERY = 10_000
"""New objects after which the youngest are looked through: a request leaves no circles behind."""
GRACE = 20
"""Seconds for what is being answered when the end is wished."""


class AddressError(ValueError):
    """A place where the gateway may not listen, or cannot."""


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


def address_of(listen: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT` or `[::1]:PORT`. Raises AddressError."""
    host, colon, port = listen.rpartition(":")
    host = host.strip("[]")
    if not (colon and host and port.isdecimal() and int(port) < 1 << 16):
        raise AddressError(f"{listen}: expected HOST:PORT")
    return host, int(port)


def only_here(host: str) -> bool:
    """Return True if an address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def allowed(listen: str, *, is_guarded: bool) -> tuple[str, int]:
    """Return host and port of a place where a gateway may listen. Raises AddressError."""
    host, port = address_of(listen)
    if not is_guarded and not only_here(host):
        raise AddressError(
            f"{listen}: without tokens only 127.0.0.1 or [::1] may be listened on (--tokens FILE, or setting gateway.tokens)"
        )
    return host, port


def bound(listen: str, *, is_guarded: bool) -> socket.socket:
    """Return a socket that listens. Without tokens only this machine may ask. Raises AddressError."""
    host, port = allowed(listen, is_guarded=is_guarded)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise AddressError(f"{listen}: {error.strerror}") from error
    listener.set_inheritable(True)
    return listener


async def _nothing() -> None:
    """End nothing: no answer lasts."""


def serve(
    application: ASGIApp, listener: socket.socket, ready: Callable[[], None] = lambda: None,
    ending: Callable[[], Awaitable[None]] = _nothing,
) -> None:  # fmt: skip
    """Answer until SIGTERM or SIGINT; `ending` ends answers that last."""
    gc.collect()
    gc.freeze()  # what stands now stays
    gc.set_threshold(COLLECT_EVERY)
    config = uvicorn.Config(
        application, http=Bounded, loop="uvloop", lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, limit_concurrency=CONNECTIONS, timeout_keep_alive=75, timeout_graceful_shutdown=GRACE,
    )  # fmt: skip
    _Server(config, ready, ending).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._tell, self._ending = ready, ending

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self._tell()

    async def shutdown(self, sockets: Any = None) -> None:
        await self._ending()
        await super().shutdown(sockets)
