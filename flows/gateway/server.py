"""The server under the application: one process, bounded in connections; ends in peace on SIGTERM."""

import ctypes
import gc
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from flows.gateway.connection import UNREAD, connection
from flows.gateway.durable import Pressure

COLLECT_EVERY = 10_000
"""New objects after which the youngest are looked through: a request leaves no circles behind."""
LARGE, _MMAP_THRESHOLD = 64 * 1024, -3
"""Bytes of a piece of memory that is given back by itself, and the name of that setting (malloc.h)."""
_NONE: Mapping[str, ASGIApp] = {}
GRACE = 20
"""Seconds for what is being answered when the end is wished."""


class AddressError(ValueError):
    """A place where the gateway may not listen, or cannot."""


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


def _give_back() -> None:
    """Have memory of large bodies given back as soon as they were read: glibc would learn from them to keep it."""
    if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
        mallopt(_MMAP_THRESHOLD, LARGE)


async def _nothing() -> None:
    """End nothing: no answer lasts."""


def serve(
    application: ASGIApp, listener: socket.socket, ready: Callable[[], None] = lambda: None,
    ending: Callable[[], Awaitable[None]] = _nothing, straight: Mapping[str, ASGIApp] = _NONE,
) -> None:  # fmt: skip
    """Answer until SIGTERM or SIGINT; `ending` ends answers that last, `straight` are applications of paths that take in."""
    _give_back()
    gc.collect()
    gc.freeze()  # what stands now stays
    gc.set_threshold(COLLECT_EVERY)
    speaks: Any = partial(connection, Pressure(UNREAD), {path.encode(): one for path, one in straight.items()})
    config = uvicorn.Config(
        application, http=speaks, loop="uvloop", lifespan="off", ws="none", log_config=None, access_log=False, server_header=False,
        proxy_headers=False, timeout_keep_alive=75, timeout_graceful_shutdown=GRACE,
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
