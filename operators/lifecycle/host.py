"""The host of a worker inside a dataflow: batches in, records said out, state by key as bytes."""

from collections.abc import Callable, Iterable, Sequence

from operators.batch import Batch, Polled, Raw, Share, key_of, shares
from operators.intake.name import Body, Record, RulesChange, Tick, take_in
from operators.lifecycle.relay import Portion, Relay, concerns, is_wrapped, unwrap, wrap
from operators.lifecycle.worker import Worker
from operators.model.command import Command
from operators.model.event import Event
from operators.model.slot import ALONE, KEYS, SHARED, Owner, slot_of_command
from operators.rules.book import RuleBook

Inherited = Callable[[str], bytes | None]
"""Key -> its state in the savepoint that a job begins with."""


def nothing(_: str) -> None:
    """Nothing is inherited."""


class Host:
    """Drives one worker a process, in a cluster too: nothing here is locked (engine.md 3.3)."""

    def __init__(
        self, worker: Worker, current_book: Callable[[], RuleBook], owner: Owner = ALONE, inherited: Inherited = nothing
    ) -> None:
        self.worker = worker
        self._owner = owner
        self._inherited = inherited
        self._current_book = current_book
        self._known: set[str] = set()
        self._waiting: list[Batch] = []
        self._greeted = False
        self._book_seen: RuleBook | None = None
        self.relay: Relay | None = None
        """Of a process that is one of several."""

    # --- batches

    def spread(self) -> None:
        """Take notice that other processes hold some of the keys."""
        self.relay = self.relay or Relay()

    def take_in(self, polled: list[Polled]) -> Iterable[tuple[str, Share | Portion]]:
        """Turn polls into batches and share each among the keys it may change."""
        if self.relay is not None:
            return self.relay.send(polled, self._record)
        return self._shared_out(polled)

    def _shared_out(self, polled: list[Polled]) -> list[tuple[str, Share | Portion]]:
        out: list[tuple[str, Share | Portion]] = []
        if not self._greeted:  # a slot is built only when something is sent to it (engine.md 0.3)
            self._greeted = True
            out += self._share_out(Batch())
        for poll in polled:
            out += self._batch(poll)
        return out

    def _batch(self, poll: Polled) -> list[tuple[str, Share]]:
        book = self._new_book()
        records = self._decoded(poll.raws, is_settled=book is None and self._is_settled())
        batch = Batch(records, poll.clock, is_end=poll.is_end, book=book)
        batch.keys = self._keys_of(batch)
        return self._share_out(batch)

    def _new_book(self) -> RuleBook | None:
        """Return the book below, if another one has come since the last look."""
        book = self._current_book()
        if book is self._book_seen:
            return None
        self._book_seen = book
        return book

    def _is_settled(self) -> bool:
        """Tell whether the rules that will be in force after all that waits are those in force now."""
        if len(self._known) < len(KEYS):
            return False
        return all(batch.keys is not KEYS for batch in self._waiting)

    def _decoded(self, raws: Sequence[Raw], *, is_settled: bool) -> list[Record | Raw]:
        """Decode records up to the first one that changes the rules: the others mean what they mean under its rules."""
        out: list[Record | Raw] = list(raws)
        for place, raw in enumerate(raws) if is_settled else ():
            out[place] = record = self._record(raw)
            if type(record.body) is RulesChange:
                break
        return out

    def _keys_of(self, batch: Batch) -> Iterable[str]:
        """Return the keys that a batch may change; KEYS itself where that may be any."""
        if batch.is_end or batch.book is not None:
            return KEYS
        keys, latest = {SHARED}, batch.clock or 0
        for record in batch.records:
            if isinstance(record, Raw) or (key := key_of(record)) is None:
                return KEYS
            keys.add(key)
            latest = max(latest, record.at)
        due = self.worker.slots_due(latest)
        if due is None:
            return KEYS
        return sorted(keys.union(due, *(waiting.keys for waiting in self._waiting)))

    def _share_out(self, batch: Batch) -> list[tuple[str, Share]]:
        self._waiting.append(batch)
        return shares(batch)

    def _record(self, raw: Raw) -> Record:
        worker = self.worker
        at, body = take_in(raw.raw, worker.scene.book, worker.scene.settings, raw.kind, at=raw.at, latest=raw.latest)
        if type(body) is Event:
            return Record(at, body, raw.source, raw.position)
        body, is_quiet = worker.meant(body, raw.kind), False
        if raw.kind == "command" and self._owner.workers > 1:
            body, is_quiet = self._concerning_us(body)
        return Record(at, body, raw.source, raw.position, raw.raw, is_quiet)

    def _concerning_us(self, body: Body) -> tuple[Body, bool]:
        """Return what a record that every worker reads is to this one, and whether another says its dead letter."""
        slot = slot_of_command(body) if isinstance(body, Command) else None
        if slot is None:
            return body, not self._owner.is_first
        return (body, False) if self._owner.owns(slot) else (Tick(), True)

    def run(self, share: Share | Portion) -> list[object]:
        """Fold every batch up to this one, each once; nothing before all slots are there, or all portions."""
        if isinstance(share, Portion):
            self.spread()
            assert self.relay is not None
            self.relay.collect(share)
            return []
        batch = share.batch
        if len(self._known) < len(KEYS) and batch in self._waiting:
            return []
        while self._waiting and not batch.is_done:
            self._fold(self._waiting.pop(0))
        return self.worker.drain()

    def collected(self) -> list[object]:
        """Fold the batches of which every portion has come; only among several processes."""
        if self.relay is None:
            return []
        for records, portion in self.relay.complete():
            batch = Batch(records, portion.clock, is_end=portion.is_end, book=self._new_book())
            self._fold(batch)
        return self.worker.drain()

    def _fold(self, batch: Batch) -> None:
        worker = self.worker
        batch.is_done = True
        if batch.book is not None:
            worker.put_book(batch.book)
        for one in batch.records:
            record = self._record(one) if isinstance(one, Raw) else one
            ours = record if self.relay is None else concerns(record, self._known)
            if ours is not None:
                worker.fold(ours)
        if batch.clock is not None:
            worker.advance(batch.clock)
        if batch.is_end:
            worker.close()

    # --- state

    def begin(self, key: str) -> None:
        """Take notice of a key of which the engine has no state; a savepoint may have it."""
        data = self._inherited(key)
        if data is not None:
            self._restore(key, data)
        self._known.add(key)

    def adopt(self, resume: bytes) -> str:
        """Restore the state of a key; return the key."""
        key, data = resume[:2].decode().strip(), resume[2:]
        if is_wrapped(data):
            data = self._adopt_kept(data)
        self._restore(key, data)
        self._known.add(key)
        return key

    def _restore(self, key: str, data: bytes) -> None:
        if key == SHARED:
            self.worker.restore_shared(data)
        else:
            self.worker.restore_slot(key, data)

    def snapshot(self, key: str) -> bytes:
        """Return the state of a key, its name first."""
        name = key.ljust(2).encode()
        if self.relay is None:
            return name + self._state(key)
        is_deputy = SHARED not in self._known and key == min(self._known)
        shared = self.worker.snapshot_shared() if is_deputy else None
        return name + wrap(self.relay.kept(key), shared, self._state(key))

    def _state(self, key: str) -> bytes:
        if key == SHARED:
            return self.worker.snapshot_shared()
        return self.worker.snapshot_slot(key)

    def _adopt_kept(self, data: bytes) -> bytes:
        """Take over what a process of several kept before the state of a key; return that state."""
        self.spread()
        assert self.relay is not None
        portions, shared, state = unwrap(data)
        self.relay.adopt(portions)
        if shared is not None:
            self.worker.restore_shared(shared)
        return state
