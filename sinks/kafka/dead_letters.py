"""Dead letters on a topic: keyed by the place of the record, so that one told twice is seen to be the same."""

from collections.abc import Sequence

import msgspec

from operators.model.records import DeadLetter
from sinks.kafka.producer import DeliveryError, KafkaSink, Outgoing

LARGEST = 900_000
"""Bytes of a letter; brokers take 1 MiB unless told otherwise."""
KEPT = LARGEST // 7
"""Characters kept of a record that makes its letter too large; one takes six bytes at most as JSON."""

_encode = msgspec.json.Encoder().encode
_replace = msgspec.structs.replace


class KafkaDeadLetters:
    """Writes refused records to one topic; of a huge one only its beginning."""

    def __init__(self, sink: KafkaSink, topic: str) -> None:
        self._sink, self._topic = sink, topic

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Deliver the letters. Raises DeliveryError."""
        too_large = self._sink.write(self._topic, [_outgoing(letter) for letter in letters])
        bare = [_outgoing(_cut(letters[number], 0)) for number in too_large]
        if self._sink.write(self._topic, bare):
            raise DeliveryError(f"{self._topic}: takes no letters, not even without their records")

    def close(self) -> None:
        """Do nothing: the connections belong to the sink."""


def _outgoing(letter: DeadLetter) -> Outgoing:
    value = _encode(letter)
    if len(value) > LARGEST:
        value = _encode(_cut(letter, KEPT))
    return Outgoing(value, f"{letter.source}/{letter.position}".encode())


def _cut(letter: DeadLetter, length: int) -> DeadLetter:
    detail = f"{letter.detail[:1000]} (the first {length} of {len(letter.raw)} characters are kept)"
    return _replace(letter, raw=letter.raw[:length], detail=detail)
