"""A panic of the engine: a hundred lines in its own tongue, kept back until it is known whether we can say it in one."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

MARK = b"thread '"
CHUNK = 65536
PATIENCE = 5.0
"""Seconds to wait for the last words: a child may still hold the other end."""


class Panic:
    """Passes on what is written to a pipe, up to a panic; that and all behind it waits."""

    def __init__(self, source: int, out: int) -> None:
        self._source, self._out = source, out
        self._held = b""
        self._thread = threading.Thread(target=self._pass_on, name="stderr", daemon=True)
        self._thread.start()

    def _pass_on(self) -> None:
        while chunk := os.read(self._source, CHUNK):
            if self._held or MARK in chunk:
                self._held += chunk
            else:
                with suppress(OSError):  # a terminal that was closed; who writes to the pipe must not wait
                    os.write(self._out, chunk)

    def finish(self) -> None:
        """Wait until everything was read, now that the other end is closed."""
        self._thread.join(PATIENCE)

    def forget(self) -> None:
        """Drop what waits, and whatever else comes."""
        self._held = b""
        self._out = os.open(os.devnull, os.O_WRONLY)

    def tell(self) -> None:
        """Write what waits."""
        os.write(self._out, self._held)


@contextmanager
def panic_held() -> Iterator[Panic | None]:
    """Have the text of a panic held back while the block runs; told at its end unless it is to be forgotten.

    Only libraries write to the descriptor of standard error; what Python writes goes on at once. None where there is no
    such descriptor to stand in for.
    """
    plain = sys.__stderr__
    if plain is None or sys.stderr is not plain:
        yield None
        return
    real = os.dup(2)
    source, into = os.pipe()
    os.dup2(into, 2)
    os.close(into)
    sys.stderr = os.fdopen(os.dup(real), "w", buffering=1, encoding=plain.encoding, errors=plain.errors)
    panic = Panic(source, real)
    try:
        yield panic
    finally:
        os.dup2(real, 2)
        panic.finish()
        panic.tell()
        sys.stderr = plain
