"""`tocsin notice preview`: what a notice of a replay looks like to the one who gets it."""

from pathlib import Path

import click
import msgspec
from rich.text import Text

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option
from flows.cli.strict import Group
from flows.cli.view import console, shown
from operators.model.records import Notice
from sinks.channels.wording import plain_text


@click.group(cls=Group)
def notice() -> None:
    """Look at notices of a replay."""


@notice.command(short_help="Show a notice of a replay or a run as people get it.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("which", metavar="[PLACE|ID]", default="0")
@click.option("--html", is_flag=True, help="Print the HTML of a mail, for a browser.")
@click.option("--list", "lists", is_flag=True, help="List the notices with their places instead.")
@json_option
def preview(directory: Path, which: str, *, html: bool, lists: bool, as_json: bool) -> None:
    """Show one notice of a replay or a run: by its place in notices.jsonl (from 0), or its id. DIR: where the file is."""
    path = directory / "notices.jsonl"
    notices = _read(path)
    if lists and as_json:
        print_answer("notice", notices)
        return
    if lists:
        for place, one in enumerate(notices):
            console().print(shown(f"{place:>5}  {one.way:<10} {', '.join(one.receivers)}  {one.title}"))
        return
    found = _find(notices, which)
    if found is None:
        fail(f"{path}: no notice {which}; there are {len(notices)}")
    if as_json:
        print_answer("notice", [found])
    elif html:
        click.echo(found.content)
    else:
        _show(found)


def _read(path: Path) -> list[Notice]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        fail(error)
    notices = []
    for number, line in enumerate(lines, 1):
        try:
            notices.append(msgspec.json.decode(line, type=Notice))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            fail(f"{path}: line {number}: no notice: {error}")
    return notices


def _find(notices: list[Notice], which: str) -> Notice | None:
    if which.isdecimal() and int(which) < len(notices):
        return notices[int(which)]
    return next((one for one in notices if one.id == which), None)


def _show(one: Notice) -> None:
    out = console()
    for label, value in (
        ("way", one.way),
        ("to", ", ".join(one.receivers) + (" (following)" if one.followed else "")),
        ("says", f"{one.signal}, {one.notice_type}, about {len(one.alert_ids)} alert(s)"),
        ("title", one.title),
    ):
        out.print(Text.assemble((f"{label:>6}  ", "bold"), shown(value)))
    out.print()
    for line in (plain_text(one.content) if one.way == "mail" else one.content).splitlines():
        out.print(shown(line))
