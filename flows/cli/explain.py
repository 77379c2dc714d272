"""`tocsin explain`: why was I told, or not."""

import time
from collections.abc import Iterator, Sequence
from datetime import tzinfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.alerts import bare
from flows.cli.answer import print_answer
from flows.cli.chosen import named
from flows.cli.complete import alert_ids
from flows.cli.given import read_moment, typed
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
@click.option("--verbose", "-v", is_flag=True, help="Say each reason in a sentence.")
@reading
def explain(view: View, *, alert_id: str, rules: str | None, now: int | None, verbose: bool) -> None:
    """Tell in the first line whether anybody is told of an alert, and who; then what happened, why not, and what is next.

    ALERT is an id, a part of one that no other alert has, or a fingerprint for its newest alert. With rules at hand it
    also says until when things hold.
    Of a fingerprint without an alert, its archived events are explained.
    """
    alert_id = typed(alert_id)
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
        _tell(view, story, book.zone_of(alert.bk_biz_id, view.settings) if book else None, verbose=verbose)


def _tell_events(view: View, name: str, events: Sequence[Event], book: RuleBook | None) -> None:
    """Tell why events opened no alert; without any, nothing is known of the name."""
    if not events:
        raise click.ClickException(f"no alert {name} in {bare(view.place)}, and no event of that fingerprint")
    lines = explain_events(events, view.settings, book)
    if view.as_json:
        print_answer("story_line", lines)
        return
    console().print(Text("There is no alert of this fingerprint; its events of the last day:", style="bold"))
    console().print(_lines(view, lines, None, verbose=True))


def _tell(view: View, story: Story, zone: tzinfo | None, *, verbose: bool) -> None:
    out = console()
    until = f", until {view.moment(story.until, zone)}" if story.until else ""
    out.print(shown(f"{story.answer}{until}.", "bold"))
    if story.heard:
        out.print(shown(f"Before: {story.heard}."))
    out.print(shown(story.headline))
    _section(out, "What happened", _lines(view, story.lines, zone, verbose=verbose), "nothing is in the log")
    _section(out, "Why not", _findings(view, story.why_not, zone, verbose=verbose), "nothing held it back")
    if story.next:
        _section(out, "What is next", _deadlines(view, story.next, zone, verbose=verbose), "")
    if not verbose:
        out.print(Text("\n-v says each in a sentence", style="dim"))


def _section(out: Console, title: str, table: Table, otherwise: str) -> None:
    out.print()
    out.print(Text(title, style="bold"))
    out.print(table if table.row_count else Text(otherwise, style="dim"))


def _lines(view: View, lines: Sequence[StoryLine], zone: tzinfo | None, *, verbose: bool) -> Table:
    table = _table()
    for line in lines:
        what = f"{line.what}, until {view.moment(line.until, zone)}" if line.until else line.what
        table.add_row(view.moment(line.time, zone), _entry(what, line.reason, line.detail, line.why if verbose else ""))
    return table


def _findings(view: View, findings: Sequence[Finding], zone: tzinfo | None, *, verbose: bool) -> Table:
    table = _table()
    for found in findings:
        what = found.what if found.count == 1 else f"{found.what} ({found.count} times)"
        until = f"until {view.moment(found.until, zone)}" if found.until else ""
        text = _entry(what, found.reason, until, found.detail, found.why if verbose else "")
        table.add_row(view.moment(found.since, zone), text)
    return table


def _entry(what: str, reason: str, *more: str) -> Text:
    """Show what happened, by its reason, and a line each of what else there is to say."""
    text = shown(what) + (Text(f" [{reason}]", style="cyan") if reason else "")
    return text + Text("".join(f"\n{shown(one)}" for one in more if one), style="dim")


def _deadlines(view: View, deadlines: Sequence[Deadline], zone: tzinfo | None, *, verbose: bool) -> Table:
    table = _table()
    for one in deadlines:
        why = one.why if verbose or one.time is None else ""
        table.add_row(view.moment(one.time, zone), _entry(one.what, "", why, *_windows(view, one, zone)))
    return table


def _windows(view: View, one: Deadline, zone: tzinfo | None) -> Iterator[str]:
    """Yield of a recovery a line a window."""
    for window in one.windows:
        span = f"{view.moment(window.begin, zone)} to {view.moment(window.end, zone)}"
        yield f"{span}: {window.anomalies} anomal{'y' if window.anomalies == 1 else 'ies'}"
    if one.earliest is not None:
        yield f"at the earliest with a normal result of {view.moment(one.earliest, zone)}"


def _table() -> Table:
    """Return a table of times and texts; a terminal of 80 columns is enough."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table
