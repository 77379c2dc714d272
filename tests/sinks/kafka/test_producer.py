"""The Kafka sink against a real broker: delivered in order when it returns, or an error."""

import random

import msgspec
import pytest

from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.reason import DeadReason
from sinks.kafka.changes import ChangeFeed
from sinks.kafka.keyed import KeyedEvents, partition_of
from sinks.kafka.producer import DeliveryError, KafkaSink, Outgoing
from tests.servers.topics import Topics
from tests.sinks.store.samples import alert

pytestmark = pytest.mark.servers

T = 1_700_000_000


@pytest.fixture
def sink(topics):
    opened = KafkaSink(topics.config)
    yield opened
    opened.close()


def test_what_was_written_is_there_when_the_call_returns_in_its_order(topics, sink):
    topic = topics.make("out")
    sink.write(topic, [Outgoing(b"%d" % number, b"key", at=T + number) for number in range(2500)])
    assert topics.admin.list_topics(topic).topics[topic].partitions
    found = topics.get(topic, 2500)
    assert [message.value() for message in found] == [b"%d" % number for number in range(2500)]
    assert found[7].timestamp()[1] == (T + 7) * 1000
    assert found[7].key() == b"key"


def test_records_without_a_value_are_tombstones(topics, sink):
    topic = topics.make("out")
    sink.write(topic, [Outgoing(None, b"key")])
    assert [(message.key(), message.value()) for message in topics.get(topic, 1)] == [(b"key", None)]


def test_what_is_too_large_is_told_and_the_others_go_on(topics, sink):
    """They went in one batch with it, and are sent again by themselves."""
    topic = topics.make("out", **{"max.message.bytes": "20000"})
    records = [Outgoing(b"a"), Outgoing(noise_of(50_000)), Outgoing(b"b"), Outgoing(noise_of(2 << 20)), Outgoing(b"c")]
    assert sink.write(topic, records) == [1, 3]
    assert [message.value() for message in topics.get(topic, 3)] == [b"a", b"b", b"c"]


def test_what_is_sent_again_does_not_outdo_what_is_newer(topics):
    topic = topics.make("out", **{"max.message.bytes": "20000"})
    sink = KafkaSink({**topics.config, "batch.num.messages": 2})
    records = [Outgoing(b"old", b"key"), Outgoing(noise_of(50_000)), Outgoing(b"new", b"key"), Outgoing(b"x", b"other")]
    assert sink.write(topic, records) == [1]
    found = topics.get(topic, 4)
    assert [message.value() for message in found if message.key() == b"key"][-1] == b"new"
    assert sum(message.key() == b"other" for message in found) == 1


def noise_of(size: int) -> bytes:
    """Bytes that no codec makes smaller."""
    return random.Random(1).randbytes(size)


def test_a_topic_that_is_not_there_is_an_error(topics):
    sink = KafkaSink({**topics.config, "topic.metadata.propagation.max.ms": 500}, timeout=3)
    with pytest.raises(DeliveryError, match=r"missing: 2 of 2 records not delivered: .*nknown"):
        sink.write(f"{topics.prefix}-missing", [Outgoing(b"a"), Outgoing(b"b")])


def test_a_broker_that_is_away_is_an_error_after_a_bounded_time():
    sink = KafkaSink({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}, timeout=0.3)
    with pytest.raises(DeliveryError, match=r"out: 1 of 1 records not delivered: .*timed out|1 records were not"):
        sink.write("out", [Outgoing(b"a")])


def test_more_than_the_queue_holds_is_written_too(topics):
    topic = topics.make("out")
    sink = KafkaSink({**topics.config, "queue.buffering.max.messages": 100})
    sink.write(topic, [Outgoing(b"%d" % number) for number in range(1500)])
    assert [message.value() for message in topics.get(topic, 1500)] == [b"%d" % number for number in range(1500)]
    sink.close()


def test_the_newest_document_of_an_alert_stands_last_under_its_id(topics, sink):
    topic = topics.make("changes", 4)
    first = alert()
    second = msgspec.structs.replace(first, revision=2, update_time=T + 60)
    assert ChangeFeed(sink, topic).write([first, second]) == ()
    found = topics.get(topic, 2)
    assert [message.key() for message in found] == [first.id.encode()] * 2
    assert [msgspec.json.decode(message.value(), type=Alert) for message in found] == [first, second]


def test_a_document_no_broker_takes_becomes_a_dead_letter(topics, sink):
    topic = topics.make("changes", **{"max.message.bytes": "20000"})
    small = alert()
    large = msgspec.structs.replace(small, id="1700000000bbbbbbbbbbbb", alert_name=noise_of(60_000).hex())
    (letter,) = ChangeFeed(sink, topic).write([large, small])
    assert (letter.source, letter.reason, letter.position) == (
        topic, DeadReason.REFUSED_BY_STORE, f"alert {large.id}",
    )  # fmt: skip
    assert [message.key() for message in topics.get(topic, 1)] == [small.id.encode()]


def test_keyed_events_of_one_slot_share_a_partition(topics, sink):
    topic = topics.make("keyed", 4)
    events = [
        Event(event_id=str(number), plugin_id="p", time=T, at=T + number, dedupe_md5=f"{number:02x}" * 16)
        for number in range(12)
    ]
    assert KeyedEvents(sink, topic, 4).write(events) == ()
    for message in topics.get(topic, 12):
        event = msgspec.json.decode(message.value(), type=Event)
        assert message.partition() == int(event.dedupe_md5[:2], 16) % 4
        assert message.timestamp()[1] == event.at * 1000


@pytest.mark.parametrize(("slot", "partitions", "partition"), [("00", 1, 0), ("ff", 16, 15), ("A7", 256, 0xA7), ("10", 16, 0)])  # fmt: skip
def test_the_partition_of_a_slot(slot, partitions, partition):
    assert partition_of(slot + "0" * 30, partitions) == partition


@pytest.mark.parametrize("partitions", [0, 3, 12, 512])
def test_slots_need_a_power_of_two_of_partitions(partitions):
    with pytest.raises(ValueError, match="power of two"):
        KeyedEvents(None, "keyed", partitions)


def test_a_sink_outlives_a_broker_that_restarts(own_kafka, unique):
    server, address = own_kafka
    topics = Topics(address, unique)
    topic = topics.make("out")
    sink = KafkaSink(topics.config)
    sink.write(topic, [Outgoing(b"before")])
    server.kill()
    server.start()
    sink.write(topic, [Outgoing(b"after")])
    assert [message.value() for message in topics.get(topic, 2)] == [b"before", b"after"]
