"""The Bytewax operators, and nothing else: the only module of the core that knows the engine (design.md 2, engine.md).

What flows are lists: one a poll or batch, because the engine's share of an event is paid an item (engine.md 3.5). The ids
of the steps with state are part of the format of the recovery store (flows/recovery/ids.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import bytewax.operators as op
from bytewax.dataflow import Stream, operator
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.batch import InOrder, Share
from operators.converge.by_business import ByBusiness, Part
from operators.converge.notices import Notices
from operators.intake.intake import Intake
from operators.intake.poll import Polled
from operators.intake.said import Named, Said
from operators.model.slot import ONE_ORDER, SHARED

T = TypeVar("T")
RETAIN = StatefulBatchLogic.RETAIN
Write = Callable[[Sequence[Named | Said]], Iterable[Any]]


class IntakeLogic(StatefulBatchLogic[Polled, Named, bytes]):
    """The rules in force, and the clock."""

    def __init__(self, stage: Intake, resume: bytes | None) -> None:
        self._stage = stage
        stage.begin(resume)

    def on_batch(self, values: list[Polled]) -> tuple[Iterable[Named], bool]:
        """Name what was polled."""
        return [self._stage.take(polled) for polled in values], RETAIN

    def snapshot(self) -> bytes:
        """Return what is kept."""
        return self._stage.snapshot()


@operator
def intake(step_id: str, up: Stream[Polled], stage: Intake) -> Stream[Named]:
    """Decode, enrich and name; one order, for the rules change at their place in it."""
    polls: KeyedStream[Polled] = op.key_on("one_order", up, lambda _: ONE_ORDER)
    named = op.stateful_batch("rules", polls, lambda resume: IntakeLogic(stage, resume))
    return op.key_rm("named", named)


class SlotLogic(StatefulBatchLogic[Share, Said, bytes]):
    """One key of the lifecycle: a slot's states, or what no slot owns. The stage does the work."""

    def __init__(self, stage: InOrder, resume: bytes | None) -> None:
        self._stage = stage
        self._key = stage.adopt(resume) if resume is not None else None

    def on_batch(self, values: list[Share]) -> tuple[Iterable[Said], bool]:
        """Let the stage fold what has come."""
        if self._key is None:
            self._key = values[0].key
            self._stage.begin(self._key)
        return [said for share in values for said in self._stage.run(share)], RETAIN

    def snapshot(self) -> bytes:
        """Return the state under this key; its name comes first."""
        return self._stage.snapshot(self._key or SHARED)


@operator
def in_order(step_id: str, up: Stream[Named], stage: InOrder) -> Stream[Said]:
    """Fold into alerts, keyed on dedupe_md5 by slot, but in one order: quotas and noise reduction count across slots."""
    shares: KeyedStream[Share] = op.flat_map_batch("share", up, stage.share)
    said = op.stateful_batch("slots", shares, lambda resume: SlotLogic(stage, resume))
    return op.key_rm("said", said)


class NoticesLogic(StatefulBatchLogic[Part, Said, bytes]):
    """The notices of one slot of businesses."""

    def __init__(self, stage: ByBusiness, resume: bytes | None) -> None:
        self._stage, self._resume = stage, resume
        self._store: Notices | None = None

    def on_batch(self, values: list[Part]) -> tuple[Iterable[Said], bool]:
        """Take what is for this slot, in order."""
        store = self._store = self._store or self._stage.store(values[0].slot, self._resume)
        for part in values:
            for thing in part.things:
                store.take(thing)
        said = store.drain()
        return ([Said(said, [], store.clock)] if said else ()), RETAIN

    def snapshot(self) -> bytes:
        """Return what is kept: what was resumed, where nothing has come since."""
        return self._store.snapshot() if self._store is not None else self._resume or b""


@operator
def by_business(step_id: str, up: Stream[Any], stage: ByBusiness) -> Stream[Said]:
    """Merge and put into words what is handed over, keyed on the business; documents pass by."""
    parts: KeyedStream[Part] = op.flat_map_batch("route", up, stage.route)
    told = op.stateful_batch("slots", parts, lambda resume: NoticesLogic(stage, resume))
    return op.merge("told", op.flat_map_batch("documents", up, _documents), op.key_rm("notices", told))


def _documents(up: list[Named | Said]) -> Iterable[Said]:
    return [Said(documents, [], said.clock) for said in up if (documents := said.documents)]


@operator
def written(step_id: str, up: Stream[Any], write: Write) -> Stream[Any]:
    """Make documents durable, then pass on what is left: notices, and what was refused."""
    return op.flat_map_batch("write", up, write)


@operator
def only(step_id: str, up: Stream[Any], kind: type[T]) -> Stream[T]:
    """Pass on the things of one kind."""
    return op.flat_map_batch("of_kind", up, lambda things: [thing for thing in things if isinstance(thing, kind)])
