"""One process for everything, or a job a stage with topics between (design.md 5; docs/jobs.md)."""

from collections.abc import Mapping, Sequence

import msgspec

from flows.settings.sections import KafkaSettings
from flows.settings.settings import Settings
from flows.sources.kafka_client import HANDS_ON, ensure, topic_between
from operators.intake.handover import Clock
from operators.intake.name import InForce
from operators.intake.said import Named, Said
from operators.model.check import Check
from operators.model.event import Event
from operators.model.records import DeadLetter
from sinks.kafka.handed import HandedOver
from sinks.kafka.keyed import KeyedEvents
from sinks.kafka.producer import KafkaSink, Outgoing

put = msgspec.structs.replace
_encode = msgspec.json.Encoder().encode


def for_job(settings: Settings) -> Settings:
    """Return the settings of one job: what it reads, and a place for its offsets, state and group of its own."""
    if settings.job == "all":
        return settings
    recovery, kafka = settings.recovery, settings.kafka
    if recovery.directory not in ("", "none"):
        recovery = put(recovery, directory=f"{recovery.directory}/{settings.job}")
    store, outbox, kafka = (
        settings.store,
        settings.outbox,
        put(kafka, job=settings.job, group=f"{kafka.group}-{settings.job}"),
    )
    if settings.job == "intake":
        store = put(store, dsn="none")
    if settings.job != "notices":
        outbox = put(outbox, dsn="none")
    if settings.job != "alerts":
        kafka = put(kafka, changes="")
    return put(settings, recovery=recovery, kafka=kafka, store=store, outbox=outbox)


class Clocks:
    """Tells every partition of a topic how far this worker has come, behind what it has written."""

    def __init__(self, sink: KafkaSink, topic: str, partitions: int, kafka: KafkaSettings) -> None:
        self._sink, self._topic, self._partitions, self._kafka = sink, topic, partitions, kafka
        self._told = 0

    def write(self, clock: int) -> None:
        """Deliver a clock, if it has moved. Raises DeliveryError."""
        if clock <= self._told:
            return
        self._told = clock
        value = _encode(Clock(clock, writer=self._kafka.worker, writers=self._kafka.workers))
        self._sink.write(
            self._topic, [Outgoing(value, partition=number, at=clock) for number in range(self._partitions)]
        )


class KeyedEdge:
    """Events and checks for the job of alerts."""

    def __init__(self, sink: KeyedEvents, clocks: Clocks) -> None:
        self._sink, self._clocks = sink, clocks

    def write(self, said: Sequence[Named | Said]) -> tuple[DeadLetter, ...]:
        """Deliver what was named. Raises DeliveryError."""
        named = [thing for one in said for thing in one.documents if isinstance(thing, (Event, Check))]
        refused = self._sink.write(named)
        self._clocks.write(said[-1].clock)
        return refused


class HandedEdge:
    """What the job of notices merges and puts into words; its rules it reads itself."""

    def __init__(self, sink: HandedOver, clocks: Clocks) -> None:
        self._sink, self._clocks = sink, clocks

    def write(self, said: Sequence[Named | Said]) -> tuple[DeadLetter, ...]:
        """Deliver what was handed over, in the order of its making. Raises DeliveryError."""
        handed = [thing for one in said for thing in one.handed if not isinstance(thing, InForce)]
        refused = self._sink.write(handed)
        self._clocks.write(said[-1].clock)
        return refused


def handing_on(settings: Settings, sink: KafkaSink, environment: Mapping[str, str]) -> KeyedEdge | HandedEdge | None:
    """Return what hands the work of a job to the next one."""
    kafka = settings.kafka
    if settings.job not in HANDS_ON:
        return None
    topic = topic_between(kafka, HANDS_ON[settings.job])
    partitions = ensure(kafka, environment, [topic])[topic]
    clocks = Clocks(sink, topic, partitions, kafka)
    if settings.job == "intake":
        return KeyedEdge(KeyedEvents(sink, topic, partitions), clocks)
    return HandedEdge(HandedOver(sink, topic, partitions), clocks)
