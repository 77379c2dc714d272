"""How far a replay is: for people on stderr, for programs in a file."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from flows.replay.replay import Replay

EVERY = 1.0
"""Seconds between two words of it."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """How far it is."""

    state: str = "reading"
    """reading, deciding, comparing, done or failed."""
    lines: int = 0
    at: int | None = None
    """Arrival of the newest line, where that is known."""
    share: float | None = None
    """Of the span, from 0 to 1, where it has one."""
    seconds: float = 0.0
    """Since it began."""
    rate: int = 0
    """Lines a second."""
    errors: tuple[str, ...] = ()


class Progress:
    """Counts lines and tells about it once a second. `span` are the first and last second of the history, where known."""

    def __init__(self, tell: Callable[[Seen], None], span: tuple[int, int] | None = None) -> None:
        self._tell, self._span = tell, span
        self._begun = time.monotonic()
        self._told = 0.0
        self.lines = 0
        self._at: int | None = None

    def saw(self, lines: int, at: int | None) -> None:
        """Note how many lines went, and when the last of them arrived."""
        self.lines, self._at = lines, at
        now = time.monotonic()
        if now - self._told >= EVERY:
            self._told = now
            self._tell(self.seen("reading"))

    def watch(self, driver: Replay) -> None:
        """Note how far a replay is."""
        self.saw(driver.count, driver.worker.clock or None)

    def say(self, state: str, *errors: str) -> None:
        """Tell that another part of the work begins, or that it is over."""
        self._tell(self.seen(state, *errors))

    def seen(self, state: str, *errors: str) -> Seen:
        """Return how far it is."""
        seconds = time.monotonic() - self._begun
        return Seen(
            state=state, lines=self.lines, at=self._at, share=1.0 if state == "done" else self._share(),
            seconds=round(seconds, 1), rate=int(self.lines / max(seconds, 0.1)), errors=errors,
        )  # fmt: skip

    def _share(self) -> float | None:
        if self._span is None or self._at is None:
            return None
        first, last = self._span
        return round(min(1.0, max(0.0, (self._at - first) / max(1, last - first))), 4)


def into(path: Path) -> Callable[[Seen], None]:
    """Return what keeps the newest word of it in a file, whole at any moment."""

    def tell(seen: Seen) -> None:
        partial = path.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(seen) + b"\n")
        partial.replace(path)

    return tell


def both(*tellers: Callable[[Seen], Any]) -> Callable[[Seen], None]:
    """Return what tells several."""

    def tell(seen: Seen) -> None:
        for one in tellers:
            one(seen)

    return tell
