"""Running a job: recovery directory, memory, the engine, the courier beside it."""

import gc
import shutil
import time
from datetime import timedelta
from pathlib import Path

from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

from flows.courier import Courier
from flows.job import Job
from flows.layout import Layout, check_layout, save_layout, saved_layout
from flows.settings import RecoverySettings, SettingsError
from operators.batch import SLOTS

LONGEST_REST = 60.0
"""Seconds that a run over files waits for its last notices."""
COLLECT_EVERY = (50_000, 20, 50)
"""Thresholds of Python's collector: states are not tracked by it, batches die young (engine.md 0.16)."""


def keep_layout(job: Job) -> None:
    """Refuse state that another number of workers, slots or partitions has left. Raises SettingsError."""
    settings = job.settings
    if settings.recovery.directory in ("", "none"):
        return
    kafka = settings.kafka
    now = Layout(workers=kafka.workers, index=kafka.worker, slots=len(SLOTS), topics=job.partitions, job=settings.job)
    directory = Path(settings.recovery.directory)
    directory.mkdir(parents=True, exist_ok=True)
    refusal = check_layout(saved_layout(directory), now)
    if refusal is not None:
        raise SettingsError(f"{directory}: {refusal}")
    save_layout(directory, now)


def recovery_of(settings: RecoverySettings) -> RecoveryConfig | None:
    """Return where snapshots are kept, created at the first start; None where nothing is kept."""
    if settings.directory in ("", "none"):
        return None
    partitions = Path(settings.directory) / "partitions"
    if not partitions.exists():
        made = partitions.with_suffix(".new")  # a process killed half-way leaves only this behind
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        init_db_dir(made, settings.partitions)  # type: ignore[no-untyped-call]  # the engine has no types here
        made.rename(partitions)
    return RecoveryConfig(str(partitions))  # type: ignore[no-untyped-call]  # as above


def run(job: Job, courier: Courier | None = None) -> None:
    """Run a job until its input ends or a stop is asked for; the last snapshot is taken on the way out.

    A courier beside it delivers meanwhile; when the input has ended, it first delivers what waits.
    """
    recovery = job.settings.recovery
    keep_layout(job)
    config = recovery_of(recovery)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
    job.rules.start()
    if courier is not None:
        courier.start()
    try:
        run_main(  # type: ignore[no-untyped-call]  # as above
            job.flow, epoch_interval=timedelta(seconds=recovery.interval), recovery_config=config
        )
        if courier is not None and not job.stop.is_asked:
            deliver_rest(job)
    finally:
        if courier is not None:
            courier.stop()
        job.rules.stop()
        job.edges.close()


def deliver_rest(job: Job) -> None:
    """Wait until nothing is ready or in flight, for a while; what is to be tried later stays in the outbox."""
    deadline = time.monotonic() + LONGEST_REST
    while job.edges.outbox is not None and time.monotonic() < deadline and not job.stop.wait(0.05):
        depth = job.edges.outbox.depth(time.time())
        if not depth.ready and not depth.in_flight:
            return
