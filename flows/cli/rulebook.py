"""The rules that a reading command looks at: those in force, as far as they are at hand."""

from pathlib import Path

import click

from flows.recovery.last_state import last_changes
from flows.settings.settings import Settings
from operators.rules.book import RuleBook
from operators.rules.read.load import load


def book_at_hand(settings: Settings, rules: str | None) -> RuleBook | None:
    """Return the rules asked for, with what was changed by command; those of the settings only if they are there and well."""
    place = rules or settings.rules
    if rules is None and not Path(place).exists():
        return None
    book, errors = load([place], default_business=settings.default_business, time_zone=settings.time_zone)
    if book is None and rules is not None:
        raise click.ClickException("\n".join(map(str, errors)))
    if book is None:
        click.echo(f"going on without the rules in {place}: {errors[0]}", err=True)
        return None
    return last_changes(settings.recovery.directory).over(book, None)
