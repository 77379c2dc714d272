"""Parts of savepoints written while a job runs: from its last snapshot, at an interval, and once more at its end."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from flows.recovery.parts import write_part
from flows.recovery.place import Place, PlaceUnavailableError
from operators.savepoint.file import SavepointError

log = structlog.get_logger()


class Backups:
    """A thread beside the job. It reads the engine's store and holds the job up for nothing but its processor time."""

    def __init__(
        self, directory: Path, place: Place, interval: float, on_written: Callable[[float], None] = lambda _: None
    ) -> None:
        self._directory, self._place, self._interval = directory, place, interval
        self._on_written = on_written
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        """Begin; the first part is written an interval later."""
        self._thread.start()

    def finish(self) -> None:
        """End with a part of the last snapshot."""
        self._ended.set()
        self._thread.join()
        self._write()

    def stop(self) -> None:
        """End without one."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._interval):
            self._write()

    def _write(self) -> None:
        begun = time.monotonic()
        try:
            size = write_part(self._directory, self._place, int(time.time()))
        except (SavepointError, PlaceUnavailableError) as error:
            log.warning("no part of a savepoint written", place=str(self._place), error=str(error))
            return
        self._on_written(time.time())
        log.info(
            "part of a savepoint written",
            place=str(self._place),
            bytes=size,
            seconds=round(time.monotonic() - begun, 3),
        )
