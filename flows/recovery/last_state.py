"""What a job kept: of one fingerprint, and of the rules it was told by command. Read while it runs or rests, never written."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from flows.recovery.ids import ALERTS, INTAKE, step_id
from flows.recovery.store import StoreUnreadableError, newest_in
from operators.batch import state_of
from operators.intake import intake
from operators.intake.changes import Changes
from operators.model.slot import ONE_ORDER
from operators.model.snapshot import SnapshotError, unpack
from operators.state.slot import Slot
from operators.state.state import State

Kind = TypeVar("Kind")

JOBS = ("all", "alerts")
"""The jobs that keep alerts."""
PATIENCE = 2.0
"""Seconds to wait for a job that is writing."""


def last_state(directory: str | Path, dedupe_md5: str) -> State | None:
    """Return the state of a fingerprint as of the last snapshot under a recovery directory, of any worker.

    None where there is none, or none that can be read.
    """
    md5 = dedupe_md5.lower()
    slots = _read(Path(directory), ALERTS, md5[:2], _slot)
    found = [slot.states[md5] for slot in slots if md5 in slot.states]
    return max(found, key=lambda state: state.touched, default=None)


def _slot(data: bytes) -> Slot:
    return Slot.restore(state_of(data))


def last_changes(directory: str | Path) -> Changes:
    """Return what the stream changed of the rules, such as shields set by command, as of the last snapshot."""
    found = _read(Path(directory), INTAKE, ONE_ORDER, lambda data: unpack("intake", intake.VERSION, data, intake.Kept))
    newest = max(found, key=lambda kept: kept.clock, default=None)
    return Changes(newest.changes if newest else None)


def _read(directory: Path, step: str, key: str, restore: Callable[[bytes], Kind]) -> Iterator[Kind]:
    """Yield what every worker keeps under a key; of a slot only one is the owner, the others' are empty."""
    for path in (*directory.glob("partitions/*.sqlite3"), *directory.glob("worker-*/partitions/*.sqlite3")):
        try:
            for job in JOBS:
                for data in newest_in(path, step_id(job, step), key, PATIENCE):
                    yield restore(data)
        except (StoreUnreadableError, SnapshotError):
            continue  # being made, or by a newer version: then nothing is at hand
