"""Inventory from Redis: one hash a kind, id -> JSON document (sinks/redis_keys.py)."""

import hashlib
from collections.abc import Hashable
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from flows.rules.source import Source, SourceUnavailableError, document_from
from operators.rules.read.documents import Found, RuleError, Sourced
from sinks import redis_keys as keys
from sinks.redis_client import RedisPlace, redis_client, redis_place

HASHES = {
    "hosts": keys.HOSTS,
    "service_instances": keys.SERVICE_INSTANCES,
    "topology": keys.TOPOLOGY,
    "dynamic_groups": keys.DYNAMIC_GROUPS,
}
"""Kind -> the hash of its documents."""

ANSWER_TIMEOUT = 30.0
"""Seconds."""

_Hashes = list[dict[bytes, bytes]]


class RedisHashes(Source):
    """The hashes of `redis://host:port/db/key`, all read in one step so that they belong together.

    Whoever fills them may keep a version beside them; then nothing is read while it stands.
    """

    def __init__(self, dsn: str, interval: float = 60.0) -> None:
        self._place, self._interval = redis_place(dsn), interval
        self._hashes: _Hashes = []

    @property
    def name(self) -> str:
        """The address without secrets."""
        place = self._place
        return f"redis://{place.host}:{place.port}/{place.db}/{place.key}"

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return self._interval

    def stamp(self) -> Hashable:
        """Return the version, or else a digest of everything there is."""
        try:
            with _connected(self._place) as server:
                version = server.get(keys.INVENTORY_VERSION.key(self._place.key))
                self._hashes = [] if version is not None else _hashes(server, self._place.key)
        except RedisError as error:
            raise SourceUnavailableError(f"{self.name}: {error}") from error
        return ("version", version) if version is not None else _digest(self._hashes)

    def read(self) -> Found:
        """Return the documents, those that the last stamp was made of if it was."""
        hashes, self._hashes = self._hashes, []
        if not hashes:
            try:
                with _connected(self._place) as server:
                    hashes = _hashes(server, self._place.key)
            except RedisError as error:
                raise SourceUnavailableError(f"{self.name}: {error}") from error
        rows = [
            document_from(kind, name.decode("utf-8", "backslashreplace"), text, self.name)
            for kind, held in zip(HASHES, hashes, strict=True)
            for name, text in sorted(held.items())
        ]
        return Found(
            tuple(one for one in rows if isinstance(one, Sourced)),
            tuple(one for one in rows if isinstance(one, RuleError)),
        )


def _connected(place: RedisPlace) -> redis.Redis:
    return redis_client(place, Retry(NoBackoff(), 1), answer_timeout=ANSWER_TIMEOUT)


def _hashes(server: redis.Redis, prefix: str) -> _Hashes:
    with server.pipeline(transaction=True) as pipe:
        for key in HASHES.values():
            pipe.hgetall(key.key(prefix))
        return cast("_Hashes", pipe.execute())


def _digest(hashes: _Hashes) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for held in hashes:
        for name, text in sorted(held.items()):
            digest.update(b"%d %d " % (len(name), len(text)) + name + text)
        digest.update(b";")
    return digest.digest()
