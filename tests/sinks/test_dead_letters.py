"""Refused records are kept with their bytes, their place and the reason; one contract for file and Kafka."""

import msgspec
import pytest

from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from sinks.dead_letters import FileDeadLetters
from sinks.kafka.dead_letters import KafkaDeadLetters
from sinks.kafka.producer import KafkaSink


def letter(position: str, raw: str = "{") -> DeadLetter:
    return DeadLetter(
        time=1_700_000_000, source="raw", position=position, reason=DeadReason.NOT_JSON, detail="malformed", raw=raw
    )


@pytest.fixture(params=["file", pytest.param("kafka", marks=pytest.mark.servers("kafka"))])
def place(request, tmp_path):
    """How to open the dead letters, and how to read back what they keep."""
    if request.param == "file":
        path = tmp_path / "dead_letters.jsonl"
        yield lambda: FileDeadLetters(str(path)), lambda _count: path.read_bytes().splitlines()
        return
    topics = request.getfixturevalue("topics")
    topic = topics.make("dead")
    sink = KafkaSink(topics.config)
    yield (
        lambda: KafkaDeadLetters(sink, topic),
        lambda count: [message.value() for message in topics.get(topic, count)],
    )
    sink.close()


def kept(read, count: int) -> list[DeadLetter]:
    return sorted((msgspec.json.decode(one, type=DeadLetter) for one in read(count)), key=lambda one: one.position)


def test_letters_are_kept_as_they_were_written_also_after_opening_again(place):
    opening, read = place
    for batch in ([letter("0:1"), letter("0:2", "\\xff")], [], [letter("0:3", "日志")]):
        letters = opening()
        letters.write(batch)
        letters.close()
    assert kept(read, 3) == [letter("0:1"), letter("0:2", "\\xff"), letter("0:3", "日志")]


def test_letters_are_there_when_the_call_returns(place):
    opening, read = place
    letters = opening()
    letters.write([letter("0:1")])
    assert len(kept(read, 1)) == 1
    letters.close()


@pytest.mark.servers("kafka")
@pytest.mark.parametrize(("limit", "length"), [(1 << 20, 900_000 // 7), (20_000, 0)])
def test_of_a_huge_record_a_topic_keeps_what_it_can(topics, limit, length):
    topic = topics.make("dead", **{"max.message.bytes": str(limit)})
    sink = KafkaSink({**topics.config, "compression.type": "none"})
    raw = "\x01" * (1 << 20)  # six bytes each as JSON
    KafkaDeadLetters(sink, topic).write([letter("0:1", raw), letter("0:2")])
    first, second = kept(lambda count: [message.value() for message in topics.get(topic, count)], 2)
    assert first.raw == raw[:length]
    assert first.detail == f"malformed (the first {length} of {1 << 20} characters are kept)"
    assert second == letter("0:2")
    sink.close()


@pytest.mark.servers("kafka")
def test_a_letter_on_a_topic_is_keyed_by_the_place_of_its_record(topics):
    topic = topics.make("dead")
    sink = KafkaSink(topics.config)
    KafkaDeadLetters(sink, topic).write([letter("3:77")])
    assert [message.key() for message in topics.get(topic, 1)] == [b"raw/3:77"]
    sink.close()
