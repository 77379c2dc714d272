"""A client of the Redis server that an address names."""

import redis
from redis.retry import Retry

from sinks.outbox.place import RedisPlace

CONNECT_TIMEOUT = 3.0
"""Seconds."""


def redis_client(place: RedisPlace, retry: Retry, *, answer_timeout: float) -> redis.Redis:
    """Return a client that waits for a bounded time; nothing is sent yet."""
    return redis.Redis(
        host=place.host,
        port=place.port,
        db=place.db,
        username=place.username,
        password=place.password,
        ssl=place.tls,
        socket_connect_timeout=CONNECT_TIMEOUT,
        socket_timeout=answer_timeout,
        retry=retry,
    )
