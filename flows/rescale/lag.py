"""How much a job has yet to read: behind what its group has committed, in records."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from flows.settings.sections import KafkaSettings
from flows.sources.kafka_client import KafkaTroubleError, options, read_topics


class Reached(dict[str, tuple[int, int]]):
    """By topic: its partitions, and the records of all of them that wait."""

    @property
    def lag(self) -> int:
        """All records that wait."""
        return sum(lag for _, lag in self.values())


class Lag(NamedTuple):
    """How many records of a partition wait."""

    topic: str
    partition: int
    waits: int


def reached(settings: KafkaSettings, environment: Mapping[str, str]) -> Reached:
    """Return how far the group of a job has come, commands left out. Raises KafkaTroubleError, SettingsError."""
    found = Reached()
    for one in lags(settings, environment):
        partitions, lag = found.get(one.topic, (0, 0))
        found[one.topic] = partitions + 1, lag + one.waits
    return found


def lags(settings: KafkaSettings, environment: Mapping[str, str]) -> list[Lag]:
    """Return what waits in each partition, commands left out. Raises KafkaTroubleError, SettingsError."""
    consumer = Consumer({**options(settings, environment), "group.id": settings.group})
    try:
        topics = [topic for topic, kind in read_topics(settings).items() if kind != "command"]
        return [one for topic in topics for one in _of_topic(consumer, topic, settings.wait)]
    except KafkaException as error:
        raise KafkaTroubleError(f"Kafka does not say how far the job has come: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _of_topic(consumer: Consumer, topic: str, wait: float) -> Iterator[Lag]:
    found = consumer.list_topics(topic, timeout=wait).topics[topic].partitions
    for place in consumer.committed([TopicPartition(topic, number) for number in found], timeout=wait):
        first, end = consumer.get_watermark_offsets(place, timeout=wait)
        yield Lag(topic, place.partition, end - (place.offset if place.offset >= 0 else first))
