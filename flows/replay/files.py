"""The files of a replay: lines in, from plain, .gz or .zst files or stdin; JSON lines out, byte for byte reproducible."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from flows.replay.order import in_order
from flows.replay.outcome import Outcome
from flows.replay.replay import Line
from flows.sources.lines import READ_ERRORS, input_error, lines, open_input
from operators.intake.decode import MIXED
from operators.intake.poll import OURS
from operators.model.alert import Alert
from operators.model.event import Event

_encode = msgspec.json.Encoder(order="sorted").encode

EMPTY_EVENT = {"extra_info": {}} | {
    field.name: field.default
    for field in msgspec.structs.fields(Event)
    if field.default is not None and field.default is not msgspec.NODEFAULT
}
"""What an event document holds where the event is empty: only null may be left out."""


def read_lines(inputs: Iterable[str], name_of_format: str = OURS) -> Iterator[Line]:
    """Yield the lines of all inputs, one input after the other; blank lines are passed over.

    Lines in another format hold events.
    """
    kind = MIXED if name_of_format == OURS else "event"
    for name in inputs:
        try:
            with open_input(name) as stream:
                for number, raw in enumerate(lines(stream), 1):
                    if raw.strip():
                        yield Line(name, number, raw, kind, format=name_of_format)
        except READ_ERRORS as error:
            raise input_error(name, error) from error


def write(outcome: Outcome, counts: dict[str, Any], directory: Path) -> None:
    """Write the files of the contract."""
    directory.mkdir(parents=True, exist_ok=True)
    alerts = outcome.alerts
    _write(directory / "alerts.jsonl", (alert_document(alerts[key]) for key in sorted(alerts)))
    _write(directory / "logs.jsonl", in_order(outcome.logs))
    _write(directory / "signals.jsonl", in_order(outcome.signals))
    _write(directory / "actions.jsonl", in_order(outcome.actions.values()))
    _write(directory / "notices.jsonl", in_order(outcome.notices.values()))
    _write(directory / "dead_letters.jsonl", outcome.dead_letters)
    _write(directory / "events.jsonl", map(event_document, outcome.events))
    write_summary(counts, directory)


def write_summary(counts: dict[str, Any], directory: Path) -> None:
    """Write the counts of a run."""
    _write(directory / "summary.json", [counts])


def event_document(event: Event) -> dict[str, Any]:
    """Return an event with its empty fields."""
    return {**EMPTY_EVENT, **msgspec.to_builtins(event)}


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return an alert with the whole of its representative event."""
    return {**msgspec.to_builtins(alert), "event": event_document(alert.event)}


def line_of(thing: Any) -> bytes:
    """Return an entry as its line."""
    return _encode(thing) + b"\n"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the file system name the file; one of writing knows no name."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(error.filename or path)) from error


def _write(path: Path, things: Iterable[Any]) -> None:
    with naming(path), path.open("wb") as stream:
        stream.writelines(map(line_of, things))
