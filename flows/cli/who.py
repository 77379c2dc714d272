"""`tocsin who`: who would hear of an alert, by which rule and way."""

import time
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import click
from rich.table import Table

from flows.cli.answer import print_answer
from flows.cli.chosen import named
from flows.cli.complete import alert_ids
from flows.cli.fail import fail
from flows.cli.given import read_moment, typed
from flows.cli.rulebook import book_at_hand
from flows.cli.strict import Command
from flows.cli.view import SEVERITY_WORDS, View, console, reading, severity_text, shown
from flows.console.explained import MOST_OPEN
from operators.explain.text import span
from operators.explain.who import Hearer, OddError, Silent, Who, event_of, of_alert, who_hears
from operators.intake.enrich.event import Dropped
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event
from sinks.store.interface import StoreError
from sinks.store.place import open_store
from sinks.store.query import AlertQuery


@click.command(cls=Command, short_help="Tell who would hear of an alert, by which rule and way.")
@click.option(
    "--severity", metavar="WORD", default="fatal", show_default=True, help="fatal, warning or remind; or 1, 2, 3."
)
@click.option("--name", metavar="TEXT", default="who", help="Name of the alert.")
@click.option("--target", metavar="TARGET", help="Such as 10.0.0.1.")
@click.option(
    "--target-type", metavar="TYPE", help="HOST, SERVICE or TOPO.  [default: HOST if the target is an address]"
)
@click.option("--tag", "tags", multiple=True, metavar="TAG=VALUE", help="A tag of the event; may be given again.")
@click.option("--strategy", metavar="ID", help="Strategy; default: none, as of events of other systems.")
@click.option("--biz", metavar="ID", help="Business; default: as strategy or inventory say.")
@click.option("--source", metavar="NAME", help="Plugin that reports it, where rules ask for it.")
@click.option("--alert", "alert_id", metavar="ALERT", shell_complete=alert_ids, help="An alert of the store instead.")
@click.option("--at", callback=read_moment, metavar="TIME", help="At this time instead of now: Unix seconds or ISO.")
@click.option("--rules", metavar="DIR", help="Directory of rule files.  [default: as in the settings]")
@reading
def who(
    view: View,
    *,
    severity: str,
    alert_id: str | None,
    at: int | None,
    rules: str | None,
    tags: Sequence[str],
    **given: Any,
) -> None:
    """Tell who would hear of the first event of a problem, by which rule, group and way, or why nobody would.

    Reads the rules, and silences in force where the job's directory is at hand; the store with --alert, and where a
    rule of kind `inhibits` may keep it silent: for what is open now, not at another time. What happens meanwhile is not
    asked: merging, quotas, noise reduction, flapping.

    \b
    tocsin who --severity fatal --name "Disk full" --target 10.0.0.1 --at 2026-11-29T03:00
    tocsin who --alert 16999559
    """  # noqa: D301 - the \b is one, and keeps the examples as they are
    moment = int(time.time()) if at is None else at
    book = book_at_hand(view.settings, rules)
    if book is None:
        fail(f"no rules in {rules or view.settings.rules}: name them with --rules")
    if alert_id is not None:
        with view.store() as store:
            alert = named(store, alert_id)
        if alert is None:
            fail(f"no alert {alert_id}")
        event: Event | Dropped = of_alert(alert, moment)
    else:
        try:
            event = event_of(_fields(severity, tags, **given), book, view.settings, moment)
        except OddError as error:
            fail(error)
    is_now = at is None
    found = who_hears(event, book, view.settings, moment, lambda business: _open(view, business) if is_now else ())
    if view.as_json:
        print_answer("who", [found])
    else:
        _tell(view, found)


def _open(view: View, business: int | str | None) -> list[Alert]:
    """Return the open alerts of a business; without a store, none, and a line that says so."""
    of_business = () if business is None else (str(business),)
    query = AlertQuery(status=(ABNORMAL,), bk_biz_id=of_business, limit=MOST_OPEN)
    try:
        store = open_store(view.place, read_only=True)
        try:
            return store.alerts(query)
        finally:
            store.close()
    except StoreError as error:
        click.echo(f"what is open now is not known: {error}", err=True)
        return []


