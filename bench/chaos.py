"""Random kills of workers and courier under load, servers stopped and restarted; at the end nothing is lost or doubled.

python -m bench.chaos --kills 200 [--seed N] [--rate N] [--outage SECONDS]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench import chaos_check
from bench.chaos_load import Load, Provider, rules
from flows.settings.settings import load_settings
from sinks.outbox import open_outbox
from sinks.store.place import open_store
from tests.servers.elasticsearch import elasticsearch_server
from tests.servers.kafka import kafka_server
from tests.servers.process import Server
from tests.servers.redis import redis_server

WORKERS, PARTITIONS = 2, 16
TOPIC, GROUP, PREFIX = "raw", "chaos", "chaos_"
QUIET = 66.0
"""Seconds to the end of the last hold of a killed courier, and of the last minute of a document that may wait."""
PATIENCE = 300.0
"""Seconds without any progress after which something hangs."""


class Child:
    """One process of the job, started again whenever it ends."""

    def __init__(self, name: str, arguments: list[str], root: Path) -> None:
        self.name, self._root = name, root
        self._command = [sys.executable, "-c", "from flows.cli import main; main()", *arguments]
        self._env = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}
        self.start()

    def start(self) -> None:
        with (self._root / f"{self.name}.log").open("ab") as out:
            self.process = subprocess.Popen(
                self._command, stdout=out, stderr=out, env=self._env, cwd=Path(__file__).parent.parent
            )
        self.begun = time.monotonic()

    def revive(self) -> None:
        if self.process.poll() is not None and time.monotonic() - self.begun > 1:
            self.start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.start()


class Servers:
    """Real servers of this run alone."""

    def __init__(self) -> None:
        with ThreadPoolExecutor() as starts:
            started = [starts.submit(start) for start in (kafka_server, redis_server, elasticsearch_server)]
        (self.kafka, self.brokers), (self.redis, self.redis_address), (self.elasticsearch, self.url) = (
            one.result() for one in started
        )

    def stop(self) -> None:
        for server in (self.kafka, self.redis, self.elasticsearch):
            server.stop()


class Run:
    """One chaos run in a directory of its own."""

    def __init__(self, root: Path, servers: Servers, seed: int, rate: int) -> None:
        self.root, self.servers, self.rng = root, servers, random.Random(seed)
        self.provider = Provider()
        self.kills: dict[str, int] = {}
        self._outages: list[threading.Thread] = []
        admin = AdminClient({"bootstrap.servers": servers.brokers})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
        self.settings = self._write_settings()
        self.store_dsn = f"{servers.url}?prefix={PREFIX}&replicas=0-0&timeout=5"
        self.load = Load(servers.brokers, TOPIC, PARTITIONS, random.Random(seed), rate=rate, keys=400)
        common = ["--settings", str(self.settings), "--data", str(root / "data")]
        self.children = [
            Child(f"worker-{number}", ["run", *common, "--worker", f"{number}/{WORKERS}"], root)
            for number in range(WORKERS)
        ]
        self.children.append(Child("courier", ["courier", *common], root))

    def _write_settings(self) -> Path:
        (self.root / "rules").mkdir()
        (self.root / "rules" / "rules.yaml").write_text(yaml.safe_dump(rules(self.provider.url)))
        path = self.root / "tocsin.yaml"
        path.write_text(yaml.safe_dump({
            "rules": str(self.root / "rules"),
            "quota": {"alert": {"threshold": 0}, "action": {"threshold": 0}},
            "converge": {"window": 5, "delay": 5},
            "store": {"dsn": f"{self.servers.url}?prefix={PREFIX}&replicas=0-0&timeout=5"},
            "outbox": {"dsn": f"redis://{self.servers.redis_address}/0/chaos"},
            "recovery": {"interval": 0.5, "partitions": 4},
            "kafka": {"brokers": self.servers.brokers, "topics": {TOPIC: {}}, "group": GROUP},
        }))  # fmt: skip
        return path

    # --- trouble

    def trouble(self, kills: int, outage: float) -> None:
        """Kill at random; at thirds of the way stop Elasticsearch, Redis and the broker."""
        every = max(4, min(kills, 50))
        blows: dict[int, Callable[[], None]] = {
            every // 4: lambda: self._away(self.servers.elasticsearch, outage),
            every // 2: lambda: self._away(self.servers.redis, 1.0),
            3 * every // 4: lambda: self._away(self.servers.kafka, 1.0),
        }
        for number in range(kills):
            if blow := blows.get(number % every):
                blow()
            victim = self.rng.choice(self.children)
            self.live(self.rng.uniform(0.3, 3.5))
            self.kills[victim.name] = self.kills.get(victim.name, 0) + 1
            victim.kill()
            print(f"kill {number + 1} of {kills}: {victim.name}", flush=True)
        for thread in self._outages:
            thread.join()

    def _away(self, server: Server, seconds: float) -> None:
        for thread in self._outages:
            thread.join()
        print(f"{Path(server.command[0]).name} of {server.run.name} is away for {seconds:g} s", flush=True)

        def run() -> None:
            server.kill()
            time.sleep(seconds)
            server.start()

        self._outages.append(threading.Thread(target=run))
        self._outages[-1].start()

    def live(self, seconds: float) -> None:
        """Let time pass; whoever ended by himself is started again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for child in self.children:
                child.revive()
            time.sleep(0.1)

    # --- the end

    def settle(self) -> None:
        """Stop the load; wait until all is read, told and quiet; end everybody."""
        self.load.end()
        self._until("everything is read", self._unread)
        self.live(QUIET)
        self._until("everything is told", self._untold)
        self.live(2)
        for child in self.children:
            child.process.send_signal(signal.SIGTERM)
        for child in self.children:
            code = child.process.wait(60)
            assert code == 0, f"{child.name} ended with {code}"

    def _until(self, what: str, left: Callable[[], int]) -> None:
        least, deadline = sys.maxsize, time.monotonic() + PATIENCE
        while rest := left():
            if rest < least:
                least, deadline = rest, time.monotonic() + PATIENCE
            assert time.monotonic() < deadline, f"it never came that {what}: {rest} are left"
            self.live(0.5)

    def _unread(self) -> int:
        reader = Consumer({"bootstrap.servers": self.servers.brokers, "group.id": GROUP, "log_level": 0})
        places = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
        ends = [reader.get_watermark_offsets(place, timeout=10)[1] for place in places]
        try:
            done = [max(0, place.offset) for place in reader.committed(places, timeout=10)]
        except KafkaException:  # the broker was started again: the group has no coordinator for a moment
            done = []
        reader.close()
        return sum(ends) - sum(done)

    def _untold(self) -> int:
        outbox = open_outbox(f"redis://{self.servers.redis_address}/0/chaos")
        depth = outbox.depth(time.time())
        outbox.close()
        return depth.ready + depth.later + depth.in_flight

    def failures(self) -> list[str]:
        """Return what does not hold."""
        store: Any = open_store(self.store_dsn, read_only=True)
        settings = load_settings(str(self.settings), {})
        log = chaos_check.the_log(self.servers.brokers, TOPIC, PARTITIONS)
        expected = chaos_check.undisturbed(settings, log, int(time.time()))
        letters = self.root / "data" / "dead_letters.jsonl"
        client = store._client  # noqa: SLF001 - raw documents, doubled ones too, are what is looked at
        found = list(chaos_check.failures(client, PREFIX, expected, self.load.good, self.load.bad, letters))
        found += chaos_check.untold(client, PREFIX, settings.outbox.dsn, self.provider.seen, time.time())
        store.close()
        repeated = sum(self.provider.seen.values()) - len(self.provider.seen)
        kills = sum(self.kills.values())
        if repeated > kills:
            found.append(f"{repeated} notices were repeated by {kills} kills")
        print(
            f"{len(log)} records ({self.load.bad} bad), {len(expected[chaos_check.Alert])} alerts, "
            f"{len(self.provider.seen)} notices delivered, {repeated} of them again; kills: {self.kills}"
        )
        return found

    def close(self) -> None:
        for child in self.children:
            child.process.kill()
            child.process.wait()
        self.provider.close()


def chaos(root: Path, kills: int, seed: int = 1, rate: int = 200, outage: float = 60.0) -> list[str]:
    """Run it; return what did not hold."""
    servers = Servers()
    try:
        run = Run(root, servers, seed, rate)
        try:
            run.live(3)
            run.trouble(kills, outage)
            run.settle()
            return run.failures()
        finally:
            run.load.stop()
            run.close()
    finally:
        servers.stop()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--rate", type=int, default=200)
    options.add_argument("--outage", type=float, default=60.0)
    options.add_argument("--keep", metavar="DIR", help="keep the run's files here")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(given.keep or scratch)
        root.mkdir(parents=True, exist_ok=True)
        found = chaos(root, given.kills, given.seed, given.rate, given.outage)
    for line in found[:50]:
        print("FAILED", line)
    print("FAILED" if found else "nothing lost, nothing doubled")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
