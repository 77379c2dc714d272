"""The Kafka source against a real broker: what a worker owns, in which order, from where on, and what it does in trouble."""

import time

import pytest
from confluent_kafka.admin import ConfigResource

from flows.settings.sections import KafkaSettings, TopicSettings
from flows.sources.kafka import KafkaPart, KafkaSource
from flows.sources.kafka_client import KafkaTroubleError, prepare
from flows.stop import AT_ONCE, Stop
from operators.intake.intake import Intake
from operators.intake.name import InForce
from operators.intake.poll import Polled
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from tests.operators.rules.drawn import book
from tests.servers.topics import Topics

pytestmark = pytest.mark.servers

T = 1_700_000_000
"""A second long ago: whatever is stamped so is backlog."""


SOON = {"topic.metadata.refresh.interval.ms": 1000, "topic.metadata.propagation.max.ms": 1000}


class World:
    """A source on topics of its own."""

    def __init__(self, made: Topics, **settings) -> None:
        self.made = made
        self.settings = KafkaSettings(brokers=made.address, group=f"{made.prefix}-group", **settings)
        self.stop = Stop()
        self.lag: dict[str, int] = {}
        self.opened: list[KafkaPart] = []

    def part(self, resume=None, now=time.time, size: int = 1000) -> KafkaPart:
        counts = prepare(self.settings, {})
        config = {**self.made.config, **SOON}
        source = KafkaSource(self.settings, config, counts, size=size, stop=self.stop, observe=self.lag.update, now=now)
        (name,) = source.list_parts()
        part = source.build_part("read", name, resume)
        self.opened.append(part)
        return part


@pytest.fixture
def world(topics):
    made = []

    def make(**settings) -> World:
        made.append(World(topics, **settings))
        return made[-1]

    yield make
    for one in made:
        for part in one.opened:
            part.close()


def events(*names: str) -> dict[str, TopicSettings]:
    return dict.fromkeys(names, TopicSettings())


def poll(part: KafkaPart, count: int, seconds: float = 15.0) -> list:
    """Poll until `count` records came; return them with the clock of their poll."""
    found = []
    deadline = time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} records"
        for polled in part.next_batch():
            found += [(raw, polled.clock) for raw in polled.raws]
        time.sleep(0.005)
    return found


def clock_of(part: KafkaPart, until, seconds: float = 15.0) -> int | None:
    """Poll until the stream's clock satisfies `until`."""
    deadline = time.monotonic() + seconds
    while True:
        for polled in part.next_batch():
            if polled.clock is not None and until(polled.clock):
                return polled.clock
        assert time.monotonic() < deadline
        time.sleep(0.005)


def values(found) -> list[str]:
    return [raw.raw.decode() for raw, _ in found]


def numbered(count: int, begin: int = 0, at: int = T) -> list[tuple[int, bytes]]:
    return [(at + number, b"%d" % number) for number in range(begin, begin + count)]


# --- what, and in which order


def test_records_carry_their_place_kind_and_arrival(topics, world):
    raw, checks, commands = topics.make("raw"), topics.make("checks"), topics.make("commands")
    topics.put(raw, 0, (T, b"{}"), (T + 3, None))
    topics.put(checks, 0, (T + 1, b"{}"))
    topics.put(commands, 0, (T + 2, b"{}"))
    part = world(topics=events(raw), checks=checks, commands=commands).part()
    found = [(one.at, one.source, one.position, one.kind) for one, _ in poll(part, 4)]
    assert found == [
        (T, raw, "0:0", "event"),
        (T + 1, checks, "0:0", "check"),
        (T + 2, commands, "0:0", "command"),
        (T + 3, raw, "0:1", "tombstone"),
    ]


def test_backlog_of_several_partitions_and_topics_comes_in_order_of_arrival(topics, world):
    first, second = topics.make("first", 3), topics.make("second")
    for number in range(3):
        topics.put(first, number, *((T + 4 * second_ + number, b"x") for second_ in range(100)))
    topics.put(second, 0, *((T + 4 * number + 3, b"x") for number in range(100)))
    found = poll(world(topics=events(first, second)).part(size=50), 400)
    assert [raw.at for raw, _ in found] == list(range(T, T + 400))
    assert all(raw.at <= clock for raw, clock in found)


