"""Where an outbox is: a file or a Redis address."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from sinks.outbox.outbox import Outbox, Terms


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


def open_outbox(where: str, terms: Terms | None = None) -> Outbox:
    """Open the outbox at a path or Redis address; missing folders are made. Raises PlaceError, OutboxUnavailableError."""
    if is_redis(where):
        from sinks.outbox.redis import RedisOutbox  # noqa: PLC0415 - the run without servers needs no client

        return RedisOutbox(redis_place(where), terms)
    if "://" in where:
        raise PlaceError(f"{without_login(where)}: no outbox; give a file path, or redis://host:port/db/key")
    from sinks.outbox.sqlite import SqliteOutbox  # noqa: PLC0415

    Path(where).parent.mkdir(parents=True, exist_ok=True)
    return SqliteOutbox(where, terms)
