"""The job on real servers: CPU an event and events a second from Kafka to state and stores, latency, memory, resume.

python -m bench.kafka [--events N] [--open N]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import md5
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from elasticsearch import ApiError

from bench.events import event, mixed, openings
from bench.figure import SECONDS, Round, calibration, figure, rounds_of, spread
from flows.settings.settings import Settings
from operators.intake.name import Record, take_in
from operators.lifecycle.worker import Worker
from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.records import LogEntry
from sinks.kafka.keyed import partition_of
from sinks.store.interface import Batch
from sinks.store.place import open_store
from tests.servers.elasticsearch import elasticsearch_server
from tests.servers.kafka import kafka_server
from tests.servers.process import free_port

PARTITIONS = 16
TOCSIN = [sys.executable, "-c", "from flows.cli import main; main()"]
ENV = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}


def keyed(raw: bytes) -> tuple[int, bytes]:
    """Return the partition of an event, and the event with its fingerprint."""
    tree = json.loads(raw)
    tree["dedupe_md5"] = md5(tree["target"].encode()).hexdigest()
    return partition_of(tree["dedupe_md5"], PARTITIONS), json.dumps(tree).encode()


def lately(events: Sequence[bytes]) -> list[bytes]:
    """Return events whose times end now, so that no alert is closed for want of events once they are read."""
    shift = int(time.time()) - json.loads(events[-1])["time"]
    return [json.dumps((tree := json.loads(raw)) | {"time": tree["time"] + shift}).encode() for raw in events]


class Bench:
    """Servers, topics and runs of the job in one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with ThreadPoolExecutor() as starts:
            kafka, elastic = starts.submit(kafka_server), starts.submit(elasticsearch_server)
        (self.kafka, self.brokers), (self.elastic, self.url) = kafka.result(), elastic.result()
        self.admin = AdminClient({"bootstrap.servers": self.brokers})
        self._number = 0
        self._started: list[subprocess.Popen[bytes]] = []
        self._idle: dict[int, float] = {}

    def close(self) -> None:
        for child in self._started:
            if child.returncode is None:
                child.kill()
        self.kafka.stop()
        self.elastic.stop()

    def topic(self, records: Sequence[bytes]) -> tuple[str, int]:
        """Make a topic with these events, each at its own time; return it and their number."""
        self._number += 1
        name = f"raw{self._number}"
        self.admin.create_topics([NewTopic(name, PARTITIONS, 1)])[name].result()
        producer = self.producer()
        for raw in records:
            partition, value = keyed(raw)
            stamp = json.loads(raw)["time"] * 1000
            while True:
                try:
                    producer.produce(name, value, partition=partition, timestamp=stamp)
                    break
                except BufferError:
                    producer.poll(0.1)
        assert producer.flush(120) == 0
        return name, len(records)

    def producer(self) -> Producer:
        return Producer(
            {"bootstrap.servers": self.brokers, "enable.idempotence": True, "compression.type": "lz4", "linger.ms": 5}
        )

    def start(self, topic: str, workers: int, name: str, **more: Any) -> list[subprocess.Popen[bytes]]:
        """Start the workers of a job."""
        settings = self.root / f"{name}.yaml"
        settings.write_text(yaml.safe_dump({
            "rules": "none", "outbox": {"dsn": "none"}, "quota": {"alert": {"threshold": 0}},
            "kafka": {"brokers": self.brokers, "topics": {topic: {}}, "group": name}, "recovery": {"interval": 5}, **more,
        }))  # fmt: skip
        command = [*TOCSIN, "run", "--settings", str(settings), "--data", str(self.root / name), "--no-courier"]
        with (self.root / f"{name}.log").open("ab") as out:
            children = [
                subprocess.Popen([*command, "--worker", f"{number}/{workers}"], stdout=out, stderr=out, env=ENV)
                for number in range(workers)
            ]
        self._started += children
        return children

    def idle(self, workers: int) -> float:
        """Return the seconds of CPU that workers use to start, rest a while and end."""
        if workers not in self._idle:
            empty, _ = self.topic([])
            children = self.start(empty, workers, f"idle-{workers}", store={"dsn": "none"})
            self._idle[workers] = sum(ended(one)[0] for one in self.stopped(children, 25))
        return self._idle[workers]

    def read(self, group: str, topic: str) -> int:
        reader = Consumer({"bootstrap.servers": self.brokers, "group.id": group, "log_level": 0})
        places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        try:
            return sum(max(0, place.offset) for place in reader.committed(places, timeout=10))
        except KafkaException:  # the coordinator of the group only starts
            return 0
        finally:
            reader.close()

    def measure(self, title: str, topic: str, count: int, workers: int = 1, **more: Any) -> float | None:
        """Run a backlog down several times; print CPU an event without the start, events a second, memory. Return the rate."""
        runs: list[Run] = []
        rounds = rounds_of(lambda: self._round(runs, title, topic, count, workers, more), seconds=0)
        rates = [one.rate for one in runs if one.rate is not None]
        pace = "no rate: fewer than ten seconds of steady reading"
        if len(rates) == len(runs):
            low, middle, high = spread(rates)
            pace = f"{middle:,.0f} events/s ({low:,.0f} - {high:,.0f})"
        memory = max(one.memory for one in runs)
        print(f"{title}: {figure(rounds)}; {pace}; {memory:.0f} MiB a worker", flush=True)
        return spread(rates)[1] if rates else None

    def _round(
        self, runs: list["Run"], title: str, topic: str, count: int, workers: int, more: dict[str, Any]
    ) -> Round:
        idle, unit = self.idle(workers), calibration()
        name = re.sub(r"\W+", "-", f"{title}-{len(runs)}")
        children = self.start(topic, workers, name, **more)
        seen = [(time.monotonic(), 0)]
        while (done := self.read(name, topic)) < count:
            if done > seen[-1][1]:
                seen.append((time.monotonic(), done))
            time.sleep(0.1)
        used = [ended(one) for one in self.stopped(children, 0)]
        runs.append(Run(steady(seen[1:]), max(one[1] for one in used)))
        return Round(max(0.0, sum(one[0] for one in used) - idle), count, min(unit, calibration()))

    def stopped(self, children: list[subprocess.Popen[bytes]], after: float) -> list[subprocess.Popen[bytes]]:
        time.sleep(after)
        for child in children:
            child.terminate()
        return children


