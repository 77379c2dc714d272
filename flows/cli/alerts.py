"""`tocsin alerts`: find alerts in the store and look at them."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.table import Table
from rich.text import Text

from flows.cli.alert_table import WIDE, alert_table, severity, stage
from flows.cli.answer import print_answer
from flows.cli.chosen import Choice, asked, choosing, named
from flows.cli.complete import alert_ids
from flows.cli.given import MOST, limit_option, read_moment
from flows.cli.strict import Group
from flows.cli.view import View, console, reading, shown
from operators.deliver.told import Told, awaited, told_of
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from operators.model.records import Action
from sinks.outbox import OutboxUnavailableError, State, open_outbox
from sinks.redis_client import PlaceError
from sinks.store.cursor import CursorError
from sinks.store.interface import Store
from sinks.store.order import WORST_FIRST, alert_cursor
from sinks.store.query import AlertQuery


@click.group(cls=Group)
def alerts() -> None:
    """Find alerts in the store and look at them."""


def _choosing(command: Any) -> Any:
    """Add the options that choose alerts."""
    for option in (
        click.option("--after", metavar="PLACE", default="", help="Read on from there; a page says where it ended."),
        click.option("--offset", type=click.IntRange(0, MOST), default=0, help="Leave out so many of the newest."),
        limit_option,
        click.option("--until", callback=read_moment, metavar="TIME", help="Had begun by then."),
        click.option(
            "--since", callback=read_moment, metavar="TIME", help="Had not ended before: 2h, 3d, Unix seconds, ISO."
        ),
    ):
        command = option(command)
    return command


@alerts.command("list")
@click.option("--all", "every", is_flag=True, help="Ended ones too; default: open ones only.")
@click.option("--status", multiple=True, help="ABNORMAL, RECOVERED or CLOSED; may be given again.")
@choosing
@_choosing
@reading
def list_alerts(view: View, *, every: bool, status: tuple[str, ...], choice: Choice, **given: Any) -> None:
    """List open alerts, the worst first, and of these the newest. Conditions may be given again: any of their values."""
    asks = asked(" ".join(f'status:"{one}"' for one in status)).status or (() if every else (ABNORMAL,))
    query = msgspec.structs.replace(choice.query, status=asks, sort=WORST_FIRST)
    _show_found(view, query, **given)


@alerts.command()
@click.argument("text", nargs=-1)
@_choosing
@reading
def search(view: View, *, text: tuple[str, ...], **given: Any) -> None:
    """Find alerts, open and ended, by words and fields.

    Every word must stand in the alert's name, description, target, dimensions or tags; parts of words count, so do two
    Chinese characters. Quotes keep blanks. Fields: status, severity, name, target, person, acked,
    shielded, blocked, strategy, biz, dedupe, tags.KEY. For example:

        tocsin alerts search 磁盘 '"root volume"' severity:1,2 biz:2
    """
    _show_found(view, asked(" ".join(text)), **given)


@alerts.command(short_help="Show one alert.")
@click.argument("alert_id", metavar="ALERT", shell_complete=alert_ids)
@reading
def show(view: View, *, alert_id: str) -> None:
    """Show one alert, by its id, by a part of it that no other has, or (the newest) by its fingerprint."""
    with view.store() as store:
        alert = find(store, alert_id, view.place)
        actions = store.actions(alert.id)
    if view.as_json:
        print_answer("alert", [alert])
    else:
        console().print(_facts(view, alert, told_of(actions, next_tries(view, actions))), _actions(view, actions))


@alerts.command()
@click.argument("alert_id", metavar="ALERT", shell_complete=alert_ids)
@click.option("--until", callback=read_moment, metavar="TIME", help="Arrived by then; default: now.")
@click.option("--since", callback=read_moment, metavar="TIME", help="Arrived since; default: the alert's beginning.")
@reading
def events(view: View, *, alert_id: str, since: int | None, until: int | None) -> None:
    """Show the archived events of an alert. Oldest first, those of its fingerprint."""
    with view.store() as store:
        alert = find(store, alert_id, view.place)
        last = int(time.time()) if until is None else until
        found = store.events(alert.dedupe_md5, alert.create_time if since is None else since, last)
    if view.as_json:
        print_answer("event", found)
    else:
        out = console()
        out.print(event_table(view, found, out.width) if found else "no events in the archive")


def next_tries(view: View, actions: Sequence[Action]) -> dict[str, str]:
    """Return when notices that failed are tried again, by the outbox; nothing where it is not at hand."""
    ids, place = awaited(actions), view.settings.outbox.dsn
    if not ids or ("://" not in place and not Path(place).exists()):
        return {}
    try:
        with closing(open_outbox(place)) as outbox:
            entries = outbox.find(ids, time.time())
    except (OutboxUnavailableError, PlaceError):
        return {}
    waiting = (one for one in entries if one.state in (State.LATER, State.READY))
    return {one.taken.notice.id: view.time_of_day(int(one.due)) for one in waiting}


def find(store: Store, name: str, place: str) -> Alert:
    """Return an alert by id, by a part of one, or the newest of a fingerprint; else the command ends and says so."""
    found = named(store, name)
    if found is None:
        raise click.ClickException(f"no alert {name} in {bare(place)}")
    return found


def bare(place: str) -> str:
    """Return a place without login and options."""
    scheme, separator, rest = place.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if separator else place


def _show_found(
    view: View, query: AlertQuery, since: int | None, until: int | None, limit: int, offset: int, after: str
) -> None:
    query = msgspec.structs.replace(query, since=since, until=until, limit=limit, offset=offset, after=after)
    with view.store() as store:
        try:
            found, total = store.alerts(query), store.count(query)
        except CursorError as error:
            raise click.UsageError(f"--after: {error}") from error
    is_last = len(found) < limit or (not after and offset + len(found) >= total)
    following = None if is_last else alert_cursor(query.sort, found[-1])
    if view.as_json:
        print_answer("alert", found, total=total, after=following)
        return
    out = console()
    nothing = "no open alerts; --all looks at ended ones too" if query.status == (ABNORMAL,) else "no alerts"
    out.print(alert_table(view, found, out.width) if found else nothing)
    if found:
        out.print(f"{len(found)} of {total} alerts; times in {view.zone_name}", soft_wrap=True)
    if following:
        out.print(f"more with --limit {total}, or --after {following}", soft_wrap=True)


def event_table(view: View, found: Sequence[Event], width: int) -> Table:
    """Return the table; where a row would not fit, what is of one kind stands one below the other."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    if width < WIDE:
        for title in ("arrived, time", "status, severity"):
            table.add_column(title, no_wrap=True)
        table.add_column("id, description", overflow="fold")
        for event in found:
            when = f"{view.moment(event.at)}\n{view.moment(event.time)}"
            how = Text("\n").join((Text(event.status), severity(event)))
            table.add_row(when, how, Text("\n").join(map(shown, (event.id, event.description))))
        return table
    for title in ("arrived", "time", "status", "severity", "id"):
        table.add_column(title, no_wrap=True)
    table.add_column("description", overflow="fold")
    for event in found:
        times = (view.moment(event.at), view.moment(event.time))
        table.add_row(*times, event.status, severity(event), shown(event.id), shown(event.description))
    return table


