"""The outbox in Redis: for couriers that run, scale and fail on their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, assert_never

from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as ClientRetry

from operators.deliver.delivery import Bury, Decision, Outcome, Release, Retry, Settle, Taken, revived
from operators.deliver.lane import lane
from operators.model.records import Notice
from sinks import redis_keys as keys
from sinks.outbox.codec import NO_RESULTS, Stored, pack, pack_receipt, unpack_receipt, unpack_taken
from sinks.outbox.outbox import Depth, Entry, Logged, OutboxUnavailableError, Room, State, Terms
from sinks.outbox.redis_scripts import FIELDS, scripts
from sinks.redis_client import RedisPlace, redis_client

CHUNK = 500
"""Notices a script handles at most, so that Redis never stops for long."""

ANSWER_TIMEOUT, RETRIES = 10.0, 5


class RedisOutbox:
    """An Outbox of one stream a lane, read by one consumer group, with sorted sets beside (sinks/redis_keys.py).

    All moves are Lua scripts, so a courier that dies leaves nothing half done, and a script that is sent twice because
    an answer was lost does nothing twice. It is as durable as the server: docs/outbox.md says how to set that.
    """

    def __init__(self, place: RedisPlace, terms: Terms | None = None) -> None:
        self._terms = terms or Terms()
        self._key, self._place = place.key, f"redis://{place.host}:{place.port}/{place.db}/{place.key}"
        retry = ClientRetry(ExponentialBackoff(cap=2.0, base=0.1), RETRIES)
        self._db = redis_client(place, retry, answer_timeout=ANSWER_TIMEOUT)
        self._scripts = {name: self._db.register_script(text) for name, text in scripts(place.key).items()}

    @property
    def terms(self) -> Terms:
        """How long it keeps what."""
        return self._terms

    def put(self, notices: Sequence[Notice], now: float) -> int:
        """Store new notices, chunk by chunk."""
        new = 0
        for start in range(0, len(notices), CHUNK):
            rows = [part for one in notices[start : start + CHUNK] for part in (one.id, lane(one), pack(one))]
            new += int(self._run("put", now, *rows))
        return new

    def take(self, room: Room, now: float) -> list[Taken]:
        """Hold what is due."""
        with _translated(self._place):
            lanes = sorted(_text(name) for name in self._any.smembers(self._name(keys.LANES)))
        rooms = [part for name in lanes if (count := room(name)) > 0 for part in (name, count)]
        if not rooms:
            return []
        until = now + self._terms.visibility
        return [_taken(row, until) for row in self._run("take", now, until, CHUNK, *rooms)]

    def extend(self, taken: Iterable[Taken], now: float) -> None:
        """Move the end of holds."""
        rows = [part for one in taken for part in (one.notice.id, one.attempt)]
        if rows:
            self._run("extend", now + self._terms.visibility, *rows)

    def record(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Apply decisions, and let go of ids that were remembered long enough."""
        rows = [part for one in outcomes for part in _row(one.taken, one.decision)]
        self._run("record", now, now - self._terms.retention, *rows)

    def depth(self, now: float) -> Depth:
        """Count by the sorted sets."""
        with _translated(self._place):
            pipe = self._any.pipeline(transaction=True)
            pipe.zcard(self._name(keys.LIVE))
            pipe.zcount(self._name(keys.LATER), f"({now!r}", "+inf")
            pipe.zcount(self._name(keys.HELD), f"({now!r}", "+inf")
            pipe.zcard(self._name(keys.DEAD))
            pipe.zrange(self._name(keys.LIVE), 0, 0, withscores=True)
            live, later, flying, dead, oldest = pipe.execute()
        age = now - float(oldest[0][1]) if oldest else 0.0
        return Depth(live - later - flying, later, flying, dead, max(0.0, age))

    def entries(self, state: State, limit: int, now: float) -> list[Entry]:
        """List by due time; ready ones by their coming."""
        start, found = 0, list[Entry]()
        while len(found) < limit and (ids := self._ids(state, start, now)):
            found += [entry for entry in self.find(ids, now) if entry.state is state]
            start += CHUNK
        return found[:limit]

    def _ids(self, state: State, start: int, now: float) -> list[str]:
        with _translated(self._place):
            if state is State.READY or state is State.DEAD:
                key = self._name(keys.LIVE if state is State.READY else keys.DEAD)
                return [_text(name) for name in self._any.zrange(key, start, start + CHUNK - 1)]
            key = self._name(keys.LATER if state is State.LATER else keys.HELD)
            return [_text(name) for name in self._any.zrangebyscore(key, f"({now!r}", "+inf", start, CHUNK)]

    def find(self, ids: Sequence[str], now: float) -> list[Entry]:
        """Look up."""
        with _translated(self._place):
            pipe = self._any.pipeline(transaction=False)
            for name in ids:
                pipe.hmget(self._name(keys.NOTICE, id=name), FIELDS)
            rows = zip(ids, pipe.execute(), strict=True)
            return [_entry(name, row, now) for name, row in rows if row[0] is not None]

    def revive(self, ids: Sequence[str], now: float) -> int:
        """Make dead notices ready."""
        dead = [entry for entry in self.find(list(dict.fromkeys(ids)), now) if entry.state is State.DEAD]
        rows = [part for one in dead for part in (one.taken.notice.id, pack(revived(one.taken.results)))]
        return int(self._run("revive", now, *rows)) if rows else 0

    def receipts(self, limit: int) -> list[Logged]:
        """Return the oldest receipts."""
        with _translated(self._place):
            rows = self._any.xrange(self._name(keys.RECEIPTS), count=limit)
        return [Logged(_text(cursor), *unpack_receipt(fields[b"body"])) for cursor, fields in rows]

    def forget(self, cursors: Sequence[str]) -> None:
        """Drop receipts."""
        if cursors:
            with _translated(self._place):
                self._any.xdel(self._name(keys.RECEIPTS), *cursors)

    def close(self) -> None:
        """Close the connections."""
        self._db.close()

    @property
    def _any(self) -> Any:
        """The client without its types, which promise an awaitable or an answer."""
        return self._db

    def _name(self, key: keys.RedisKey, **parts: str) -> str:
        return key.key(self._key, **parts)

    def _run(self, script: str, *arguments: Any) -> Any:
        with _translated(self._place):
            return self._scripts[script](keys=[self._name(keys.LIVE)], args=arguments)


