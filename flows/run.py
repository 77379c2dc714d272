"""Running a job: recovery directory, memory, the engine, the courier beside it."""

import gc
from datetime import timedelta
from pathlib import Path

from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import run_main

from flows.job import Job
from flows.settings import RecoverySettings

COLLECT_EVERY = (50_000, 20, 50)
"""Thresholds of Python's collector: states are not tracked by it, batches die young (engine.md 0.16)."""


def recovery_of(settings: RecoverySettings) -> RecoveryConfig | None:
    """Return where snapshots are kept, created at the first start; None where nothing is kept."""
    if settings.directory in ("", "none"):
        return None
    directory = Path(settings.directory)
    if not any(directory.glob("part-*.sqlite3")):
        directory.mkdir(parents=True, exist_ok=True)
        init_db_dir(directory, settings.partitions)
    return RecoveryConfig(str(directory))


def run(job: Job) -> None:
    """Run a job until its input ends or a stop is asked for; the last snapshot is taken on the way out."""
    recovery = job.settings.recovery
    config = recovery_of(recovery)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
    job.rules.start()
    try:
        run_main(job.flow, epoch_interval=timedelta(seconds=recovery.interval), recovery_config=config)
    finally:
        job.rules.stop()
        job.edges.close()
