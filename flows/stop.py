"""The wish to stop: set by SIGTERM and SIGINT, honoured by the sources, so that a run ends with a snapshot (engine.md 0.8)."""

import os
import select
import signal
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from types import FrameType

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When the engine is to ask a source again. It counts by the wall clock: any moment ahead would be a long wait once
that clock is set back. So sources rest by themselves, in `Stop.wait`, which is monotonic and ends with the wish."""

STDERR = 2


class Stop:
    """Asked for at most once; asking again is harmless.

    A pipe wakes who waits: unlike a lock, it may be written in a signal handler that interrupts the very wait.
    """

    def __init__(self) -> None:
        self._ear, self._mouth = os.pipe()
        self._is_asked = False
        weakref.finalize(self, _closed, self._ear, self._mouth)

    def ask(self) -> None:
        """Ask every source to end."""
        if not self._is_asked:
            self._is_asked = True
            os.write(self._mouth, b".")

    @property
    def is_asked(self) -> bool:
        """Whether a stop was asked for."""
        return self._is_asked

    def wait(self, seconds: float) -> bool:
        """Wait for the wish; return True if it came."""
        return self._is_asked or bool(select.select([self._ear], [], [], seconds)[0])

    def on_signals(self, hang_up: Callable[[], None] = lambda: None) -> None:
        """Let SIGTERM and SIGINT ask, and SIGHUP where the terminal is gone; else it calls `hang_up` and ends nothing.

        Only in the main thread.
        """
        has_terminal = os.isatty(STDERR)

        def handle(number: int, _frame: FrameType | None) -> None:
            is_closed = has_terminal and not os.isatty(STDERR)
            hang_up() if number == signal.SIGHUP and not is_closed else self.ask()

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, handle)


def _closed(*descriptors: int) -> None:
    for one in descriptors:
        os.close(one)