@contextmanager
def _translated(place: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise OutboxUnavailableError(f"outbox {place}: {error}") from error


def _row(taken: Taken, decision: Decision) -> tuple[Any, ...]:
    """Return the seven arguments of one outcome."""
    name, attempt = taken.notice.id, taken.attempt
    match decision:
        case Settle():
            return "settle", name, attempt, 0, b"", "", pack_receipt(taken, decision)
        case Retry(due, _, results, error):
            return "retry", name, attempt, due, pack(results), error, pack_receipt(taken, decision)
        case Bury(reason, _, results, error):
            return "bury", name, attempt, 0, pack(results), f"{reason}: {error}", pack_receipt(taken, decision)
        case Release():
            return "release", name, attempt, 0, b"", "", b""
        case _:
            assert_never(decision)


def _taken(row: Sequence[Any], until: float) -> Taken:
    name, lane_, attempt, created, body, results = row
    return unpack_taken(
        Stored(
            id=_text(name),
            lane=_text(lane_),
            attempt=int(attempt),
            created=float(created),
            until=until,
            body=body,
            results=results or NO_RESULTS,
        )
    )


def _entry(name: str, row: Sequence[bytes], now: float) -> Entry:
    field: Mapping[str, bytes] = dict(zip(FIELDS, row, strict=True))
    due = float(field["due"])
    parts = (name, field["lane"], field["attempt"], field["created"], field["body"], field["results"])
    state = _state(field["state"], due, now)
    return Entry(taken=_taken(parts, due), state=state, due=due, error=_text(field["error"]))


def _state(state: bytes, due: float, now: float) -> State:
    if state == b"dead":
        return State.DEAD
    if due <= now:
        return State.READY
    return State.IN_FLIGHT if state == b"held" else State.LATER


def _text(raw: str | bytes) -> str:
    return raw if isinstance(raw, str) else raw.decode()
