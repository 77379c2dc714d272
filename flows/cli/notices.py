"""`tocsin notices`: what was sent, with its words, and what was not, and why."""

import click
from rich.table import Table
from rich.text import Text

from flows.cli.alert_table import WIDE
from flows.cli.answer import print_answer
from flows.cli.chosen import named
from flows.cli.complete import alert_ids, people, ways
from flows.cli.fail import fail
from flows.cli.given import limit_option, read_moment, typed
from flows.cli.show import shown_lines
from flows.cli.strict import Command
from flows.cli.view import View, console, reading, shown
from operators.model.notice import NoticeDocument, NoticeState
from sinks.channels.wording import plain_text
from sinks.store.cursor import CursorError
from sinks.store.query import NoticeQuery, time_cursor

SENT = (NoticeState.DELIVERED, NoticeState.WRITTEN_TO_FILE)
UNSENT = tuple(one.value for one in NoticeState if one not in SENT)


@click.command(cls=Command, short_help="Show what was sent, with its words, and what was not.")
@click.argument("notice_id", required=False, metavar="[ID]")
@click.option("--to", "receiver", metavar="NAME", shell_complete=people, help="To this person or chat.")
@click.option("--alert", "alert_id", metavar="ALERT", shell_complete=alert_ids, help="About this alert.")
@click.option("--way", multiple=True, metavar="WAY", shell_complete=ways, help="By this way; may be given again.")
@click.option(
    "--state",
    multiple=True,
    type=click.Choice([one.value for one in NoticeState]),
    help="That stand so; may be given again.",
)
@click.option("--unsent", is_flag=True, help="Only what did not reach everybody, with the reason.")
@click.option("--since", callback=read_moment, metavar="TIME", help="Decided since then: 2h, 3d, Unix seconds, ISO.")
@click.option("--until", callback=read_moment, metavar="TIME", help="Decided by then.")
@click.option("--after", metavar="PLACE", default="", help="Read on from there; a page says where it ended.")
@click.option("--text", is_flag=True, help="Show the words of each.")
@limit_option
@reading
def notices(
    view: View, *, notice_id: str | None, receiver: str | None, alert_id: str | None, way: tuple[str, ...],
    state: tuple[str, ...], since: int | None, until: int | None, limit: int, after: str, text: bool, unsent: bool,
) -> None:  # fmt: skip
    """Show notices as they were sent, the newest first, and how each stands: delivered, or why not. ID: one, with its words.

    \b
    tocsin notices --to dora --since 12h --text
    tocsin notices --unsent
    """  # noqa: D301 - the \b is one, and keeps the examples as they are
    if state and unsent:
        raise click.UsageError("--state and --unsent: give one of them")
    with view.store() as store:
        alert = named(store, alert_id) if alert_id else None
        if alert_id and alert is None:
            fail(f"no alert {alert_id}")
        query = NoticeQuery(
            id=notice_id, receiver=receiver and typed(receiver), alert_id=alert.id if alert else None, way=way,
            state=UNSENT if unsent else state, since=since, until=until, limit=limit, after=after,
        )  # fmt: skip
        try:
            found = store.notices(query)
        except CursorError as error:
            raise click.UsageError(f"--after: {error}") from error
    following = time_cursor(found[-1]) if len(found) == limit else None
    if view.as_json:
        print_answer("sent", found, after=following)
    else:
        _tell(view, found, following, with_text=text or notice_id is not None)


def _tell(view: View, found: list[NoticeDocument], following: str | None, *, with_text: bool) -> None:
    out = console()
    if not found:
        out.print("no notices")
        return
    if with_text:
        for one in found:
            out.print(
                shown(f"{view.moment(one.time)}  {one.way} to {', '.join(one.receivers)}: {_standing(one)}", "bold")
            )
            out.print(shown(f"{one.title}   ({one.id})"))
            lines = (plain_text(one.content) if one.way == "mail" else one.content).splitlines()
            out.print(shown_lines([f"  {line}" for line in lines]))
            out.print()
    else:
        out.print(notices_table(view, found, out.width))
    rest = f"; more with --after {following}" if following else ""
    out.print(f"{len(found)} notice{'' if len(found) == 1 else 's'}; times in {view.zone_name}{rest}", soft_wrap=True)


def notices_table(view: View, found: list[NoticeDocument], width: int) -> Table:
    """Return the table; where a row would not fit, a notice has several lines."""
    return _wide(view, found) if width >= WIDE else _narrow(view, found)


def _wide(view: View, found: list[NoticeDocument]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("time", no_wrap=True)
    for title in ("by", "to", "stands", "what"):
        table.add_column(title, overflow="fold")
    for one in found:
        cells = (one.way, ", ".join(one.receivers), _standing(one), one.title)
        table.add_row(view.moment(one.time), *map(shown, cells))
    return table


def _narrow(view: View, found: list[NoticeDocument]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("time, by", no_wrap=True)
    table.add_column("what, to whom, how it stands", overflow="fold")
    for one in found:
        standing = shown(_standing(one), "" if one.state in SENT else "bold red")
        what = Text("\n").join((shown(one.title), shown(f"to {', '.join(one.receivers)}"), standing))
        table.add_row(f"{view.moment(one.time)}\n{one.way}", what)
    return table


def _standing(one: NoticeDocument) -> str:
    """Say how a notice stands, and why it reached nobody or not everybody."""
    missed = [
        f"{name}: {answer.message}" for name, answer in one.results.items() if not answer.result and answer.message
    ]
    reasons = [*((one.reason,) if one.reason else ()), *missed]
    return one.state + (f" ({'; '.join(reasons)})" if reasons else "")
