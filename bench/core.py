"""CPU of the core alone, from bytes to state; memory of an open alert; snapshot and restore."""

import gc
import resource
import sys
import time
from collections.abc import Iterable, Sequence

from bench.events import mixed, openings, repeats
from bench.figure import Round, figure, rounds_of, timed
from flows.rules.templates import renderer
from flows.settings.settings import Settings
from operators.converge.in_one_order import InOneOrder
from operators.intake.decode import MIXED
from operators.intake.name import InForce, Record, take_in
from operators.lifecycle.worker import Worker
from operators.model.slot import SLOTS
from operators.rules.book import RuleBook
from operators.state.slot import Slot

CHUNK = 200
EVENTS = 100_000


class Core:
    """The stages of a job, driven in one order as a replay drives them; what they say is let go."""

    def __init__(self, book: RuleBook | None = None) -> None:
        self.settings, self.book = Settings(), book or RuleBook.empty()
        self._notices = InOneOrder(self.settings, renderer(self.settings))
        self.worker = Worker(self.settings, self.book, hand=self._notices.take)
        self._notices.take(InForce(self.book))

    def fold(self, raws: Iterable[bytes]) -> None:
        """Fold in chunks, as the flow does: what is decoded dies young."""
        records: list[Record] = []
        for raw in raws:
            records.append(Record(*take_in(raw, self.book, self.settings, MIXED)))
            if len(records) == CHUNK:
                self._fold(records)
        self._fold(records)

    def _fold(self, records: list[Record]) -> None:
        for record in records:
            self.worker.fold(record)
        records.clear()
        self.advance(self.worker.clock)

    def advance(self, now: int) -> None:
        """Let the clock go on."""
        self.worker.advance(now)
        self._notices.advance(now)
        self.worker.drain()


def round_of(host: Core, raws: Sequence[bytes]) -> Round:
    """Fold the events in this process; return what it took."""
    gc.collect()
    gc.freeze()

    def work() -> int:
        host.fold(raws)
        return len(raws)

    return timed(work)


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def open_alerts(count: int) -> None:
    """Print cost an event, memory, snapshot and restore with `count` alerts open."""
    host = Core()
    before = memory()
    rate = max(count // 60, 1)
    host.fold(openings(count))
    gc.collect()
    bytes_each = (memory() - before) / count
    events = iter(range(count, 1 << 40, EVENTS))
    rounds = rounds_of(lambda: round_of(host, list(repeats(EVENTS, count, (begin := next(events)), rate, seed=begin))))
    print(f"open alerts {count:>7,}: repeats, their entries and documents every minute: {figure(rounds)}")
    begin = time.perf_counter()
    data = {key: slot.snapshot() for key in SLOTS if (slot := host.worker.states.slots.get(key))}
    first = time.perf_counter() - begin
    begin = time.perf_counter()
    for slot in host.worker.states.slots.values():
        slot.snapshot()
    again = time.perf_counter() - begin
    begin = time.perf_counter()
    other = Core().worker
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
    events = list(mixed(EVENTS, EVENTS // 10))
    print(f"core, decode to state, event set: {figure(rounds_of(lambda: round_of(Core(), events)))}")


if __name__ == "__main__":
    main()
