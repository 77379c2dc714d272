"""A table of shields."""

import click
import msgspec
from rich.console import Console
from rich.table import Table

from flows.cli.fail import fail
from flows.settings import Settings
from operators.rules.load import load
from operators.rules.windows import shield_window


def show_shields(rules: str, settings: Settings, at: int, *, as_json: bool) -> None:
    """Print the shields of a rule directory and where their windows stand."""
    book, errors = load([rules], default_business=settings.default_business, time_zone=settings.time_zone)
    if book is None:
        fail(*errors)
        return
    rows = []
    for one in book.shields.values():
        window = shield_window(one, book.zone_of(one.bk_biz_id, settings), at)
        holds = window.active and one.is_enabled
        rows.append((one.id, one.bk_biz_id, one.category, holds, window.left if holds else 0, one.description))
    names = ("id", "bk_biz_id", "category", "holds", "seconds_left", "description")
    if as_json:
        click.echo(msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows]))
        return
    table = Table(*(name.replace("_", " ") for name in names))
    for row in rows:
        table.add_row(*(str(value) for value in row))
    Console().print(table)
