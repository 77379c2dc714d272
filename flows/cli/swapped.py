"""What `tocsin oncall swap` prints: the turns that change, and the documents that make them do so."""

import click
import yaml
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.times import local_text
from flows.cli.view import console, shown
from flows.settings.settings import Settings
from operators.people.groups import zone_of
from operators.people.roles import situation_in
from operators.people.swap import SwapError, swap
from operators.rules.book import RuleBook
from operators.rules.shapes.model import UserGroup


def show_swap(
    group: UserGroup, book: RuleBook, settings: Settings, who: tuple[str, str], when: tuple[int, int], *, as_json: bool
) -> None:
    """Print a swap: tables on standard error, so that standard output is a file of rules."""
    zone = zone_of(group, situation_in(book, settings, group.bk_biz_id, when[0])).key
    name = f"swap-{local_text(when[0], zone)[:16].replace(' ', '-').replace(':', '')}-{who[0]}-{who[1]}"
    try:
        found = swap(group, book, settings, *who, *when, name)
    except SwapError as error:
        fail(error)
    if as_json:
        print_answer("swap", [found])
        return
    table = Table("from", "until", "on duty", box=None)
    for one in found.turns:
        table.add_row(
            *map(shown, (local_text(one.since, zone), local_text(one.until or 0, zone), ", ".join(one.people)))
        )
    console(stderr=True).print(table)
    rules = ", ".join(found.duty_rules)
    click.echo(f"Put this into a file of rules, and into group {group.id}: duty_rules: [{rules}]", err=True)
    click.echo(f"# in group {group.id}: duty_rules: [{rules}]")
    click.echo(yaml.safe_dump({"duties": [found.duty]}, sort_keys=False, allow_unicode=True), nl=False)
