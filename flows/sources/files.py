"""Files and stdin as a source: JSON lines, several files one after the other, the last one followed if asked.

Time: with clock `input` a record arrives when it says so (its `at`, else its event's time), as in a replay; with clock `wall` when it is
read, and ticks come by the wall clock.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.settings import SourceSettings
from flows.sources.lines import PACKED, READ_ERRORS, input_error, open_input, read_line
from flows.stop import AT_ONCE, Stop
from operators.batch import Polled, Raw
from operators.intake.decode import MIXED
from operators.savepoint.file import FilesPlace, ReadUpTo

PAUSE = 0.05
"""Seconds between two looks at a file that had nothing new; the engine stalls beyond 0.1 (engine.md 0.6)."""


State = tuple[int, int, int, int, int]


def unheard() -> None:
    """Be told of an answer, and do nothing."""


class Place(msgspec.Struct, frozen=True):
    """How far a list of files was read: which one, how many bytes and lines of it."""

    file: int = 0
    offset: int = 0
    line: int = 0


class Reader:
    """Reads the lines of files in turn."""

    def __init__(self, paths: Sequence[str], *, follow: bool, place: Place) -> None:
        self._paths, self._follow, self.place = paths, follow, place
        self._stream: IO[bytes] | None = None

    @property
    def is_done(self) -> bool:
        """Tell whether every file was read to its end, and none is followed."""
        return self.place.file >= len(self._paths)

    def next_line(self) -> tuple[str, str, bytes] | None:
        """Return file, line number and bytes of the next line that is not blank; None where nothing is to be had now."""
        while not self.is_done:
            name = self._paths[self.place.file]
            try:
                line = self._read(name)
            except READ_ERRORS as error:
                raise input_error(name, error) from error
            if line is None:
                return None
            if line.strip():
                return name, str(self.place.line), line
        return None

    def _read(self, name: str) -> bytes | None:
        """Return the next line, b"" at the end of a file that another follows, None at a followed one's end."""
        if self._stream is None:
            self._stream = self._open(name)
        line = read_line(self._stream)
        is_last = self.place.file == len(self._paths) - 1
        if self._follow and is_last and not line.endswith(b"\n"):  # what is half written is read again
            if name != "-":
                self._stream.seek(self.place.offset)
                return None
            if not line:
                self.close()
        if not line:
            self.close()
            self.place = Place(self.place.file + 1)
            return b""
        self.place = Place(self.place.file, self.place.offset + len(line), self.place.line + 1)
        return line.rstrip(b"\r\n")

    def _open(self, name: str) -> IO[bytes]:
        stream = open_input(name)
        if name.endswith(PACKED):
            for _ in range(self.place.line):
                read_line(stream)
        elif name != "-":
            stream.seek(self.place.offset)
        return stream

    def close(self) -> None:
        """Let go of the open file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


class FilesPart(StatefulSourcePartition[Polled, State]):
    """Reads the files in turn, and beside them a file of commands if there is one."""

    def __init__(
        self, settings: SourceSettings, *, size: int, stop: Stop, resume: State | None, skew: int = 0,
        now: Callable[[], float] = time.time, answered: Callable[[], None] = unheard,
    ) -> None:  # fmt: skip
        self._answered = answered
        place = resume or (0, 0, 0, 0, 0)
        self._events = Reader(settings.files, follow=settings.follow, place=Place(*place[:3]))
        self._commands = Reader((settings.commands,), follow=True, place=Place(0, *place[3:]))
        self._commands_path = Path(settings.commands) if settings.commands else None
        self._kind = MIXED if settings.recording else "event"
        self._by_wall, self._size, self._stop, self._now = settings.clock == "wall", size, stop, now
        self._skew = skew
        self._idle = self._ended = self._has_begun = False
        self._ticked = 0

    def next_batch(self) -> Iterable[Polled]:
        """Return what could be read at once, as one poll."""
        if self._ended or (self._idle and self._stop.wait(PAUSE)) or self._stop.is_asked:
            raise StopIteration
        now = max(int(self._now()), self._ticked)
        raws = self._read_commands(now) + self._read(self._events, now, self._kind)
        self._answered()
        self._idle = not raws
        if not raws and self._events.is_done:
            self._ended = True
            return [Polled(is_end=True)]
        if not raws and self._has_begun and (not self._by_wall or now == self._ticked):
            return []
        self._ticked, self._has_begun = now, True  # every slot is to be built at once, whatever comes
        return [Polled(raws, now if self._by_wall else None)]

    def next_awake(self) -> datetime:
        """Return a moment that has passed, whatever the clock says: `next_batch` rests when there was nothing."""
        return AT_ONCE

    def snapshot(self) -> State:
        """Return how far the files were read."""
        events, commands = self._events.place, self._commands.place
        return events.file, events.offset, events.line, commands.offset, commands.line

    def close(self) -> None:
        """Let go of the open files."""
        self._events.close()
        self._commands.close()

    def _read_commands(self, now: int) -> list[Raw]:
        if self._commands_path is None or not self._commands_path.exists():
            return []
        return self._read(self._commands, now, "command")

    def _read(self, reader: Reader, now: int, kind: str) -> list[Raw]:
        raws: list[Raw] = []
        while len(raws) < self._size and (line := reader.next_line()) is not None:
            name, number, raw = line
            at = now if self._by_wall else None
            raws.append(Raw(at, name, number, raw, kind, latest=now + self._skew))
        return raws


class FilesSource(FixedPartitionedSource[Polled, State]):
    """One partition that reads all files."""

    def __init__(
        self,
        settings: SourceSettings,
        *,
        size: int,
        stop: Stop,
        inherited: Callable[[], ReadUpTo | None] = lambda: None,
        skew: int = 0,
        answered: Callable[[], None] = unheard,
    ) -> None:
        self._settings, self._size, self._stop, self._inherited = settings, size, stop, inherited
        self._skew, self._answered = skew, answered

    def list_parts(self) -> list[str]:
        """Return the only partition."""
        return ["files"]

    def build_part(self, step_id: str, for_part: str, resume_state: State | None) -> FilesPart:  # noqa: ARG002 - the engine's signature
        """Return the reader, where it left off."""
        place = self._inherited() if resume_state is None else None
        resume = place.place if isinstance(place, FilesPlace) else resume_state
        return FilesPart(
            self._settings, size=self._size, stop=self._stop, resume=resume, skew=self._skew, answered=self._answered
        )
