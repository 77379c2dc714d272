"""Lines of files in turn; the last one is followed if asked, past the end of a rotated file into the one that took its name."""

import os
import time
from collections.abc import Callable, Sequence
from typing import IO
from zlib import crc32

import structlog

from flows.sources.lines import READ_ERRORS, input_error, open_input, read_line
from flows.sources.places import Places, seen, still_holds
from operators.intake.decode import MAX_BYTES
from operators.savepoint.file import FilePlace

LINGER = 1.0
"""Seconds for which a rotated file is still looked at after its last line: who writes to it may not know of it yet."""
STDIN = "-"

log = structlog.get_logger()


class Reader:
    """Reads lines, and says in the log how each file is taken up. What is no plain file is read once and never resumed."""

    def __init__(
        self, paths: Sequence[str], places: Places, *, follow: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._paths, self._places, self._follow, self._clock = list(paths), places, follow, clock
        self._number = 0
        self._stream: IO[bytes] | None = None
        self._file = FilePlace(STDIN)
        """As it was taken up."""
        self._is_plain = False
        self._offset = self._line = 0
        self._last = b""
        self._is_idle, self._last_news = False, 0.0

    @property
    def is_done(self) -> bool:
        """Whether every file was read to its end, and none is followed."""
        return self._number >= len(self._paths)

    def next_line(self) -> tuple[str, str, bytes] | None:
        """Return file, line number and bytes of the next line that is not blank; None where nothing is to be had now."""
        while not self.is_done:
            name = self._paths[self._number]
            try:
                line = self._read(name)
            except READ_ERRORS as error:
                raise input_error(name, error) from error
            if line is None:
                return None
            if line.strip():
                return name, str(self._line), line
        return None

    def keep_place(self) -> None:
        """Let it be known how far the open file was read."""
        if self._stream is not None and self._is_plain:
            self._places.keep(self._place())

    def close(self) -> None:
        """Let go of the open file."""
        self.keep_place()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _read(self, name: str) -> bytes | None:
        """Return the next line, b"" where there is something else to open, None where a followed file has nothing new."""
        if self._stream is None and self._rest_first(name):
            return b""
        stream = self._stream or self._open(name)
        if self._is_idle and not still_holds(stream, self._place()):
            self.close()
            return b""
        line = read_line(stream)
        is_followed = self._follow and self._is_plain and self._number == len(self._paths) - 1
        self._is_idle = is_followed and not line.endswith(b"\n") and not self._is_left(name)
        if self._is_idle:
            stream.seek(self._offset)  # what is half written is read again
            return None
        if line:
            return self._taken(line, stream)
        self.close()
        if not is_followed:
            self._number += 1
        return b""

    def _taken(self, line: bytes, stream: IO[bytes]) -> bytes:
        self._offset, self._last = self._offset + len(line), line
        if len(line) > MAX_BYTES and self._is_plain and stream.seekable():  # more of it was passed over
            self._offset = stream.seek(-1, os.SEEK_CUR) + 1
            self._last = stream.read(1)
        self._line += 1
        if self._follow:
            self._last_news = self._clock()
        return line.rstrip(b"\r\n")

    def _place(self) -> FilePlace:
        if not self._last:
            return self._file
        name, device, inode = self._file.name, self._file.device, self._file.inode
        return FilePlace(name, device, inode, self._offset, self._line, len(self._last), crc32(self._last))

    def _is_left(self, name: str) -> bool:
        """Return True if another file has the name now, and nothing has come to the one that had it for a while."""
        now = seen(name)
        if now is None or now[:2] == (self._file.device, self._file.inode):
            return False
        return self._clock() - self._last_news >= LINGER

    def _rest_first(self, name: str) -> bool:
        """Let the rest of a file be read that was rotated while nobody looked; return True if there is one."""
        is_last = self._number == len(self._paths) - 1
        rest = self._places.rest_of(name) if self._follow and is_last else None
        if rest is None or rest in self._paths:
            return False
        log.info("a file was rotated meanwhile, its rest is read first", file=name, rest=rest)
        self._paths.insert(self._number, rest)
        return True

    def _open(self, name: str) -> IO[bytes]:
        """Open a file where it was left."""
        stream, now = open_input(name), seen(name) if name != STDIN else None
        self._is_plain = now is not None
        if now is None:
            self._file = FilePlace(name)
            log.info("reading what cannot be resumed", file="stdin" if name == STDIN else name)
        else:
            self._file, how = self._places.take_up(name, now, stream)
            if not self._file.offset:
                stream.close()
                stream = open_input(name)
            log.info("reading a file", file=name, how=how, from_line=self._file.line + 1)
        self._stream = stream
        self._offset, self._line, self._last = self._file.offset, self._file.line, b""
        self._is_idle, self._last_news = False, self._clock()
        return stream
