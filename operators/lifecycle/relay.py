"""Batches between the processes of a Bytewax cluster: every process folds its own part of each, in one order.

The process that reads sends each batch as one portion a key, to every key, in order. A process collects the portions of
its keys and folds a batch as one, once it has seen something of the next: portions of one sender come in order, so
the batch is complete then. What is not yet folded when a snapshot is taken is kept with it, under its key.
"""

import pickle
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from operators.batch import Polled, Raw, key_of
from operators.intake.name import Record, RulesChange
from operators.model.slot import KEYS, SHARED

MARK = 0xFF
"""First byte of a snapshot with portions before the state; no version of a state has this number."""
LONG_AGO = -(1 << 62)
BEFORE = 1 << 40
"""Numbers of batches that were kept over a restart lie so far below those that come after it."""


class Portion(NamedTuple):
    """One key's part of a batch: its records with their places, and what all parts of the batch have in common."""

    key: str
    number: int
    records: tuple[tuple[int, Record | Raw], ...]
    """Those that concern this key; those that may concern any are in every portion."""
    clock: int | None
    is_end: bool


class Whole(NamedTuple):
    """What has come of one batch."""

    records: dict[int, Record | Raw]
    portions: dict[str, Portion]


class Relay:
    """Sends batches as portions, collects portions into batches."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = self._folded = LONG_AGO
        """The last batch that may change the rules, and the last one folded here."""
        self._inbox: dict[int, Whole] = {}

    def send(self, polled: Iterable[Polled], record: Callable[[Raw], Record]) -> list[tuple[str, Portion]]:
        """Return the portions of what was polled; the first ones ever greet every key."""
        out = [] if self._number else self._portions((), None, is_end=False)
        for poll in polled:
            out += self._portions(self._decoded(poll.raws, record), poll.clock, is_end=poll.is_end)
            if poll.is_end:  # something behind the last batch shows that it is complete
                out += self._portions((), None, is_end=False)
        return out

    def _decoded(self, raws: Sequence[Raw], record: Callable[[Raw], Record]) -> list[Record | Raw]:
        """Decode up to a change of rules; what stands behind one is decoded by everybody, under its rules."""
        out: list[Record | Raw] = list(raws)
        is_settled = self._folded >= self._changed
        for place, raw in enumerate(raws):
            decoded = record(raw)
            if is_settled:
                out[place] = decoded
            if type(decoded.body) is RulesChange:
                is_settled, self._changed = False, self._number + 1
        return out

    def _portions(
        self, records: Sequence[Record | Raw], clock: int | None, *, is_end: bool
    ) -> list[tuple[str, Portion]]:
        self._number += 1
        by_key: dict[str, list[tuple[int, Record | Raw]]] = {key: [] for key in KEYS}
        for place, one in enumerate(records):
            key = None if isinstance(one, Raw) else key_of(one)
            for concerned in KEYS if key is None else (key,):
                by_key[concerned].append((place, one))
        return [(key, Portion(key, self._number, tuple(own), clock, is_end)) for key, own in by_key.items()]

    def collect(self, portion: Portion) -> None:
        """Put a portion to those of its batch."""
        whole = self._inbox.setdefault(portion.number, Whole({}, {}))
        whole.records.update(portion.records)
        whole.portions[portion.key] = portion

    def complete(self) -> Iterable[tuple[list[Record | Raw], Portion]]:
        """Yield the records of each complete batch, and one of its portions for what they have in common."""
        for number in sorted(self._inbox)[:-1]:
            whole = self._inbox.pop(number)
            yield [whole.records[place] for place in sorted(whole.records)], next(iter(whole.portions.values()))
            self._folded = number

    def kept(self, key: str) -> list[Portion]:
        """Return the portions of a key that are not yet folded."""
        wholes = (self._inbox[number] for number in sorted(self._inbox))
        return [whole.portions[key] for whole in wholes if key in whole.portions]

    def adopt(self, portions: Iterable[Portion]) -> None:
        """Take over portions that a snapshot kept."""
        for portion in portions:
            self.collect(portion._replace(number=portion.number - BEFORE))
            self._changed = max(self._changed, portion.number - BEFORE)


def concerns(record: Record, keys: set[str]) -> Record | None:
    """Return what a record is to the process that owns these keys: itself, itself without a voice, or nothing."""
    key = key_of(record)
    if key is not None:
        return record if key in keys else None
    return record if SHARED in keys else msgspec.structs.replace(record, is_quiet=True)


def wrap(portions: Sequence[Portion], shared: bytes | None, state: bytes) -> bytes:
    """Return a snapshot with what is kept before the state of its key."""
    kept = pickle.dumps((list(portions), shared))
    return bytes((MARK,)) + len(kept).to_bytes(4, "big") + kept + state


def unwrap(data: bytes) -> tuple[list[Portion], bytes | None, bytes]:
    """Return portions, shared state and state of a snapshot that `wrap` made."""
    end = _end_of_kept(data)
    portions, shared = pickle.loads(data[5:end])  # noqa: S301 - our own snapshot; the engine pickles states too
    return portions, shared, data[end:]


def state_within(data: bytes) -> bytes:
    """Return the state in a snapshot, without what may be kept before it."""
    return data[_end_of_kept(data) :] if is_wrapped(data) else data


def is_wrapped(data: bytes) -> bool:
    """Tell whether `wrap` made a snapshot."""
    return data[:1] == bytes((MARK,))


def _end_of_kept(data: bytes) -> int:
    return 5 + int.from_bytes(data[1:5], "big")
