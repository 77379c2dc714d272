"""Topics of one test on a real Kafka: made, filled, read back."""

import time
from collections.abc import Sequence

from confluent_kafka import (
    OFFSET_BEGINNING,
    OFFSET_INVALID,
    Consumer,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic


class Topics:
    """The topics whose names begin with `prefix`."""

    def __init__(self, address: str, prefix: str) -> None:
        self.address, self.prefix = address, prefix
        self.config = {"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.max.ms": 200}
        self.admin = AdminClient(self.config)
        self._producer = Producer({**self.config, "enable.idempotence": True, "linger.ms": 0})

    def make(self, name: str, partitions: int = 1, **config: str) -> str:
        """Create a topic; return its full name."""
        topic = f"{self.prefix}-{name}"
        self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)])[topic].result()
        deadline = time.monotonic() + 60
        while topic not in self.admin.list_topics(timeout=5).topics:
            assert time.monotonic() < deadline
        return topic

    def delete(self, topic: str) -> None:
        self.admin.delete_topics([topic])[topic].result()

    def delete_records(self, topic: str, partition: int, before: int) -> None:
        place = TopicPartition(topic, partition, before)
        self.admin.delete_records([place])[place].result()

    def put(self, topic: str, partition: int, *records: tuple[float, bytes | None], key: bytes | None = None) -> None:
        """Produce (second, value) pairs and wait until they are there."""
        failed = []
        for at, value in records:
            while True:
                try:
                    self._producer.produce(
                        topic, value, key, partition, timestamp=int(at * 1000),
                        on_delivery=lambda error, _: failed.append(error) if error else None,
                    )  # fmt: skip
                    break
                except BufferError:
                    self._producer.poll(0.1)
            self._producer.poll(0)
        assert self._producer.flush(30) == 0
        assert failed == []

    def get(self, topic: str, count: int, seconds: float = 20.0) -> list[Message]:
        """Read a topic from its beginning until `count` messages came."""
        partitions = self.admin.list_topics(topic, timeout=5).topics[topic].partitions
        reader = Consumer({**self.config, "group.id": f"{self.prefix}-look", "enable.auto.commit": False})
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        found: list[Message] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            found += reader.consume(count, 0.1)
        found += reader.consume(1, 0.3)  # one too many would show
        reader.close()
        return found

    def committed(self, group: str, topic: str, partitions: Sequence[int]) -> list[int]:
        """Return what a group has committed, negative where nothing is (or its coordinator only starts)."""
        reader = Consumer({**self.config, "group.id": group})
        try:
            places = reader.committed([TopicPartition(topic, number) for number in partitions], timeout=10)
        except KafkaException:
            return [OFFSET_INVALID] * len(partitions)
        finally:
            reader.close()
        return [place.offset for place in places]