def _fields(
    severity: str, tags: Sequence[str], *, name: str, target: str | None, target_type: str | None, strategy: str | None,
    biz: str | None, source: str | None,
) -> dict[str, Any]:  # fmt: skip
    """Return the fields of the event that is asked about."""
    level = SEVERITY_WORDS.get(severity.lower(), severity)
    if level not in SEVERITY_WORDS.values():
        raise click.UsageError(f"--severity {severity}: fatal, warning or remind; or 1, 2, 3")
    parts = [typed(one).partition("=") for one in tags]
    if wrong := next((key for key, sign, _ in parts if not (key and sign)), None):
        raise click.UsageError(f"--tag {wrong}: give TAG=VALUE")
    fields = {
        "severity": level,
        "alert_name": typed(name),
        "target": target and typed(target),
        "target_type": target_type or ("HOST" if target and _is_address(target) else ""),
        "tags": [{"key": key, "value": value} for key, _, value in parts],
        "strategy_id": strategy,
        "bk_biz_id": biz,
        "plugin_id": source,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _is_address(text: str) -> bool:
    try:
        ip_address(text.partition("|")[0])
    except ValueError:
        return False
    return True


def _tell(view: View, found: Who) -> None:
    out = console()
    out.print(shown(headline(view, found), "bold"))
    if found.rule:
        out.print(shown(f"by {found.rule}, as {severity_text(found.severity)}, at {view.moment(found.at)}"))
    if found.groups:
        out.print(_groups(view, found))
    for step in found.escalation:
        people = ", ".join(step.people) or "nobody on duty"
        out.print(shown(f"after {span(step.after)}: {step.group} ({people}), unless it is acknowledged"))
    for rule in found.silent_while:
        out.print(shown(_silence(rule)))
    for program in found.programs:
        out.print(shown(f"and {program}"))
    if found.detail and found.why:
        out.print(shown(found.detail, "dim"))


def _silence(rule: Silent) -> str:
    """Say which alerts keep it silent, and whether one does now."""
    same = f" and the same {', '.join(rule.equal)}" if rule.equal else ""
    now = f"; open now: {', '.join(rule.open_ids)}" if rule.open_ids else ""
    would = "is" if rule.open_ids else "would be"
    said = f": {rule.description}" if rule.description else ""
    return f"{would} inhibited while an alert is open with {rule.source}{same} (rule {rule.rule}{said}){now}"


def headline(view: View, found: Who) -> str:
    """Return the answer in a line."""
    if not found.hearers:
        until = f" Until {view.moment(found.until)}." if found.until else ""
        return f"Nobody would hear: {found.why or found.detail}{until}"
    main = _by_name(one for one in found.hearers if not one.follows)
    following = _by_name(one for one in found.hearers if one.follows)
    parts = [main, f"{following} following" if following else ""]
    return f"{'; '.join(filter(None, parts))} would hear."


def _by_name(hearers: Any) -> str:
    ways: dict[str, list[str]] = {}
    one: Hearer
    for one in hearers:
        known = ways.setdefault(one.name, [])
        if one.way not in known:
            known.append(one.way)
    return ", ".join(f"{name} by {' and '.join(by)}" for name, by in ways.items())


def _groups(view: View, found: Who) -> Table:
    table = Table("group", "on duty", "by", "then", "from", box=None, pad_edge=False, header_style="bold")
    for one in found.groups:
        role = " (follows)" if one.follows else ""
        until = view.moment(one.handover) if one.handover else ""
        by = ", ".join(one.ways) or "no way at that hour"
        table.add_row(
            *map(
                shown, (f"{one.group}{role}", ", ".join(one.people) or "nobody", by, ", ".join(one.next_people), until)
            )
        )
    return table
