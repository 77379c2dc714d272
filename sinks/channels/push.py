"""Pushes to queues: one message for every alert of the notice, to every queue of the action (spec/notices.md 9)."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaException

from operators.deliver.delivery import Result, Results
from operators.model.records import Notice
from operators.rules.shapes.queue import Queue, queue_of
from operators.rules.shapes.words import RefusedError as RefusedAddressError
from sinks.channels.errors import DeliveryError, LaterError, RefusedError, attempt, failure
from sinks.channels.http import LARGEST_ANSWER
from sinks.channels.secrets import revealed
from sinks.kafka.producer import DeliveryError as KafkaDeliveryError
from sinks.kafka.producer import KafkaSink, Outgoing
from sinks.redis_client import Bounds, bounded_client

if TYPE_CHECKING:
    from redis import Redis

_REMEMBERED = 10_000
_CLIENTS = 64
"""Queues whose clients are kept: one whose password changed is another queue."""


class Push:
    """Pushes the lines of a notice's content to all queues of its configuration.

    A queue that took a notice is not asked again when the notice is tried again for the sake of another one.
    """

    def __init__(self, timeout: float = 10.0) -> None:
        self._timeout = timeout
        self._redis: dict[Queue, Redis] = {}
        self._kafka: dict[Queue, KafkaSink] = {}
        self._locks: dict[Queue, threading.Lock] = {}
        self._done: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def send(self, notice: Notice) -> Results:
        """Push to every queue; one result for each, by its label."""
        dsns = (notice.config or {}).get("dsn") or ()
        dsns = dsns if isinstance(dsns, list | tuple) else (dsns,)
        if not dsns:
            return {notice.way: Result(ok=False, message="the action names no queue")}
        lines = [line.encode() for line in notice.content.split("\n") if line]
        results: Results = {}
        for number, dsn in enumerate(dsns, 1):
            try:
                queue = queue_of(revealed(dsn))
            except RefusedAddressError as error:
                results[f"queue {number}"] = Result(ok=False, message=str(error))
            except DeliveryError as error:
                results[f"queue {number}"] = failure(error)
            else:
                results[queue.label] = self._once(notice.id, queue, lines)
        return results

    def _once(self, notice_id: str, queue: Queue, lines: Sequence[bytes]) -> Result:
        key = (notice_id, queue.label)
        with self._lock:
            if key in self._done:
                return Result(ok=True)
        result = attempt(lambda: self._push(queue, lines), (queue.password,))
        if result.ok:
            with self._lock:
                self._done[key] = None
                while len(self._done) > _REMEMBERED:
                    self._done.popitem(last=False)
        return result

    def _push(self, queue: Queue, lines: Sequence[bytes]) -> Result:
        return self._to_kafka(queue, lines) if queue.is_kafka else self._to_redis(queue, lines)

    def _to_redis(self, queue: Queue, lines: Sequence[bytes]) -> Result:
        import redis  # noqa: PLC0415 - the client loads with the first push

        try:
            self._client(queue).lpush(queue.name, *lines)
        except (redis.AuthenticationError, redis.ResponseError) as error:
            raise RefusedError(f"Redis refuses: {error}") from None
        except (redis.RedisError, OSError, RecursionError):  # the last: a reply nested without end
            raise LaterError("Redis cannot be reached") from None
        return Result(ok=True)

    def _client(self, queue: Queue) -> "Redis":
        from redis.backoff import NoBackoff  # noqa: PLC0415 - as above
        from redis.retry import Retry  # noqa: PLC0415 - as above

        with self._lock:
            if queue not in self._redis:
                self._redis = self._redis if len(self._redis) < _CLIENTS else {}
                self._redis[queue] = bounded_client(
                    Bounds(LARGEST_ANSWER, self._timeout),
                    tls=queue.tls,
                    ca=queue.ca,
                    protocol=2,
                    host=queue.host,
                    port=queue.port,
                    db=queue.db,
                    username=queue.username or None,
                    password=queue.password or None,
                    socket_timeout=self._timeout,
                    socket_connect_timeout=self._timeout,
                    retry=Retry(NoBackoff(), 0),
                )
            return self._redis[queue]

    def _to_kafka(self, queue: Queue, lines: Sequence[bytes]) -> Result:
        lock = self._lock_of(queue)
        if not lock.acquire(timeout=self._timeout):
            raise LaterError(f"{queue.name}: others wait for this Kafka longer than {self._timeout:g} s")
        try:
            too_large = self._sink(queue).write(queue.name, [Outgoing(line) for line in lines])
        except KafkaDeliveryError as error:
            raise LaterError(str(error)) from None
        finally:
            lock.release()
        if too_large:
            raise RefusedError(f"{len(too_large)} of {len(lines)} alerts are larger than Kafka takes")
        return Result(ok=True)

    def _sink(self, queue: Queue) -> KafkaSink:
        if queue not in self._kafka:
            try:
                self._kafka[queue] = KafkaSink(client_options(queue), timeout=self._timeout)
            except KafkaException as error:
                raise RefusedError(f"Kafka's client: {error.args[0].str()}") from None
        return self._kafka[queue]

    def _lock_of(self, queue: Queue) -> threading.Lock:
        """Return the lock of a queue's producer, which serves one thread at a time."""
        with self._lock:
            return self._locks.setdefault(queue, threading.Lock())


def client_options(queue: Queue) -> dict[str, Any]:
    """Return the options by which Kafka's client reaches a queue."""
    login = {"sasl.mechanism": queue.sasl, "sasl.username": queue.username, "sasl.password": queue.password}
    return {
        "bootstrap.servers": f"{queue.host}:{queue.port}",
        "log_level": 0,
        "security.protocol": ("SASL_" if queue.username else "") + ("SSL" if queue.tls else "PLAINTEXT"),
        **({"ssl.ca.location": queue.ca} if queue.ca else {}),
        **(login if queue.username else {}),
    }
