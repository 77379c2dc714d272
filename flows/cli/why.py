"""`tocsin why`: what one person was told, and what not, and why."""

import sys
import time
from collections.abc import Iterator

import click
import msgspec
from rich.table import Table
from rich.text import Text

from flows.cli.answer import print_answer
from flows.cli.complete import people
from flows.cli.given import read_moment, typed
from flows.cli.strict import Command
from flows.cli.view import View, console, reading, severity_text, shown
from operators.explain.heard import Hearing, Unheard, hearing
from operators.model.notice import NoticeDocument
from operators.model.records import Action
from sinks.store.interface import Store
from sinks.store.order import alert_cursor
from sinks.store.query import AlertQuery, NoticeQuery, time_cursor

PAGE = 500
HALF_DAY = 43200


@click.command(cls=Command, short_help="Tell what a person was told, and what not, and why.")
@click.argument("person", shell_complete=people)
@click.option(
    "--since", callback=read_moment, metavar="TIME", help="From then on: 12h, 3d, Unix seconds, ISO.  [default: 12h]"
)
@click.option("--until", callback=read_moment, metavar="TIME", help="Until then; default: now.")
@click.option("--verbose", "-v", is_flag=True, help="Name the alerts that others were told of, too.")
@reading
def why(view: View, *, person: str, since: int | None, until: int | None, verbose: bool) -> None:
    """Tell what PERSON was told and what not, and why: shielded, outside hours, merged, flapping, not delivered.

    What the rules told others only is counted; -v names it. Who would hear of such an alert says `tocsin who`.

    \b
    tocsin why dora --since 12h
    """  # noqa: D301 - the \b is one, and keeps the example as it is
    last = int(time.time()) if until is None else until
    first = last - HALF_DAY if since is None else since
    name = typed(person)
    with view.store() as store:
        notices = list(_notices(store, NoticeQuery(receiver=name, since=first, until=last, limit=PAGE)))
        found = hearing(name, first, last, _actions(store, AlertQuery(since=first, until=last, limit=PAGE)), notices)
    if view.as_json:
        print_answer("hearing", [found])
    else:
        _tell(view, found, verbose=verbose)


def _notices(store: Store, query: NoticeQuery) -> Iterator[NoticeDocument]:
    """Yield all that match, a page at a time."""
    while page := store.notices(query):
        yield from page
        if len(page) < query.limit:
            return
        query = msgspec.structs.replace(query, after=time_cursor(page[-1]))


def _actions(store: Store, query: AlertQuery) -> Iterator[Action]:
    """Yield the actions of all alerts that match, a page at a time; says on a terminal how far it is."""
    seen, total = 0, store.count(query)
    shows = sys.stderr.isatty() and total > PAGE
    while page := store.alerts(query):
        for alert in page:
            yield from store.actions(alert.id)
        seen += len(page)
        if shows:
            click.echo(f"\r{seen:,} of {total:,} alerts", nl=seen >= total, err=True)
        if len(page) < query.limit:
            return
        query = msgspec.structs.replace(query, after=alert_cursor(query.sort, page[-1]))


def _tell(view: View, found: Hearing, *, verbose: bool) -> None:
    out = console()
    out.print(shown(headline(found), "bold"))
    out.print(shown(f"from {view.moment(found.since)} to {view.moment(found.until)}", "dim"))
    if found.told:
        out.print("\nTold", style="bold")
        table = _table("time", "by", "what")
        for one in found.told:
            state = "" if one.state == "delivered" else f" [{one.state}]"
            table.add_row(view.moment(one.time), shown(one.way), shown(f"{one.title}{state}"))
        out.print(table)
    if found.untold:
        out.print("\nNot told", style="bold")
        table = _table("time", "by", "what, and why")
        for missed in found.untold:
            table.add_row(view.moment(missed.time), shown(", ".join(missed.ways)), _missed(missed))
        out.print(table)
    if found.elsewhere and verbose:
        out.print("\nTold others only", style="bold")
        table = _table("time", "whom", "what")
        for other in found.elsewhere:
            what = f"{severity_text(other.severity)} {other.name} ({other.alert_id})"
            table.add_row(view.moment(other.time), shown(", ".join(other.people)), shown(what))
        out.print(table)


def headline(found: Hearing) -> str:
    """Return the answer in a line."""
    told, untold, others = len(found.told), len(found.untold), len(found.elsewhere)
    parts = [
        f"{found.person} was told {_times(told)}" if told else f"{found.person} was told nothing",
        f"{_things(untold)} did not reach them" if untold else "nothing meant for them was held back",
        f"{others} alert{'' if others == 1 else 's'} went to others only" if others else "",
    ]
    return "; ".join(filter(None, parts)) + "."


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _things(count: int) -> str:
    return "1 notice" if count == 1 else f"{count} notices"


def _missed(one: Unheard) -> Text:
    text = f"{severity_text(one.severity)} {one.name}, {one.signal} ({one.alert_id}) [{one.reason}]"
    return shown(text) + Text("\n") + shown(" ".join(filter(None, (one.why, one.detail))), "dim")


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles[:-1]:
        table.add_column(title, no_wrap=title == "time", overflow="fold")
    table.add_column(titles[-1], overflow="fold")
    return table
