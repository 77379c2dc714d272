"""Kafka as a source: one part and one consumer a worker, one list a poll, offsets in the recovery store."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from flows.settings.sections import KafkaSettings, TopicSettings
from flows.sources.files import unheard
from flows.sources.handed import HandedPartition
from flows.sources.kafka_client import KafkaTroubleError, read_topics
from flows.sources.kafka_reader import Observe, Reader
from flows.sources.merge import Merge
from flows.sources.partition import Partition
from flows.stop import AT_ONCE, Stop
from operators.intake.formats.by_rule import named
from operators.intake.handover import HANDED
from operators.intake.poll import Polled
from operators.savepoint.file import KafkaPlace, ReadUpTo
from operators.savepoint.inherit import topics_of

Snapshot = dict[str, Any]
"""`clock`, and by `topic:partition` the next offset and the last arrival. Part of the format of the recovery store."""

PAUSE = 0.02
"""Seconds between two looks when there was nothing; the engine stalls beyond 0.1 (engine.md 0.6)."""


class KafkaPart(StatefulSourcePartition[Polled, Snapshot]):
    """What one worker reads."""

    def __init__(
        self, reader: Reader, partitions: list[Partition], merge: Merge, *, stop: Stop, now: Callable[[], float],
        answered: Callable[[], None],
    ) -> None:  # fmt: skip
        self._answered = answered
        self._reader, self._partitions, self._merge = reader, partitions, merge
        self._stop, self._wall = stop, now
        self._now = 0.0
        self._ticked: int | None = None
        self._is_idle = False

    def next_batch(self) -> Iterable[Polled]:
        """Return what is to be folded now as one poll, at least one a second. Raises KafkaTroubleError."""
        if (self._is_idle and self._stop.wait(PAUSE)) or self._stop.is_asked:
            raise StopIteration
        if self._ticked is None:  # every slot is to be built at once, whatever comes
            self._ticked = 0
            return [Polled(clock=self._merge.clock or None)]
        self._now = max(self._wall(), self._now)
        anything = self._reader.read(self._now)
        if self._reader.has_answered:
            self._answered()
        raws = self._merge.take(self._now)
        self._reader.go_on()
        self._is_idle = not anything and not raws
        if not raws and int(self._now) == self._ticked:
            return []
        self._ticked = int(self._now)
        return [Polled(raws, self._merge.clock or None)]

    def next_awake(self) -> datetime:
        """Return a moment that has passed, whatever the clock says: `next_batch` rests when there was nothing."""
        return AT_ONCE

    def snapshot(self) -> Snapshot:
        """Return how far everything was handed on; show it to the group."""
        self._reader.commit()
        places = {one.name: (one.next, one.handed) for one in self._partitions}
        return {"version": 1, "clock": self._merge.clock, "partitions": places}

    def close(self) -> None:
        """Let go of the connections."""
        self._reader.close()


class KafkaSource(FixedPartitionedSource[Polled, Snapshot]):
    """All topics of the job, for the worker that the settings name.

    `counts` are the partitions of each topic (`kafka_client.prepare`), `config` the options of a client
    (`kafka_client.options`), `size` the most records a poll brings.
    """

    def __init__(
        self, settings: KafkaSettings, config: dict[str, Any], counts: Mapping[str, int], *, size: int, stop: Stop,
        observe: Observe | None = None, now: Callable[[], float] = time.time,
        inherited: Callable[[], ReadUpTo | None] = lambda: None, answered: Callable[[], None] = unheard,
    ) -> None:  # fmt: skip
        self._inherited, self._answered = inherited, answered
        self._settings, self._config, self._counts = settings, config, counts
        self._size, self._stop, self._observe, self._now = size, stop, observe, now

    def list_parts(self) -> list[str]:
        """Return the only part of this worker."""
        return [f"worker-{self._settings.worker}-of-{self._settings.workers}"]

    def build_part(self, step_id: str, for_part: str, resume_state: Snapshot | None) -> KafkaPart:  # noqa: ARG002 - the engine's signature
        """Return the reader of this worker's partitions, each where it left off."""
        clock, saved = self._reached(resume_state)
        partitions = [self._partition(*place, saved) for place in self._owned()]
        grown = topics_of(saved)  # what is new of a topic that was read before is read from its beginning
        if new := [one for one in partitions if one.next == UNREAD and one.topic not in grown]:
            self._begin(new)
        merge = Merge(partitions, size=self._size, patience=self._settings.patience, clock=clock)
        reader = Reader(self._settings, self._config, partitions, self._size, self._observe)
        return KafkaPart(reader, partitions, merge, stop=self._stop, now=self._now, answered=self._answered)

    def _reached(self, resume_state: Snapshot | None) -> tuple[int, Mapping[str, tuple[int, int]]]:
        """Return the clock and the places at which this worker, or the job before it, had stopped."""
        if resume_state is not None:
            return resume_state["clock"], resume_state["partitions"]
        place = self._inherited()
        return (place.clock, place.partitions) if isinstance(place, KafkaPlace) else (0, {})

    def _owned(self) -> list[tuple[str, int, str]]:
        settings = self._settings
        return [
            (topic, number, kind)
            for topic, kind in read_topics(settings).items()
            for number in range(self._counts[topic])
            if kind == "command" or number % settings.workers == settings.worker
        ]

    def _partition(self, topic: str, number: int, kind: str, saved: Mapping[str, tuple[int, int]]) -> Partition:
        offset, reached = saved.get(f"{topic}:{number}", (UNREAD, 0))
        if kind in HANDED:
            return HandedPartition(topic, number, kind, offset=offset, reached=reached, now=self._now())
        settings = self._settings.topics.get(topic, TopicSettings())
        format_ = named(settings.decoder, settings.source)
        return Partition(topic, number, kind, offset=offset, reached=reached, now=self._now(), format_=format_)

    def _begin(self, partitions: list[Partition]) -> None:
        """Choose the first offset of partitions that were never read."""
        if self._settings.start == "earliest":
            return
        consumer = Consumer({**self._config, "group.id": self._settings.group})
        try:
            for one in partitions:
                place = TopicPartition(one.topic, one.number)
                _, one.next = consumer.get_watermark_offsets(place, timeout=self._settings.wait)
                one.fetched = one.next
        except KafkaException as error:
            raise KafkaTroubleError(f"the end of a partition cannot be found: {error.args[0].str()}") from error
        finally:
            consumer.close()


UNREAD = OFFSET_BEGINNING
"""The next offset of a partition that was never read."""
