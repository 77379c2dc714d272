"""Parts of savepoints written while a job runs: from its last snapshot, at an interval, and once more at its end.

Each is written by a process of its own. The engine brings an SQLite of its own beside Python's, and where two of them
read one file in one process, the one that closes it takes the locks of the other away: the file would be damaged.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

PATIENCE = 600.0
"""Seconds that one may take."""

log = structlog.get_logger()


class Backups:
    """A thread beside the job that starts such a process; `place` is a path or URL, `backed_up` is told the Unix second.

    `first`: seconds to the first part, and between two tries of it; where a set is to become whole soon.
    """

    def __init__(
        self, directory: Path, place: str, interval: float, backed_up: Callable[[float], None] = lambda _: None,
        *, first: float | None = None,
    ) -> None:  # fmt: skip
        self._command = [
            sys.executable, "-c", "from flows.cli import main; main()",
            "savepoint", "backup", "--to", place, "--state", str(directory),
        ]  # fmt: skip
        self._place, self._interval, self._backed_up = place, interval, backed_up
        self._first = min(interval, interval if first is None else first)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="backup", daemon=True)

    def start(self) -> None:
        """Begin."""
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
        pause, may_fail = self._first, self._first != self._interval  # before the first snapshot there is nothing
        while not self._ended.wait(pause):
            if self._write(may_fail=may_fail):
                pause, may_fail = self._interval, False

    def _write(self, *, may_fail: bool = False) -> bool:
        begun, say = time.monotonic(), log.info if may_fail else log.warning
        try:
            done = subprocess.run(self._command, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - our own program
        except subprocess.TimeoutExpired:
            say("no part of a savepoint written", place=self._place, error=f"not done in {PATIENCE:.0f} s")
            return False
        seconds = round(time.monotonic() - begun, 3)
        if done.returncode:
            say("no part of a savepoint written", place=self._place, error=done.stderr.strip()[-500:])
            return False
        self._backed_up(time.time())
        log.info("part of a savepoint written", place=self._place, said=done.stdout.strip(), seconds=seconds)
        return True
