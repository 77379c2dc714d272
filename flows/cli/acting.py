"""`tocsin ack | unack | close | assign | comment`: an operator's word about alerts, one or many (design.md 8)."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

import click
import msgspec

from flows.cli.chosen import MOST_READ, Choice, choosing, in_short, named
from flows.cli.complete import alert_ids, people
from flows.cli.effect import conclude, reading_of
from flows.cli.fail import fail
from flows.cli.given import read_end, read_span
from flows.cli.strict import Command
from flows.cli.telling import Telling, tell, telling
from flows.cli.times import clock_text
from operators.model.alert import ABNORMAL, Alert
from sinks.store.order import WORST_FIRST

FINGERPRINT_LENGTH = 32

Skip = Callable[[Alert], str | None]
"""Why a command has nothing to do with an alert; None: it has."""
Deed = dict[str, Any]


def acting(command: Callable[..., None]) -> Callable[..., None]:
    """Add what every command on alerts takes beside its own: filters, whether to ask, whom to tell."""
    asks = click.option("--yes", "-y", is_flag=True, help="Do not ask before many alerts are changed.")
    return asks(choosing(telling(command)))


alerts_argument = click.argument("names", nargs=-1, metavar="[ALERT]...", shell_complete=alert_ids)
ends = (
    click.option("--until", callback=read_end, metavar="TIME", help="Likewise, until then: 09:00, or an ISO time."),
    click.option("--for", "span", callback=read_span, metavar="SPAN", help="End by itself after 45m, 2h, 3d."),
)


def ending(command: Callable[..., None]) -> Callable[..., None]:
    """Add --for and --until."""
    for option in ends:
        command = option(command)
    return command


def end_of(span: int | None, until: int | None) -> int | None:
    """Return the second at which something ends."""
    if span is not None and until is not None:
        raise click.UsageError("--for and --until: give one of them")
    return until if span is None else int(time.time()) + span


@click.command(cls=Command, short_help="Acknowledge alerts: they are being dealt with.")
@alerts_argument
@ending
@acting
def ack(names: tuple[str, ...], span: int | None, until: int | None, **given: Any) -> None:
    """Acknowledge alerts: they are being dealt with, no more notices of them.

    ALERT is an id, the beginning or end of one that no other open alert has, or a fingerprint; or give conditions.

    With --for or --until the ack ends by itself: then the alert is told again, if it is still open. Whoever
    acknowledged it may do so again for a new end; `tocsin unack` takes it back.

    \b
    tocsin ack 16999559 --for 2h -m "rebooting it"
    tocsin ack --target 10.0.0.1 -m "broken disk, spare is on its way"
    """  # noqa: D301 - the \b is one, and keeps the examples as they are
    end = end_of(span, until)
    deed: Deed = {"command": "ack"} | ({} if end is None else {"until": end})
    operator = given["operator"]

    def taken(alert: Alert) -> str | None:
        is_own = alert.ack_operator == operator and end != alert.extra_info.ack_until
        if not alert.is_ack or is_own:
            return None
        return f"is acknowledged already, by {alert.ack_operator or 'somebody'}"

    _act(
        "Acknowledge",
        "acknowledged" if end is None else f"acknowledged until {clock_text(end)}",
        deed,
        names,
        taken,
        **given,
    )


@click.command(cls=Command, short_help="Take an acknowledgement back.")
@alerts_argument
@acting
def unack(names: tuple[str, ...], **given: Any) -> None:
    """Take an acknowledgement back, whoever gave it: the alerts are told again."""

    def free(alert: Alert) -> str | None:
        return None if alert.is_ack else "is not acknowledged"

    _act("Take back the acknowledgement of", "no longer acknowledged", {"command": "unack"}, names, free, **given)


@click.command(cls=Command, short_help="Close alerts by hand.")
@alerts_argument
@acting
def close(names: tuple[str, ...], **given: Any) -> None:
    """Close alerts by hand. An event that comes after it opens a new one."""
    _act("Close", "closed", {"command": "close"}, names, _nothing, **given)


@click.command(cls=Command, short_help="Write a comment into the log of alerts.")
@alerts_argument
@acting
def comment(names: tuple[str, ...], **given: Any) -> None:
    """Write a comment (-m) into the log of alerts."""
    if not given["message"].strip():
        raise click.UsageError("a comment has words: give them with -m")
    _act("Comment", "comment written", {"command": "comment"}, names, _nothing, **given)


@click.command(cls=Command, short_help="Make people responsible for alerts.")
@click.argument("names", nargs=-1, required=True, metavar="[ALERT] USERS...", shell_complete=people)
@acting
def assign(names: tuple[str, ...], *, choice: Choice, **given: Any) -> None:
    """Make USERS responsible for an alert; with conditions instead of ALERT, for all that meet them.

    \b
    tocsin assign 16999559 bob
    tocsin assign bob carol --name "Disk full" --severity fatal
    """  # noqa: D301 - as above
    which, users = ((), names) if choice.asks else (names[:1], names[1:])
    if not users:
        raise click.UsageError("to whom? name at least one person")
    deed = {"command": "assign", "appointee": list(users)}
    _act(
        f"Assign to {', '.join(users)}",
        f"assigned to {', '.join(users)}",
        deed,
        which,
        _nothing,
        choice=choice,
        **given,
    )


def _nothing(_: Alert) -> None:
    return None


def _act(
    question: str, done: str, deed: Deed, names: Sequence[str], skip: Skip, *, choice: Choice, yes: bool, **whom: Any
) -> NoReturn:
    """Tell the job a command about each alert that is meant, and say what became of it."""
    told = Telling(**whom)
    if bool(names) == choice.asks:
        raise click.UsageError("name alerts, or give conditions (--target, --name ...), not both")
    if told.to:
        _only_hand_over(told, deed, names)
    alerts = _named(told, names, deed["command"], skip) if names else _meant(told, choice, skip)
    if choice.asks and not yes:
        _confirm(question, alerts)
    by_id = {alert.id: alert for alert in alerts}

    def words(command: Mapping[str, Any]) -> str:
        alert = by_id[command["alert_id"]]
        return f"{done}: {alert.alert_name} on {alert.event.target or 'no target'} ({alert.id})"

    conclude(told, tell(told, [{**deed, "alert_id": alert.id} for alert in alerts]), words)


def _only_hand_over(told: Telling, deed: Deed, names: Sequence[str]) -> NoReturn:
    if not names:
        raise click.UsageError("--to looks nothing up: name the alerts")
    where = ({"dedupe_md5" if len(name) == FINGERPRINT_LENGTH else "alert_id": name} for name in names)
    conclude(told, tell(told, [{**deed, **one} for one in where]), str)


def _named(told: Telling, names: Sequence[str], command: str, skip: Skip) -> list[Alert]:
    """Return the alerts of some names; the first that cannot be changed ends the command and says why."""
    with reading_of(told) as store:
        found = [(name, named(store, name, is_open=True)) for name in names]
    alerts: dict[str, Alert] = {}
    for name, alert in found:
        if alert is None:
            fail(f"no alert {name}")
        if alert.status != ABNORMAL:
            fail(f"alert {alert.id} is over ({alert.status}): nothing to {command}")
        if why := skip(alert):
            fail(f"alert {alert.id} {why}")
        alerts[alert.id] = alert
    return list(alerts.values())


def _meant(told: Telling, choice: Choice, skip: Skip) -> list[Alert]:
    """Return the open alerts that meet the conditions and are not yet as they are to be."""
    query = msgspec.structs.replace(choice.query, status=(ABNORMAL,), sort=WORST_FIRST, limit=MOST_READ)
    with reading_of(told) as store:
        found = store.alerts(query)
    alerts = [alert for alert in found if skip(alert) is None]
    if not alerts:
        fail(
            f"nothing to do for the {len(found)} that meet the conditions"
            if found
            else "no open alert meets the conditions"
        )
    return alerts


def _confirm(question: str, alerts: Sequence[Alert]) -> None:
    """Ask whether so many are meant; without anybody to ask, say that --yes is."""
    count = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    for line in in_short(alerts):
        click.echo(line, err=True)
    if not sys.stdin.isatty():
        fail(f"nothing done; say --yes if these {count} are meant")
    if not click.confirm(f"{question} {count}?", err=True):
        fail("nothing done")
