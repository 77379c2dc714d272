"""A job with many open alerts: its parts, its begin from parts in another place, a steady load with backups, another number of workers.

python -m bench.rescale [--open 1000000] [--workers 2] [--to 4]
python -m bench.rescale --open 156000 --rate 15000 [--minutes 3] [--backup-every 60]

States are copies of some real ones under other fingerprints; the job runs on a real Kafka, with snapshots and backups as in production.
"""

import argparse
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import Any

import msgspec
import urllib3
import yaml
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.core import Core
from bench.events import event
from bench.figure import ROUNDS, calibration, spread
from flows.recovery.parts import Part, put_part, write_part
from flows.recovery.place import Folder
from flows.recovery.savepoint import states_in
from flows.recovery.sets import folder_of
from operators.intake.intake import Intake
from operators.model.settings import CoreSettings
from operators.model.slot import SLOTS
from operators.rules.book import RuleBook
from operators.savepoint.file import FORMAT, Frame, Head, IntakeState, KafkaPlace, SharedState, SlotState
from operators.state.slot import Slot
from operators.state.state import State
from sinks.kafka.keyed import partition_of
from tests.servers.kafka import kafka_server

TOPIC, PARTITIONS = "raw", 16
REAL = 4000
"""Alerts that events have opened; all others are their copies."""
PATIENCE = 900
TICKS = os.sysconf("SC_CLK_TCK")
TOCSIN = [sys.executable, "-c", "from flows.cli import main; main()"]
ENV = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}


def fingerprint(number: int) -> str:
    return md5(b"%d" % number).hexdigest()


# --- the state to begin with


def real_ones(now: int) -> list[tuple[bytes, State]]:
    """Return states with their bytes, each of an alert that has just opened."""
    core = Core()
    core.fold(
        json.dumps(json.loads(event(key, key, 2, "ABNORMAL", 0, 1)) | {"time": now}).encode() for key in range(REAL)
    )
    found = [state for slot in core.worker.states.slots.values() for state in slot.states.values()]
    return [(msgspec.msgpack.encode(state), state) for state in found], core.worker.snapshot_shared()


def frames(count: int, now: int) -> Iterator[Frame]:
    """Yield what one worker keeps with so many open alerts, slot by slot."""
    real, shared = real_ones(now)
    by_slot: dict[str, list[int]] = {slot: [] for slot in SLOTS}
    for number in range(count):
        by_slot[fingerprint(number)[:2]].append(number)
    intake = Intake(CoreSettings(), RuleBook.empty)
    intake.clock = now
    yield IntakeState(0, intake.snapshot())
    yield SharedState(0, shared)
    decode = msgspec.msgpack.Decoder(State).decode
    for key, numbers in by_slot.items():
        slot = Slot()
        for number in numbers:
            data, state = real[number % len(real)]
            new = fingerprint(number)
            assert state.alert is not None
            data = data.replace(state.dedupe_md5.encode(), new.encode())
            slot.put(decode(data.replace(state.alert.seq_id.encode(), new[:12].encode())))
        yield SlotState(0, key, slot.snapshot())


def lay_down(place: Folder, count: int) -> None:
    """Write the part of one worker, as a job in another place would have left it."""
    now, began = int(time.time()), time.monotonic()
    places = [KafkaPlace(0, now, {f"{TOPIC}:{number}": (0, now) for number in range(PARTITIONS)})]
    head = Head(FORMAT, now, "bench", "all", 1, len(SLOTS), {TOPIC: PARTITIONS})
    size = put_part(Part(0, head, places, frames(count, now)), place, folder_of("all", 1), now)
    print(
        f"{count:,} open alerts laid down in {time.monotonic() - began:.0f} s: {size / count:,.0f} bytes each",
        flush=True,
    )


# --- the job


