"""Running a job: recovery directory, memory, the engine, the courier beside it."""

import gc
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

from flows.alerts import dataflow
from flows.courier.courier import Courier
from flows.job import Job
from flows.recovery.backup import Backups
from flows.recovery.inheritance import drop_used
from flows.recovery.layout import MEND, Layout, check_layout, check_neighbours, hold, save_layout, saved_layout
from flows.recovery.place import open_place
from flows.recovery.private import check_state
from flows.recovery.restore import restore
from flows.recovery.savepoint import FILE as INHERITED
from flows.recovery.store import PARTITIONS, StoreUnreadableError, stored
from flows.settings.settings import SettingsError
from operators.model.slot import SLOTS
from sinks.outbox.outbox import Depth

log = structlog.get_logger()

LONGEST_REST = 60.0
"""Seconds that a run over files waits for its last notices."""
COLLECT_EVERY = (50_000, 20, 50)
"""Thresholds of Python's collector: states are not tracked by it, batches die young (engine.md 0.16)."""


@contextmanager
def state_of(job: Job) -> Iterator[RecoveryConfig | None]:
    """Have the state of a job for ourselves and say where it is kept; None where nothing is. Raises SettingsError."""
    recovery = job.settings.recovery
    if recovery.directory in ("", "none"):
        yield None
        return
    directory = Path(recovery.directory)
    if job.settings.backup.restore and job.settings.backup.place:
        restore_into(job, directory)
    directory.mkdir(parents=True, exist_ok=True)
    if refusal := check_state(job.settings):
        raise SettingsError(refusal)
    with hold(directory):
        keep_layout(job, directory)
        check_snapshots(directory)
        drop_used(directory)
        yield recovery_in(directory, recovery.partitions)


def check_snapshots(directory: Path) -> None:
    """Refuse snapshots that are not plain values, before the engine unpickles them. Raises SettingsError."""
    try:
        with stored(directory) as kept:
            for _ in kept.values():
                pass
    except StoreUnreadableError as error:
        raise SettingsError(f"{error}; {MEND}") from error


def layout_of(job: Job) -> Layout:
    """Return how the state of a job is laid out."""
    settings, kafka = job.settings, job.settings.kafka
    return Layout(workers=kafka.workers, index=kafka.worker, slots=len(SLOTS), topics=job.partitions, job=settings.job)


def restore_into(job: Job, directory: Path) -> None:
    """Lay the newest parts of savepoints down where a worker has no state of its own. Raises as `restore` does."""
    place = job.settings.backup.place
    if manifest := restore(open_place(place), directory, layout_of(job)):
        log.info("state restored from parts", place=place, generation=manifest.generation, workers=manifest.workers)


def keep_layout(job: Job, directory: Path) -> None:
    """Refuse state that another number of workers, slots or partitions has left. Raises SettingsError."""
    now = layout_of(job)
    if refusal := check_layout(saved_layout(directory), now):
        raise SettingsError(f"{directory}: {refusal}")
    if refusal := check_neighbours(directory, now):
        raise SettingsError(refusal)
    save_layout(directory, now)


def recovery_in(directory: Path, count: int) -> RecoveryConfig:
    """Return the engine's store in a recovery directory, made of `count` files at the first start."""
    partitions = directory / PARTITIONS
    if not partitions.exists():
        made = partitions.with_suffix(".new")  # a process killed half-way leaves only this behind
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        init_db_dir(made, count)  # type: ignore[no-untyped-call]  # the engine has no types here
        made.rename(partitions)
    return RecoveryConfig(str(partitions))  # type: ignore[no-untyped-call]  # as above


def run(job: Job, courier: Courier | None = None, backed_up: Callable[[float], None] = lambda _: None) -> Depth:
    """Run a job until its input ends or a stop is asked for; the last snapshot is taken on the way out.

    A courier beside it delivers meanwhile; when the input has ended, it first delivers what waits. Returns the notices
    that it could not deliver then; none where a stop was asked for, or where delivery is another's work.
    """
    left = Depth()
    with state_of(job) as config:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*COLLECT_EVERY)
        job.rules.start()
        backups = backups_of(job, backed_up)
        if courier is not None:
            courier.start()
        try:
            interval = timedelta(seconds=job.settings.recovery.interval)
            run_main(dataflow(job), epoch_interval=interval, recovery_config=config)  # type: ignore[no-untyped-call]  # as above
            if backups is not None:
                backups.finish()
            if courier is not None and not job.stop.is_asked:
                left = deliver_rest(job)
        finally:
            if backups is not None:
                backups.stop()
            if courier is not None:
                courier.stop()
            job.rules.stop()
            job.edges.close()
    return left


def backups_of(job: Job, backed_up: Callable[[float], None]) -> Backups | None:
    """Return the backups of a job's state, begun, if the settings name a place for them.

    `backed_up` is told the Unix second of each part.
    """
    backup, recovery = job.settings.backup, job.settings.recovery
    if not backup.place or recovery.directory in ("", "none"):
        return None
    directory = Path(recovery.directory)
    is_begun = (directory / INHERITED).exists()  # of other parts: until ours are there, those count
    made = Backups(
        directory, backup.place, backup.interval, backed_up, first=1.5 * recovery.interval + 1 if is_begun else None
    )
    made.start()
    return made


def deliver_rest(job: Job) -> Depth:
    """Wait until nothing is ready or in flight, for a while, and return what then is left: to be tried later, or given up."""
    deadline, depth = time.monotonic() + LONGEST_REST, Depth()
    while job.edges.outbox is not None and time.monotonic() < deadline:
        depth = job.edges.outbox.depth(time.time())
        if not depth.ready and not depth.in_flight:
            break
        if job.stop.wait(0.05):
            return Depth()
    return depth
