"""CPU of the core alone, from bytes to state; memory of an open alert; snapshot and restore."""

import gc
import resource
import sys
import time
from collections.abc import Iterable

from bench.events import mixed, openings, repeats
from flows.rules.templates import renderer
from flows.settings import Settings
from operators.intake.name import Record, take_in
from operators.lifecycle.worker import Worker
from operators.model.slot import SLOTS
from operators.rules.book import RuleBook
from operators.state.slot import Slot

CHUNK = 200


def worker() -> Worker:
    settings = Settings()
    return Worker(settings, RuleBook.empty(), renderer(settings))


def fold(host: Worker, raws: Iterable[bytes]) -> None:
    """Fold in chunks, as the flow does: what is decoded dies young."""
    book, settings = host.scene.book, host.scene.settings
    records: list[Record] = []
    for raw in raws:
        at, body = take_in(raw, book, settings)
        records.append(Record(at, body))
        if len(records) == CHUNK:
            for record in records:
                host.fold(record)
            records.clear()
            host.said.clear()
    for record in records:
        host.fold(record)
    host.said.clear()


def cpu_per_event(host: Worker, raws: list[bytes]) -> float:
    """Return microseconds of CPU an event."""
    gc.collect()
    gc.freeze()
    begin = time.process_time()
    fold(host, raws)
    return (time.process_time() - begin) / len(raws) * 1e6


def calibration() -> float:
    """Return microseconds of a fixed piece of work, to compare machines and moments."""

    def once() -> float:
        begin = time.process_time()
        for _ in range(2000):
            sum(range(1000))
        return (time.process_time() - begin) / 2000 * 1e6

    return min(once() for _ in range(5))


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def open_alerts(count: int) -> None:
    """Print cost an event, memory, snapshot and restore with `count` alerts open."""
    host = worker()
    before = memory()
    rate = max(count // 60, 1)
    fold(host, openings(count))
    gc.collect()
    bytes_each = (memory() - before) / count
    events = list(repeats(100_000, count, count, rate))
    cost = cpu_per_event(host, events)
    print(f"open alerts {count:>7,}: {cost:5.1f} us CPU an event (repeats, their entries and documents every minute)")
    begin = time.perf_counter()
    data = {key: slot.snapshot() for key in SLOTS if (slot := host.states.slots.get(key))}
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    for slot in host.states.slots.values():
        slot.snapshot()
    again = time.perf_counter() - begin
    begin = time.perf_counter()
    other = worker()
    for key, one in data.items():
        other.adopt(key, Slot.restore(one))
    resume = time.perf_counter() - begin
    size = sum(map(len, data.values())) / count
    print(
        f"  {bytes_each:,.0f} bytes of memory and {size:,.0f} of snapshot an alert; "
        f"snapshot {first:.2f} s the first, {again:.2f} s unchanged; restore {resume:.2f} s"
    )


def main() -> None:
    if len(sys.argv) > 1:
        open_alerts(int(sys.argv[1]))
        return
    events = list(mixed(100_000, 10_000))
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us")
    costs = sorted(cpu_per_event(worker(), events) for _ in range(3))
    print(f"core, decode to state, event set: {costs[1]:.1f} us CPU an event ({costs[0]:.1f} - {costs[2]:.1f})")


if __name__ == "__main__":
    main()
