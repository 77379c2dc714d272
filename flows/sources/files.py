"""Files and stdin as a source: JSON lines, several files one after the other, the last one followed if asked.

Time: with clock `input` a record arrives when it says so (its `at`, else its event's time), as in a replay; with clock `wall` when it is
read, and ticks come by the wall clock.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import IO, Literal

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.sources.lines import PACKED, READ_ERRORS, input_error, open_input, read_line
from flows.stop import Stop
from operators.batch import Polled, Raw

Clock = Literal["input", "wall"]
PAUSE = timedelta(milliseconds=50)
"""Between two looks at a file that had nothing new; the engine stalls beyond 100 ms (engine.md 0.6)."""


class Place(msgspec.Struct, frozen=True):
    """How far the files were read: which one, how many bytes and lines of it."""

    file: int = 0
    offset: int = 0
    line: int = 0


class FilesPart(StatefulSourcePartition[Polled, tuple[int, int, int]]):
    """Reads the files in turn."""

    def __init__(
        self, paths: list[str], *, follow: bool, clock: Clock, size: int, stop: Stop, resume: Place,
        now: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._paths, self._follow, self._clock, self._size = paths, follow, clock, size
        self._stop, self._now = stop, now
        self._place = resume
        self._stream: IO[bytes] | None = None
        self._idle = False
        self._ended = False
        self._ticked = 0

    def next_batch(self) -> Iterable[Polled]:
        """Return what could be read at once, as one poll."""
        if self._stop.is_asked or self._ended:
            raise StopIteration
        raws = self._read()
        self._idle = not raws
        if not raws and self._place.file >= len(self._paths):
            self._ended = True
            return [Polled(is_end=True)]
        now = int(self._now())
        if not raws and (self._clock == "input" or now == self._ticked):
            return []
        self._ticked = now
        return [Polled(raws, now if self._clock == "wall" else None)]

    def next_awake(self) -> datetime | None:
        """Rest a moment when there was nothing."""
        return datetime.now(UTC) + PAUSE if self._idle and not self._ended else None

    def snapshot(self) -> tuple[int, int, int]:
        """Return how far the files were read."""
        return self._place.file, self._place.offset, self._place.line

    def close(self) -> None:
        """Let go of the open file."""
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> list[Raw]:
        raws: list[Raw] = []
        while len(raws) < self._size and self._place.file < len(self._paths):
            line = self._next_line()
            if line is None:
                break
            if line.strip():
                at = int(self._now()) if self._clock == "wall" else None
                raws.append(Raw(at, self._paths[self._place.file], str(self._place.line), line))
        return raws

    def _next_line(self) -> bytes | None:
        """Return the next line, b"" at the end of a file that another follows, None where nothing is to be had now."""
        name = self._paths[self._place.file]
        try:
            if self._stream is None:
                self._stream = self._open(name)
            line = read_line(self._stream)
        except READ_ERRORS as error:
            raise input_error(name, error) from error
        is_last = self._place.file == len(self._paths) - 1
        if self._follow and is_last and not line.endswith(b"\n"):  # what is half written is read again
            self._stream.seek(self._place.offset)
            return None
        if not line:
            self._stream.close()
            self._stream, self._place = None, Place(self._place.file + 1)
            return b""
        self._place = Place(self._place.file, self._place.offset + len(line), self._place.line + 1)
        return line.rstrip(b"\r\n")

    def _open(self, name: str) -> IO[bytes]:
        stream = open_input(name)
        if name.endswith(PACKED):
            for _ in range(self._place.line):
                read_line(stream)
        elif name != "-":
            stream.seek(self._place.offset)
        return stream


class FilesSource(FixedPartitionedSource[Polled, tuple[int, int, int]]):
    """One partition that reads all files."""

    def __init__(self, paths: list[str], *, follow: bool, clock: Clock, size: int, stop: Stop) -> None:
        self._paths, self._follow, self._clock, self._size, self._stop = paths, follow, clock, size, stop

    def list_parts(self) -> list[str]:
        """Return the only partition."""
        return ["files"]

    def build_part(self, step_id: str, for_part: str, resume_state: tuple[int, int, int] | None) -> FilesPart:  # noqa: ARG002 - the engine's signature
        """Return the reader, where it left off."""
        place = Place(*resume_state) if resume_state else Place()
        return FilesPart(
            self._paths, follow=self._follow, clock=self._clock, size=self._size, stop=self._stop, resume=place
        )
