"""The files of a replay: lines in, from plain, .gz or .zst files or stdin; JSON lines out, byte for byte reproducible."""

import gzip
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
import zstandard

from flows.outcome import Outcome, ordered_actions, ordered_logs, ordered_notices, ordered_signals
from flows.replay import Line
from operators.decode import MAX_BYTES

_encode = msgspec.json.Encoder(order="sorted").encode


class InputError(Exception):
    """An input that cannot be read; the text names it."""


def read_lines(inputs: Iterable[str]) -> Iterator[Line]:
    """Yield the lines of all inputs, one input after the other; blank lines are passed over."""
    for name in inputs:
        try:
            with _open(name) as stream:
                for number, raw in enumerate(_lines(stream), 1):
                    if raw.strip():
                        yield Line(name, number, raw)
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise InputError(f"{name}: {getattr(error, 'strerror', None) or error}") from error


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines without their ends; of an endless line no more is kept than shows that it is too long."""
    while line := stream.readline(MAX_BYTES + 2):
        if not line.endswith(b"\n") and len(line) > MAX_BYTES:
            while (rest := stream.readline(MAX_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield line.rstrip(b"\r\n")


def _open(name: str) -> IO[bytes]:
    if name == "-":
        return io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    if name.endswith(".gz"):
        return gzip.open(name, "rb")
    if name.endswith(".zst"):
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(Path(name).open("rb"), closefd=True))
    return Path(name).open("rb")


def write(outcome: Outcome, counts: dict[str, Any], directory: Path) -> None:
    """Write the files of the contract."""
    directory.mkdir(parents=True, exist_ok=True)
    alerts = outcome.alerts
    _write(directory / "alerts.jsonl", (alerts[key] for key in sorted(alerts)))
    _write(directory / "logs.jsonl", ordered_logs(outcome.logs))
    _write(directory / "signals.jsonl", ordered_signals(outcome.signals))
    _write(directory / "actions.jsonl", ordered_actions(outcome.actions.values()))
    _write(directory / "notices.jsonl", ordered_notices(outcome.notices.values()))
    _write(directory / "dead_letters.jsonl", outcome.dead_letters)
    _write(directory / "events.jsonl", outcome.events)
    (directory / "summary.json").write_bytes(_encode(counts) + b"\n")


def _write(path: Path, things: Iterable[Any]) -> None:
    with path.open("wb") as stream:
        for thing in things:
            stream.write(_encode(thing) + b"\n")
