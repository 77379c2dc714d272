"""Stage 2 inside the dataflow: a batch shared out among the slots it may change, and folded in one order (design.md 5).

The engine snapshots a slot only if something was sent to it. So each slot that a batch may change gets a share, and the
whole batch is folded, once, with the first of them: quotas and noise reduction count across slots and must see the
order of arrival.

Among several processes nobody knows when all of a batch has come: there a share brings its own slot's records, and each
slot has a worker of its own, with a clock of its own. The limits are those of the process.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from operators.intake.name import InForce, Record
from operators.intake.said import Named, Said
from operators.lifecycle.worker import Worker
from operators.model.command import ON_ALERTS, Command
from operators.model.event import Event
from operators.model.settings import CoreSettings
from operators.model.slot import KEYS, SHARED, slot_of_command
from operators.state.ahead import Ahead
from operators.state.scene import Limits

Inherited = Callable[[str], bytes | None]
"""Key -> its state in the savepoint that a job begins with."""


class Watch(Protocol):
    """Told of snapshots: before the state of a key is encoded, and behind it; and when all state is back."""

    def resumed(self) -> None:
        """Take notice that every key is there: its snapshot, or its beginning."""

    def keeps(self, key: str) -> None:
        """Take notice that a snapshot of a key begins."""

    def kept(self, key: str) -> None:
        """Take notice that it is done."""


class Unwatched:
    """Nobody is told."""

    def resumed(self) -> None:
        """Nobody is told."""

    def keeps(self, key: str) -> None:
        """Nobody is told."""

    def kept(self, key: str) -> None:
        """Nobody is told."""


def nothing(_: str) -> None:
    """Nothing is inherited."""


class Batch:
    """What intake named of one poll, to be folded once."""

    __slots__ = ("is_done", "keys", "named")

    def __init__(self, named: Named, keys: Iterable[str] = KEYS) -> None:
        self.named = named
        self.keys = keys
        self.is_done = False


class Share:
    """A slot's share of a batch."""

    __slots__ = ("batch", "key")

    def __init__(self, key: str, batch: Batch) -> None:
        self.key = key
        self.batch = batch


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """The snapshot of a key: its name, its state, and what no slot owns where each slot has a worker of its own."""

    key: str
    state: bytes
    beside: bytes | None = None


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Kept).decode


def state_of(data: bytes) -> bytes:
    """Return the state in a snapshot of a key."""
    return _decode(data).state


def is_of_several(data: bytes) -> bool:
    """Return True if a snapshot is that of one process among several."""
    return _decode(data).beside is not None


def key_of(record: Record) -> str | None:
    """Return the key whose state a record may change; None: any."""
    body = record.body
    if type(body) is Event and (key := body.dedupe_md5[:2]) in _IS_KEY:
        return key
    if isinstance(body, Command):
        return slot_of_command(body) if body.command in ON_ALERTS else SHARED
    if isinstance(body, InForce):
        return None
    key = (getattr(body, "dedupe_md5", None) or SHARED)[:2].lower()
    return key if key in _IS_KEY else SHARED


_IS_KEY = frozenset(KEYS)


