"""`tocsin retain`: drop what has been kept for long enough."""

import time

import click
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.counting import at_work
from flows.cli.fail import fail
from flows.cli.given import read_moment
from flows.cli.strict import Command
from flows.cli.view import View, console, reading
from flows.stop import Stop
from sinks.store.interface import Retention, StoreError
from sinks.store.place import open_store

_DEFAULT = Retention()
HOUR = 3600.0
AGAIN = 60.0
"""Seconds after which --every tries again what failed: the job beside it may not have made the store yet."""


def _days(kind: str) -> int:
    return int(getattr(_DEFAULT, kind))


@click.command(cls=Command, short_help="Drop documents older than so many days.")
@click.option("--events", type=click.IntRange(min=0), default=_days("events"), show_default=True, help="Days.")
@click.option("--actions", type=click.IntRange(min=0), default=_days("actions"), show_default=True, help="Days.")
@click.option("--logs", type=click.IntRange(min=0), default=_days("logs"), show_default=True, help="Days.")
@click.option("--alerts", type=click.IntRange(min=0), default=_days("alerts"), show_default=True, help="Days.")
@click.option("--at", "now", callback=read_moment, metavar="TIME", help="Count days back from then; default: now.")
@click.option(
    "--every", type=click.FloatRange(min=0, min_open=True), metavar="HOURS", help="Do it again and again until SIGTERM."
)
@reading
def retain(view: View, *, now: int | None, every: float | None, **days: int) -> None:
    """Drop documents older than so many days; 0 keeps them for ever. Open alerts stay.

    Safe beside a running job, and to be run daily (cron, a Kubernetes CronJob), or with --every 24. Elasticsearch drops
    whole indices.
    """
    terms = Retention(**days)
    if every is not None:
        _again_and_again(view, terms, every * HOUR)
        return
    try:
        _drop(view, terms, now)
    except StoreError as error:
        fail(error)


def _again_and_again(view: View, terms: Retention, interval: float) -> None:
    """Drop at once, then at each interval, until a stop is asked for; a store that is away is asked again soon."""
    stop = Stop()
    stop.on_signals()
    wait = 0.0
    while not stop.wait(wait):
        try:
            _drop(view, terms, None)
            wait = interval
        except StoreError as error:
            click.echo(f"{error}; trying again in {AGAIN:.0f} s", err=True)
            wait = AGAIN


def _drop(view: View, terms: Retention, now: int | None) -> None:
    """Drop what is too old, and show how much that was. Raises StoreError."""
    store = open_store(view.place, must_exist=True)
    try:
        with at_work("looking for what is too old") as say:
            removed = store.retain(
                int(time.time()) if now is None else now, terms, lambda kind, count: say(f"{count:,} {kind} dropped")
            )
    finally:
        store.close()
    if view.as_json:
        print_answer("dropped", [removed])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("kind")
    table.add_column("dropped", justify="right")
    for kind, count in removed.items():
        table.add_row(kind, str(count))
    console().print(table)
