"""Channels without a provider: a file of JSON lines, and the console. For demos, and for ways not yet configured."""

import sys
import threading
from pathlib import Path
from typing import TextIO

import msgspec

from operators.deliver.delivery import Result, Results
from operators.model.reason import Reason
from operators.model.records import Notice
from sinks.appended import append_lines
from sinks.channels.errors import for_all
from sinks.channels.wording import plain_text


def _receivers(notice: Notice) -> tuple[str, ...]:
    return notice.receivers or (notice.way,)


class File:
    """Appends every notice to a file, one JSON object a line, keys sorted; the configuration of actions stays out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def send(self, notice: Notice) -> Results:
        """Write the notice."""
        document = msgspec.to_builtins(notice)
        document.pop("config")
        line = msgspec.json.encode(document, order="sorted") + b"\n"
        try:
            with self._lock:
                append_lines(self._path, line)
        except OSError as error:
            reason = f"cannot write {self._path}: {error.strerror}"
            return for_all(_receivers(notice), Result(ok=False, message=reason, retryable=True))
        return for_all(_receivers(notice), Result(ok=True, message=Reason.WRITTEN_TO_FILE))


class Console:
    """Prints every notice for people to read; nothing in it reaches the terminal as a command."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, notice: Notice) -> Results:
        """Print the notice."""
        text = plain_text(notice.content) if notice.way == "mail" else notice.content
        head = f"--- {notice.way} to {', '.join(_receivers(notice))}: {notice.title}"
        stream = self._stream or sys.stdout
        with self._lock:
            stream.write(f"{_visible(head)}\n{_visible(text)}\n")
            stream.flush()
        return for_all(_receivers(notice), Result(ok=True))


def _visible(text: str) -> str:
    """Return the text with everything but printable characters and line breaks as a question mark."""
    return "".join(char if char.isprintable() or char == "\n" else "?" for char in text)
