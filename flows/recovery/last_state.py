"""What a job kept: of one fingerprint, and of the rules it was told by command. Read while it runs or rests, never written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from flows.recovery.ids import flow_id
from flows.recovery.store import StoreUnreadableError, newest_in
from operators.lifecycle.relay import state_within
from operators.model.slot import SHARED
from operators.model.snapshot import SnapshotError, unpack
from operators.rules.read.overlay import Overlay
from operators.state.shared import VERSION, Kept
from operators.state.slot import Slot
from operators.state.state import State

Kind = TypeVar("Kind")

STEPS = tuple(f"{flow_id(job)}.alerts" for job in ("all", "alerts"))
"""The steps that keep slots: of a job in one process, and of the stage of alerts on its own."""
PATIENCE = 2.0
"""Seconds to wait for a job that is writing."""


def last_state(directory: str | Path, dedupe_md5: str) -> State | None:
    """Return the state of a fingerprint as of the last snapshot under a recovery directory, of any worker.

    None where there is none, or none that can be read.
    """
    md5 = dedupe_md5.lower()
    slots = _read(Path(directory), md5[:2], Slot.restore)
    found = [slot.states[md5] for slot in slots if md5 in slot.states]
    return max(found, key=lambda state: state.touched, default=None)


def last_overlay(directory: str | Path) -> Overlay:
    """Return what the stream changed of the rules, such as shields set by command, as of the last snapshot."""
    found = _read(Path(directory), SHARED, lambda data: unpack("shared state", VERSION, data, Kept))
    newest = max(found, key=lambda kept: kept.clock, default=None)
    return Overlay(newest.overlay if newest else None)


def _read(directory: Path, key: str, restore: Callable[[bytes], Kind]) -> Iterator[Kind]:
    """Yield what every worker keeps under a key; of a slot only one is the owner, the others' are empty."""
    for path in (*directory.glob("partitions/*.sqlite3"), *directory.glob("worker-*/partitions/*.sqlite3")):
        try:
            for data in _kept(path, key):
                yield restore(data)
        except (StoreUnreadableError, SnapshotError):
            continue  # being made, or by a newer version: then nothing is at hand


def _kept(path: Path, key: str) -> Iterator[bytes]:
    """Yield the bytes of a key in one file of the engine's recovery store."""
    for step in STEPS:
        for data in newest_in(path, step, key, PATIENCE):
            yield state_within(data[2:])  # the key comes first