@pytest.mark.parametrize(("worker", "owned"), [(0, {"0", "2", "4"}), (1, {"1", "3"})])
def test_worker_i_of_n_reads_the_partitions_that_are_i_modulo_n(topics, world, worker, owned):
    topic = topics.make("raw", 5)
    for number in range(5):
        topics.put(topic, number, (T, b"x"))
    part = world(topics=events(topic), worker=worker, workers=2).part()
    assert {raw.position.split(":")[0] for raw, _ in poll(part, len(owned))} == owned


def test_arrival_is_never_later_than_the_wall_clock_and_never_runs_backwards(topics, world):
    topic = topics.make("raw")
    topics.put(topic, 0, (T, b"a"), (T - 50, b"b"), (time.time() + 5000, b"c"), (T + 9, b"d"))
    part = world(topics=events(topic)).part()
    times = [raw.at for raw, _ in poll(part, 4)]
    assert times[:2] == [T, T]
    assert times[2] == times[3] <= time.time()


def test_of_an_oversized_record_no_more_than_a_mebibyte_is_carried(topics, world):
    topic = topics.make("raw", **{"max.message.bytes": str(4 << 20)})
    big = Topics(topics.address, topics.prefix)
    big._producer = type(big._producer)({**topics.config, "message.max.bytes": 4 << 20})
    big.put(topic, 0, (T, b"x" * (3 << 20)), (T, b"after"))
    found = poll(world(topics=events(topic)).part(), 2)
    assert [len(raw.raw) for raw, _ in found] == [(1 << 20) + 1, 5]


# --- the clock


def test_the_first_poll_comes_at_once_and_brings_nothing(topics, world):
    part = world(topics=events(topics.make("raw"))).part()
    (first,) = part.next_batch()
    assert (list(first.raws), first.clock) == ([], None)


def test_an_idle_stream_ticks_with_the_wall_clock_every_second(topics, world):
    part = world(topics=events(topics.make("raw", 2))).part()
    clock_of(part, lambda clock: clock >= int(time.time()))
    ticks = []
    while len(ticks) < 3:
        ticks += [(polled.clock, int(time.time())) for polled in part.next_batch()]
        assert part.next_awake() == AT_ONCE
        time.sleep(0.01)
    assert all(clock == wall for clock, wall in ticks)
    assert [clock for clock, _ in ticks] == list(range(ticks[0][0], ticks[0][0] + 3))


def test_while_it_catches_up_the_clock_is_that_of_the_partition_that_lags_most(topics, world):
    topic = topics.make("raw", 2)
    topics.put(topic, 0, *numbered(300))
    topics.put(topic, 1, (T + 40, b"one"), (T + 5000, b"two"))
    part = world(topics=events(topic)).part(size=10)
    clocks = {raw.raw.decode(): clock for raw, clock in poll(part, 302)}
    assert clocks["one"] < T + 60
    assert values(poll(world(topics=events(topic)).part(size=10), 302))[-1] == "two"
    assert clock_of(part, lambda clock: clock > T + 5000) == pytest.approx(time.time(), abs=2)


def test_partitions_far_ahead_wait_without_filling_the_memory(topics, world):
    """The second partition holds 20 MB that are younger than anything in the first."""
    topic = topics.make("raw", 2)
    topics.put(topic, 0, *numbered(2000))
    topics.put(topic, 1, *((T + 3000 + number, b"x" * 20_000) for number in range(1000)))
    part = world(topics=events(topic), prefetch=2).part(size=100)
    ahead = part._partitions[1]
    found, most = [], 0
    while len(found) < 3000:
        found += poll(part, 1)
        most = max(most, ahead.weight)
    assert [raw.at for raw, _ in found] == sorted(raw.at for raw, _ in found)
    assert len({raw.position for raw, _ in found}) == 3000
    assert most < 6 << 20


# --- from where on


def test_it_goes_on_exactly_where_the_snapshot_was_taken(topics, world):
    topic = topics.make("raw", 2)
    topics.put(topic, 0, *numbered(50))
    topics.put(topic, 1, *numbered(50, begin=100))
    one = world(topics=events(topic))
    part = one.part(size=7)
    before = poll(part, 21)
    snapshot = part.snapshot()
    poll(part, 30)  # lost: the process was killed
    after = poll(one.part(snapshot, size=7), 100 - len(before))
    assert sorted(values(before + after), key=int) == [str(n) for n in (*range(50), *range(100, 150))]


