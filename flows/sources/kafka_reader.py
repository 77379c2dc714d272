"""One consumer, assigned to fixed partitions: records into their partitions, errors into verdicts, memory bounded.

Nothing here waits: the engine's thread calls it, and every callback of the client runs inside of `read`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from flows.settings.sections import KafkaSettings
from flows.sources.kafka_client import KafkaTroubleError
from flows.sources.kafka_stats import read_stats
from flows.sources.partition import Partition

log = structlog.get_logger()

MIB = 1 << 20
LEAST_HELD = MIB // 8
"""Bytes that each partition may hold whatever their number."""
QUIET = 5.0
"""Seconds without an answer after which a partition no longer counts as read to its end."""
GRACE = 10.0
"""Seconds that a topic may be said to be missing: brokers that have just started do not know all topics yet."""

DEFAULTS: Mapping[str, Any] = {
    "fetch.wait.max.ms": 100,  # so often is a broker heard, and the end of a partition told
    "fetch.queue.backoff.ms": 10,
    "fetch.max.bytes": 8 * MIB,
    "topic.metadata.refresh.interval.ms": 10_000,  # so soon is a topic missed,
    "topic.metadata.propagation.max.ms": 10_000,  # and so much later told
}
"""What the configuration may change."""

GONE = frozenset({
    KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.UNKNOWN_TOPIC_ID, KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 - that is their name
})  # fmt: skip
LOST = frozenset({KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE})  # noqa: SLF001 - as above

Place = tuple[str | None, int | None]
"""Topic and number as a message names them."""

Observe = Callable[[Mapping[str, int]], None]
"""Told once a second how many records lie before us, by `topic:partition`."""


class Reader:
    """Reads what a worker owns."""

    def __init__(
        self, settings: KafkaSettings, config: dict[str, Any], partitions: Sequence[Partition], size: int,
        observe: Observe | None = None,
    ) -> None:  # fmt: skip
        self._settings, self._size, self._observe = settings, size, observe
        self._partitions: dict[Place, Partition] = {(one.topic, one.number): one for one in partitions}
        self._room = settings.prefetch * MIB // 2
        self._share = max(self._room // max(1, len(partitions)), LEAST_HELD)
        self._now = self._began = 0.0
        self._unheard = set(partitions)
        self._gone: dict[str, tuple[float, float]] = {}
        self._said_down = 0.0
        self._doubted: set[Partition] = set()
        self._committed: dict[str, int] = {}
        self._consumer = Consumer({**DEFAULTS, **config, **self._own_options()})
        self._consumer.assign([TopicPartition(one.topic, one.number, one.next) for one in partitions])

    def _own_options(self) -> dict[str, Any]:
        return {
            "group.id": self._settings.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": max(1, self._room // 1024),
            "fetch.message.max.bytes": min(MIB, self._share // 2),
            "max.poll.interval.ms": 86_400_000,  # members of a group only; we are none
            "statistics.interval.ms": 1000,
            "stats_cb": self._on_stats,
            "error_cb": self._on_error,
            "on_commit": self._on_commit,
        }

    # --- records

    def read(self, now: float) -> bool:
        """Put what has come into the partitions; return whether anything came. Raises KafkaTroubleError."""
        self._pass(now)
        if self._has_enough():
            return False
        messages = self._consumer.consume(self._size, 0.0)
        second = int(now)
        for message in messages:
            error = message.error()
            if error is not None:
                self._on_event(message, error)
                continue
            kind, stamp = message.timestamp()
            arrival = stamp // 1000
            if arrival > second or not kind:
                arrival = second
            partition = self._partitions[message.topic(), message.partition()]
            partition.add(message.offset() or 0, arrival, message.value())
        if messages:
            self._unheard -= {one for one in self._unheard if one.held or one.is_read}
            self._hold_back()
        self._judge()
        return bool(messages)

    @property
    def has_answered(self) -> bool:
        """Whether every partition was heard of, or some, and the others have had their time."""
        return not self._unheard or (
            len(self._unheard) < len(self._partitions) and self._now - self._began > self._settings.patience
        )

    def _pass(self, now: float) -> None:
        """Move on in time; time in which nobody looked does not count as a broker's silence."""
        unseen = now - self._now if self._now else 0.0
        if unseen > 1.0:
            for partition in self._partitions.values():
                partition.answered += unseen
        self._now = now
        self._began = self._began or now

    # --- bounded memory

    def _has_enough(self) -> bool:
        """Return True if much is held, and something of every partition: then all of it can go on first."""
        partitions = self._partitions.values()
        return self._held() > self._room // 2 and all(one.held or one.is_read for one in partitions)

    def _held(self) -> int:
        return sum(one.weight for one in self._partitions.values())

    def _hold_back(self) -> None:
        """Stop reading the partitions that are far ahead of the others once much is held."""
        if self._held() <= self._room:
            return
        for partition in self._partitions.values():
            if partition.weight > self._share and not partition.is_paused:
                partition.is_paused, partition.is_read = True, False
                self._consumer.pause([_name(partition)])

    def go_on(self) -> None:
        """Read on where others have caught up."""
        for partition in self._partitions.values():
            if partition.is_paused and partition.weight <= self._share // 2:
                partition.is_paused, partition.answered = False, self._now
                self._consumer.resume([_name(partition)])

    # --- errors

    def _on_event(self, message: Message, error: KafkaError) -> None:
        partition = self._partitions.get((message.topic(), message.partition()))
        if partition is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - that is its name
            partition.end(message.offset() or 0)
        elif partition is not None and error.code() in LOST:
            self._on_lost(partition)
        else:
            self._on_error(error)

    def _on_lost(self, partition: Partition) -> None:
        """Decide what becomes of a partition whose next record the broker does not have."""
        place = _name(partition)
        low, high = self._consumer.get_watermark_offsets(place, timeout=5.0)
        what = (
            f"topic {partition.topic} partition {partition.number}: offset {partition.fetched} was to be read next, "
            f"the broker has {low} to {high}"
        )
        if self._settings.out_of_range == "fail":
            raise KafkaTroubleError(
                f"{what}: records were deleted before they were read, or the topic is another one. "
                "kafka.out_of_range: earliest goes on with what is there"
            )
        log.warning("records are lost or come again", what=what)
        partition.reset()
        self._consumer.incremental_unassign([place])
        self._consumer.incremental_assign([TopicPartition(place.topic, place.partition, OFFSET_BEGINNING)])

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            raise KafkaTroubleError(error.str())
        if error.code() in GONE:
            first, _ = self._gone.get(error.str(), (self._now, 0.0))
            self._gone[error.str()] = first, self._now
        elif self._now - self._said_down > GRACE:
            self._said_down = self._now
            log.warning("kafka", error=error.str())

    def _judge(self) -> None:
        """Give up on topics that have been missing for a while; forget those that came back."""
        for text, (first, last) in list(self._gone.items()):
            if self._now - last > QUIET:
                del self._gone[text]
            elif self._now - first > GRACE:
                raise KafkaTroubleError(f"a topic is gone: {text}")

    # --- who answers

    def _on_stats(self, text: str) -> None:
        stats = read_stats(text)
        answering = stats.answering()
        for partition in self._partitions.values():
            if stats.of(partition.topic, partition.number).leader in answering:
                partition.answered = self._now
                if partition in self._doubted:
                    self._ask_again(partition)
            elif self._now - partition.answered > QUIET and partition.is_read:
                partition.doubt()
                self._doubted.add(partition)
        if self._observe is not None:
            self._observe({
                one.name: max(0, stats.of(one.topic, one.number).hi_offset - max(0, one.next))
                for one in self._partitions.values()
            })  # fmt: skip

    def _ask_again(self, partition: Partition) -> None:
        """Have the broker say anew whether there is more: it says so only once after a start."""
        self._doubted.discard(partition)
        if not partition.is_paused:
            self._consumer.pause([_name(partition)])
            self._consumer.resume([_name(partition)])

    # --- offsets for lag tools

    def commit(self) -> None:
        """Show the group how far we are. Nothing depends on it."""
        news = [one for one in self._partitions.values() if 0 <= one.next != self._committed.get(one.name)]
        if not news:
            return
        self._committed.update((one.name, one.next) for one in news)
        try:
            offsets = [TopicPartition(one.topic, one.number, one.next) for one in news]
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as error:
            log.debug("offsets not shown", error=str(error))

    def _on_commit(self, error: KafkaError | None, _offsets: list[TopicPartition]) -> None:
        if error is not None:
            log.debug("offsets not shown", error=error.str())
            self._committed.clear()

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()


def _name(partition: Partition) -> TopicPartition:
    return TopicPartition(partition.topic, partition.number)
