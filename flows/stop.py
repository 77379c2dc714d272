"""The wish to stop: set by SIGTERM and SIGINT, honoured by the sources, so that a run ends with a snapshot (engine.md 0.8)."""

import signal
import threading
from datetime import UTC, datetime
from types import FrameType

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)
"""When the engine is to ask a source again. It counts by the wall clock: any moment ahead would be a long wait once
that clock is set back. So sources rest by themselves, in `Stop.wait`, which is monotonic and ends with the wish."""


class Stop:
    """Asked for at most once; asking again is harmless."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def ask(self) -> None:
        """Ask every source to end."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait for the wish; tell whether it came."""
        return self._asked.wait(seconds)

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT ask. Only in the main thread."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self.ask()

        signal.signal(signal.SIGTERM, handle)
        signal.signal(signal.SIGINT, handle)
