"""Sorting more than fits into memory: what was put comes back in order of its key, and of its coming where keys are equal."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import msgspec

ROOM = 16 << 20
"""Bytes held before they are sorted and written out."""
OVERHEAD = 100
"""Bytes that an entry takes beside its own."""
FRAME = 256
"""Entries that are read back at once."""
LENGTH = 4
"""Bytes that say how long a frame is."""

Entry = tuple[Any, bytes]
_key = itemgetter(0)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[Any, bytes]]).decode


class Spill:
    """Entries of one kind. Keys are of one shape: numbers, texts, or tuples of them."""

    def __init__(self, directory: Path, room: int = ROOM) -> None:
        self._directory, self._room = directory, room
        self._held: list[Entry] = []
        self._weight = 0
        self._runs: list[IO[bytes]] = []

    def put(self, key: Any, entry: bytes) -> None:
        """Take an entry."""
        self._held.append((key, entry))
        self._weight += len(entry) + OVERHEAD
        if self._weight >= self._room:
            self._write_out()

    def drain(self) -> Iterator[Entry]:
        """Yield everything in order; nothing may be put any more."""
        self._held.sort(key=_key)
        runs = [_read_back(run) for run in self._runs]
        yield from merge(*runs, self._held, key=_key)
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        for run in self._runs:
            run.close()
        self._runs, self._held = [], []

    def _write_out(self) -> None:
        self._held.sort(key=_key)
        run: IO[bytes] = TemporaryFile(dir=self._directory)  # noqa: SIM115 - closed once it was read back
        for first in range(0, len(self._held), FRAME):
            frame = _pack(self._held[first : first + FRAME])
            run.write(len(frame).to_bytes(LENGTH))
            run.write(frame)
        self._runs.append(run)
        self._held, self._weight = [], 0


def _read_back(run: IO[bytes]) -> Iterator[Entry]:
    run.seek(0)
    while length := run.read(LENGTH):
        for key, entry in _unpack(run.read(int.from_bytes(length))):
            yield tuple(key) if isinstance(key, list) else key, entry
