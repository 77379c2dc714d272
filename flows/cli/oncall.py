"""`tocsin oncall`: who is on duty, for what, until when."""

import time

import click
from rich.table import Table

from flows.cli.fail import fail
from flows.cli.given import json_option, read_moment, read_settings, settings_option
from flows.cli.strict import Command
from flows.cli.times import local_text
from flows.cli.view import console, print_json, shown
from operators.people.oncall import OnCall, on_duty
from operators.rules.read.load import load


@click.command(cls=Command, short_help="Show who is on duty in each user group, and until when.")
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@click.option("--at", callback=read_moment, metavar="TIME", help="At this time instead of now: Unix seconds or ISO.")
@settings_option
@json_option
def oncall(
    groups: tuple[str, ...], rules: str | None, at: int | None, settings_path: str | None, *, as_json: bool
) -> None:
    """Show who is on duty in each user group, and when it is handed over. GROUP: id; default: every group."""
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
    found = [on_duty(group, book, settings, moment) for group in chosen]
    if as_json:
        print_json(found)
    else:
        console().print(_table(found))


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
