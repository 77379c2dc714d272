"""How far files were read. A file is known by what it is, and not by its name alone: names are given to other files."""

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Literal, NamedTuple
from zlib import crc32

import msgspec

from flows.sources.lines import PACKED, read_line
from operators.savepoint.file import FilePlace

KEPT = 1000
"""Files whose places are remembered; of more, the ones that were read longest ago are forgotten."""

Begin = Literal["begins", "goes on", "nothing new", "another file of this name", "shorter than before", "rewritten"]
"""How a file is taken up: two of them where it was left, the others at its start."""


class Seen(NamedTuple):
    """What the file system says of a file."""

    device: int
    inode: int
    size: int


def seen(name: str) -> Seen | None:
    """Return what the file system says of the file that has a name now; None if there is none, or it is no plain file."""
    try:
        found = Path(name).stat()
    except FileNotFoundError:
        return None
    return Seen(found.st_dev, found.st_ino, found.st_size) if stat.S_ISREG(found.st_mode) else None


def by_number(place: Sequence[int], files: Sequence[str], commands: str) -> list[FilePlace]:
    """Return the places of files that a savepoint of format 1 knew by their number; those before the last were read."""
    number, offset, line, of_commands, line_of_commands = place
    reached: list[tuple[str, int | None, int]] = [(name, None, 0) for name in files[:number]]
    reached += [(name, offset, line) for name in files[number:][:1]]
    reached += [(commands, of_commands, line_of_commands)] if commands else []
    return [
        FilePlace(name, now.device, now.inode, now.size if offset is None else offset, line)
        for name, offset, line in reached
        if (now := seen(name)) is not None
    ]


class Places:
    """The places of all files read so far, the latest last. `elsewhere`: files had other inodes and folders there."""

    def __init__(self, kept: Iterable[FilePlace] = (), *, elsewhere: bool = False) -> None:
        self._elsewhere = elsewhere
        self._kept = {(one.device, one.inode): one for one in kept}

    def keep(self, place: FilePlace) -> None:
        """Remember how far a file was read."""
        key = (place.device, place.inode)
        self._kept.pop(key, None)
        self._kept[key] = place
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]

    def kept(self) -> tuple[FilePlace, ...]:
        """Return everything remembered."""
        return tuple(self._kept.values())

    def take_up(self, name: str, now: Seen, stream: IO[bytes]) -> tuple[FilePlace, Begin]:
        """Return where an open file is read on, and why there; the stream stands there unless that is the file's start."""
        fresh = FilePlace(name, now.device, now.inode)
        namesake = self._named(name)
        known = self._kept.get((now.device, now.inode)) or (self._called(Path(name).name) if self._elsewhere else None)
        is_shorter = known is not None and not name.endswith(PACKED) and now.size < known.offset
        if known is not None and not is_shorter and _found_again(stream, known, is_packed=name.endswith(PACKED)):
            place = msgspec.structs.replace(known, name=name, device=now.device, inode=now.inode)
            return place, "nothing new" if now.size == place.offset else "goes on"
        if known is not None and known.name == name:
            return fresh, "shorter than before" if is_shorter else "rewritten"
        return fresh, "begins" if namesake is None else "another file of this name"

    def rest_of(self, name: str) -> str | None:
        """Return where the rest of a file is that was not read to its end before another one took its name, if it is beside it."""
        before, here = self._named(name), Path(name)
        if before is None or not here.parent.is_dir():
            return None
        others = (path for path in here.parent.iterdir() if path.name != here.name)
        found = ((str(path), known) for path in others if (known := seen(str(path))) is not None)
        wanted = (before.device, before.inode)
        return next((path for path, one in found if one[:2] == wanted and one.size > before.offset), None)

    def _named(self, name: str) -> FilePlace | None:
        """Return the place of the file that had a name when it was last read."""
        return next((one for one in reversed(self._kept.values()) if one.name == name), None)

    def _called(self, name: str) -> FilePlace | None:
        return next((one for one in reversed(self._kept.values()) if Path(one.name).name == name), None)


def _found_again(stream: IO[bytes], place: FilePlace, *, is_packed: bool) -> bool:
    """Put a file where it was left; return False if another line stands before that place."""
    line = b""
    if is_packed:
        for _ in range(place.line):
            line = read_line(stream)
    else:
        stream.seek(place.offset - place.last)
        line = stream.read(place.last)
    return crc32(line) == place.check


def still_holds(stream: IO[bytes], place: FilePlace) -> bool:
    """Return True if an open file is still what was read up to a place; the stream stands there then."""
    return os.fstat(stream.fileno()).st_size >= place.offset and _found_again(stream, place, is_packed=False)
