"""Batches on their way through the dataflow: what one poll brought, shared among the slots it touches (design.md 5).

A worker folds a batch once, in the order of arrival, whatever slots its records belong to: so quotas and merging see the same order as
a replay does. The engine needs to know which slots a batch may change, for their snapshots: each gets a share of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from operators.intake import Record

SHARED = "~"
"""Key of the state that no slot owns; it sorts behind every slot."""
SLOTS = tuple(f"{number:02x}" for number in range(256))
KEYS = (*SLOTS, SHARED)


class Raw(msgspec.Struct, frozen=True, gc=False):
    """One record as a source read it. `at` None: the record's own arrival time, or that of the record before."""

    at: int | None
    source: str
    position: str
    raw: bytes
    kind: str = "event"
    """event, check or command: what a record without `kind` is."""


class Polled(msgspec.Struct, frozen=True, gc=False):
    """What one poll brought, in order of arrival."""

    raws: Sequence[Raw] = ()
    clock: int | None = None
    """The stream's clock after these records; None: it stands where the last record left it."""
    is_end: bool = False
    """Nothing more will ever come."""


class Batch:
    """The records of one poll, to be folded once."""

    __slots__ = ("clock", "is_done", "is_end", "records")

    def __init__(self, records: Sequence[Record], clock: int | None, *, is_end: bool) -> None:
        self.records = records
        self.clock = clock
        self.is_end = is_end
        self.is_done = False


class Share:
    """One slot's share of a batch. In another process it is a batch of its own with this slot's records only."""

    __slots__ = ("batch", "key")

    def __init__(self, key: str, batch: Batch) -> None:
        self.key = key
        self.batch = batch

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave behind what belongs to other slots when going to another process."""
        batch = self.batch
        own = [record for record in batch.records if key_of(record) == self.key]
        return _alone, (self.key, own, batch.clock, batch.is_end)


def _alone(key: str, records: Sequence[Record], clock: int | None, is_end: bool) -> Share:  # noqa: FBT001 - pickled
    return Share(key, Batch(records, clock, is_end=is_end))


def key_of(record: Record) -> str:
    """Return the slot a record belongs to, or the shared key."""
    md5 = getattr(record.body, "dedupe_md5", None)
    return md5[:2].lower() if md5 else SHARED


def shares(batch: Batch, keys: Iterable[str]) -> list[tuple[str, Share]]:
    """Return a batch's shares by key."""
    return [(key, Share(key, batch)) for key in keys]
