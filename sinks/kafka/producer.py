"""Kafka as an edge: what was handed over is delivered when the call returns, or it raises (engine.md 0.10)."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message, Producer

CHUNK = 1000
"""Records produced before delivery reports are looked at, and records of one batch on the wire."""
ANY = -1
"""Let the key choose the partition."""
GRACE = 2.0
"""Seconds for the reports of what has just timed out."""
TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
DEFAULTS: Mapping[str, Any] = {
    "batch.num.messages": CHUNK,
    "compression.type": "lz4",
    "linger.ms": 5,
    "batch.size": 262_144,
    "partitioner": "murmur2_random",
    "log_level": 2,
}
"""What the configuration may change."""


class DeliveryError(Exception):
    """Records that were not delivered; the text says how many and why. The process should end: nothing is skipped."""


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One record. `at` is its arrival time in Unix seconds; None: the wall clock."""

    value: bytes | None
    key: bytes | None = None
    partition: int = ANY
    at: int | None = None


class KafkaSink:
    """One producer for all topics of a process: idempotent, acknowledged by all replicas, compressed.

    `config` holds the brokers and the security options; `timeout` is the longest a write may take, in seconds.
    """

    def __init__(self, config: Mapping[str, Any], *, timeout: float = 60.0) -> None:
        self._timeout = timeout
        self._failed: list[tuple[int, KafkaError]] = []
        ours = {"enable.idempotence": True, "acks": "all", "delivery.timeout.ms": int(timeout * 1000)}
        self._producer = Producer({**DEFAULTS, **config, **ours})

    def write(self, topic: str, records: Sequence[Outgoing]) -> list[int]:
        """Deliver the records in their order; return which are too large for the broker. Raises DeliveryError."""
        too_large = self._send(topic, records)
        if not too_large or len(records) == 1:
            return too_large
        suspects = _again(records, too_large)
        return [number for number in suspects if self._send(topic, [records[number]])]

    def _send(self, topic: str, records: Sequence[Outgoing]) -> list[int]:
        """Deliver the records together; of those that went in one batch with one too large, all are called so."""
        deadline = time.monotonic() + self._timeout
        self._failed.clear()
        for number, record in enumerate(records):
            self._produce(topic, number, record, deadline)
            if number % CHUNK == CHUNK - 1:
                self._producer.poll(0)
        left = self._producer.flush(max(0.1, deadline - time.monotonic()) + GRACE)
        if left:
            self._forget()
            raise DeliveryError(f"{topic}: {left} records were not delivered in {self._timeout:g} s")
        return self._too_large(topic, len(records))

    def _produce(self, topic: str, number: int, record: Outgoing, deadline: float) -> None:
        def report(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                self._failed.append((number, error))

        stamp = 0 if record.at is None else record.at * 1000
        while True:
            try:
                self._producer.produce(
                    topic, record.value, record.key, partition=record.partition, timestamp=stamp, on_delivery=report
                )
            except BufferError:
                if time.monotonic() >= deadline:
                    self._forget()
                    raise DeliveryError(f"{topic}: no room for records in {self._timeout:g} s") from None
                self._producer.poll(0.1)
            except KafkaException as error:
                self._failed.append((number, error.args[0]))
                return
            else:
                return

    def _too_large(self, topic: str, count: int) -> list[int]:
        """Sort what failed: too large is the record's fault, everything else is ours to raise."""
        others = [error for _, error in self._failed if error.code() not in TOO_LARGE]
        if others:
            raise DeliveryError(f"{topic}: {len(others)} of {count} records not delivered: {others[0].str()}")
        return sorted(number for number, _ in self._failed)

    def _forget(self) -> None:
        """Let go of what could not be delivered, so that it does not come later and out of order."""
        self._producer.purge()
        self._producer.flush(GRACE)

    def close(self) -> None:
        """Let go of the connections; everything written was delivered."""
        self._producer.flush(GRACE)


def _again(records: Sequence[Outgoing], failed: Sequence[int]) -> list[int]:
    """Choose what to send again, each by itself: what failed, and what of the same keys came after it."""
    keys = {records[number].key for number in failed} - {None}
    ones = set(failed)
    return [number for number in range(failed[0], len(records)) if number in ones or records[number].key in keys]
