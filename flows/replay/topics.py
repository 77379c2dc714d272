"""History as Kafka still has it: the topics of a job between two moments, in the order in which the job read them."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from flows.replay.replay import Line
from flows.settings.sections import KafkaSettings
from flows.sources.kafka_client import KafkaTroubleError, ensure, options, read_topics
from flows.sources.kafka_reader import Reader
from flows.sources.merge import Merge
from flows.sources.partition import Partition, offset_of
from operators.intake.formats.by_rule import named
from operators.intake.poll import OURS, Raw

SIZE = 2000
"""Records that go on at once."""
PAUSE = 0.02
"""Seconds between two looks when there was nothing."""
MILLISECONDS = 1000


class _Kind(msgspec.Struct):
    kind: Any = None


def recorded(
    settings: KafkaSettings, environment: Mapping[str, str], since: int, until: int | None, *,
    now: Callable[[], float] = time.time,
) -> Iterator[Line]:  # fmt: skip
    """Yield the records of all topics that the job reads and that arrived in a range of time, in order of arrival.

    What is there now is the end, if none is given. Changes of the rules are left out: the rules are what is tried.
    Raises KafkaTroubleError, SettingsError.
    """
    settings = msgspec.structs.replace(settings, job="all", create_topics=False, out_of_range="earliest")
    kinds, config = read_topics(settings), options(settings, environment)
    counts = ensure(settings, environment, kinds)
    places = [(topic, number) for topic in kinds for number in range(counts[topic])]
    bounds = _bounds(settings, config, places, since, until)
    partitions = [
        Partition(topic, number, kinds[topic], offset=first, reached=0, now=now(), format_=_format(settings, topic))
        for (topic, number), (first, last) in bounds.items()
        if first < last
    ]
    ends = {f"{topic}:{number}": last for (topic, number), (_, last) in bounds.items()}
    for number, raw in enumerate(_read(settings, config, partitions, ends, now), 1):
        if (until is None or (raw.at or 0) <= until) and not _changes_rules(raw):
            yield Line(raw.source, number, raw.raw, raw.kind, raw.at, raw.position, raw.format)


def _format(settings: KafkaSettings, topic: str) -> str:
    one = settings.topics.get(topic)
    return OURS if one is None else named(one.decoder, one.source)


def _changes_rules(raw: Raw) -> bool:
    if raw.kind != "command":
        return False
    try:
        return bool(msgspec.json.decode(raw.raw, type=_Kind).kind == "rules")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _bounds(
    settings: KafkaSettings, config: dict[str, Any], places: list[tuple[str, int]], since: int, until: int | None
) -> dict[tuple[str, int], tuple[int, int]]:
    """Return the first offset of each partition to be read, and the one behind the last."""
    consumer = Consumer({**config, "group.id": settings.group})
    try:
        marks = {
            place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=settings.wait) for place in places
        }
        first = _offsets_at(consumer, places, since, settings.wait)
        last = {} if until is None else _offsets_at(consumer, places, until + 1, settings.wait)
    except KafkaException as error:
        raise KafkaTroubleError(f"the offsets of that time cannot be found: {error.args[0].str()}") from error
    finally:
        consumer.close()
    return {place: (first.get(place, high), min(high, last.get(place, high))) for place, (_, high) in marks.items()}


def _offsets_at(
    consumer: Consumer, places: list[tuple[str, int]], second: int, wait: float
) -> dict[tuple[str, int], int]:
    """Return the first offset at or after a second, of the partitions that have one."""
    asked = [TopicPartition(topic, number, second * MILLISECONDS) for topic, number in places]
    found = consumer.offsets_for_times(asked, timeout=wait)
    return {(one.topic, one.partition): one.offset for one in found if one.offset >= 0}


def _read(
    settings: KafkaSettings, config: dict[str, Any], partitions: list[Partition], ends: Mapping[str, int],
    now: Callable[[], float],
) -> Iterator[Raw]:  # fmt: skip
    """Yield what lies before the ends, in order of arrival; memory is that of the job."""
    if not partitions:
        return
    reader = Reader(settings, config, partitions, SIZE)
    merge = Merge(partitions, size=SIZE, patience=settings.patience, clock=0)
    try:
        while any(one.next < ends[one.name] for one in partitions):
            anything = reader.read(now())
            raws = merge.take(now())
            reader.go_on()
            yield from (raw for raw in raws if offset_of(raw) < ends[f"{raw.source}:{raw.position.partition(':')[0]}"])
            if not anything and not raws:
                time.sleep(PAUSE)
    finally:
        reader.close()