class Job:
    """A supervised job, its Kafka and its place of parts."""

    def __init__(self, root: Path, backup_every: float) -> None:
        self.root, self.place = root, Folder(root / "place")
        self.kafka, self.brokers = kafka_server()
        admin = AdminClient({"bootstrap.servers": self.brokers})
        admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])[TOPIC].result()
        self.port = ports(8)
        self.settings = root / "tocsin.yaml"
        self.settings.write_text(yaml.safe_dump({
            "rules": "none", "store": {"dsn": "none"}, "outbox": {"dsn": "none"}, "quota": {"alert": {"threshold": 0}},
            "kafka": {"brokers": self.brokers, "topics": {TOPIC: {}}, "group": "bench"}, "metrics": {"port": self.port},
            "recovery": {"interval": 10}, "backup": {"place": str(root / "place"), "interval": backup_every, "restore": True},
        }))  # fmt: skip
        self.words = ["--settings", str(self.settings), "--data", str(root / "data")]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, workers: int) -> float:
        """Start it; return the seconds until every worker is ready."""
        begun = time.monotonic()
        with (self.root / "log").open("ab") as log:
            command = [*TOCSIN, "run", *self.words, "--workers", str(workers), "--no-courier"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=ENV)
        deadline = begun + PATIENCE
        while not all(is_ready(self.port + number) for number in range(workers)):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise RuntimeError((self.root / "log").read_text()[-3000:])
            time.sleep(0.1)
        return time.monotonic() - begun

    def workers(self) -> list[int]:
        assert self.process is not None
        return [
            int(one) for one in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.process = None

    def close(self) -> None:
        self.stop()
        self.kafka.stop()


def ports(count: int) -> int:
    """Return the first of several ports in a row that are free."""
    while True:
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            first: int = one.getsockname()[1]
        if first + count < 65_000 and all(is_free(first + number) for number in range(count)):
            return first


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return bool(one.connect_ex(("127.0.0.1", port)))


def is_ready(port: int) -> bool:
    try:
        return urllib3.request("GET", f"http://127.0.0.1:{port}/readyz", timeout=5, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def used(pid: int) -> tuple[float, float]:
    """Return seconds of CPU of a process, and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own, theirs = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / TICKS, theirs / TICKS


def memory(pid: int) -> float:
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def told_of(pids: Sequence[int]) -> str:
    cpu = sum(used(pid)[0] for pid in pids)
    return f"{cpu:.1f} s of CPU in all, {max(map(memory, pids)):,.0f} MiB a worker at most"


# --- what is measured


def begin(job: Job, workers: int, count: int) -> None:
    seconds = job.start(workers)
    print(
        f"{workers} workers begin from the parts of one with {count:,} open alerts: ready after {seconds:.1f} s, {told_of(job.workers())}",
        flush=True,
    )


def parts(job: Job) -> None:
    """Write the part of a worker several times, as the process beside a running job does it."""
    directory = states_in(job.root / "data" / "recovery")[0]
    rounds = []
    while len(rounds) < ROUNDS or sum(one[1] for one in rounds) < 10:
        wall, cpu = time.monotonic(), time.process_time()
        size = write_part(directory, Folder(job.root / "elsewhere"), int(time.time()))
        rounds.append((size, time.monotonic() - wall, time.process_time() - cpu))
    by_wall = [size / wall / 1e6 for size, wall, _ in rounds]
    by_cpu = [size / cpu / 1e6 for size, _, cpu in rounds]
    print(
        f"a part of {rounds[0][0] / 1e6:,.0f} MB: {spread(by_wall)[1]:,.0f} MB/s ({min(by_wall):,.0f} - {max(by_wall):,.0f}),"
        f" {spread(by_cpu)[1]:,.0f} MB a second of CPU, {len(rounds)} rounds",
        flush=True,
    )


def rescale(job: Job, target: int) -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [*TOCSIN, "rescale", *job.words, "--to", str(target), "--json"],
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    told = json.loads(done.stdout)["items"][0]
    print(
        f"rescale {told['from']} -> {told['to']} with {told['states']:,} states: {told['standstill']:.1f} s of standstill,"
        f" {time.monotonic() - begun:.0f} s in all; {told_of(job.workers())}\n{done.stderr.rstrip()}",
        flush=True,
    )


class Load(threading.Thread):
    """Events of open alerts, so many a second, until stopped."""

    RAW = (
        '{{"event_id":"b{number}","plugin_id":"p","alert_name":"alert-00","severity":2,"status":"ABNORMAL","target_type":"HOST",'
        '"target":"host-{key}","description":"value crossed threshold on host-{key}","tags":[{{"key":"metric","value":"system.metric_1"}},'
        '{{"key":"value","value":"{noise}"}}],"dedupe_md5":"{md5}","time":{now}}}'
    )

    def __init__(self, brokers: str, rate: int, count: int) -> None:
        super().__init__(daemon=True)
        self._producer = Producer({"bootstrap.servers": brokers, "linger.ms": 20, "compression.type": "lz4"})
        self._keys = [(key, fingerprint(key)) for key in range(count)]
        self._rate, self.is_over, self.sent = rate, False, 0

    def run(self) -> None:
        rng, begun = random.Random(5), time.monotonic()
        while not self.is_over:
            now, due = int(time.time()), int((time.monotonic() - begun) * self._rate)
            for number in range(self.sent, due):
                key, name = rng.choice(self._keys)
                raw = self.RAW.format(number=number, key=key, md5=name, now=now, noise=number % 1000)
                self._producer.produce(TOPIC, raw.encode(), partition=partition_of(name, PARTITIONS))
                if not number % 2000:
                    self._producer.poll(0)
            self.sent = max(self.sent, due)
            self._producer.poll(0.01)
        self._producer.flush(30)


def lag(brokers: str) -> int:
    """Return the records that wait, as the group has committed."""
    reader = Consumer({"bootstrap.servers": brokers, "group.id": "bench"})
    places = reader.committed([TopicPartition(TOPIC, number) for number in range(PARTITIONS)], timeout=30)
    waits = sum(reader.get_watermark_offsets(one, timeout=30)[1] - max(one.offset, 0) for one in places)
    reader.close()
    return waits


def steady(job: Job, rate: int, minutes: float, count: int) -> None:
    """Print what one worker makes of a steady load, and what its backups cost."""
    load = Load(job.brokers, rate, count)
    load.start()
    time.sleep(30)
    (pid, *_), begun = job.workers(), time.monotonic()
    (own, theirs), sent, first = used(pid), load.sent, lag(job.brokers)
    waits = [first]
    while time.monotonic() - begun < minutes * 60:
        time.sleep(10)
        waits.append(lag(job.brokers))
    seconds, after = time.monotonic() - begun, used(pid)
    events = load.sent - sent
    load.is_over = True
    load.join()
    done = events - (waits[-1] - first)
    cpu = after[0] - own
    each = cpu / done * 1e6
    print(
        f"one worker, {count:,} open alerts, {events / seconds:,.0f} events/s sent for {seconds:.0f} s: {done / seconds:,.0f}/s done,"
        f" lag {first:,} -> {waits[-1]:,} (most {max(waits):,}); {each:.1f} us CPU an event = {each / calibration():.2f} c;"
        f" {cpu / seconds:.0%} of a core, backups {(after[1] - theirs) / seconds:.1%} of a core; {memory(pid):,.0f} MiB",
        flush=True,
    )


def main() -> None:
    options: Any = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--open", type=int, default=1_000_000)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--to", type=int, default=4)
    options.add_argument("--rate", type=int, default=0)
    options.add_argument("--minutes", type=float, default=3)
    options.add_argument("--backup-every", type=float, default=300)
    given = options.parse_args()
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us; load {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        job = Job(Path(scratch), given.backup_every)
        try:
            lay_down(job.place, given.open)
            begin(job, 1 if given.rate else given.workers, given.open)
            if given.rate:
                steady(job, given.rate, given.minutes, given.open)
                return
            time.sleep(25)  # until the first snapshot
            parts(job)
            rescale(job, given.to)
        finally:
            job.close()
    print(f"calibration: {calibration():.1f} us; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
