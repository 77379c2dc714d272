"""`tocsin outbox`: what waits for the courier, and what it gave up."""

import getpass
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.table import Table
from rich.text import Text

from flows.cli.alert_table import WIDE
from flows.cli.answer import print_answer
from flows.cli.given import json_option, limit_option, read_settings, settings_option, typed
from flows.cli.strict import Group
from flows.cli.telling import ORIGIN
from flows.cli.view import console, shown
from flows.courier.noting import done_to_outbox, note
from flows.courier.waiting import document, hidden
from flows.settings.places import outbox_under, store_under
from operators.deliver.delivery import BuryReason, Outcome, drop, pending
from operators.explain.text import span
from sinks.outbox import Depth, Entry, Outbox, OutboxUnavailableError, State, open_outbox
from sinks.redis_client import PlaceError
from sinks.store.interface import StoreError

PIECE = 500
"""Notices handled at once."""


@click.group(cls=Group, short_help="Look at notices that wait or were given up.")
def outbox() -> None:
    """Look at notices that wait or were given up; send those again, or drop them."""


def place_of(outbox_: str | None, data: str | None, settings_path: str | None) -> str:
    """Return where the outbox is: the option, else where the settings put it, or a run with that data directory."""
    return outbox_ or outbox_under(read_settings(settings_path), data).dsn


