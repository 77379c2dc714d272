"""Batches on their way through the dataflow: what one poll brought, shared among the slots it touches (design.md 5).

A worker folds a batch once, in the order of arrival, whatever slots its records belong to: so quotas and merging see
the same order as a replay does. The engine needs to know which slots a batch may change, for their snapshots: each
gets a share of it.
"""

from collections.abc import Iterable, Sequence

import msgspec

from operators.intake.name import Record, RulesChange
from operators.model.bounds import MOST
from operators.model.command import ON_ALERTS, Command
from operators.model.handover import Planned
from operators.model.slot import KEYS, SHARED, slot_of_command
from operators.rules.book import RuleBook


class Raw(msgspec.Struct, frozen=True, gc=False):
    """One record as a source read it. `at` None: it arrives when it says so, at `latest` then (design.md 7.65)."""

    at: int | None
    source: str
    position: str
    raw: bytes
    kind: str = "event"
    """event, check, command, or what our own jobs write: what its source carries (operators/intake/decode.py)."""
    latest: int = MOST


class Polled(msgspec.Struct, frozen=True, gc=False):
    """What one poll brought, in order of arrival."""

    raws: Sequence[Raw] = ()
    clock: int | None = None
    """The stream's clock after these records; None: it stands where the last record left it."""
    is_end: bool = False
    """Nothing more will ever come."""


class Batch:
    """The records of one poll, to be folded once.

    Records that stand behind a change of rules are still raw: what they mean is not known before it is in force.
    """

    __slots__ = ("book", "clock", "is_done", "is_end", "keys", "records")

    def __init__(
        self,
        records: Sequence[Record | Raw] = (),
        clock: int | None = None,
        *,
        is_end: bool = False,
        book: RuleBook | None = None,
    ) -> None:
        self.records = records
        self.clock = clock
        self.is_end = is_end
        self.book = book
        """Rules to be put into force before anything is folded."""
        self.keys: Iterable[str] = KEYS
        self.is_done = False


class Share:
    """One slot's share of a batch. Between processes there are portions instead (operators/lifecycle/relay.py)."""

    __slots__ = ("batch", "key")

    def __init__(self, key: str, batch: Batch) -> None:
        self.key = key
        self.batch = batch


def key_of(record: Record) -> str | None:
    """Return the key whose state a record may change; None: any."""
    body = record.body
    if isinstance(body, Command):
        return slot_of_command(body) if body.command in ON_ALERTS else None
    if isinstance(body, RulesChange):
        return None
    if isinstance(body, Planned):
        return body.slot
    key = (getattr(body, "dedupe_md5", None) or SHARED)[:2].lower()
    return key if key in _IS_KEY else SHARED


_IS_KEY = frozenset(KEYS)


def shares(batch: Batch) -> list[tuple[str, Share]]:
    """Return a batch's shares by key."""
    return [(key, Share(key, batch)) for key in batch.keys]
