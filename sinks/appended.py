"""A file of JSON lines that only grows: a line is durable before it counts, and there is never half of one."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

PIECE = 1 << 16
"""Bytes that are read at once to find where a torn line began."""


def append_lines(path: Path, lines: bytes) -> None:
    """Append whole lines to a file and make them durable; several processes may. Raises OSError, and then none of them is there.

    What a process left that died within a line is cut off first: whoever wrote it knows that it does not count.
    """
    with _held(path) as handle:
        if not stat.S_ISREG(os.fstat(handle).st_mode):  # a pipe or device keeps nothing that could be mended
            _write(handle, lines)
            return
        end = _mended(handle)
        try:
            _write(handle, lines)
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, end)
            raise


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """Open a file and have it for ourselves."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _mended(handle: int) -> int:
    """Let a file end with a whole line, and return its size: a torn last line is cut off, one that only lacks its end gets it."""
    size = os.fstat(handle).st_size
    if not size or os.pread(handle, 1, size - 1) == b"\n":
        return size
    begin = _last_line(handle, size)
    if _is_whole(os.pread(handle, size - begin, begin)):
        _write(handle, b"\n")
        return size + 1
    os.ftruncate(handle, begin)
    return begin


def _last_line(handle: int, size: int) -> int:
    """Return where the last line begins."""
    at = size
    while at > 0:
        start = max(0, at - PIECE)
        found = os.pread(handle, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _is_whole(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
