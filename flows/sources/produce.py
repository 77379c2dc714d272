"""Lines to Kafka: a file of events for trying out, and commands to the workers they concern."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from flows.settings.sections import KafkaSettings
from flows.sources.kafka_client import ensure, options
from sinks.kafka.keyed import FINGERPRINT, partition_of
from sinks.kafka.producer import KafkaSink, Outgoing

CHUNKS = 10
"""A second, at a given rate."""
LATEST = 1 << 35
"""Seconds beyond which a time is none: some send milliseconds."""


class Head(msgspec.Struct, frozen=True):
    """What of a line says where and when it arrives."""

    at: Any = None
    time: Any = None
    dedupe_md5: Any = None
    kind: Any = None


def produce(
    settings: KafkaSettings, topic: str, lines: Iterable[bytes], rate: float = 0, *,
    environment: Mapping[str, str] = os.environ, pause: Callable[[float], None] = time.sleep,
) -> tuple[int, int]:  # fmt: skip
    """Send lines to Kafka, stamped with their arrivals (`arriving`), `rate` a second.

    Events go to `topic`, lines of another kind to the topic of the settings that carries it, if there is one. Return
    how many went, and how many the broker found too large. Lines that bring their fingerprint go to the partition of
    its slot. Raises KafkaTroubleError, DeliveryError, SettingsError.
    """
    counts = ensure(settings, environment, {topic, *_topics(settings).values()})
    sink = KafkaSink(options(settings, environment), timeout=settings.timeout)
    sent = refused = 0
    last: int | None = None
    for chunk in _chunks(iter(lines), max(1, int(rate / CHUNKS)) if rate else 1000):
        begun = time.monotonic()
        heads, last = arriving([_head(line) for line in chunk], last, int(time.time()))
        parts = _parts(chunk, heads, topic, settings, counts)
        too_large = sum(len(sink.write(name, part)) for name, part in parts)
        sent, refused = sent + len(chunk) - too_large, refused + too_large
        if rate:
            pause(max(0.0, len(chunk) / rate - (time.monotonic() - begun)))
    sink.close()
    return sent, refused


MOVED = ("at", "time", "anomaly_time", "bk_ingest_time", "bk_clean_time", "create_time", "until")
"""Fields that hold a second of the stream."""


def rebased(lines: Sequence[bytes], now: int) -> Iterator[bytes]:
    """Yield the lines moved in time as one, so that the last of them arrives at `now`."""
    stamps = [stamp for stamp in map(_stamp, map(_head, lines)) if stamp is not None]
    shift = now - max(stamps, default=now)
    return (_moved(line, shift) for line in lines)


def _moved(line: bytes, shift: int) -> bytes:
    """Return a line with its times moved; one that is no JSON object stays as it is."""
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return line
    times = {name: fields[name] + shift for name in MOVED if _is_time(fields.get(name))}
    return msgspec.json.encode({**fields, **times})


def arriving(heads: Sequence[Head], last: int | None, now: int) -> tuple[list[Head], int | None]:
    """Return heads with the second of their arrival, as a file is read: `at`, else `time`, and never before the line before.

    A line that says none arrives with the one before it (`last` before the first), else with the first that says one;
    where none does, None: now. Return as well what the next line counts from; a second yet to come moves nothing.
    """
    stamps = [_stamp(head) for head in heads]
    if last is None:
        last = next((stamp for stamp in stamps if stamp is not None and stamp <= now), None)
    stamped = []
    for head, stamp in zip(heads, stamps, strict=True):
        if stamp is not None and stamp <= now:
            last = max(stamp, last or stamp)
        at = stamp if stamp is not None and stamp > now else last
        stamped.append(msgspec.structs.replace(head, at=at))
    return stamped, last


def _is_time(value: Any) -> bool:
    return type(value) is int and 0 < value < LATEST


def _stamp(head: Head) -> int | None:
    return next((time for time in (head.at, head.time) if _is_time(time)), None)


def _chunks(lines: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while chunk := list(islice(lines, size)):
        yield chunk


def _topics(settings: KafkaSettings) -> dict[str, str]:
    """Return the topics of what is no event, by kind."""
    named = {"check": settings.checks, "command": settings.commands, "rules": settings.commands}
    return {kind: topic for kind, topic in named.items() if topic}


def _parts(
    lines: Sequence[bytes], heads: Sequence[Head], topic: str, settings: KafkaSettings, counts: Mapping[str, int]
) -> Iterable[tuple[str, list[Outgoing]]]:
    """Return the records of lines by the topic that carries their kind, each topic's in order."""
    topics, parts = _topics(settings), dict[str, list[Outgoing]]()
    for line, head in zip(lines, heads, strict=True):
        name = topics.get(head.kind, topic) if isinstance(head.kind, str) else topic
        parts.setdefault(name, []).append(outgoing(line, counts[name], head))
    return parts.items()


def outgoing(line: bytes, partitions: int, head: Head | None = None) -> Outgoing:
    """Return the record of a line; one that is no JSON object goes as it is, for the dead letters."""
    head = head or _head(line)
    stamp = _stamp(head)
    if not _is_fingerprint(head.dedupe_md5):
        return Outgoing(line, at=stamp)
    return Outgoing(line, head.dedupe_md5.encode(), partition_of(head.dedupe_md5, partitions), stamp)


def send_commands(
    settings: KafkaSettings, topic: str, lines: Sequence[bytes], environment: Mapping[str, str] = os.environ
) -> None:
    """Send commands; every worker reads them, their owners act. Raises KafkaTroubleError, DeliveryError, SettingsError."""
    ensure(settings, environment, [topic])
    sink = KafkaSink(options(settings, environment), timeout=settings.timeout)
    sink.write(topic, [Outgoing(line) for line in lines])
    sink.close()


def _head(line: bytes) -> Head:
    try:
        return msgspec.json.decode(line, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Head()


def _is_fingerprint(value: Any) -> bool:
    return isinstance(value, str) and FINGERPRINT.fullmatch(value) is not None
