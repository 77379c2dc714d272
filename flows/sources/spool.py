"""The spool of gateways as a source: folders of segments, each followed from where the last snapshot stands.

A segment is removed once two snapshots stand behind it: the engine begins an epoch only when the one before the last is
committed, so the older of the two is on the disk (engine.md 1.6).
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import starmap
from pathlib import Path
from typing import IO, Any

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from flows.settings.sections import SourceSettings
from flows.sources.files import unheard
from flows.sources.lines import SPOOLED
from flows.sources.places import Places
from flows.sources.reader import Reader
from flows.stop import AT_ONCE, Stop
from operators.intake.poll import Polled, Raw
from operators.savepoint.file import FilePlace, FilesPlace, ReadUpTo

PAUSE = 0.02
"""Seconds between two looks at a spool that had nothing new; the engine stalls beyond 100 ms (engine.md 0.6)."""
LOOK = 5
"""Seconds between two looks at how much is left to be read."""
Observe = Callable[[int], None]
"""Told how many bytes are left."""
Place = tuple[int, int]
"""Number of a segment, and bytes read of it."""
Folders = dict[str, Place]
"""Folder -> place."""
State = tuple[Folders, tuple[tuple[Any, ...], ...]]
"""The places of the folders, and of the file of commands."""


def unseen(_: int) -> None:
    """Nobody is told how much is left."""


class Folder:
    """Reads the lines of one gateway's segments in their order."""

    def __init__(self, path: Path, place: Place) -> None:
        self._path, self.place = path, place
        self._stream: IO[bytes] | None = None

    def read(self, most: int, latest: int) -> list[Raw]:
        """Return up to `most` records that are there now; none is later than `latest`."""
        raws: list[Raw] = []
        while len(raws) < most and (line := self._next()) is not None:
            mark, _, rest = line.partition(b" ")
            second, _, body = rest.partition(b" ")
            kind = SPOOLED.get(mark)
            if kind is None or not second.isdigit():
                continue  # a folder that something else has written into
            number, offset = self.place
            raws.append(Raw(min(int(second), latest), f"{self._path.name}/{number}", str(offset), body, kind))
        return raws

    def _next(self) -> bytes | None:
        """Return the next whole line, of the next segment where this one is at its end."""
        if self._stream is None:
            self._stream = self._open(*self.place)
            if self._stream is None:
                return None
        number, offset = self.place  # where it was opened
        line = self._stream.readline()
        if line.endswith(b"\n"):
            self.place = number, offset + len(line)
            return line[:-1]
        following = self._following(number)
        if line or following is None:  # half written, or nothing yet
            self._stream.seek(offset)
            return None
        self.close()
        self.place = following, 0
        return self._next()

    def _open(self, number: int, offset: int) -> IO[bytes] | None:
        try:
            stream = self._segment(number).open("rb")
        except FileNotFoundError:
            first = self._following(number - 1)
            if first is None:
                return None
            self.place = number, offset = first, 0
            stream = self._segment(number).open("rb")
        stream.seek(offset)
        return stream

    def _following(self, number: int) -> int | None:
        return min((one for one in self._numbers() if one > number), default=None)

    def _numbers(self) -> list[int]:
        return [int(path.stem) for path in self._path.glob("*.jsonl") if path.stem.isdigit()]

    def _segment(self, number: int) -> Path:
        return self._path / f"{number:012d}.jsonl"

    def unread(self) -> int:
        """Return how many bytes lie behind our place."""
        number, offset = self.place
        sizes = {one: _size(self._segment(one)) for one in self._numbers() if one >= number}
        return max(0, sum(sizes.values()) - (offset if number in sizes else 0))

    def forget(self, place: Place) -> None:
        """Remove the segments before a place: everything in them is in a snapshot."""
        for number in self._numbers():
            if number < place[0]:
                self._segment(number).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the open segment."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class SpoolPart(StatefulSourcePartition[Polled, State]):
    """Reads every folder of the spool, beside them a file of commands, and ticks with the wall clock."""

    def __init__(
        self, directory: Path, *, size: int, stop: Stop, resume: State | None = None, commands: str = "",
        now: Callable[[], float] = time.time, answered: Callable[[], None] = unheard, observe: Observe = unseen,
    ) -> None:  # fmt: skip
        self._directory, self._size, self._stop, self._now, self._answered = directory, size, stop, now, answered
        self._observe, self._observed = observe, 0
        self._folders: dict[str, Folder] = {}
        self._resume, places = resume or ({}, ())
        self._kept: list[Folders] = [self._resume]
        self._places = Places(starmap(FilePlace, places))
        self._commands = Reader((commands,), self._places, follow=True)
        self._commands_path = Path(commands) if commands else None
        self._ticked = 0
        self._idle = False

    def next_batch(self) -> Iterable[Polled]:
        """Return what is there, as one poll."""
        if (self._idle and self._stop.wait(PAUSE)) or self._stop.is_asked:
            raise StopIteration
        now = max(int(self._now()), self._ticked)
        raws = self._read_commands(now) + [raw for folder in self._found() for raw in folder.read(self._size, now)]
        self._answered()
        self._idle = not raws
        if now >= self._observed + LOOK:
            self._observed = now
            self._observe(sum(folder.unread() for folder in self._folders.values()))
        if not raws and now == self._ticked:
            return []
        self._ticked = now
        is_behind = len(raws) >= self._size
        return [Polled(raws, None if is_behind else now)]

    def _read_commands(self, now: int) -> list[Raw]:
        raws: list[Raw] = []
        if self._commands_path is not None and self._commands_path.exists():
            while len(raws) < self._size and (line := self._commands.next_line()) is not None:
                name, number, raw = line
                raws.append(Raw(now, name, number, raw, "command"))
        return raws

    def _found(self) -> list[Folder]:
        if self._idle or not self._folders:
            for path in sorted(self._directory.glob("*/")):
                if path.name not in self._folders:
                    self._folders[path.name] = Folder(path, self._resume.get(path.name, (1, 0)))
        return list(self._folders.values())

    def next_awake(self) -> datetime:
        """Return a moment that has passed, whatever the clock says: `next_batch` rests when there was nothing."""
        return AT_ONCE

    def snapshot(self) -> State:
        """Return how far each folder was read; remove what two snapshots have left behind."""
        for name, folder in self._folders.items():
            if (place := self._kept[0].get(name)) is not None:
                folder.forget(place)
        folders = {**self._resume, **{name: folder.place for name, folder in self._folders.items()}}
        self._kept = [*self._kept, folders][-2:]
        self._commands.keep_place()
        return folders, tuple(map(msgspec.structs.astuple, self._places.kept()))

    def close(self) -> None:
        """Let go of the open segments."""
        self._commands.close()
        for folder in self._folders.values():
            folder.close()


class SpoolSource(FixedPartitionedSource[Polled, State]):
    """One partition that reads the whole spool."""

    def __init__(
        self, settings: SourceSettings, *, size: int, stop: Stop, answered: Callable[[], None] = unheard,
        inherited: Callable[[], ReadUpTo | None] = lambda: None, observe: Observe = unseen,
    ) -> None:  # fmt: skip
        self._settings, self._size, self._stop, self._answered = settings, size, stop, answered
        self._inherited, self._observe = inherited, observe

    def list_parts(self) -> list[str]:
        """Return the only partition."""
        return ["spool"]

    def build_part(self, step_id: str, for_part: str, resume_state: State | None) -> SpoolPart:  # noqa: ARG002 - the engine's signature
        """Return the reader, where it left off."""
        left = self._inherited() if resume_state is None else None
        if isinstance(left, FilesPlace):
            resume_state = dict(left.spool), tuple(map(msgspec.structs.astuple, left.files))
        return SpoolPart(
            Path(self._settings.spool), size=self._size, stop=self._stop, resume=resume_state,
            commands=self._settings.commands, answered=self._answered, observe=self._observe,
        )  # fmt: skip
