"""From produced, and from written by the broker, to durable: each event by itself, a worker in this process, a steady rate.

The first holds the producer's and the broker's time too; the second is the job's own.

python -m bench.latency [--rate N] [--seconds N] [--keys N] [--interval SECONDS] [--store DSN]
"""

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.events import event
from bench.figure import calibration
from bench.kafka import PARTITIONS, keyed
from flows.job import build
from flows.run import run
from flows.settings.settings import settings_from
from operators.model.event import Event
from tests.servers.kafka import kafka_server

WARM_UP = 10.0
"""Seconds that do not count: opening alerts, warming caches, the first snapshot."""


class Load:
    """Produces at a steady rate until told to stop; remembers when it produced what."""

    def __init__(self, brokers: str, rate: int, keys: int) -> None:
        self._producer = Producer({"bootstrap.servers": brokers, "linger.ms": 0, "log_level": 0})
        self._rate, self._keys = rate, keys
        self.sent: dict[str, float] = {}

    def run(self, seconds: float) -> None:
        begun, number = time.monotonic(), 0
        while (passed := time.monotonic() - begun) < seconds:
            while number < passed * self._rate:
                self._send(number)
                number += 1
            self._producer.poll(0)
            time.sleep(0.002)
        self._producer.flush(30)

    def _send(self, number: int) -> None:
        now = time.time()
        status = "RECOVERED" if number % 10 == 9 else "ABNORMAL"
        tree = json.loads(event(number, number * 7919 % self._keys, 2, status, number % 1000, self._rate)) | {
            "time": int(now)
        }
        partition, value = keyed(json.dumps(tree).encode())
        self.sent[tree["event_id"]] = now
        self._producer.produce("raw", value, partition=partition)


def measure(brokers: str, root: Path, given: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Return the seconds that each event took from produced, and from written, to durable."""
    done: dict[str, float] = {}

    def observe(said: Sequence[Any]) -> None:
        now = time.time()
        done.update((thing.event_id, now) for thing in said if isinstance(thing, Event))

    settings = settings_from(
        {
            "rules": "none", "store": {"dsn": given.store or "none"}, "outbox": {"dsn": "none"},
            "dead_letters": str(root / "letters"), "quota": {"alert": {"threshold": 0}},
            "recovery": {"directory": str(root / "recovery"), "interval": given.interval},
            "kafka": {"brokers": brokers, "topics": {"raw": {}}},
        },
        "bench",
    )  # fmt: skip
    job, load = build(settings, observe, environment={}), Load(brokers, given.rate, given.keys)

    def feed() -> None:
        load.run(WARM_UP + given.seconds)
        deadline = time.monotonic() + 120
        while len(done) < len(load.sent) and time.monotonic() < deadline:
            time.sleep(0.1)
        job.stop.ask()

    threading.Thread(target=feed, daemon=True).start()
    run(job)
    first = min(load.sent.values()) + WARM_UP
    missing = [name for name, at in load.sent.items() if name not in done and at > first]
    assert not missing, f"{len(missing)} events were never folded"
    written = appended(brokers, len(load.sent))
    counted = [name for name, at in load.sent.items() if at > first]
    return sorted(done[name] - load.sent[name] for name in counted), sorted(
        done[name] - written[name] for name in counted
    )


def appended(brokers: str, count: int) -> dict[str, float]:
    """Return when the broker wrote each event."""
    reader = Consumer({"bootstrap.servers": brokers, "group.id": "look", "log_level": 0})
    reader.assign([TopicPartition("raw", number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
    found: dict[str, float] = {}
    while len(found) < count:
        for message in reader.consume(10_000, 1.0):
            found[json.loads(message.value())["event_id"]] = message.timestamp()[1] / 1000
    reader.close()
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rate", type=int, default=1000)
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--keys", type=int, default=5000)
    options.add_argument("--interval", type=float, default=10.0)
    options.add_argument("--store")
    given = options.parse_args()
    print(f"calibration {calibration():.1f} us; load {os.getloadavg()[0]:.1f}")
    kafka, brokers = kafka_server()
    try:
        admin = AdminClient({"bootstrap.servers": brokers})
        stamped = NewTopic("raw", PARTITIONS, 1, config={"message.timestamp.type": "LogAppendTime"})
        admin.create_topics([stamped])["raw"].result()
        with tempfile.TemporaryDirectory() as scratch:
            produced, written = measure(brokers, Path(scratch), given)
    finally:
        kafka.stop()
    print(
        f"{given.rate} events/s, {given.keys} keys, a snapshot every {given.interval:g} s, store {given.store or 'none'}, "
        f"{len(produced):,} events"
    )
    for what, took in (("produced", produced), ("written by the broker", written)):
        shares = {share: took[min(len(took) - 1, int(len(took) * share / 100))] for share in (50, 90, 99, 99.9)}
        texts = ", ".join(f"p{share:g} {one * 1000:,.0f} ms" for share, one in shares.items())
        print(f"  from {what} to durable: {texts}, longest {took[-1] * 1000:,.0f} ms")


if __name__ == "__main__":
    main()
