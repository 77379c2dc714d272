"""Two sets of rules on the same history: a process each, and what differs in the end."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from flows.cli.answer import print_answer
from flows.cli.diff import print_difference
from flows.cli.fail import fail
from flows.cli.source import Source
from flows.cli.waiting import waiting
from flows.replay.compared import SIDES, compare, output_at
from flows.replay.page import write_page
from flows.replay.replay import Line
from flows.replay.side import Decided, replay_into
from flows.replay.side_by_side import Side, feed
from operators.compare.result import Difference, document
from operators.rules.book import RuleBook

DIFFERENCE, PAGE = "difference.json", "difference.html"


def against_each_other(
    books: tuple[RuleBook, RuleBook], how: Decided, source: Source, out: Path, names: tuple[str, str]
) -> tuple[Difference, int]:
    """Replay with the old rules and with the new ones, compare, and write the difference; return it, and how many lines there were.

    Raises SideError and what reading does.
    """
    if books[0].version == books[1].version:
        fail(f"{names[0]} and {names[1]} hold the same rules (version {books[0].version}): nothing could differ")
    out.mkdir(parents=True, exist_ok=True)
    directories = [out / side for side in SIDES]
    sides = {str(one): _side(one, book, how) for one, book in zip(directories, books, strict=True)}
    with waiting(out, source.span) as progress:
        feed(sides, source.lines(), lambda count, line: progress.saw(count, line.at))
        progress.say("comparing")
        found = compare(output_at(str(directories[0])), output_at(str(directories[1])))
        found = msgspec.structs.replace(found, old=names[0], new=names[1])
        (out / DIFFERENCE).write_bytes(msgspec.json.encode(document(found)) + b"\n")
        write_page(found, out / PAGE)
    return found, progress.lines


def _side(directory: Path, book: RuleBook, how: Decided) -> Side:
    def side(lines: Iterator[Line]) -> None:
        replay_into(directory, book, how, lines)

    return side


def shown_difference(found: Difference, out: Path, *, as_json: bool) -> None:
    """Print the difference, and where it lies."""
    if as_json:
        print_answer("difference", [document(found)])
    else:
        print_difference(found)
        click.echo(f"\n{out / PAGE} shows it with charts, {out / DIFFERENCE} is for programs")