def test_a_snapshot_keeps_the_clock_and_the_last_arrival(topics, world):
    topic = topics.make("raw")
    topics.put(topic, 0, (T + 9, b"a"))
    one = world(topics=events(topic))
    part = one.part()
    poll(part, 1)
    clock = clock_of(part, lambda clock: clock > T + 9)
    snapshot = part.snapshot()
    assert (snapshot["clock"], snapshot["partitions"]) == (clock, {f"{topic}:0": (1, T + 9)})
    topics.put(topic, 0, (T, b"b"))
    part = one.part(snapshot)
    (first,) = part.next_batch()
    assert first.clock == clock
    assert [raw.at for raw, _ in poll(part, 1)] == [T + 9]


@pytest.mark.parametrize(("start", "read"), [("earliest", ["old", "new"]), ("latest", ["new"])])
def test_what_was_never_read_is_read_from_the_start_that_is_set(topics, world, start, read):
    topic = topics.make("raw")
    topics.put(topic, 0, (T, b"old"))
    one = world(topics=events(topic), start=start)
    snapshot = one.part().snapshot()
    topics.put(topic, 0, (T, b"new"))
    assert values(poll(one.part(snapshot), len(read))) == read


def test_offsets_are_shown_to_the_group(topics, world):
    topic = topics.make("raw", 2)
    topics.put(topic, 0, *numbered(5))
    topics.put(topic, 1, *numbered(3))
    one = world(topics=events(topic))
    part = one.part()
    poll(part, 8)
    part.snapshot()
    deadline = time.monotonic() + 60
    while topics.committed(one.settings.group, topic, (0, 1)) != [5, 3]:
        part.next_batch()
        assert time.monotonic() < deadline


def test_the_lag_is_told_once_a_second(topics, world):
    topic = topics.make("raw")
    topics.put(topic, 0, *numbered(5))
    one = world(topics=events(topic))
    part = one.part(size=2)
    poll(part, 5)
    deadline = time.monotonic() + 60
    while one.lag.get(f"{topic}:0") != 0:
        part.next_batch()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_stop_ends_it(topics, world):
    one = world(topics=events(topics.make("raw")))
    part = one.part()
    part.next_batch()
    one.stop.ask()
    with pytest.raises(StopIteration):
        part.next_batch()


# --- trouble


@pytest.mark.parametrize(("offset", "there"), [(2, "5 to 8"), (99, "5 to 8")])
def test_lost_offsets_end_the_job_with_the_reason(topics, world, offset, there):
    topic = topics.make("raw")
    topics.put(topic, 0, *numbered(8))
    topics.delete_records(topic, 0, 5)
    part = world(topics=events(topic)).part({"clock": T, "partitions": {f"{topic}:0": (offset, T)}})
    with pytest.raises(KafkaTroubleError, match=rf"offset {offset} was .*has {there}.*kafka.out_of_range: earliest"):
        poll(part, 1)


@pytest.mark.parametrize("offset", [2, 99])
def test_lost_offsets_are_passed_over_if_the_settings_say_so(topics, world, offset):
    topic = topics.make("raw", 2)
    topics.put(topic, 0, *numbered(8))
    topics.put(topic, 1, *numbered(3, begin=100))
    topics.delete_records(topic, 0, 5)
    snapshot = {"clock": T, "partitions": {f"{topic}:0": (offset, T), f"{topic}:1": (1, T)}}
    part = world(topics=events(topic), out_of_range="earliest").part(snapshot)
    assert sorted(values(poll(part, 5))) == ["101", "102", "5", "6", "7"]
    assert part.snapshot()["partitions"][f"{topic}:0"][0] == 8


def test_a_topic_that_is_deleted_ends_the_job(topics, world, monkeypatch):
    monkeypatch.setattr("flows.sources.kafka_reader.GRACE", 2.0)
    topic = topics.make("raw")
    topics.put(topic, 0, *numbered(1))
    part = world(topics=events(topic)).part()
    poll(part, 1)
    topics.delete(topic)
    with pytest.raises(KafkaTroubleError, match=f"a topic is gone: .*{topic}"):
        poll(part, 1, seconds=30)


def test_no_broker_at_the_start_ends_the_job_after_a_while():
    settings = KafkaSettings(brokers="127.0.0.1:1", wait=0.5, topics=events("raw"))
    with pytest.raises(KafkaTroubleError, match=r"no broker of 127.0.0.1:1 answered in 0.5 s: .*refused"):
        prepare(settings, {})


