"""What a worker says of itself in the store: by which rules it works, how far it has come, what it has yet to read.

Whoever looks at the store sees it, on whatever machine the worker is.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from flows.settings.settings import Settings
from flows.telemetry.telemetry import Telemetry
from operators.intake.intake import Intake
from operators.model.worker import WorkerDocument
from sinks.store.interface import Batch, Store, StoreError
from sinks.store.place import open_store

EVERY = 10.0
"""Seconds between two words."""
PATIENCE = 10.0
"""Seconds that a stop waits for a word that is being written."""

log = structlog.get_logger()


class Word:
    """Makes the word: of what intake has in force, what telemetry has seen, and why newer rules are not in force."""

    def __init__(
        self, settings: Settings, intake: Intake, telemetry: Telemetry, trouble: Callable[[], str],
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._settings, self._intake, self._telemetry, self._trouble = settings, intake, telemetry, trouble
        self._now = now
        self._version, self._since = "", 0

    def __call__(self) -> WorkerDocument:
        """Return it."""
        settings, now = self._settings, int(self._now())
        if self._intake.rules_version != self._version:
            self._version, self._since = self._intake.rules_version, now
        waits, unit = self._telemetry.waits or (None, "")
        return WorkerDocument(
            id=f"{settings.job}-{settings.kafka.worker}", time=now, job=settings.job, worker=settings.kafka.worker,
            workers=settings.kafka.workers, rules_version=self._version, rules_since=self._since,
            rules_trouble=self._trouble(), clock=self._intake.clock, waits=waits, unit=unit,
        )  # fmt: skip


class Presence:
    """Writes the word every few seconds from a thread of its own, beside whoever else writes to the store."""

    def __init__(self, dsn: str, word: Callable[[], WorkerDocument]) -> None:
        self._dsn, self._word = dsn, word
        self._store: Store | None = None
        self._is_heard = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing more is written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def say(self) -> bool:
        """Write the word once; return False where the store does not take it, which is logged once."""
        try:
            if self._store is None:
                self._store = open_store(self._dsn, must_exist=True)
            self._store.write(Batch(workers=[self._word()]))
        except StoreError as error:
            if self._is_heard:
                log.warning("not said how this worker stands", error=str(error))
            self._is_heard = False
            self._close()
            return False
        self._is_heard = True
        return True

    def _run(self) -> None:
        self.say()
        while not self._stop.wait(EVERY):
            self.say()
        self._close()

    def _close(self) -> None:
        if self._store is not None:
            with suppress(StoreError):
                self._store.close()
            self._store = None


def presence_of(
    settings: Settings, intake: Intake, telemetry: Telemetry, trouble: Callable[[], str]
) -> Presence | None:
    """Return the presence of a worker; None where nothing is stored."""
    if settings.store.dsn in ("", "none"):
        return None
    return Presence(settings.store.dsn, Word(settings, intake, telemetry, trouble))
