"""Planned actions on their way to the job of notices, with their alerts: a business in one partition (design.md 5)."""

from collections.abc import Sequence

import msgspec

from operators.model.handover import Planned
from operators.model.records import DeadLetter
from sinks.kafka.documents import write_each
from sinks.kafka.keyed import check_partitions
from sinks.kafka.producer import KafkaSink, Outgoing

_encode = msgspec.json.Encoder().encode


class PlannedActions:
    """Writes planned actions to one topic, keyed by the slot of their business, in the order of their making."""

    def __init__(self, sink: KafkaSink, topic: str, partitions: int) -> None:
        check_partitions(topic, partitions)
        self._sink, self._topic, self._partitions = sink, topic, partitions

    def write(self, planned: Sequence[Planned]) -> tuple[DeadLetter, ...]:
        """Deliver them; return dead letters for those the broker can never take. Raises DeliveryError."""
        return write_each(self._sink, self._topic, planned, self._outgoing)

    def _outgoing(self, planned: Planned) -> Outgoing:
        slot = planned.slot
        at = planned.alert.update_time if planned.action is None else planned.action.time
        return Outgoing(_encode(planned), slot.encode(), int(slot, 16) % self._partitions, at)
