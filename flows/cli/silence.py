"""`tocsin silence`: keep alerts quiet for a while; look at what is silent, extend it and end it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click
from msgspec.structs import replace
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.chosen import MOST_READ
from flows.cli.complete import silence_ids
from flows.cli.effect import conclude, reading_of
from flows.cli.fail import fail
from flows.cli.given import read_end, read_span
from flows.cli.rulebook import book_at_hand
from flows.cli.silencing import set_silence
from flows.cli.strict import DefaultGroup
from flows.cli.telling import Telling, tell, telling
from flows.cli.times import clock_text
from flows.cli.view import View, console, reading, shown
from flows.console.shields import OVER, ShieldRow, shield_rows
from operators.alertmanager.asked import silenced_alert
from operators.explain.preview import preview
from operators.model.alert import ABNORMAL, Alert
from operators.model.shield import ShieldDocument
from operators.rules.book import RuleBook
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield
from sinks.store.interface import Store
from sinks.store.query import AlertQuery


@click.group(cls=DefaultGroup, default="set", short_help="Keep alerts quiet for a while.")
def silence() -> None:
    """Keep alerts quiet for a while: `tocsin silence --target 10.0.0.1 --for 2h -m "new disk"` (see `silence set --help`).

    Alerts go on as they come; nobody is told of them. When it ends, those still open are told.
    """


silence.add_command(set_silence)


@silence.command("list", short_help="List silences: until when, what, who, why.")
@click.option("--all", "every", is_flag=True, help="Those that are over too.")
@click.option("--rules", metavar="DIR", help="Rules in force, for what each covers.  [default: as in the settings]")
@reading
def list_silences(view: View, rules: str | None, *, every: bool) -> None:
    """List silences set by command, here, in the console or by amtool: until when, what they cover, who set them and why."""
    now = int(time.time())
    book = book_at_hand(view.settings, rules) or RuleBook.empty()
    with view.store() as store:
        documents = {one.id: one for one in store.shields()}
        rows = [row for row in shield_rows(store, book, view.settings, now) if row.by_command]
        rows = [_with_its_alert(store, row, documents[row.id]) for row in rows]
        open_ones = store.alerts(AlertQuery(status=(ABNORMAL,), limit=MOST_READ))
    rows = [row for row in rows if every or row.state != OVER]
    counts = {row.id: _count(documents[row.id], open_ones, book, view) for row in rows if row.state != OVER}
    if view.as_json:
        print_answer("silence", [{**_fields(row), "alerts": counts.get(row.id, 0)} for row in rows])
        return
    console().print(_table(view, rows, counts) if rows else "no silences")
    if rows:
        console().print(f"times in {view.zone_name}")


def _fields(row: ShieldRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__ if name != "by_command"}


def _with_its_alert(store: Store, row: ShieldRow, document: ShieldDocument) -> ShieldRow:
    """Return a silence of one alert as over once that has ended."""
    name = silenced_alert(document.shield)
    if name is None or row.state == OVER:
        return row
    alert = store.alert(name)
    return replace(row, state=OVER, until=alert.end_time) if alert is not None and alert.status != ABNORMAL else row


def _count(document: ShieldDocument, open_ones: Sequence[Alert], book: RuleBook, view: View) -> int:
    shield, _ = read_alone(document.shield, Shield, time_zone=view.settings.time_zone)
    return 0 if shield is None else len(preview(shield, open_ones, book, view.settings, 0).alerts)


def _table(view: View, rows: Sequence[ShieldRow], counts: Mapping[str, int]) -> Table:
    table = Table("id", "state", "until", "alerts", box=None, pad_edge=False, header_style="bold")
    for title in ("covers", "who", "why"):
        table.add_column(title, overflow="fold")
    for row in rows:
        until = view.moment(row.until) if row.until else ""
        cells = (row.id, row.state, until, str(counts.get(row.id, "")), row.covers, row.who, row.why)
        table.add_row(*map(shown, cells))
    return table


def _known(told: Telling, name: str) -> ShieldDocument:
    """Return the silence of an id, or of a beginning that no other has, that is not over."""
    now = int(time.time())
    with reading_of(told) as store:
        there = store.shields()
    found = [one for one in there if one.id == name] or [
        one for one in there if one.id.startswith(name) and not one.is_over(now)
    ]
    if not found:
        fail(f"no silence {name} was set by command")
    if len(found) > 1:
        fail(f"{len(found)} silences begin with {name!r}: {', '.join(one.id for one in found)}")
    if found[0].is_over(now):
        fail(f"silence {found[0].id} is over: set another one")
    return found[0]


@silence.command(short_help="Let a silence last longer.")
@click.argument("silence_id", metavar="ID", shell_complete=silence_ids)
@click.option("--until", callback=read_end, metavar="TIME", help="Until then: 09:00, or an ISO time.")
@click.option("--for", "span", callback=read_span, metavar="SPAN", help="So much longer than now planned: 45m, 2h, 3d.")
@telling
def extend(silence_id: str, span: int | None, until: int | None, **given: Any) -> None:
    """Let a silence last longer: so much beyond its end, or until a time."""
    if (span is None) == (until is None):
        raise click.UsageError("give --for or --until")
    told = Telling(**given)
    known = _known(told, silence_id)
    end = until or known.ends + (span or 0)
    conclude(
        told,
        tell(told, [{"command": "shield", "shield": {**known.shield, "end_time": end}}]),
        lambda _: f"silence {known.id} ends {clock_text(end)}",
    )


@silence.command(short_help="End silences now.")
@click.argument("ids", metavar="ID...", nargs=-1, required=True, shell_complete=silence_ids)
@telling
def end(ids: tuple[str, ...], **given: Any) -> None:
    """End silences now: what they cover and is still open is told."""
    told = Telling(**given)
    found = [_known(told, one).id for one in ids]
    conclude(
        told,
        tell(told, [{"command": "unshield", "id": one} for one in found]),
        lambda command: f"silence {command['id']} ended",
    )
