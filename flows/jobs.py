"""One process for everything, or a job a stage with topics between (design.md 5; docs/jobs.md)."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flows.settings import KafkaSettings, Settings
from flows.sources.kafka_client import HANDS_ON, ensure, topic_between
from operators.model.alert import Alert
from operators.model.check import Check
from operators.model.event import Event
from operators.model.handover import Clock, Planned, may_be_summed_up
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from sinks.kafka.keyed import KeyedEvents
from sinks.kafka.planned import PlannedActions
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

    def write(self, said: Sequence[Any]) -> None:
        """Deliver the last clock said. Raises DeliveryError."""
        clock = next((thing for thing in reversed(said) if isinstance(thing, Clock)), None)
        if clock is None:
            return
        value = _encode(put(clock, writer=self._kafka.worker, writers=self._kafka.workers))
        self._sink.write(
            self._topic, [Outgoing(value, partition=number, at=clock.clock) for number in range(self._partitions)]
        )


class KeyedEdge:
    """Events and checks for the job of alerts."""

    def __init__(self, sink: KeyedEvents, clocks: Clocks) -> None:
        self._sink, self._clocks = sink, clocks

    def write(self, said: Sequence[Any]) -> tuple[DeadLetter, ...]:
        """Deliver what was named. Raises DeliveryError."""
        refused = self._sink.write([thing for thing in said if isinstance(thing, (Event, Check))])
        self._clocks.write(said)
        return refused


class PlannedEdge:
    """Planned actions for the job of notices, and alerts that a summary may yet name."""

    def __init__(self, sink: PlannedActions, settings: CoreSettings, clocks: Clocks | None = None) -> None:
        self._sink, self._settings, self._clocks = sink, settings, clocks

    def write(self, said: Sequence[Any]) -> tuple[DeadLetter, ...]:
        """Deliver what was planned, in the order of its making. Raises DeliveryError."""
        out: list[Planned] = []
        for thing in said:
            if isinstance(thing, Planned):
                out.append(thing)
            elif isinstance(thing, Alert) and may_be_summed_up(thing, self._settings):
                out.append(Planned(thing))
        refused = self._sink.write(out)
        if self._clocks is not None:
            self._clocks.write(said)
        return refused


def handing_on(settings: Settings, sink: KafkaSink, environment: Mapping[str, str]) -> KeyedEdge | PlannedEdge | None:
    """Return what hands the work of a job to the next one."""
    kafka = settings.kafka
    if settings.job not in HANDS_ON:
        return None
    topic = topic_between(kafka, HANDS_ON[settings.job])
    partitions = ensure(kafka, environment, [topic])[topic]
    clocks = Clocks(sink, topic, partitions, kafka)
    if settings.job == "intake":
        return KeyedEdge(KeyedEvents(sink, topic, partitions), clocks)
    return PlannedEdge(PlannedActions(sink, topic, partitions), settings, clocks)
