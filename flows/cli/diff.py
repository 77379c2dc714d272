"""`tocsin diff`: what two replays of the same history would have told, and where they differ."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from rich.console import Group
from rich.table import Table
from rich.text import Text

from flows.cli.answer import print_answer
from flows.cli.counting import counted
from flows.cli.fail import fail
from flows.cli.given import json_option
from flows.cli.strict import Command
from flows.cli.view import console, shown
from flows.replay.compared import CAUSES, compare, output_at
from flows.replay.page import write_page
from flows.sources.lines import InputError
from operators.compare.cause import Kind
from operators.compare.result import TITLES, CauseFound, Difference, Told, document, in_words, subject_of
from operators.compare.tally import Example

PEOPLE = 10
"""People and ways that a table shows."""
NAMED = 5
"""Differences of a kind that a table names."""


@click.command(cls=Command, short_help="Say how the outcomes of two replays differ.")
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it as a page with charts, which needs nothing else.",
)
@click.option(
    "--causes",
    type=click.IntRange(1, 1000),
    default=CAUSES,
    show_default=True,
    help="Name so many of the largest causes.",
)
@click.option(
    "--time-zone",
    "zone_name",
    default="UTC",
    show_default=True,
    metavar="ZONE",
    help="Times and hours of the day are those of this zone.",
)
@json_option
def diff(old: str, new: str, *, html: Path | None, causes: int, zone_name: str, as_json: bool) -> None:
    """Compare two outputs of `tocsin replay`: directories, or two of their files.

    Alerts are paired by fingerprint and time. Said are alerts that only one side has, other severities and ends,
    messages more or fewer by person, way and hour, and the largest causes: which rule, which reason. Versions of rules
    and the words of notices do not count.

        tocsin diff /tmp/what-if/old /tmp/what-if/new --html /tmp/difference.html

    Exit 0 whether something differs or not, 1 when an output cannot be read.
    """
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"{zone_name!r} is no time zone", param_hint="--time-zone") from error
    try:
        found = compare(output_at(old), output_at(new), causes, watch=counted)
        if html is not None:
            write_page(found, html, zone)
    except (InputError, OSError) as error:
        fail(error)
    if as_json:
        print_answer("difference", [document(found)])
    else:
        print_difference(found, zone)
        if html is not None:
            click.echo(f"\n{html} shows it with charts")


def print_difference(found: Difference, zone: tzinfo = UTC) -> None:
    """Print a difference as tables."""
    out = console()
    out.print(_head(found), soft_wrap=True)
    if found.not_compared:
        out.print(f"not compared, for one side lacks it: {', '.join(found.not_compared)}")
    if found.is_empty:
        out.print("nothing differs")
        return
    parts = [_kinds(found), _people(found.people), _causes(found.causes), *_named(found, zone)]
    out.print(Group(*(part for table in parts if table is not None for part in (Text(), table))))


def _head(found: Difference) -> Text:
    messages, alerts = found.messages, found.alerts
    return Text(
        f"old: {found.old}   new: {found.new}\n"
        f"alerts    {alerts['old']:,} -> {alerts['new']:,}, {alerts['both']:,} of them the same\n"
        f"messages  {messages['old']:,} -> {messages['new']:,} ({messages['more']:,} more, {messages['fewer']:,} fewer)"
    )


def _table(*titles: str, right: Iterable[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold", justify="right" if title in right else "left")
    return table


def _kinds(found: Difference) -> Table:
    table = _table("difference", "alerts", right=("alerts",))
    for kind in Kind:
        if count := found.alerts[kind]:
            table.add_row(TITLES[kind], f"{count:,}")
    return table


def _people(people: tuple[Told, ...]) -> Table | None:
    if not people:
        return None
    numbers = ("old", "new", "change", "hours that differ")
    table = _table("person", "way", *numbers, right=numbers)
    for one in people[:PEOPLE]:
        table.add_row(
            shown(one.person),
            shown(one.way),
            f"{one.old:,}",
            f"{one.new:,}",
            f"{one.new - one.old:+,}",
            f"{len(one.hours):,}",
        )
    if len(people) > PEOPLE:
        table.add_row(f"and {len(people) - PEOPLE:,} more: --json", "", "", "", "", "")
    return table


def _causes(causes: tuple[CauseFound, ...]) -> Table | None:
    if not causes:
        return None
    table = _table("alerts", "messages", "cause", right=("alerts", "messages"))
    for one in causes:
        cause = ": ".join(filter(None, (in_words(one.cause), subject_of(one.cause))))
        table.add_row(
            f"{one.alerts:,}", f"{one.messages:,}", shown(cause) + Text(f"\n{_for_example(one.example)}", "dim")
        )
    return table


def _for_example(example: Example) -> str:
    """Name the alert of a cause: it may have another id on each side, or be on one only."""
    if example.old == example.new:
        return f"for example {example.old}"
    sides = (f"{side} {name}" for side, name in (("old", example.old), ("new", example.new)) if name)
    return f"for example {', '.join(sides)}"


def _named(found: Difference, zone: tzinfo) -> Iterable[Table]:
    for kind in (Kind.ONLY_OLD, Kind.ONLY_NEW, Kind.SEVERITY):
        if examples := found.examples.get(kind):
            yield _examples(kind, examples, found.alerts[kind], zone)


def _examples(kind: Kind, examples: tuple[Example, ...], count: int, zone: tzinfo) -> Table:
    table = _table(TITLES[kind], "begin", "alert", "target")
    for one in examples[:NAMED]:
        severity = f" ({one.severity_old} -> {one.severity_new})" if kind == Kind.SEVERITY else ""
        begin = datetime.fromtimestamp(one.begin_time, zone).isoformat(sep=" ")
        table.add_row(one.new or one.old, begin, shown(one.name + severity), shown(one.target))
    if count > NAMED:
        table.add_row(f"and {count - NAMED:,} more", "", "", "")
    return table
