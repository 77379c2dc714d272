"""Keyed events: decoded, named, and each slot in one partition, for the worker that owns it (design.md 5)."""

import re
from collections.abc import Sequence

import msgspec

from operators.model.check import Check
from operators.model.event import Event
from operators.model.records import DeadLetter
from sinks.kafka.documents import write_each
from sinks.kafka.producer import KafkaSink, Outgoing

_encode = msgspec.json.Encoder().encode

FINGERPRINT = re.compile("[0-9a-fA-F]{32}")
ALLOWED = frozenset(1 << bits for bits in range(9))
"""Numbers of partitions that slots fall into evenly."""


def partition_of(dedupe_md5: str, partitions: int) -> int:
    """Return the partition of a fingerprint: its slot modulo their number, which is a power of two, at most 256."""
    return int(dedupe_md5[:2], 16) % partitions


def check_partitions(topic: str, partitions: int) -> None:
    """Refuse a number of partitions into which slots do not fall evenly. Raises ValueError."""
    if partitions not in ALLOWED:
        raise ValueError(f"topic {topic}: {partitions} partitions; slots need a power of two, at most 256")


class KeyedEvents:
    """Writes events and checks to one topic, keyed by fingerprint; the arrival time goes with them."""

    def __init__(self, sink: KafkaSink, topic: str, partitions: int) -> None:
        check_partitions(topic, partitions)
        self._sink, self._topic, self._partitions = sink, topic, partitions

    def write(self, events: Sequence[Event | Check]) -> tuple[DeadLetter, ...]:
        """Deliver the events; return dead letters for those the broker can never take. Raises DeliveryError."""
        return write_each(self._sink, self._topic, events, self._outgoing)

    def _outgoing(self, event: Event | Check) -> Outgoing:
        partition = partition_of(event.dedupe_md5, self._partitions)
        at = event.event.at if isinstance(event, Check) else event.at
        return Outgoing(_encode(event), event.dedupe_md5.encode(), partition, at)