def _facts(view: View, alert: Alert, told: Told) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _fact_rows(view, alert, told):
        if value:
            table.add_row(name, value if isinstance(value, Text) else shown(value))
    return table


def _fact_rows(view: View, alert: Alert, told: Told) -> list[tuple[str, object]]:
    extra = alert.extra_info
    return [
        ("alert", alert.id),
        ("name", alert.alert_name),
        ("status", stage(alert)),
        ("severity", severity(alert)),
        ("strategy", alert.strategy_id or f"none (plugin {alert.event.plugin_id})"),
        ("business", alert.bk_biz_id),
        ("target", alert.event.target),
        ("description", alert.event.description),
        ("dimensions", ", ".join(f"{one.display_key}={one.display_value}" for one in alert.dimensions)),
        ("labels", ", ".join(alert.labels)),
        ("begin", view.moment(alert.begin_time)),
        ("latest", view.moment(alert.latest_time)),
        ("end", view.moment(alert.end_time)),
        ("ended because", extra.end_description),
        ("events", alert.event_count),
        ("responsible", ", ".join(alert.appointee)),
        ("told", ", ".join(told.told)),
        ("not yet", ", ".join(told.not_yet)),
        ("not reached", ", ".join(told.not_reached)),
        ("only in a file", ", ".join(told.in_a_file)),
        ("following", ", ".join(alert.follower)),
        ("acknowledged by", _acked(view, alert)),
        ("shielded by", ", ".join(alert.shield_id)),
        ("next", f"{alert.next_status} at {view.moment(alert.next_status_time)}" if alert.next_status else ""),
        ("predecessor", extra.predecessor),
        ("successor", extra.successor),
        ("fingerprint", alert.dedupe_md5),
    ]


def _acked(view: View, alert: Alert) -> str:
    until = alert.extra_info.ack_until
    return (alert.ack_operator or "") + (f", until {view.moment(until)}" if alert.is_ack and until is not None else "")


def _actions(view: View, actions: Sequence[Action]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title_justify="left")
    table.add_column("planned", no_wrap=True)
    for title in ("action", "signal", "cycle", "status", "reason", "receivers"):
        table.add_column(title, overflow="fold")
    for action in actions:
        kind = action.plugin_type if action.notice_type == "normal" else f"{action.plugin_type} ({action.notice_type})"
        signal, people = action.signal, {**action.receivers}
        row = (view.moment(action.time), kind, signal, str(action.execute_times), action.status, action.reason)
        table.add_row(*row, shown("; ".join(f"{way}: {_names(names)}" for way, names in people.items())))
    return table


def _names(names: Sequence[Any]) -> str:
    return ", ".join("+".join(name) if isinstance(name, list | tuple) else str(name) for name in names)
