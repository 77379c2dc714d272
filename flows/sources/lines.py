"""Lines of JSON from plain, .gz and .zst files and from stdin, bounded in length."""

import errno
import gzip
import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Literal

import zstandard

from operators.intake.decode import MAX_BYTES

READ_ERRORS = (OSError, EOFError, zstandard.ZstdError)
"""What opening or reading an input may raise."""
PACKED = (".gz", ".zst")
SPOOLED: Mapping[bytes, Literal["event", "command"]] = {b"e": "event", b"c": "command"}
"""What stands before a line of a gateway's spool -> its kind."""


class InputError(Exception):
    """An input that cannot be read; the text names it."""


def check_inputs(names: Iterable[str]) -> None:
    """Look whether inputs are there and may be read, without opening them: a pipe gives what it holds only once. Raises InputError."""
    for name in names:
        if name == "-":
            continue
        found = Path(name)
        trouble = errno.EISDIR if found.is_dir() else 0 if os.access(found, os.R_OK) else errno.EACCES
        if trouble:
            raise InputError(f"{name}: {os.strerror(trouble if found.exists() else errno.ENOENT)}")


def open_input(name: str) -> IO[bytes]:
    """Open an input by name; `-` is stdin."""
    if name == "-":
        if sys.stdin is None:
            raise OSError(errno.EBADF, "standard input is closed")
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    if name.endswith(".gz"):
        return io.BufferedReader(gzip.GzipFile(name, "rb"))
    if name.endswith(".zst"):
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(Path(name).open("rb"), closefd=True))
    return Path(name).open("rb")


def read_line(stream: IO[bytes]) -> bytes:
    """Return the next line with its end; b"" where there is none. Of an endless line only enough to see that it is."""
    line = stream.readline(MAX_BYTES + 2)
    if not line.endswith(b"\n") and len(line) > MAX_BYTES:
        while (rest := stream.readline(MAX_BYTES)) and not rest.endswith(b"\n"):
            pass
        return line + b"\n"
    return line


def lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends."""
    while line := read_line(stream):
        yield line.rstrip(b"\r\n")


def input_error(name: str, error: Exception) -> InputError:
    """Return the error that names the input."""
    return InputError(f"{name}: {getattr(error, 'strerror', None) or error}")