def _where(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where the outbox is."""
    for option in (
        settings_option,
        click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in."),
        click.option("--outbox", "outbox_", metavar="PATH|redis://...", help="Default: setting outbox.dsn."),
    ):
        command = option(command)
    return command


def placing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where the outbox is; the command gets `place`."""

    @_where
    @wraps(command)
    def with_place(*, outbox_: str | None, data: str | None, settings_path: str | None, **others: Any) -> None:
        command(place=place_of(outbox_, data, settings_path), **others)

    return with_place


@contextmanager
def opened(place: str) -> Iterator[Outbox]:
    """Open an outbox that is there; its errors end the command with their text."""
    if "://" not in place and not Path(place).exists():
        raise click.ClickException(f"{place}: no such outbox")
    try:
        found = open_outbox(place)
        try:
            yield found
        finally:
            found.close()
    except (OutboxUnavailableError, PlaceError) as error:
        raise click.ClickException(str(error)) from error


@outbox.command("list")
@click.option(
    "--state",
    type=click.Choice([one.value for one in State]),
    default=State.DEAD.value,
    show_default=True,
    help="Which notices.",
)
@limit_option
@json_option
@placing
def list_notices(*, place: str, state: str, limit: int, as_json: bool) -> None:
    """Count all notices and list those of one state, oldest first."""
    now = time.time()
    with opened(place) as found:
        depth, entries = found.depth(now), found.entries(State(state), limit, now)
    if as_json:
        waiting = [document(entry) for entry in entries]
        print_answer("waiting", waiting, total=_of_state(depth, state), depth=depth)
        return
    click.echo(
        f"{depth.ready} ready, {depth.later} later, {depth.in_flight} in flight, {depth.dead} dead;"
        f" the oldest waits {span(int(depth.oldest_age))}"
    )
    if entries:
        out = console()
        out.print(waiting_table(entries, now, out.width))


def _of_state(depth: Depth, state: str) -> int:
    """Return how many notices are of a state."""
    count: int = getattr(depth, state)
    return count


def waiting_table(entries: list[Entry], now: float, width: int) -> Table:
    """Return the table; where a row would not fit, a notice has several lines, and its id is never cut."""
    names = ("id", "way", "receivers", "attempts", "age", "due", "error", "title")
    rows = [[shown(cell) for cell in _cells(entry, now)] for entry in entries]
    if width >= WIDE:
        table = Table(*names, box=None, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        return table
    table = Table("id, way, due", "what, to whom, and how it went", box=None, pad_edge=False)
    table.columns[0].no_wrap, table.columns[1].overflow = True, "fold"
    for name, way, receivers, attempts, age, due, error, title in rows:
        how = Text.assemble("attempt ", attempts, ", ", age, " old")
        table.add_row(Text("\n").join((name, way, due)), Text("\n").join((title, Text("to ") + receivers, how, error)))
    return table


def _cells(entry: Entry, now: float) -> Iterator[str]:
    taken = entry.taken
    yield from (taken.notice.id, taken.notice.way, hidden(", ".join(pending(taken).receivers)), str(taken.attempt))
    yield span(max(0, int(now - taken.created)))
    yield datetime.fromtimestamp(int(entry.due)).astimezone().isoformat(sep=" ")
    yield from (hidden(entry.error), taken.notice.title)


def _choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Add what chooses notices: ids, or all dead ones, of a reason or way."""

    @click.argument("ids", nargs=-1, metavar="[ID]...")
    @click.option("--all", "every", is_flag=True, help="All dead ones.")
    @click.option(
        "--reason",
        type=click.Choice([one.value for one in BuryReason]),
        help="With --all: only those given up for this reason.",
    )
    @click.option("--way", metavar="WAY", help="With --all: only those of this way.")
    @wraps(command)
    def with_choice(*, ids: tuple[str, ...], every: bool, reason: str | None, way: str | None, **others: Any) -> None:
        if bool(ids) == every or ((reason or way) and not every):
            raise click.UsageError("name notices by their ids, or --all (with --reason or --way)")
        command(chosen=_chooser(ids, reason, way), **others)

    return with_choice


class Deed(NamedTuple):
    """Who does something to the outbox, and where it is written down."""

    operator: str
    message: str
    store: str

    def noted(self, deed: str, ids: list[str], count: int, now: float) -> None:
        """Write it down for the page Audit; where that cannot be, say so: it is done."""
        document = done_to_outbox(
            deed, ids, count, who=self.operator, origin=ORIGIN, now=now, message=typed(self.message)
        )
        try:
            note(self.store, document)
        except StoreError as error:
            click.echo(f"done, and not written down for the page Audit: {error}", err=True)


def _doing(command: Callable[..., None]) -> Callable[..., None]:
    """Add what a deed takes: where the outbox is, as for `placing`, who does it, and why; the command gets `deed` too."""

    @click.option("--operator", default=getpass.getuser, help="Who does it, for the page Audit.  [default: you]")
    @click.option("--message", "-m", default="", help="Why: what to remember with it.")
    @_where
    @wraps(command)
    def with_deed(
        *, operator: str, message: str, outbox_: str | None, data: str | None, settings_path: str | None, **others: Any
    ) -> None:
        store = store_under(read_settings(settings_path), data).dsn
        place = place_of(outbox_, data, settings_path)
        command(place=place, deed=Deed(operator, message, store), **others)

    return with_deed


def _chooser(ids: tuple[str, ...], reason: str | None, way: str | None) -> Callable[[Outbox, float], list[Entry]]:
    def choose(place: Outbox, now: float) -> list[Entry]:
        if ids:
            return place.find(ids, now)
        dead = place.entries(State.DEAD, place.depth(now).dead, now)
        return [
            entry
            for entry in dead
            if way in (None, entry.taken.notice.way) and reason in (None, entry.error.partition(":")[0])
        ]

    return choose


@outbox.command(short_help="Send dead notices again, to those they did not reach.")
@_choosing
@json_option
@_doing
def retry(*, place: str, deed: Deed, chosen: Callable[[Outbox, float], list[Entry]], as_json: bool) -> None:
    """Send dead notices again, with a new deadline, to those they did not reach."""
    now = time.time()
    with opened(place) as found:
        ids = [entry.taken.notice.id for entry in chosen(found, now)]
        count = sum(found.revive(ids[start : start + PIECE], now) for start in range(0, len(ids), PIECE))
    deed.noted("retry", ids, count, now)
    _say(ids, count, "revived", as_json=as_json)


@outbox.command("drop", short_help="Drop notices for good.")
@_choosing
@json_option
@_doing
def drop_notices(*, place: str, deed: Deed, chosen: Callable[[Outbox, float], list[Entry]], as_json: bool) -> None:
    """Drop notices for good; their actions show whom they did not reach. One in flight may still arrive."""
    now = time.time()
    with opened(place) as found:
        entries = chosen(found, now)
        outcomes = [Outcome(entry.taken, drop(entry.taken, "dropped", now)) for entry in entries]
        for start in range(0, len(outcomes), PIECE):
            found.record(outcomes[start : start + PIECE], now)
    ids = [entry.taken.notice.id for entry in entries]
    deed.noted("drop", ids, len(ids), now)
    _say(ids, len(ids), "dropped", as_json=as_json)


def _say(ids: list[str], count: int, done: str, *, as_json: bool) -> None:
    """Say of how many notices something was done."""
    if as_json:
        print_answer("notice_id", ids, done=done, count=count)
    else:
        click.echo(f"{count} {done}")
