"""`tocsin oncall`: who is on duty, for what, until when; the coming turns, their gaps, a calendar; and swaps."""

import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.complete import groups as group_ids
from flows.cli.complete import people as people_ids
from flows.cli.fail import LEFT, fail
from flows.cli.given import json_option, read_moment, read_settings, settings_option
from flows.cli.strict import DefaultGroup
from flows.cli.times import local_text
from flows.cli.view import SEVERITIES, console, shown
from flows.settings.settings import Settings
from operators.people.gaps import NO_WAY, Gap, gaps_of
from operators.people.oncall import OnCall, on_duty
from operators.people.turns import Silence, Turns, turns_of
from operators.rules.advice import ways_without_channel
from operators.rules.book import RuleBook
from operators.rules.read.load import load
from operators.rules.shapes.model import UserGroup

WEEK, DAY = 7, 86400
"""Days of a week, seconds of a day."""
CALENDAR_WEEKS = 4
"""Of a calendar, unless it is said."""

rules_option = click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")


@click.group(cls=DefaultGroup, default="show", short_help="Show who is on duty in each user group, and until when.")
def oncall() -> None:
    """Show who is on duty in each user group: `tocsin oncall [GROUP]...` (see `oncall show --help`), and swap turns."""


@oncall.command(short_help="Who is on duty; the word `show` may be left out.")
@click.argument("groups", nargs=-1, metavar="[GROUP]...", shell_complete=group_ids)
@rules_option
@click.option("--at", callback=read_moment, metavar="TIME", help="At this time instead of now: Unix seconds or ISO.")
@click.option(
    "--weeks", type=click.IntRange(1, 52), metavar="N", help="Show every turn of so many weeks, and the gaps."
)
@click.option("--gaps", is_flag=True, help="Show only where a call would reach nobody; exit 3 if there is anything.")
@click.option(
    "--ical", is_flag=True, help="Print the turns as a calendar (RFC 5545), of 4 weeks unless --weeks says so."
)
@click.option(
    "--person", metavar="NAME", shell_complete=people_ids, help="Of a calendar: only the turns of this person."
)
@settings_option
@json_option
def show(
    groups: tuple[str, ...], rules: str | None, at: int | None, weeks: int | None, person: str | None,
    settings_path: str | None, *, gaps: bool, ical: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show who is on duty in each user group, and when it is handed over. GROUP: id; default: every group.

    With --weeks: who has it from when until when; in a gap nobody is on duty, or nobody is reached at that hour. With
    --gaps: only those, and ways for which the rules have no channel.

    \b
    tocsin oncall --ical ops > ops.ics
    tocsin oncall --gaps --weeks 4 || echo "somebody has to look at the rota"
    """  # noqa: D301 - the \b is one, and keeps the examples as they are
    if ical and (gaps or as_json):
        raise click.UsageError("--ical prints a calendar: not with --gaps or --json")
    if person and not ical:
        raise click.UsageError("--person goes with --ical")
    settings = read_settings(settings_path)
    book = _book(settings, rules)
    chosen = _chosen(book, groups)
    moment = int(time.time()) if at is None else at
    if gaps:
        _show_gaps(book, settings, chosen, moment, (weeks or CALENDAR_WEEKS) * WEEK, as_json=as_json)
    elif ical:
        from flows.cli.calendar import BACK, calendar  # noqa: PLC0415 - icalendar is slow to import

        days = (weeks or CALENDAR_WEEKS) * WEEK
        turns = [turns_of(one, book, settings, moment - BACK * DAY, BACK + days) for one in chosen]
        click.echo(calendar(turns, moment, moment + days * DAY, person), nl=False)
    elif weeks is None:
        duty = [on_duty(group, book, settings, moment) for group in chosen]
        print_answer("duty", duty) if as_json else console().print(_table(duty))
    else:
        turns = [turns_of(group, book, settings, moment, weeks * WEEK) for group in chosen]
        print_answer("turns", turns) if as_json else console().print(_turns(turns))


def _book(settings: Settings, rules: str | None) -> RuleBook:
    book, errors = load(
        [rules or settings.rules], default_business=settings.default_business, time_zone=settings.time_zone
    )
    if book is None:
        fail(*errors)
    return book


def _chosen(book: RuleBook, groups: Sequence[str]) -> list[UserGroup]:
    unknown = [name for name in groups if name not in book.user_groups]
    if unknown:
        fail(f"no user group {', '.join(unknown)}; there are {', '.join(sorted(book.user_groups))}")
    return [book.user_groups[name] for name in groups] if groups else list(book.user_groups.values())


def _table(found: Sequence[OnCall]) -> Table:
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


def _turns(found: Sequence[Turns]) -> Table:
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
        yield one.group_name, f"daily {gap.first}", f"daily {gap.last}", _unreached(gap)


def _unreached(gap: Silence) -> str:
    if len(gap.severities) == len(SEVERITIES):
        return "nobody is reached"
    return f"nobody is reached for {', '.join(SEVERITIES[one][0] for one in gap.severities)}"


def _show_gaps(
    book: RuleBook, settings: Settings, chosen: Sequence[UserGroup], at: int, days: int, *, as_json: bool
) -> None:
    """Show where a call would reach nobody: nobody on duty, no way at that hour, no channel for a way."""
    found = [gap for one in chosen for gap in gaps_of(one, book, settings, at, days) if gap.kind != NO_WAY]
    hours = [turns for turns in (turns_of(one, book, settings, at, 1) for one in chosen) if turns.silences]
    names = {one.id for one in chosen}
    ways = {way: [one for one in named if one in names] for way, named in ways_without_channel(book).items()}
    ways = {way: named for way, named in ways.items() if named}
    if as_json:
        daily = {one.group_id: one.silences for one in hours}
        print_answer("gap", sorted(found, key=lambda gap: gap.since), daily=daily, ways_without_channel=ways)
    else:
        _print_gaps(book, settings, found, hours, ways)
    sys.exit(LEFT if found or hours or ways else 0)


def _print_gaps(
    book: RuleBook, settings: Settings, found: Sequence[Gap], hours: Sequence[Turns], ways: dict[str, list[str]]
) -> None:
    table = Table("group", "from", "until", "what", box=None)
    for gap in found:
        zone = str(book.zone_of(book.user_groups[gap.group_id].bk_biz_id, settings))
        until = "" if gap.until is None else local_text(gap.until, zone)
        table.add_row(*map(shown, (gap.group_name, local_text(gap.since, zone), until, "nobody is on duty")))
    for one in hours:
        for silence in one.silences:
            row = (one.group_name, f"daily {silence.first}", f"daily {silence.last}", _unreached(silence))
            table.add_row(*map(shown, row))
    for way, named in ways.items():
        table.add_row(*map(shown, (", ".join(named), "", "", f"no channel delivers {way}: the rules have none")))
    console().print(table if table.row_count else "no gaps")


@oncall.command(short_help="Print the rules by which somebody takes over turns.")
@click.argument("group", shell_complete=group_ids)
@click.option("--from", "whom", required=True, metavar="NAME", shell_complete=people_ids, help="Whose turns.")
@click.option("--to", "by", required=True, metavar="NAME", shell_complete=people_ids, help="Who takes them over.")
@click.option(
    "--since", callback=read_moment, metavar="TIME", help="From then on: ISO or Unix seconds.  [default: now]"
)
@click.option("--until", required=True, callback=read_moment, metavar="TIME", help="Until then: ISO or Unix seconds.")
@rules_option
@settings_option
@json_option
def swap(
    group: str, whom: str, by: str, since: int | None, until: int, rules: str | None, settings_path: str | None, *,
    as_json: bool,
) -> None:  # fmt: skip
    """Print what to put into the rules so that somebody takes over another's turns for a while, and which turns change.

    Nothing is changed: who is on duty is said by the rules, which are kept under review. A duty comes before the group's
    own, for that time only; take it out again when it is over.

    \b
    tocsin oncall swap ops --from alice --to bob --since 2026-12-24T18:00 --until 2026-12-27T09:00
    """  # noqa: D301 - as above
    from flows.cli.swapped import show_swap  # noqa: PLC0415 - yaml is only asked for here

    settings = read_settings(settings_path)
    book = _book(settings, rules)
    begin = int(time.time()) if since is None else since
    if until <= begin:
        raise click.UsageError(f"--until {datetime.fromtimestamp(until, UTC).isoformat()} is not after --since")
    (chosen,) = _chosen(book, [group])
    show_swap(chosen, book, settings, (whom, by), (begin, until), as_json=as_json)