@pytest.mark.parametrize("create", [False, True])
def test_missing_topics_are_refused_or_created(topics, create):
    settings = KafkaSettings(
        brokers=topics.address, topics=events(f"{topics.prefix}-raw"), changes=f"{topics.prefix}-changes",
        create_topics=create, partitions=4, replication=1,
    )  # fmt: skip
    if not create:
        with pytest.raises(KafkaTroubleError, match=f"no such topic: {topics.prefix}-changes, {topics.prefix}-raw"):
            prepare(settings, {})
        return
    assert prepare(settings, {}) == {f"{topics.prefix}-raw": 4}
    changes = ConfigResource(ConfigResource.Type.TOPIC, settings.changes)
    described = topics.admin.describe_configs([changes])[changes].result()
    assert described["cleanup.policy"].value == "compact"


def test_more_workers_than_partitions_are_refused(topics):
    topic = topics.make("raw", 2)
    settings = KafkaSettings(brokers=topics.address, topics=events(topic), worker=2, workers=3)
    with pytest.raises(KafkaTroubleError, match=f"topic {topic} has 2 partitions for 3 workers: each needs one"):
        prepare(settings, {})


def test_a_broker_that_dies_and_comes_back_costs_nothing_but_time(own_kafka, unique):
    """No record is lost or doubled; while it is away the clock stands still, so nothing is believed to have stopped."""
    server, address = own_kafka
    topics = Topics(address, unique)
    topic = topics.make("raw")
    topics.put(topic, 0, *numbered(3))
    one = World(topics, topics=events(topic))
    clock = FastClock()
    part = one.part(now=clock)
    assert values(poll(part, 3)) == ["0", "1", "2"]
    clock_of(part, lambda reached: reached == int(clock()))
    server.kill()
    killed, clock.speed = clock(), 15.0
    away = [polled.clock for polled in polls(part, 3.0)]
    assert clock() > killed + 40
    assert away[-1] == away[len(away) // 2] <= killed + 25  # librdkafka reports once a second: 15 of ours
    clock.speed = 1.0
    server.start()
    clock_of(part, lambda reached: reached == int(clock()), seconds=40)
    topics.put(topic, 0, *numbered(2, begin=3))
    assert values(poll(part, 2)) == ["3", "4"]
    part.close()


class FastClock:
    """A wall clock that may run faster."""

    def __init__(self) -> None:
        self.speed = 1.0
        self._seen, self._now = time.time(), time.time()

    def __call__(self) -> float:
        seen = time.time()
        self._now += (seen - self._seen) * self.speed
        self._seen = seen
        return self._now


def polls(part: KafkaPart, seconds: float) -> list:
    found = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found += part.next_batch()
        time.sleep(0.01)
    return found


def test_a_topic_of_another_format_becomes_events_commands_and_refusals(topics, world):
    topic, plain = topics.make("zabbix"), topics.make("raw")
    problem = b'{"event_id": "1", "trigger_id": "7", "name": "full", "host": "h"}'
    update = b'{"event_id": "1", "trigger_id": "7", "name": "full", "host": "h", "update_status": "1", "update_action": "closed"}'
    topics.put(topic, 0, (T, problem), (T + 1, update), (T + 2, b"{"))
    topics.put(plain, 0, (T, problem))
    here = world(topics={topic: TopicSettings(decoder="zabbix"), plain: TopicSettings()})
    found = [raw for raw, _ in poll(here.part(), 4)]
    intake = Intake(CoreSettings(), RuleBook.empty)
    foreign = [one for raw in found if raw.source == topic for one in intake.unpacked(raw)]
    assert [(raw.at - T, raw.position, raw.kind.split()[0]) for raw in foreign] == [
        (0, "0:0", "event"),
        (1, "0:1", "command"),
        (2, "0:2", "refused"),
    ]
    assert [raw.raw for raw in found if raw.source == plain] == [problem]


def test_a_topic_of_any_json_is_read_by_its_rule(topics, world):
    topic = topics.make("shop")
    topics.put(topic, 0, (T, b'{"what": "Cart", "level": "bad"}'), (T + 1, b'{"level": "bad"}'))
    here = world(topics={topic: TopicSettings(decoder="json", source="shop")})
    fields = {"alert_name": "what", "severity": {"path": "level", "words": {"bad": 1}}}
    intake = Intake(CoreSettings(), lambda: book(sources=[{"id": "shop", "event": fields}]))
    named = intake.take(Polled([raw for raw, _ in poll(here.part(), 2)])).records
    event, letter = (record.body for record in named if not isinstance(record.body, InForce))
    assert (event.alert_name, event.severity, event.at) == ("Cart", 1, T)
    assert (letter.reason, letter.position, letter.raw) == ("missing_field", "0:1", '{"level": "bad"}')
