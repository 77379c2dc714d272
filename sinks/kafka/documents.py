"""Documents on their way to a topic: what cannot be encoded or is too large becomes a dead letter, the others go on."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from operators.model.records import DeadLetter
from sinks.kafka.producer import KafkaSink, Outgoing
from sinks.store.refusal import Record, encode_each, refusal

R = TypeVar("R", bound=Record)


def write_each(
    sink: KafkaSink, topic: str, records: Sequence[R], encode: Callable[[R], Outgoing]
) -> tuple[DeadLetter, ...]:
    """Deliver the records; return a dead letter for each that can never be. Raises DeliveryError."""
    encoded, refused = encode_each(records, lambda record: (record, encode(record)))
    too_large = sink.write(topic, [outgoing for _, outgoing in encoded])
    refused += [refusal(encoded[number][0], "too large for the broker") for number in too_large]
    return tuple(msgspec.structs.replace(letter, source=topic) for letter in refused)
