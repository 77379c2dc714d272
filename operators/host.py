"""The host of a worker inside a dataflow: batches in, records said out, state by key as bytes."""

from collections.abc import Callable, Iterable

from operators.batch import KEYS, SHARED, Batch, Polled, Raw, Share, key_of, shares
from operators.commands import ON_SHIELDS, Command
from operators.event import Event
from operators.intake import Record, RulesChange, take_in
from operators.rules.book import RuleBook
from operators.slot import Slot
from operators.worker import Worker


class Host:
    """Drives one worker. Single-worker processes only: nothing here is locked (engine.md 3.3)."""

    def __init__(self, worker: Worker, current_book: Callable[[], RuleBook]) -> None:
        self.worker = worker
        self._current_book = current_book
        self._known: set[str] = set()
        self._waiting: list[Batch] = []
        self._greeted = False
        self._book_seen = current_book()
        self._book_put: RuleBook | None = None

    # --- batches

    def take_in(self, polled: list[Polled]) -> Iterable[tuple[str, Share]]:
        """Turn polls into batches and share each among the keys it may change."""
        out: list[tuple[str, Share]] = []
        if not self._greeted:  # a slot is built only when something is sent to it (engine.md 0.3)
            self._greeted = True
            out += self._shares(Batch((), None, is_end=False), KEYS)
        for poll in polled:
            out += self._batch(poll)
        return out

    def _batch(self, poll: Polled) -> list[tuple[str, Share]]:
        book = self._current_book()
        is_new = book is not self._book_seen
        self._book_seen = book
        records = [self._record(raw) for raw in poll.raws]
        batch = Batch(records, poll.clock, is_end=poll.is_end)
        if is_new or poll.is_end or any(_touches_all(record) for record in records):
            return self._shares(batch, KEYS)
        latest = max([record.at for record in records], default=0)
        keys = {key_of(record) for record in records} | self.worker.slots_due(max(latest, poll.clock or 0))
        return self._shares(batch, sorted(keys | {SHARED}))

    def _shares(self, batch: Batch, keys: Iterable[str]) -> list[tuple[str, Share]]:
        self._waiting.append(batch)
        return shares(batch, keys)

    def _record(self, raw: Raw) -> Record:
        worker = self.worker
        arrival, body = take_in(raw.raw, worker.scene.book, worker.scene.settings, raw.kind)
        at = raw.at
        if at is None:
            at = arrival.at if arrival.at is not None else arrival.time or 0
        elif arrival.at is not None:
            at = min(at, arrival.at)
        keep_raw = type(body) is not Event
        return Record(at, body, raw.source, raw.position, raw.raw if keep_raw else b"")

    def run(self, batch: Batch) -> list[object]:
        """Fold every batch up to this one, each once; nothing before all slots are there."""
        if len(self._known) < len(KEYS) and batch in self._waiting:
            return []
        while self._waiting and not batch.is_done:
            self._fold(self._waiting.pop(0))
        if not batch.is_done:  # it came from another process
            self._fold(batch)
        return self.worker.drain()

    def _fold(self, batch: Batch) -> None:
        worker = self.worker
        batch.is_done = True
        if (book := self._current_book()) is not self._book_put:
            self._book_put = book
            worker.put_book(book)
        for record in batch.records:
            worker.fold(record)
        if batch.clock is not None:
            worker.advance(batch.clock)
        if batch.is_end:
            worker.close()

    # --- state

    def begin(self, key: str) -> None:
        """Take notice of a key without state."""
        self._known.add(key)

    def adopt(self, resume: bytes) -> str:
        """Restore the state of a key; return the key."""
        key, data = resume[:2].decode().strip(), resume[2:]
        if key == SHARED:
            self.worker.restore_shared(data)
        else:
            self.worker.adopt(key, Slot.restore(data))
        self._known.add(key)
        return key

    def snapshot(self, key: str) -> bytes:
        """Return the state of a key, its name first."""
        name = key.ljust(2).encode()
        if key == SHARED:
            return name + self.worker.snapshot_shared()
        slot = self.worker.states.slots.get(key)
        return name + (slot or Slot()).snapshot()


def _touches_all(record: Record) -> bool:
    body = record.body
    return isinstance(body, RulesChange) or (isinstance(body, Command) and body.command in ON_SHIELDS)
