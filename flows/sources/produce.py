"""Lines to Kafka: a file of events for trying out, and commands to the workers they concern."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec

from flows.settings import KafkaSettings
from flows.sources.kafka_client import ensure, options
from sinks.kafka.keyed import FINGERPRINT, partition_of
from sinks.kafka.producer import KafkaSink, Outgoing

CHUNKS = 10
"""A second, at a given rate."""
LATEST = 1 << 35
"""Seconds beyond which a time is none: some send milliseconds."""


class Head(msgspec.Struct, frozen=True):
    """What of a line decides where and when it arrives."""

    at: Any = None
    time: Any = None
    dedupe_md5: Any = None


def produce(
    settings: KafkaSettings, topic: str, lines: Iterable[bytes], rate: float = 0, *,
    environment: Mapping[str, str] = os.environ, pause: Callable[[float], None] = time.sleep,
) -> tuple[int, int]:  # fmt: skip
    """Send lines to a topic, stamped with their `at` (else `time`, else now), `rate` a second.

    Return how many went, and how many the broker found too large. Lines that bring their fingerprint go to the
    partition of its slot. Raises KafkaTroubleError, DeliveryError, SettingsError.
    """
    partitions = ensure(settings, environment, [topic])[topic]
    sink = KafkaSink(options(settings, environment), timeout=settings.timeout)
    sent = refused = 0
    for chunk in _chunks((outgoing(line, partitions) for line in lines), max(1, int(rate / CHUNKS)) if rate else 1000):
        begun = time.monotonic()
        too_large = len(sink.write(topic, chunk))
        sent, refused = sent + len(chunk) - too_large, refused + too_large
        if rate:
            pause(max(0.0, len(chunk) / rate - (time.monotonic() - begun)))
    sink.close()
    return sent, refused


def _chunks(records: Iterator[Outgoing], size: int) -> Iterator[list[Outgoing]]:
    while chunk := list(islice(records, size)):
        yield chunk


def outgoing(line: bytes, partitions: int) -> Outgoing:
    """Return the record of a line; one that is no JSON object goes as it is, for the dead letters."""
    head = _head(line)
    stamp = next((time for time in (head.at, head.time) if isinstance(time, int) and 0 < time < LATEST), None)
    if not _is_fingerprint(head.dedupe_md5):
        return Outgoing(line, at=stamp)
    return Outgoing(line, head.dedupe_md5.encode(), partition_of(head.dedupe_md5, partitions), stamp)


def send_one(settings: KafkaSettings, topic: str, line: bytes, environment: Mapping[str, str] = os.environ) -> None:
    """Send a command; every worker reads it, its owner acts. Raises KafkaTroubleError, DeliveryError, SettingsError."""
    ensure(settings, environment, [topic])
    sink = KafkaSink(options(settings, environment), timeout=settings.timeout)
    sink.write(topic, [Outgoing(line)])
    sink.close()


def _head(line: bytes) -> Head:
    try:
        return msgspec.json.decode(line, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Head()


def _is_fingerprint(value: Any) -> bool:
    return isinstance(value, str) and FINGERPRINT.fullmatch(value) is not None
