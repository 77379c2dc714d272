"""`tocsin intake`: what the job would make of records, without a job."""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import click
import msgspec

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import format_named, format_option, json_option, source_option
from flows.cli.strict import Group
from flows.sources.lines import READ_ERRORS, input_error, lines, open_input
from operators.intake.decode import Refusal, decode
from operators.intake.formats.by_rule import Sources
from operators.intake.formats.unpack import Part, unpack
from operators.intake.poll import OURS
from operators.model.event import Event
from operators.rules.read.lines import with_lines
from operators.rules.read.load import load

SHOWN = (
    "status",
    "severity",
    "alert_name",
    "target",
    "plugin_id",
    "event_id",
    "time",
    "anomaly_time",
    "until",
    "dedupe_md5",
)
"""Fields of an event that are shown, where it has them."""


@click.group(cls=Group)
def intake() -> None:
    """Look at what comes in."""


@intake.command()
@click.argument("path", metavar="FILE")
@format_option
@source_option
@click.option("--rules", metavar="DIR", help="Directory of rule files: what its `sources` say counts.")
@click.option("--at", type=int, metavar="T", help="They arrive at this second.  [default: when each says so, else now]")
@json_option
def test(
    path: str, name_of_format: str | None, source: str | None, rules: str | None, at: int | None, *, as_json: bool
) -> None:
    """Show what each record of FILE becomes, and why not.

    FILE (`-` is stdin) holds a record a line, or one record over several lines. Exit 1 if anything of it is refused.
    """
    name, now = format_named(name_of_format or OURS, source), int(time.time())
    sources = {} if rules is None else _sources(rules)
    parts = (
        (number, part)
        for number, body in _records(path)
        for part in unpack(body, name, at, sources=sources, otherwise=now)
    )
    told = [_told(number, part) for number, part in parts]
    if as_json:
        print_answer("record", told)
    else:
        for one in told:
            _show(one)
    refused = sum("refused" in one for one in told)
    if refused:
        click.echo(f"{refused} refused", err=True)
        sys.exit(1)


def _sources(rules: str) -> Sources:
    book, errors = load([rules])
    if book is None:
        fail(*with_lines(errors))
    return book.sources


def _records(path: str) -> Iterator[tuple[int, bytes]]:
    """Yield the records with their lines; a file whose first line is no JSON of its own is one record."""
    try:
        with open_input(path) as stream:
            found = [(number, raw) for number, raw in enumerate(lines(stream), 1) if raw.strip()]
    except READ_ERRORS as error:
        fail(input_error(path, error))
    if len(found) > 1 and not _is_json(found[0][1]):
        whole = b"\n".join(raw for _, raw in found)
        if _is_json(whole):
            yield found[0][0], whole
            return
    yield from found


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _told(number: int, part: Part) -> dict[str, Any]:
    """Return what a part of a record becomes: a command, an event, or a refusal with its reason."""
    if part.kind == "command":
        command = {key: value for key, value in msgspec.json.decode(part.raw).items() if key not in ("at", "kind")}
        return {"line": number, "command": command}
    event = decode(part.raw, part.kind)
    if isinstance(event, Refusal):
        return {"line": number, "refused": {"reason": str(event.reason), "detail": event.detail}}
    assert isinstance(event, Event)
    return {"line": number, "event": msgspec.to_builtins(event)}


def _show(one: Mapping[str, Any]) -> None:
    ((what, fields),) = ((key, value) for key, value in one.items() if key != "line")
    if what == "event":
        fields = {key: fields[key] for key in SHOWN if fields.get(key)}
    click.echo(f"line {one['line']}: {what} " + " ".join(f"{key}={_plain(value)}" for key, value in fields.items()))


def _plain(value: Any) -> str:
    text = str(value)
    return text if text and " " not in text else repr(text)
