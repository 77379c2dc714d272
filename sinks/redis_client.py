"""Redis: an address taken apart, and a client of the server that it names."""

from typing import TYPE_CHECKING
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
    from sinks.redis_bounds import Bounds, bounded_client  # noqa: PLC0415 - what runs without servers needs no client

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
