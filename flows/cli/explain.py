"""`tocsin explain`: why was I told, or not."""

import time
from collections.abc import Sequence
from datetime import tzinfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.alerts import bare
from flows.cli.answer import print_answer
from flows.cli.chosen import named
from flows.cli.complete import alert_ids
from flows.cli.given import read_moment
from flows.cli.rulebook import book_at_hand
from flows.cli.strict import Command
from flows.cli.view import View, console, reading, shown
from flows.console.explained import DAY, story_of
from operators.explain.events import explain_events
from operators.explain.explain import Deadline, Finding, Story, StoryLine
from operators.model.event import Event
from operators.rules.book import RuleBook


@click.command(cls=Command, short_help="Tell what happened to an alert, why not, and what is next.")
@click.argument("alert_id", metavar="ALERT", shell_complete=alert_ids)
@click.option(
    "--rules", metavar="DIR", help="Rules in force, for what holds now and what is next; default: setting `rules`."
)
@click.option("--at", "now", callback=read_moment, metavar="TIME", help="Explain as of then; default: now.")
@reading
def explain(view: View, *, alert_id: str, rules: str | None, now: int | None) -> None:
    """Tell the story of an alert: what happened, why people were not told, and what is next.

    ALERT is an id, a part of one that no other alert has, or a fingerprint for its newest alert. With rules at hand it
    also says until when things hold.
    Of a fingerprint without an alert, its archived events are explained.
    """
    book, at = book_at_hand(view.settings, rules), int(time.time()) if now is None else now
    with view.store() as store:
        alert = named(store, alert_id)
        if alert is None:
            _tell_events(view, alert_id, store.events(alert_id.lower(), at - DAY, at), book)
            return
        story = story_of(store, alert, book, view.settings, at)
    if view.as_json:
        print_answer("story", [story])
    else:
        _tell(view, story, book.zone_of(alert.bk_biz_id, view.settings) if book else None)


def _tell_events(view: View, name: str, events: Sequence[Event], book: RuleBook | None) -> None:
    """Tell why events opened no alert; without any, nothing is known of the name."""
    if not events:
        raise click.ClickException(f"no alert {name} in {bare(view.place)}, and no event of that fingerprint")
    lines = explain_events(events, view.settings, book)
    if view.as_json:
        print_answer("story_line", lines)
        return
    console().print(Text("There is no alert of this fingerprint; its events of the last day:", style="bold"))
    console().print(_lines(view, lines, None))


def _tell(view: View, story: Story, zone: tzinfo | None) -> None:
    out = console()
    out.print(shown(story.headline, "bold"))
    _section(out, "What happened", _lines(view, story.lines, zone), "nothing is in the log")
    _section(out, "Why not", _findings(view, story.why_not, zone), "nothing held it back")
    if story.next:
        _section(out, "What is next", _deadlines(view, story.next, zone), "")


def _section(out: Console, title: str, table: Table, otherwise: str) -> None:
    out.print()
    out.print(Text(title, style="bold"))
    out.print(table if table.row_count else Text(otherwise, style="dim"))


def _lines(view: View, lines: Sequence[StoryLine], zone: tzinfo | None) -> Table:
    table = _table("time", "what", "why", "reason")
    for line in lines:
        what = f"{line.what}, until {view.moment(line.until, zone)}" if line.until else line.what
        table.add_row(view.moment(line.time, zone), _with(what, line.detail), shown(line.why), _reason(line.reason))
    return table


def _findings(view: View, findings: Sequence[Finding], zone: tzinfo | None) -> Table:
    table = _table("since", "until", "what", "why", "reason")
    for found in findings:
        what = found.what if found.count == 1 else f"{found.what} ({found.count} times)"
        begin, end = view.moment(found.since, zone), view.moment(found.until, zone)
        table.add_row(begin, end, _with(what, found.detail), shown(found.why), _reason(found.reason))
    return table


def _with(what: str, detail: str) -> Text:
    return shown(what) + Text(f"\n{shown(detail)}", style="dim") if detail else shown(what)


def _reason(reason: str) -> Text:
    return shown(reason, "cyan")


def _deadlines(view: View, deadlines: Sequence[Deadline], zone: tzinfo | None) -> Table:
    table = _table("time", "what", "why")
    for one in deadlines:
        table.add_row(view.moment(one.time, zone), shown(one.what), _with_windows(view, one, zone))
    return table


def _with_windows(view: View, one: Deadline, zone: tzinfo | None) -> Text:
    """Show why, and of a recovery a line a window."""
    text = shown(one.why)
    for window in one.windows:
        span = f"{view.moment(window.begin, zone)} to {view.moment(window.end, zone)}"
        text += Text(f"\n{span}: {window.anomalies} anomal{'y' if window.anomalies == 1 else 'ies'}", style="dim")
    if one.earliest is not None:
        text += Text(f"\nat the earliest with a normal result of {view.moment(one.earliest, zone)}", style="dim")
    return text


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for title in others:
        table.add_column(title, no_wrap=title == "until", overflow="fold")
    return table
