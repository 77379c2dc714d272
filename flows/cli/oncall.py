"""`tocsin oncall`: who is on duty, for what, until when; with --weeks, whose turn it is then."""

import time
from collections.abc import Iterator

import click
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_moment, read_settings, settings_option
from flows.cli.strict import Command
from flows.cli.times import local_text
from flows.cli.view import SEVERITIES, console, shown
from operators.people.oncall import OnCall, on_duty
from operators.people.turns import Turns, turns_of
from operators.rules.read.load import load

WEEK = 7
"""Days."""


@click.command(cls=Command, short_help="Show who is on duty in each user group, and until when.")
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@click.option("--at", callback=read_moment, metavar="TIME", help="At this time instead of now: Unix seconds or ISO.")
@click.option(
    "--weeks", type=click.IntRange(1, 52), metavar="N", help="Show every turn of so many weeks, and the gaps."
)
@settings_option
@json_option
def oncall(
    groups: tuple[str, ...], rules: str | None, at: int | None, weeks: int | None, settings_path: str | None, *,
    as_json: bool,
) -> None:  # fmt: skip
    """Show who is on duty in each user group, and when it is handed over. GROUP: id; default: every group.

    With --weeks: who has it from when until when; in a gap nobody is on duty, or nobody is reached at that hour.
    """
    settings = read_settings(settings_path)
    book, errors = load(
        [rules or settings.rules], default_business=settings.default_business, time_zone=settings.time_zone
    )
    if book is None:
        fail(*errors)
    unknown = [name for name in groups if name not in book.user_groups]
    if unknown:
        fail(f"no user group {', '.join(unknown)}; there are {', '.join(sorted(book.user_groups))}")
    moment = int(time.time()) if at is None else at
    chosen = [book.user_groups[name] for name in groups] if groups else list(book.user_groups.values())
    if weeks is None:
        duty = [on_duty(group, book, settings, moment) for group in chosen]
        print_answer("duty", duty) if as_json else console().print(_table(duty))
    else:
        turns = [turns_of(group, book, settings, moment, weeks * WEEK) for group in chosen]
        print_answer("turns", turns) if as_json else console().print(_turns(turns))


def _table(found: list[OnCall]) -> Table:
    table = Table("group", "on duty", "for", "until", "then", box=None)
    for one in found:
        duties = ", ".join(duty.duty_name for duty in one.duties)
        table.add_row(
            shown(one.group_name),
            shown(", ".join(one.people) or "nobody"),
            shown(duties or ("no rotation" if not one.duties and one.handover is None else "")),
            local_text(one.handover, one.zone) if one.handover else "",
            shown(", ".join(one.next_people)),
        )
    return table


def _turns(found: list[Turns]) -> Table:
    table = Table("group", "from", "until", "on duty", box=None)
    for one in found:
        for row in _rows(one):
            table.add_row(*map(shown, row))
    return table


def _rows(one: Turns) -> Iterator[tuple[str, str, str, str]]:
    for turn in one.turns:
        until = "" if turn.until is None else local_text(turn.until, one.zone)
        who = ", ".join(turn.people) or "nobody is on duty"
        yield one.group_name, local_text(turn.since, one.zone), until, who
    for gap in one.silences:
        which = (
            ""
            if len(gap.severities) == len(SEVERITIES)
            else f" for {', '.join(SEVERITIES[one][0] for one in gap.severities)}"
        )
        yield one.group_name, f"daily {gap.first}", f"daily {gap.last}", f"nobody is reached{which}"
