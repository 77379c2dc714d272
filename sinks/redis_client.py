"""Redis: an address taken apart, and a client of the server that it names.

Replies are bounded in size and time: the client reads one until it is whole, however long that is, and its time-out
begins anew with every byte; a server that floods or drips ends its own connection.
"""

import time
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

if TYPE_CHECKING:
    import redis
    from redis.retry import Retry


class PlaceError(ValueError):
    """An address that cannot be one of an outbox; the text holds no password."""


class RedisPlace(msgspec.Struct, frozen=True, kw_only=True):
    """`redis://[[user]:password@]host[:port]/db/key`, or `rediss://` for TLS."""

    host: str
    port: int
    db: int
    key: str
    username: str | None
    password: str | None
    tls: bool


def without_login(dsn: str) -> str:
    """Return an address without user and password; a path as it is."""
    scheme, separator, rest = dsn.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}" if separator else dsn


def redis_place(dsn: str) -> RedisPlace:
    """Take a Redis address apart. Raises PlaceError."""
    try:
        parts = urlsplit(dsn)
        host, port = parts.hostname, parts.port
    except ValueError:  # what it says may repeat a password
        raise PlaceError(f"{without_login(dsn)}: expected redis://host:port/db/key") from None
    db, _, key = parts.path.strip("/").partition("/")
    if not host or not db.isdecimal() or not key:
        raise PlaceError(f"{without_login(dsn)}: expected redis://host:port/db/key")
    return RedisPlace(
        host=host,
        port=port or 6379,
        db=int(db),
        key=key,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "rediss",
    )


def is_redis(where: str) -> bool:
    """Tell a Redis address from a path."""
    return where.startswith(("redis://", "rediss://"))


CONNECT_TIMEOUT = 3.0
"""Seconds."""
LARGEST_REPLY, LONGEST_REPLY = 256 << 20, 120.0
"""Bytes and seconds of one reply: of all hosts of an inventory, of many notices."""


def redis_client(place: RedisPlace, retry: "Retry", *, answer_timeout: float) -> "redis.Redis":
    """Return a client that waits for a bounded time; nothing is sent yet."""
    return bounded_client(
        Bounds(LARGEST_REPLY, LONGEST_REPLY),
        tls=place.tls,
        host=place.host,
        port=place.port,
        db=place.db,
        username=place.username,
        password=place.password,
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=answer_timeout,
        retry=retry,
    )


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
        """Receive something. Raises redis.ConnectionError beyond the bounds."""
        data: bytes = self._sock.recv(size)
        self._left -= len(data)
        if self._left < 0 or time.monotonic() > self._ends:
            from redis import ConnectionError as BrokenError  # noqa: PLC0415 - as below

            raise BrokenError(f"a reply of more than {self._bounds.size} bytes or {self._bounds.seconds:g} s")
        return data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


@cache
def _connection(*, tls: bool) -> type:
    """Return the class of connections with bounds."""
    from redis import connection  # noqa: PLC0415 - what runs without servers reads addresses, and needs no client

    base: Any = connection.SSLConnection if tls else connection.Connection

    class Connection(base):  # type: ignore[misc]  # one of two
        def __init__(self, *, bounds: Bounds, **options: Any) -> None:
            self.bounds = bounds
            super().__init__(**options)

        def _connect(self) -> _Bounded:
            return _Bounded(super()._connect(), self.bounds)

    return Connection


def bounded_client(bounds: Bounds, *, tls: bool, ca: str = "", **options: Any) -> "redis.Redis":
    """Return a client whose replies are bounded; `options` are those of a connection. Nothing is sent yet."""
    import redis  # noqa: PLC0415 - as above

    if tls:
        options |= {"ssl_ca_certs": ca or None}
    return redis.Redis.from_pool(redis.ConnectionPool(connection_class=_connection(tls=tls), bounds=bounds, **options))