class Run(NamedTuple):
    """Events a second of one run, None if too short to say, and MiB of a worker at most."""

    rate: float | None
    memory: float


def steady(seen: Sequence[tuple[float, int]]) -> float | None:
    """Return events a second between the first snapshot and the last one before the end: the start and the rest left out."""
    if len(seen) < 2 or seen[-1][0] - seen[0][0] < SECONDS:
        return None
    (begun, first), (until, last) = seen[0], seen[-1]
    return (last - first) / (until - begun)


def ended(child: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for the end of a process; return its seconds of CPU and its MiB of memory at most."""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, f"a worker ended with {child.returncode}"
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def said_of(events: Sequence[bytes]) -> Iterator[list[Any]]:
    """Yield what the core says of events, in batches as they reach the store."""
    settings = Settings()
    worker = Worker(settings)
    for start in range(0, len(events), 1000):
        for raw in events[start : start + 1000]:
            at, body = take_in(keyed(raw)[1], worker.scene.book, settings)
            worker.fold(Record(at, body))
        yield worker.drain().documents


def bare_loader(bench: Bench, events: Sequence[bytes], *, archive: bool) -> None:
    """Print what the writing of the same documents costs with nothing around it."""
    store = open_store(f"{bench.url}?prefix=bare{archive:d}_&replicas=0-0")
    batches = []
    for said in said_of(events):
        of = {kind: [one for one in said if isinstance(one, kind)] for kind in (Alert, LogEntry, Event)}
        last = list({one.id: one for one in of[Alert]}.values())
        batches.append(Batch(alerts=last, logs=of[LogEntry], events=of[Event] if archive else ()))
    count = sum(map(len, batches))
    cpu, begun = time.process_time(), time.monotonic()
    for batch in batches:
        store.write(batch)
    cpu, seconds = time.process_time() - cpu, time.monotonic() - begun
    store.close()
    each = len(events)
    print(
        f"bare bulk loader, {'with' if archive else 'without'} event archive: {count:,} documents, {count / seconds:,.0f}/s, "
        f"{cpu / each * 1e6:.1f} us CPU an event, {each / seconds:,.0f} events/s",
        flush=True,
    )


def latency(bench: Bench, rate: int, seconds: int = 40) -> None:
    """Print how long an event takes to a durable state, and an alert until a search finds it, at a steady rate."""
    topic, _ = bench.topic([])
    port = free_port()
    children = bench.start(
        topic, 1, "latency", store={"dsn": f"{bench.url}?prefix=latency_&replicas=0-0"}, metrics={"port": port}
    )
    producer, store = bench.producer(), open_store(f"{bench.url}?prefix=latency_&replicas=0-0", read_only=True)
    found_after(store, producer, topic)  # now it runs
    before = metrics(port)
    waits: list[float] = []
    begun, number = time.monotonic(), 0
    with ThreadPoolExecutor(max_workers=4) as looks:
        while (passed := time.monotonic() - begun) < seconds:
            while number < passed * rate:
                raw = event(number, number % 5000, 2, "ABNORMAL", number % 1000, rate)
                tree = json.loads(raw) | {"time": int(time.time())}
                partition, value = keyed(json.dumps(tree).encode())
                producer.produce(topic, value, partition=partition)
                if number % max(rate, 1) == 0:
                    looks.submit(lambda: waits.append(found_after(store, producer, topic)))
                number += 1
            producer.poll(0)
            time.sleep(0.005)
    producer.flush(30)
    time.sleep(2)
    after = metrics(port)
    for child in bench.stopped(children, 1):
        ended(child)
    store.close()
    if not waits:
        raise RuntimeError((bench.root / "latency.log").read_text()[-3000:])
    waits.sort()
    p50, p99 = quantiles(before, after)
    print(f"latency at {rate} events/s: produced to durable p50 {p50:.2f} s, p99 {p99:.2f} s")
    print(
        f"  produced to searchable p50 {waits[len(waits) // 2]:.2f} s, p99 {waits[-1 - len(waits) // 100]:.2f} s ({len(waits)} probes)"
    )


_probes = iter(range(1, 1 << 30))


def found_after(store: Any, producer: Producer, topic: str) -> float:
    """Produce an event that opens an alert; return the seconds until a search finds it."""
    number = next(_probes)
    name = f"probe-{number}"
    tree = json.loads(event(number, 900_000 + number, 2, "ABNORMAL", 0, 1)) | {
        "time": int(time.time()),
        "alert_name": name,
    }
    partition, value = keyed(json.dumps(tree).encode())
    begun = time.monotonic()
    producer.produce(topic, value, partition=partition)
    client = store._client  # noqa: SLF001 - the plain search of a user
    index = f"{store._prefix}alert"  # noqa: SLF001 - as above
    found = 0
    while not found:
        if time.monotonic() - begun > 60:
            raise TimeoutError(name)
        time.sleep(0.05)
        with suppress(ApiError):  # an index that is only just being made
            query = {"term": {"alert_name.raw": name}}
            found = client.count(index=index, query=query, ignore_unavailable=True)["count"]
    return time.monotonic() - begun


def metrics(port: int) -> dict[float, float]:
    """Return the latency histogram of a worker: upper bound -> count up to it."""
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    found = re.findall(r'^alert_process_latency_bucket{.*le="([^"]+)".*} (\S+)', text, re.MULTILINE)
    return {float(bound): float(count) for bound, count in found}


def quantiles(before: dict[float, float], after: dict[float, float]) -> tuple[float, float]:
    """Return the bounds of the buckets that hold the median and the 99th percentile of what came between."""
    counts = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    total = max(counts.values())
    p50, p99 = (min(bound for bound, count in counts.items() if count >= share * total) for share in (0.5, 0.99))
    return p50, p99


def resume(bench: Bench, count: int) -> None:
    """Print how long a killed worker with many open alerts takes until it folds again."""
    topic, _ = bench.topic(list(openings(count)))
    (first,) = bench.start(topic, 1, "resume", store={"dsn": "none"})
    while bench.read("resume", topic) < count:
        time.sleep(0.2)
    time.sleep(4)
    first.kill()
    first.wait()
    partition, value = keyed(event(count + 1, 1, 2, "ABNORMAL", 1, max(count // 60, 1)))
    producer = bench.producer()
    producer.produce(topic, value, partition=partition, timestamp=json.loads(value)["time"] * 1000)
    producer.flush(30)
    begun = time.monotonic()
    children = bench.start(topic, 1, "resume", store={"dsn": "none"})
    while bench.read("resume", topic) < count + 1:
        time.sleep(0.1)
    seconds = time.monotonic() - begun
    (used,) = [ended(child) for child in bench.stopped(children, 0)]
    print(
        f"resume with {count:,} open alerts: {seconds:.1f} s from start to the snapshot behind a new event; {used[1]:.0f} MiB"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    options.add_argument("--open", type=int, default=100_000)
    options.add_argument("--rate", type=int, help="only latency at this rate, and resume")
    given = options.parse_args()
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us; load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch))
        try:
            if given.rate:
                latency(bench, given.rate)
                resume(bench, given.open)
                return
            events = lately(list(mixed(given.events, given.events // 10)))
            topic, count = bench.topic(events)
            bench.measure("Kafka to state, 1 worker", topic, count, store={"dsn": "none"})
            bench.measure("Kafka to state, 2 workers", topic, count, 2, store={"dsn": "none"})
            bench.measure("Kafka to SQLite", topic, count)
            bench.measure("Kafka to SQLite without event archive", topic, count, store={"events": False})
            for archive in (True, False):
                words = "with" if archive else "without"
                place = {"dsn": f"{bench.url}?prefix=one{archive:d}_&replicas=0-0", "events": archive}
                rate = bench.measure(f"Kafka to Elasticsearch {words} event archive", topic, count, store=place)
                bare_loader(bench, events, archive=archive)
            place = {"dsn": f"{bench.url}?prefix=two_&replicas=0-0"}
            bench.measure("Kafka to Elasticsearch, 2 workers", topic, count, 2, store=place)
            latency(bench, max(100, int(rate / 2)) if rate else 500)
            resume(bench, given.open)
        finally:
            bench.close()


if __name__ == "__main__":
    main()
