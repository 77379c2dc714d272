"""What is handed over on its way to the job of notices: a business in one partition, in order (design.md 5)."""

from collections.abc import Sequence

import msgspec

from operators.intake.handover import Handed, slot_of_handed, time_of
from operators.model.records import DeadLetter
from sinks.kafka.documents import write_each
from sinks.kafka.keyed import check_partitions
from sinks.kafka.producer import KafkaSink, Outgoing

_encode = msgspec.json.Encoder().encode


class HandedOver:
    """Writes planned actions, and what else the job of notices must see, to one topic, keyed by the slot of their business."""

    def __init__(self, sink: KafkaSink, topic: str, partitions: int) -> None:
        check_partitions(topic, partitions)
        self._sink, self._topic, self._partitions = sink, topic, partitions

    def write(self, handed: Sequence[Handed]) -> tuple[DeadLetter, ...]:
        """Deliver them; return dead letters for those the broker can never take. Raises DeliveryError."""
        return write_each(self._sink, self._topic, handed, self._outgoing)

    def _outgoing(self, handed: Handed) -> Outgoing:
        slot = slot_of_handed(handed)
        return Outgoing(_encode(handed), slot.encode(), int(slot, 16) % self._partitions, time_of(handed))
