"""Where an outbox is: a file or a Redis address."""

import time
from pathlib import Path

from sinks.outbox.outbox import Outbox, OutboxUnavailableError, Terms
from sinks.redis_client import PlaceError, is_redis, redis_place, without_login

PAUSE = 0.5
"""Seconds between two tries to reach one."""


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


def wait_for(outbox: Outbox, seconds: float) -> Outbox:
    """Return an outbox once it answers. Raises OutboxUnavailableError with what it said last, when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            outbox.depth(time.time())
        except OutboxUnavailableError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(PAUSE)
        else:
            return outbox
