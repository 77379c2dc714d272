"""A line on stderr that counts, where somebody looks and waits."""

import sys
import time
from collections.abc import Iterable, Iterator
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


def _write(text: str) -> None:
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
