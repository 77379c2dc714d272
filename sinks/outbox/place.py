"""Where an outbox is: a file or a Redis address."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from sinks.outbox.outbox import Outbox, Terms


class RedisPlace(msgspec.Struct, frozen=True, kw_only=True):
    """`redis://[[user]:password@]host[:port]/db/key`, or `rediss://` for TLS."""

    host: str
    port: int
    db: int
    key: str
    username: str | None
    password: str | None
    tls: bool


def redis_place(dsn: str) -> RedisPlace:
    """Take a Redis address apart; ValueError says what is missing, without the password."""
    parts = urlsplit(dsn)
    db, _, key = parts.path.strip("/").partition("/")
    if not parts.hostname or not db.isdigit() or not key:
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        raise ValueError(f"{shown}: expected redis://host:port/db/key")
    return RedisPlace(
        host=parts.hostname,
        port=parts.port or 6379,
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
    """Open the outbox at a path or Redis address; missing folders are made."""
    if is_redis(where):
        from sinks.outbox.redis import RedisOutbox  # noqa: PLC0415 - the run without servers needs no client

        return RedisOutbox(redis_place(where), terms)
    from sinks.outbox.sqlite import SqliteOutbox  # noqa: PLC0415

    Path(where).parent.mkdir(parents=True, exist_ok=True)
    return SqliteOutbox(where, terms)
