"""Files and stdin as a source: JSON lines, several files one after the other, the last one followed if asked.

Time: with clock `input` a record arrives when it says so (its `at`, else its event's time), as in a replay; with clock `wall` when it is
read, and ticks come by the wall clock.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import starmap
from pathlib import Path
from typing import Any

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.settings.sections import SourceSettings
from flows.sources.places import Places, by_number
from flows.sources.reader import Reader
from flows.stop import AT_ONCE, Stop
from operators.intake.decode import MIXED
from operators.intake.formats.by_rule import named
from operators.intake.poll import Polled, Raw
from operators.savepoint.file import FilePlace, FilesPlace, ReadUpTo

PAUSE = 0.05
"""Seconds between two looks at a file that had nothing new; the engine stalls beyond 0.1 (engine.md 0.6)."""


def unheard() -> None:
    """Be told of an answer, and do nothing."""


State = tuple[tuple[Any, ...], ...]
"""The places of files, as plain tuples."""


class FilesPart(StatefulSourcePartition[Polled, State]):
    """Reads the files in turn, and beside them a file of commands if there is one."""

    def __init__(
        self, settings: SourceSettings, *, size: int, stop: Stop, places: Places, skew: int = 0,
        now: Callable[[], float] = time.time, answered: Callable[[], None] = unheard,
    ) -> None:  # fmt: skip
        self._answered = answered
        self._places = places
        self._events = Reader(settings.files, places, follow=settings.follow)
        self._commands = Reader((settings.commands,), places, follow=True)
        self._commands_path = Path(settings.commands) if settings.commands else None
        self._kind = MIXED if settings.recording else "event"
        self._by_wall, self._size, self._stop, self._now = settings.clock == "wall", size, stop, now
        self._format = named(settings.format, settings.source)
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
        self._events.keep_place()
        self._commands.keep_place()
        return tuple(map(msgspec.structs.astuple, self._places.kept()))

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
            raws.append(Raw(at, name, number, raw, kind, latest=now + self._skew, format=self._format))
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
        left = self._inherited() if resume_state is None else None
        places = Places(starmap(FilePlace, resume_state or ()))
        if isinstance(left, FilesPlace):
            before = by_number(left.place, self._settings.files, self._settings.commands) if left.place else left.files
            places = Places(before, elsewhere=True)
        return FilesPart(
            self._settings, size=self._size, stop=self._stop, places=places, skew=self._skew, answered=self._answered
        )
