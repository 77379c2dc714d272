"""`tocsin why`: what one person was told, and what not, and why."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

import click
import msgspec
from rich.table import Table
from rich.text import Text

from flows.cli.answer import print_answer
from flows.cli.complete import people
from flows.cli.counting import counted
from flows.cli.given import read_moment, typed
from flows.cli.strict import Command
from flows.cli.view import View, console, reading, severity_text, shown
from operators.explain.heard import Hearing, Unheard, hearing
from operators.model.notice import NoticeDocument
from operators.model.records import Action
from sinks.store.interface import Store
from sinks.store.query import ActionQuery, NoticeQuery, time_cursor

PAGE = 500
OTHERS, NAMED_OTHERS = 10_000, 100_000
"""Actions, those of others too, that are read to count what went to others only, and to name it: the newest."""
SHOWN = 50
"""Messages shown, the last ones."""
NAMED = 3
"""Alerts named of those that went the same way."""
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

    What differs only in its alert is said once, and what the rules told others only is counted; -v names all of it,
    among the newest 100,000 actions. Who would hear of such an alert says `tocsin who`.

    \b
    tocsin why dora --since 12h
    """  # noqa: D301 - the \b is one, and keeps the example as it is
    last = int(time.time()) if until is None else until
    first = last - HALF_DAY if since is None else since
    name = typed(person)
    with view.store() as store:
        notices = _pages(store.notices, NoticeQuery(receiver=name, since=first, until=last, limit=PAGE))
        actions = _Actions(store, name, first, last, NAMED_OTHERS if verbose or view.as_json else OTHERS)
        found = hearing(name, first, last, counted(actions, "actions"), list(notices))
    if view.as_json:
        print_answer("hearing", [found], is_whole=actions.is_whole)
    else:
        _tell(view, found, is_whole=actions.is_whole, verbose=verbose)


_Query = TypeVar("_Query", NoticeQuery, ActionQuery)
_Document = TypeVar("_Document", NoticeDocument, Action)


def _pages(read: Callable[[_Query], list[_Document]], query: _Query) -> Iterator[_Document]:
    """Yield all that match, newest first, a page at a time."""
    while page := read(query):
        yield from page
        if len(page) < query.limit:
            return
        query = msgspec.structs.replace(query, after=time_cursor(page[-1]))


class _Actions:
    """The actions of a span, read as they are asked for: the newest so many, and behind them the person's own alone."""

    def __init__(self, store: Store, person: str, since: int, until: int, most: int) -> None:
        self._store, self._person, self._since, self._until, self._most = store, person, since, until, most
        self.is_whole = True
        """False once some of others were passed over."""

    def __iter__(self) -> Iterator[Action]:
        everybody = _pages(self._store.planned, ActionQuery(since=self._since, until=self._until, limit=PAGE))
        count, last, of_last = 0, self._until, set[str]()
        for count, one in enumerate(islice(everybody, self._most), 1):  # noqa: B007 - counted behind the loop
            if one.time != last:
                last, of_last = one.time, set()
            of_last.add(one.id)
            yield one
        if count == self._most:
            self.is_whole = False
            own = ActionQuery(receiver=self._person, since=self._since, until=last, limit=PAGE)
            yield from (one for one in _pages(self._store.planned, own) if one.id not in of_last)


def _tell(view: View, found: Hearing, *, is_whole: bool, verbose: bool) -> None:
    out = console()
    out.print(shown(headline(found, is_whole=is_whole), "bold"))
    out.print(shown(f"from {view.moment(found.since)} to {view.moment(found.until)}", "dim"))
    if found.told:
        out.print("\nTold", style="bold")
        table = _table("time", "by", "what")
        told = found.told if verbose else found.told[-SHOWN:]
        for one in told:
            state = "" if one.state == "delivered" else f" [{one.state}]"
            table.add_row(view.moment(one.time), shown(one.way), shown(f"{one.title}{state}"))
        out.print(table)
        if len(told) < len(found.told):
            out.print(f"the last {len(told)} of {len(found.told):,}; -v shows all", style="dim")
    if found.untold:
        out.print("\nNot told", style="bold")
        table = _table("time", "by", "what, and why")
        for those in alike(found.untold):
            first, named = those[0], len(those) if verbose else NAMED
            table.add_row(view.moment(first.time), shown(", ".join(first.ways)), missed(those, named))
        out.print(table)
    if found.elsewhere and verbose:
        out.print("\nTold others only", style="bold")
        table = _table("time", "whom", "what")
        for other in found.elsewhere:
            what = f"{severity_text(other.severity)} {other.name} ({other.alert_id})"
            table.add_row(view.moment(other.time), shown(", ".join(other.people)), shown(what))
        out.print(table)


def headline(found: Hearing, *, is_whole: bool = True) -> str:
    """Return the answer in a line; what went to others is a lower bound where not all was read."""
    told, untold, others = len(found.told), len(found.untold), len(found.elsewhere)
    parts = [
        f"{found.person} was told {_times(told)}" if told else f"{found.person} was told nothing",
        f"{_things(untold)} did not reach them" if untold else "nothing meant for them was held back",
        f"{'' if is_whole else 'at least '}{others:,} alert{'' if others == 1 else 's'} went to others only"
        if others
        else "",
    ]
    return "; ".join(filter(None, parts)) + "."


def alike(untold: Iterable[Unheard]) -> list[list[Unheard]]:
    """Return what was not told, together what differs only in its alert and time, in the order of the first of each."""
    found: dict[tuple[object, ...], list[Unheard]] = {}
    for one in untold:
        found.setdefault((one.reason, one.detail, one.name, one.severity, one.signal, one.ways), []).append(one)
    return list(found.values())


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _things(count: int) -> str:
    return "1 notice" if count == 1 else f"{count:,} notices"


def missed(those: Sequence[Unheard], named: int) -> Text:
    """Say what was not told and why, of several that are alike; so many of their alerts are named."""
    one, ids = those[0], list(dict.fromkeys(each.alert_id for each in those))
    times = f"{len(those):,} times: " if len(those) > 1 else ""
    more = f" and {len(ids) - named:,} more" if len(ids) > named else ""
    text = (
        f"{times}{severity_text(one.severity)} {one.name}, {one.signal} ({', '.join(ids[:named])}{more}) [{one.reason}]"
    )
    return shown(text) + Text("\n") + shown(" ".join(filter(None, (one.why, one.detail))), "dim")


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles[:-1]:
        table.add_column(title, no_wrap=title == "time", overflow="fold")
    table.add_column(titles[-1], overflow="fold")
    return table
