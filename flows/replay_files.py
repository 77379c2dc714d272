"""The files of a replay: lines in, from plain, .gz or .zst files or stdin; JSON lines out, byte for byte reproducible."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from flows.outcome import Outcome, ordered_actions, ordered_logs, ordered_notices, ordered_signals
from flows.replay import Line
from flows.sources.lines import READ_ERRORS, input_error, lines, open_input

_encode = msgspec.json.Encoder(order="sorted").encode


def read_lines(inputs: Iterable[str]) -> Iterator[Line]:
    """Yield the lines of all inputs, one input after the other; blank lines are passed over."""
    for name in inputs:
        try:
            with open_input(name) as stream:
                for number, raw in enumerate(lines(stream), 1):
                    if raw.strip():
                        yield Line(name, number, raw)
        except READ_ERRORS as error:
            raise input_error(name, error) from error


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
