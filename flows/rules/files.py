"""Rules from files: a directory that is looked at again and again."""

from collections.abc import Hashable, Sequence
from pathlib import Path

from flows.rules.source import Source
from operators.rules.read.documents import Found, read_files, rule_files


class Directory(Source):
    """Rule files at paths, sub-directories included.

    A change counts once two looks in a row find the same files, so that a file half written, or one of two that belong
    together, is not read. Files that vanish
    altogether, or hold nothing any more, are a mistake and not an empty rule book (design.md 7.50).
    """

    def __init__(self, paths: Sequence[str | Path], interval: float = 1.0) -> None:
        self._paths, self._interval = tuple(paths), interval
        self._seen: Hashable = None
        self._settled: Hashable = None

    @property
    def name(self) -> str:
        """The paths."""
        return ", ".join(map(str, self._paths))

    @property
    def interval(self) -> float:
        """Seconds between two looks."""
        return self._interval

    def stamp(self) -> Hashable:
        """Return names, times and sizes of the files as two looks in a row found them."""
        files, errors = rule_files(self._paths)
        seen = (tuple(map(_mark, files)), tuple(errors))
        if seen == self._seen or self._settled is None:
            self._settled = seen
        self._seen = seen
        return self._settled

    def read(self) -> Found:
        """Read every file."""
        return read_files(self._paths)


def _mark(file: Path) -> Hashable:
    """Return what changes with a file, the link a ConfigMap swaps included."""
    try:
        known = file.stat()
    except OSError as gone:
        return file, gone.errno
    return file, known.st_mtime_ns, known.st_ctime_ns, known.st_size, known.st_ino
