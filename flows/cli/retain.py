"""`tocsin retain`: drop what has been kept for long enough."""

import time

import click
from rich.table import Table

from flows.cli.given import read_moment
from flows.cli.view import View, console, print_json, reading
from sinks.store.interface import Retention, StoreError
from sinks.store.place import open_store

_DEFAULT = Retention()


def _days(kind: str) -> int:
    return int(getattr(_DEFAULT, kind))


@click.command(short_help="Drop documents older than so many days.")
@click.option("--events", type=click.IntRange(min=0), default=_days("events"), show_default=True, help="Days.")
@click.option("--actions", type=click.IntRange(min=0), default=_days("actions"), show_default=True, help="Days.")
@click.option("--logs", type=click.IntRange(min=0), default=_days("logs"), show_default=True, help="Days.")
@click.option("--alerts", type=click.IntRange(min=0), default=_days("alerts"), show_default=True, help="Days.")
@click.option("--at", "now", callback=read_moment, metavar="TIME", help="Count days back from then; default: now.")
@reading
def retain(view: View, *, now: int | None, **days: int) -> None:
    """Drop documents older than so many days; 0 keeps them for ever. Open alerts stay.

    Safe beside a running job, and to be run daily (cron, a Kubernetes CronJob). Elasticsearch drops whole indices.
    """
    try:
        open_store(view.place, read_only=True).close()  # a store that is not there is a mistake, not to be made now
        store = open_store(view.place)
        try:
            removed = store.retain(int(time.time()) if now is None else now, Retention(**days))
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    if view.as_json:
        print_json(removed)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    table.add_column("dropped", justify="right")
    for kind, count in removed.items():
        table.add_row(kind, str(count))
    console().print(table)
