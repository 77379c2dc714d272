"""Where refused records go: JSON lines in a file, each with its bytes, its place and the reason (design.md 1.6)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from operators.model.records import DeadLetter
from sinks.appended import append_lines

_encode = msgspec.json.Encoder().encode


class DeadLetters(Protocol):
    """Keeps refused records; must not return before they are durable."""

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Make the letters durable."""
        ...

    def close(self) -> None:
        """Let go of file or connection."""
        ...


class FileDeadLetters:
    """Appends to a file. Raises OSError at the start where it cannot be written, and by `write` where there is no room."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        append_lines(self._path, b"")

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Append one line a letter, all of them or none."""
        append_lines(self._path, b"".join(_encode(letter) + b"\n" for letter in letters))

    def close(self) -> None:
        """Do nothing: the file is open only while it is written."""
