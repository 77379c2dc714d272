"""What librdkafka tells about itself once a second, as far as it matters here: who answers, how far behind we are."""

from collections.abc import Mapping

import msgspec

SILENCE = 5_000_000
"""Microseconds without a byte after which a broker counts as silent; it answers fetches ten times a second."""


class Broker(msgspec.Struct, frozen=True):
    """One connection. `rxidle`: microseconds since something came, -1 = never."""

    nodeid: int
    state: str
    rxidle: int = -1


class PartitionStats(msgspec.Struct, frozen=True):
    """One partition: its leader's node id, and the offset after its last record (negative: unknown)."""

    leader: int
    hi_offset: int


class TopicStats(msgspec.Struct, frozen=True):
    """The partitions of one topic by number."""

    partitions: Mapping[str, PartitionStats] = {}


class Stats(msgspec.Struct, frozen=True):
    """Everything."""

    brokers: Mapping[str, Broker] = {}
    topics: Mapping[str, TopicStats] = {}

    def answering(self) -> set[int]:
        """Return the ids of the brokers that answer."""
        return {one.nodeid for one in self.brokers.values() if one.state == "UP" and 0 <= one.rxidle < SILENCE}

    def of(self, topic: str, number: int) -> PartitionStats:
        """Return the numbers of one partition."""
        known = self.topics.get(topic)
        return (known.partitions.get(str(number)) if known else None) or UNKNOWN


UNKNOWN = PartitionStats(leader=-1, hi_offset=-1)

read_stats = msgspec.json.Decoder(Stats).decode
