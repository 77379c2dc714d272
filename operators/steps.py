"""The Bytewax adapters, and nothing else: the only module of the core that knows the engine (design.md 2, engine.md)."""

from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Stream
from bytewax.operators import KeyedStream, StatefulBatchLogic

from operators.batch import Polled, Share
from operators.lifecycle.host import Host
from operators.lifecycle.relay import Portion
from operators.model.slot import SHARED

Said = list[Any]


class SlotLogic(StatefulBatchLogic[Share | Portion, Said, bytes]):
    """One key of the `alerts` step: a slot's states, or what the slots share. The host does the work."""

    def __init__(self, host: Host, resume: bytes | None) -> None:
        self._host = host
        self._key = host.adopt(resume) if resume is not None else None

    def on_batch(self, values: list[Share | Portion]) -> tuple[Iterable[Said], bool]:
        """Let the host fold what has come."""
        if self._key is None:
            self._key = values[0].key
            self._host.begin(self._key)
        said: Said = []
        for share in values:
            said += self._host.run(share)
        is_heard = bool(said) or self._host.relay is not None  # what was only collected is folded by the next step
        return ([said] if is_heard else ()), StatefulBatchLogic.RETAIN

    def snapshot(self) -> bytes:
        """Return the state under this key; its name comes first."""
        return self._host.snapshot(self._key or SHARED)


def alerts(up: Stream[Polled], host: Host) -> Stream[Any]:
    """Fold what was polled; return every record said, in the order of its making."""
    shared: KeyedStream[Share | Portion] = op.flat_map_batch("intake", up, host.take_in)
    said = op.stateful_batch("alerts", shared, lambda resume: SlotLogic(host, resume))
    return op.flat_map_batch("gather", said, lambda keyed: _flat(keyed, host))


def _flat(keyed: list[tuple[str, Said]], host: Host) -> Iterable[Any]:
    return [thing for _, said in keyed for thing in said] + host.collected()
