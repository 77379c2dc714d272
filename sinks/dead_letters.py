"""Where refused records go: JSON lines in a file, each with its bytes, its place and the reason (design.md 1.6)."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from operators.model.records import DeadLetter

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
    """Appends to a file; what was written survives the death of the process."""

    def __init__(self, path: str) -> None:
        self._stream = Path(path).open("ab", buffering=0)  # noqa: SIM115 - kept open for the life of the job

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Append one line a letter, in one write."""
        data = b"".join(_encode(letter) + b"\n" for letter in letters)
        while data:
            data = data[os.write(self._stream.fileno(), data) :]

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
