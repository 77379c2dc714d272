"""Where what was said goes: documents, durable before they are passed on; then notices, and what was refused.

The engine counts a batch as delivered when its steps and sinks have returned, so nothing here hands over to a thread
(engine.md 0.10). What was written twice after a crash has the same ids and changes nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from bytewax.outputs import DynamicSink, StatelessSinkPartition

from operators.intake.said import Named, Said
from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.records import Action, DeadLetter, LogEntry, Notice
from operators.model.shield import ShieldDocument
from sinks.dead_letters import DeadLetters
from sinks.kafka.changes import ChangeFeed
from sinks.outbox import Outbox
from sinks.store.interface import Batch, Store, Written

Observe = Callable[[Sequence[Any]], None]


class NextJob(Protocol):
    """Hands on what the next job of a split pipeline reads."""

    def write(self, said: Sequence[Named | Said]) -> tuple[DeadLetter, ...]:
        """Deliver what concerns it, behind that how far we are; return dead letters for what can never be."""
        ...


class Edges:
    """Where what was said goes. Built once a process, closed at its end."""

    def __init__(
        self, store: Store | None, outbox: Outbox | None, dead_letters: DeadLetters, observe: Observe | None = None,
        *, keeps_events: bool = True, changes: ChangeFeed | None = None,
        next_job: NextJob | None = None, stored: Callable[[Written], None] | None = None,
    ) -> None:  # fmt: skip
        self._stored = stored or _unwatched
        self.store, self.outbox, self.dead_letters, self._changes = store, outbox, dead_letters, changes
        self._next_job = next_job
        self._observe = observe
        self._keeps_events = keeps_events

    def write(self, said: Sequence[Named | Said]) -> Iterable[Any]:
        """Make the documents of batches durable, and what the next job reads; return what is left: notices, dead letters."""
        documents = [thing for one in said for thing in one.documents]
        sorted_ = _by_type(documents)
        refused = list(sorted_.get(DeadLetter, ()))
        batch = self._batch(sorted_)
        if self.store is not None:
            written = self.store.write(batch)
            refused += written.refused
            self._stored(written)
        if self._changes is not None and batch.alerts:
            refused += self._changes.write(batch.alerts)
        if self._next_job is not None:
            refused += self._next_job.write(said)
        if self._observe is not None:
            self._observe(documents)
        return [*sorted_.get(Notice, ()), *refused]

    def put(self, notices: Sequence[Notice]) -> None:
        """Let notices wait for the courier."""
        if self.outbox is not None:
            self.outbox.put(notices, time.time())

    def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Keep what was refused."""
        self.dead_letters.write(letters)

    def _batch(self, sorted_: dict[type, list[Any]]) -> Batch:
        return Batch(
            alerts=_last_of_each(sorted_.get(Alert, ())),
            logs=sorted_.get(LogEntry, ()),
            actions=_last_of_each(sorted_.get(Action, ())),
            events=sorted_.get(Event, ()) if self._keeps_events else (),
            shields=_last_of_each(sorted_.get(ShieldDocument, ())),
            commands=sorted_.get(CommandDocument, ()),
        )

    def close(self) -> None:
        """Let go of everything."""
        for edge in (self.store, self.outbox, self.dead_letters):
            if edge is not None:
                edge.close()


def _unwatched(_: Written) -> None:
    """Nobody counts how writes went."""


def _by_type(said: Sequence[Any]) -> dict[type, list[Any]]:
    sorted_: dict[type, list[Any]] = {}
    for thing in said:
        kind = type(thing)
        if kind in sorted_:
            sorted_[kind].append(thing)
        else:
            sorted_[kind] = [thing]
    return sorted_


def _last_of_each(documents: Sequence[Any]) -> list[Any]:
    """Return the newest form of each document: only that needs writing."""
    return list({document.id: document for document in documents}.values())


class Part(StatelessSinkPartition[Any]):
    """The engine's view of a sink."""

    def __init__(self, write: Callable[[list[Any]], None]) -> None:
        self._write = write

    def write_batch(self, items: list[Any]) -> None:
        """Write what has come."""
        self._write(items)


class Sink(DynamicSink[Any]):
    """One part a process. `spread` is called where there are other processes: here alone the engine says so."""

    def __init__(self, write: Callable[[list[Any]], None], spread: Callable[[], None] = lambda: None) -> None:
        self._write, self._spread = write, spread
        self._is_built = False

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Part:  # noqa: ARG002 - the engine's signature
        """Return the only part of this process."""
        if self._is_built:
            raise RuntimeError("one worker a process, please: start more processes (-i, -a), not more workers (-w)")
        self._is_built = True
        if worker_count > 1:
            self._spread()
        return Part(self._write)