class InOrder:
    """Shares batches out, folds each once, keeps state by slot. One a process: nothing here is locked (engine.md 3.3)."""

    def __init__(self, settings: CoreSettings, inherited: Inherited = nothing, watch: Watch | None = None) -> None:
        self._settings, self._inherited, self._watch = settings, inherited, watch or Unwatched()
        self._limits = Limits(settings)
        self.worker = Worker(settings, limits=self._limits)
        self._ahead = Ahead(self.worker.states)
        self._apart: dict[str, Worker] | None = None
        self._known: set[str] = set()
        self._waiting: list[Batch] = []

    def spread(self) -> None:
        """Take notice that other processes hold some of the slots; before anything is folded."""
        self._apart = {}

    # --- sharing out

    def share(self, batches: list[Named]) -> Iterable[tuple[str, Share]]:
        """Share batches out among the keys they may change."""
        return [pair for named in batches for pair in (self._shares(named) if self._apart is None else _parts(named))]

    def _shares(self, named: Named) -> list[tuple[str, Share]]:
        batch = Batch(named, self._keys_of(named))
        self._waiting.append(batch)
        return [(key, Share(key, batch)) for key in batch.keys]

    def _keys_of(self, named: Named) -> Iterable[str]:
        """Return the keys that a batch may change; KEYS itself where that may be any."""
        if named.is_end:
            return KEYS
        keys, latest = {SHARED}, named.clock
        for record in named.records:
            key = key_of(record)
            if key is None:
                return KEYS
            keys.add(key)
        due = self.worker.slots_due(latest)
        if due is None:
            return KEYS
        return sorted(keys.union(due, *(waiting.keys for waiting in self._waiting)))

    # --- folding

    def run(self, share: Share) -> list[Said]:
        """Fold every batch up to this one, each once; nothing before all slots are there."""
        if self._apart is not None:
            self._watch.resumed()
            return self._fold(share.batch, self.of_slot(share.key))
        batch, said = share.batch, list[Said]()
        if len(self._known) < len(KEYS) and not batch.is_done:
            return said
        self._watch.resumed()
        while self._waiting and not batch.is_done:
            folded = self._waiting.pop(0)
            said += self._fold(folded, self.worker)
            self._ahead.folded(len(folded.named.records), self.worker.clock)
        return said

    def _fold(self, batch: Batch, worker: Worker) -> list[Said]:
        batch.is_done = True
        for record in batch.named.records:
            worker.fold(record)
        worker.advance(batch.named.clock)
        if batch.named.is_end:
            worker.close()
        said = worker.drain()
        said.is_end = batch.named.is_end
        if not worker.speaks:  # one worker of a process tells the time
            said.clock = 0
        return [said] if said.clock or said.documents or said.handed else []

    def of_slot(self, key: str) -> Worker:
        """Return the worker that owns a slot."""
        if self._apart is None:
            return self.worker
        if key not in self._apart:
            self._apart[key] = worker = Worker(self._settings, limits=self._limits, beside=self.worker)
            worker.of_slot, worker.speaks = self.of_slot, key == SHARED
        return self._apart[key]

    # --- state

    def begin(self, key: str) -> None:
        """Take notice of a key of which the engine has no state; a savepoint may have it."""
        data = self._inherited(key)
        if data is not None:
            self._restore(key, data)
        self._known.add(key)

    def adopt(self, resume: bytes) -> str:
        """Restore the state of a key; return the key. Raises SnapshotError."""
        kept = _decode(resume)
        self._restore(kept.key, kept.state)
        if kept.beside is not None:
            self.of_slot(kept.key).restore_shared(kept.beside)
        self._known.add(kept.key)
        return kept.key

    def _restore(self, key: str, data: bytes) -> None:
        worker = self.of_slot(key)
        worker.restore_shared(data) if key == SHARED else worker.restore_slot(key, data)

    def snapshot(self, key: str) -> bytes:
        """Return the state of a key, its name first."""
        self._watch.keeps(key)
        worker, is_apart = self.of_slot(key), self._apart is not None
        has_limits = not is_apart or key == min(self._known)
        state = worker.snapshot_shared(limits=has_limits) if key == SHARED else worker.snapshot_slot(key)
        beside = worker.snapshot_shared(limits=has_limits) if is_apart and key != SHARED else None
        self._watch.kept(key)
        if key == SHARED:
            self._ahead.kept(worker.clock)
        return _encode(Kept(key, state, beside))


def _parts(named: Named) -> list[tuple[str, Share]]:
    """Return a share a key, each with what concerns this key alone."""
    of: Mapping[str, list[Record]] = {key: [] for key in KEYS}
    for record in named.records:
        key = key_of(record)
        if key is not None:
            of[key].append(record)
            continue
        quiet = msgspec.structs.replace(record, is_quiet=True)
        for each in KEYS:
            of[each].append(record if each == SHARED else quiet)
    return [(key, Share(key, Batch(Named(own, named.clock, named.is_end)))) for key, own in of.items()]
