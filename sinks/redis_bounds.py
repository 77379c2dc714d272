"""Connections to Redis whose replies are bounded in size and time: a server that floods or drips ends its own connection.

The client reads a reply until it is whole, however long that is, and its time-out begins anew with every byte.
"""

import time
from typing import Any, NamedTuple

import redis
from redis.connection import Connection, SSLConnection


class Bounds(NamedTuple):
    """The most of what may come between two things that are sent."""

    size: int
    """Bytes."""
    seconds: float


class _Bounded:
    """A socket that counts what comes since it last sent something."""

    def __init__(self, sock: Any, bounds: Bounds) -> None:
        self._sock, self._bounds = sock, bounds
        self._begin()

    def _begin(self) -> None:
        self._left, self._ends = self._bounds.size, time.monotonic() + self._bounds.seconds

    def sendall(self, data: bytes) -> None:
        """Send; what comes now answers it."""
        self._begin()
        self._sock.sendall(data)

    def recv(self, size: int) -> bytes:
        """Receive something. Raises ConnectionError beyond the bounds."""
        data: bytes = self._sock.recv(size)
        self._left -= len(data)
        if self._left < 0:
            raise redis.ConnectionError(f"a reply of more than {self._bounds.size} bytes")
        if time.monotonic() > self._ends:
            raise redis.ConnectionError(f"a reply that takes more than {self._bounds.seconds:g} s")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class _Plain(Connection):
    """A connection with bounds."""

    bounds: Bounds

    def __init__(self, *, bounds: Bounds, **options: Any) -> None:
        self.bounds = bounds
        super().__init__(**options)  # type: ignore[no-untyped-call,unused-ignore]  # as in the library

    def _connect(self) -> Any:
        return _Bounded(super()._connect(), self.bounds)  # type: ignore[no-untyped-call]  # as in the library


class _Secure(SSLConnection):
    """A connection under TLS with bounds."""

    bounds: Bounds

    def __init__(self, *, bounds: Bounds, **options: Any) -> None:
        self.bounds = bounds
        super().__init__(**options)  # type: ignore[no-untyped-call,unused-ignore]  # as in the library

    def _connect(self) -> Any:
        return _Bounded(super()._connect(), self.bounds)  # type: ignore[no-untyped-call]  # as in the library


def bounded_client(bounds: Bounds, *, tls: bool, ca: str = "", **options: Any) -> redis.Redis:
    """Return a client whose connections have bounds; `options` are those of a connection. Nothing is sent yet."""
    if tls:
        options |= {"ssl_ca_certs": ca or None}
    pool = redis.ConnectionPool(connection_class=_Secure if tls else _Plain, bounds=bounds, **options)
    return redis.Redis.from_pool(pool)
