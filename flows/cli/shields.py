"""A table of shields."""

from collections.abc import Sequence

from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.view import console, shown
from flows.recovery.last_state import last_changes
from flows.settings.settings import Settings
from operators.explain.text import span
from operators.rules.read.load import load
from operators.rules.times.windows import shield_window


def show_shields(rules: str, settings: Settings, at: int, *, as_json: bool) -> None:
    """Print the shields of a rule directory and those that the job was told by command, and where their windows stand."""
    book, errors = load([rules], default_business=settings.default_business, time_zone=settings.time_zone)
    if book is None:
        fail(*errors)
    book = last_changes(settings.recovery.directory).over(book, None)
    rows = []
    for one in book.shields.values():
        window = shield_window(one, book.zone_of(one.bk_biz_id, settings), at)
        holds = window.active and one.is_enabled
        rows.append((one.id, one.bk_biz_id, one.category, holds, window.left if holds else 0, one.description))
    if as_json:
        names = ("id", "bk_biz_id", "category", "holds", "seconds_left", "description")
        print_answer("shield", [dict(zip(names, row, strict=True)) for row in rows])
    else:
        console().print(_table(rows) if rows else "no shields in the rules")


def _table(rows: Sequence[tuple[str, str, str, bool, int, str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "business", "category", "holds", "for another"):
        table.add_column(title, no_wrap=True)
    table.add_column("description", overflow="fold")
    for name, business, category, holds, left, description in rows:
        row = (name, business, category, "yes" if holds else "no", span(left) if holds else "")
        table.add_row(*map(shown, row), shown(description))
    return table
