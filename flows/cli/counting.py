"""A line on stderr that says how far something is, where somebody looks and waits."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

EVERY = 0.5
"""Seconds without a word, and between two."""

_Item = TypeVar("_Item")


def counted(items: Iterable[_Item], what: str, total: int | None = None) -> Iterator[_Item]:
    """Yield the items; on a terminal, say how many there were once it takes long, and take the line back at the end."""
    if not sys.stderr.isatty():
        yield from items
        return
    told, has_told = time.monotonic(), False
    of_all = "" if total is None else f" of {total:,}"
    try:
        for number, item in enumerate(items, 1):
            yield item
            if (now := time.monotonic()) - told >= EVERY:
                told, has_told = now, True
                _write(f"{number:,}{of_all} {what}")
    finally:
        if has_told:
            _write("")


@contextmanager
def at_work(what: str) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done, and for how long, once that takes long; take the line back at the end.

    Yields what takes other words for it, as far as it has come.
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    line = _Line(what)
    try:
        yield line.put
    finally:
        line.end()


class _Line:
    """Writes itself anew from a thread of its own, for whoever works has no time for it."""

    def __init__(self, text: str) -> None:
        self._text, self._began = text, time.monotonic()
        self._end, self._has_told = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._thread.start()

    def put(self, text: str) -> None:
        """Say this from now on."""
        self._text = text

    def end(self) -> None:
        """Take the line back."""
        self._end.set()
        self._thread.join()
        if self._has_told:
            _write("")

    def _run(self) -> None:
        while not self._end.wait(EVERY):
            self._has_told = True
            _write(f"{self._text}, {time.monotonic() - self._began:.0f} s")


def _write(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
