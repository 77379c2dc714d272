"""The spool: segments of lines that the job follows, written by one thread, many requests to one sync.

A folder belongs to one gateway process, held by a lock. What was torn by a power cut or a full disk is cut off at the next start or
write, before anything is put behind it.
"""

import asyncio
import errno
import fcntl
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from flows.gateway.durable import BusyError, Kind, NoRoomError, NotKeptError, Pressure
from flows.sources.lines import SPOOLED

SEGMENT = 64 * 1024 * 1024
"""Bytes after which a new segment begins."""
IN_FLIGHT = 64 * 1024 * 1024
"""Bytes that may wait."""
OLDEST = 2.0
"""Seconds that the first of those that wait may have waited, before others are sent away."""
VECTOR = 512
"""Pieces of one write: the system takes 1024."""
NAME = "{:012d}.jsonl"
LOCK, PROBE, PROBED = "lock", "probe", 64 * 1024
"""Names of what else stands in a folder, and the bytes that tell whether there is room."""
LOOK_AGAIN = 1.0
"""Seconds between two looks at a disk that was full."""


_MARKS = {kind: mark for mark, kind in SPOOLED.items()}


def head(kind: Kind, at: int) -> bytes:
    """Return what stands before a line: its kind, and the second of its arrival, so that it is read again the same."""
    return b"%b %d " % (_MARKS[kind], at)


class Waiting(NamedTuple):
    """Lines of one request, and whom to tell."""

    data: bytes
    done: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop
    since: float


class SpoolBusyError(Exception):
    """Another gateway writes to this folder."""


class Spool:
    """Writes lines to a folder of its own under `directory`. Raises SpoolBusyError, OSError."""

    def __init__(
        self, directory: Path, name: str = "gateway-0", *, segment: int = SEGMENT, most: int = IN_FLIGHT
    ) -> None:
        self._folder = directory / name
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _lock(self._folder)
        self._segment, self._pressure = segment, Pressure(most)
        self._number, self._file, self._end = _last(self._folder)
        self._waiting: list[Waiting] = []
        self._trouble = ""
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._write_all, name="spool", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """Why nothing can be kept now; empty if all is well."""
        return self._trouble

    async def keep(self, lines: Sequence[bytes], at: int, kind: Kind = "event") -> None:
        """Make lines durable: they are on the disk when this returns. Raises NotKeptError."""
        if not lines:
            return
        mark = head(kind, at)
        data = b"".join(part for line in lines for part in (mark, line, b"\n"))
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        with self._changed:
            self._admit(len(data))
            self._waiting.append(Waiting(data, done, loop, time.monotonic()))
            self._changed.notify()
        await done

    def _admit(self, size: int) -> None:
        if self._is_closed:
            raise NotKeptError("the gateway is ending")
        if self._waiting and time.monotonic() - self._waiting[0].since > OLDEST:
            raise BusyError(f"the disk is behind by more than {OLDEST:g} s")
        self._pressure.take(size)

    def close(self) -> None:
        """Write what waits, and let go of the folder."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()
        os.close(self._file)
        os.close(self._lock)

    def _write_all(self) -> None:
        while True:
            with self._changed:
                patience = LOOK_AGAIN if self._trouble else None
                self._changed.wait_for(lambda: self._waiting or self._is_closed, patience)
                group, self._waiting = self._waiting, []
                is_over = self._is_closed
            if not group:
                if is_over:
                    return
                self._try_again()
                continue
            error = self._write(group)
            self._pressure.give(sum(len(one.data) for one in group))
            for loop, some in groupby(group, key=lambda one: one.loop):
                loop.call_soon_threadsafe(_tell, [one.done for one in some], error)

    def _try_again(self) -> None:
        """See whether there is room again: nobody sends to a gateway that says it is not ready."""
        probe = self._folder / PROBE
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBED))
                file.flush()
                os.fdatasync(file.fileno())
        except OSError as error:
            self._trouble = f"{self._folder}: {error.strerror}"
        else:
            self._trouble = ""
        with suppress(OSError):
            probe.unlink(missing_ok=True)

    def _write(self, group: list[Waiting]) -> NotKeptError | None:
        """Write a group as one; what cannot be made durable is cut off again."""
        try:
            if self._end >= self._segment:
                self._turn()
            for first in range(0, len(group), VECTOR):
                _write_whole(self._file, [one.data for one in group[first : first + VECTOR]])
            os.fdatasync(self._file)
        except OSError as error:
            self._trouble = f"{self._folder}: {error.strerror}"
            self._cut_off()
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            return (
                NoRoomError(f"the disk of the spool is full: {error.strerror}") if full else NotKeptError(self._trouble)
            )
        self._trouble = ""
        self._end += sum(len(one.data) for one in group)
        return None

    def _turn(self) -> None:
        number = self._number + 1
        file = _open(self._folder, number)
        os.close(self._file)
        self._number, self._file, self._end = number, file, 0
        _sync_folder(self._folder)

    def _cut_off(self) -> None:
        try:
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
        except OSError as error:  # cut off at the next start
            self._trouble = f"{self._folder}: {error.strerror}"


def _tell(waiting: "Sequence[asyncio.Future[None]]", error: NotKeptError | None) -> None:
    for done in waiting:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(type(error)(*error.args))


def _write_whole(file: int, parts: list[bytes]) -> None:
    written, size = os.writev(file, parts), sum(map(len, parts))
    while written < size:
        written += os.write(file, b"".join(parts)[written:])


def _lock(folder: Path) -> int:
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise SpoolBusyError(f"{folder}: another gateway writes here") from error
    return lock


def _last(folder: Path) -> tuple[int, int, int]:
    """Return number, file and end of the newest segment; a torn last line is cut off."""
    numbers = [int(path.stem) for path in folder.glob("*.jsonl")]
    number = max(numbers, default=1)
    file = _open(folder, number)
    size = os.fstat(file).st_size
    end = _whole(file, size)
    if end < size:
        os.ftruncate(file, end)
        os.fdatasync(file)
    os.lseek(file, end, os.SEEK_SET)
    _sync_folder(folder)
    return number, file, end


def _whole(file: int, size: int) -> int:
    """Return where the last whole line of a file ends."""
    step, at = 1 << 16, size
    while at > 0:
        first = max(0, at - step)
        found = os.pread(file, at - first, first).rfind(b"\n")
        if found >= 0:
            return first + found + 1
        at = first
    return 0


def _open(folder: Path, number: int) -> int:
    return os.open(folder / NAME.format(number), os.O_RDWR | os.O_CREAT, 0o600)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
