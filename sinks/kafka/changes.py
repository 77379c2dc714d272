"""The change feed: the newest document of each alert under its id, so that a compacted topic is a table of alerts."""

from collections.abc import Sequence

import msgspec

from operators.model.alert import Alert
from operators.model.records import DeadLetter
from sinks.kafka.documents import write_each
from sinks.kafka.producer import KafkaSink, Outgoing

_encode = msgspec.json.Encoder().encode


class ChangeFeed:
    """Writes alert documents to one topic, those of one alert in the order of their making."""

    def __init__(self, sink: KafkaSink, topic: str) -> None:
        self._sink, self._topic = sink, topic

    def write(self, alerts: Sequence[Alert]) -> tuple[DeadLetter, ...]:
        """Deliver the documents; return dead letters for those the broker can never take. Raises DeliveryError."""
        return write_each(self._sink, self._topic, alerts, _outgoing)


def _outgoing(alert: Alert) -> Outgoing:
    return Outgoing(_encode(alert), alert.id.encode(), at=alert.update_time)
