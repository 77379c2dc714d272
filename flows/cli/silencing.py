"""`tocsin silence set`: what is to be silent becomes a shield, once it is said what that covers."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

import click
from msgspec.structs import replace

from flows.cli.answer import print_answer
from flows.cli.chosen import MOST_READ, in_short, named
from flows.cli.complete import alert_ids
from flows.cli.effect import conclude, reading_of
from flows.cli.fail import fail
from flows.cli.given import read_end, read_span, typed
from flows.cli.rulebook import book_at_hand
from flows.cli.strict import Command
from flows.cli.telling import Telling, tell, telling
from flows.cli.times import clock_text
from operators.alertmanager.asked import LONGEST_WHILE_OPEN, Asked, shield_asked
from operators.alertmanager.matchers import MatcherError, parse_matcher
from operators.alertmanager.silences import SilenceError
from operators.explain.preview import Preview, preview
from operators.explain.text import span as in_words
from operators.model.alert import ABNORMAL, Alert
from operators.rules.book import RuleBook
from operators.rules.one_alert import shield_of_alert
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield
from sinks.store.interface import Store
from sinks.store.order import WORST_FIRST
from sinks.store.query import AlertQuery

HOUR = 3600
MOST_BUSINESSES = 10
"""In which a silence is set without being told."""
MANY = 100
"""Open alerts from which on it is asked whether so many are meant."""


@click.command("set", cls=Command, short_help="Begin a silence; the word `set` may be left out.")
@click.argument("alert", required=False, shell_complete=alert_ids)
@click.option("--target", multiple=True, help="Alerts on this target; may be given again: any of them.")
@click.option("--name", multiple=True, help="Alerts of this name; may be given again: any of them.")
@click.option(
    "--match", multiple=True, metavar="TAG=VALUE", help="Whose tags say so: =, !=, =~, !~; all that are given."
)
@click.option("--biz", multiple=True, metavar="ID", help="Business; default: those of the open alerts it covers.")
@click.option("--while-open", is_flag=True, help="Of ALERT: end with it; what opens later is told.")
@click.option("--until", callback=read_end, metavar="TIME", help="Until then: 09:00, or an ISO time.")
@click.option("--for", "span", callback=read_span, metavar="SPAN", help="For 45m, 2h, 3d.  [default: 1h]")
@click.option("--dry-run", is_flag=True, help="Only say what it would cover.")
@click.option("--rules", metavar="DIR", help="Rules in force, for the preview.  [default: as in the settings]")
@click.option("--yes", "-y", is_flag=True, help=f"Do not ask, even if it covers {MANY} open alerts.")
@telling
def set_silence(
    alert: str | None, target: tuple[str, ...], name: tuple[str, ...], match: tuple[str, ...], biz: tuple[str, ...],
    span: int | None, until: int | None, rules: str | None, *, while_open: bool, dry_run: bool, yes: bool, **given: Any,
) -> None:  # fmt: skip
    """Begin a silence, after saying what it covers now. It gets an id, by which it is extended and ended.

    Of ALERT: whatever has its name, strategy, target and dimensions; with --while-open, this alert alone.

    \b
    tocsin silence --target 10.0.0.1 --for 2h -m "new disk"
    tocsin silence --match service=web --match env=~"stag.*" --until 09:00 -m "load test"
    tocsin silence 16999559 --while-open -m "known, ticket 4711"
    """  # noqa: D301 - the \b is one, and keeps the examples as they are
    told, now = Telling(**given), int(time.time())
    asked = Asked(targets=tuple(map(typed, target)), names=tuple(map(typed, name)), matchers=_matchers(match))
    _refuse_odd(told, alert, asked, span, until, while_open=while_open)
    end = until or now + (span or (LONGEST_WHILE_OPEN if while_open else HOUR))
    book = book_at_hand(told.settings, rules) or RuleBook.empty()
    with reading_of(told) as store:
        open_ones = store.alerts(AlertQuery(status=(ABNORMAL,), sort=WORST_FIRST, limit=MOST_READ))
        one = _one(store, alert) if alert else None
    make = _maker(asked, one, now, end, told, while_open=while_open)
    documents = _by_business(make, biz, asked, one, open_ones, told, book)
    found = [preview(_checked(document, told), open_ones, book, told.settings, now) for document in documents]
    _say_preview(found, end, now, while_open=while_open)
    click.echo(f"in business {', '.join(str(document['bk_biz_id']) for document in documents)}", err=True)
    if dry_run:
        if told.as_json:
            print_answer("preview", map(_as_document, documents, found))
        return
    _ask(found, yes=yes)

    def words(command: Mapping[str, Any]) -> str:
        return f"silence {command['shield']['id']} set; `tocsin silence end {command['shield']['id']}` ends it"

    conclude(told, tell(told, [{"command": "shield", "shield": document} for document in documents]), words)


def _refuse_odd(
    told: Telling, alert: str | None, asked: Asked, span: int | None, until: int | None, *, while_open: bool
) -> None:
    """Refuse what makes no sense together."""
    if bool(alert) == asked.asks:
        raise click.UsageError("name an alert, or give --target, --name or --match")
    if while_open and not alert:
        raise click.UsageError("--while-open goes with an alert")
    if span is not None and until is not None:
        raise click.UsageError("--for and --until: give one of them")
    if not told.message.strip():
        raise click.UsageError("say why, in a few words, with -m: everybody who looks later asks for it")
    if told.to:
        raise click.UsageError("--to looks nothing up: use `tocsin shield add`")


def _matchers(texts: Sequence[str]) -> tuple[Any, ...]:
    try:
        return tuple(parse_matcher(typed(text)) for text in texts)
    except MatcherError as error:
        raise click.UsageError(f"--match: {error}") from error


def _one(store: Store, name: str) -> Alert:
    found = named(store, name, is_open=True)
    if found is None:
        fail(f"no alert {name}")
    return found


Make = Callable[[str, str | int], dict[str, Any]]


def _maker(asked: Asked, one: Alert | None, now: int, end: int, told: Telling, *, while_open: bool) -> Make:
    """Return what makes the shield of an id and a business."""
    if one is not None and not while_open:
        return lambda name, _: shield_of_alert(one, name, now, end, told.operator, told.message)
    wanted = replace(asked, alert_id=one.id) if one is not None else asked
    return lambda name, business: shield_asked(wanted, name, business, now, end, told.operator, told.message)


def _by_business(
    make: Make, biz: Sequence[str], asked: Asked, one: Alert | None, open_ones: Sequence[Alert], told: Telling, book: RuleBook
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a shield a business: a shield is of one, and what is asked for may lie in several."""
    name = f"silence-{uuid4().hex[:6]}"
    try:
        businesses: list[str | int] = list(biz) or ([asked.business] if asked.business else [])
        if one is not None:
            businesses = [one.bk_biz_id or 0]
        if not businesses:
            there = {str(alert.bk_biz_id): alert.bk_biz_id for alert in open_ones if alert.bk_biz_id is not None}
            businesses = [
                business
                for business in there.values()
                if preview(_checked(make(name, business), told), open_ones, book, told.settings, 0).alerts
            ] or _all_known(asked, there, book, told)
        return [make(name if not place else f"{name}-{place + 1}", one) for place, one in enumerate(businesses)]
    except SilenceError as error:
        fail(error)


def _all_known(asked: Asked, there: Mapping[str, str | int], book: RuleBook, told: Telling) -> list[str | int]:
    """Return where what is asked for may turn up, now that no open alert says it: where the hosts are, else everywhere."""
    hosts = [host.bk_biz_id for one in asked.targets for host in book.hosts_by_ip.get(one.partition("|")[0], ())]
    found = dict.fromkeys(hosts) or {
        str(told.settings.default_business or 0): None,
        **dict.fromkeys((*there, *book.businesses)),
    }
    if len(found) > MOST_BUSINESSES:
        fail(f"no open alert says in which of {len(found)} businesses: give --biz")
    return list(found)


def _checked(document: Mapping[str, Any], told: Telling) -> Shield:
    shield, errors = read_alone(document, Shield, time_zone=told.settings.time_zone)
    if shield is None:
        fail(*errors)
    return shield


def _say_preview(found: Sequence[Preview], end: int, now: int, *, while_open: bool) -> None:
    """Say on standard error what it covers now."""
    alerts = [one for part in found for one in part.alerts]
    notices = sum(part.notices for part in found)
    how_many = f"{len(alerts)} open alert{'' if len(alerts) == 1 else 's'}"
    repeats = f", {notices} repeat{'' if notices == 1 else 's'} due until then" if notices else ""
    until = f"until {clock_text(end)} ({in_words(end - now)})"
    click.echo(f"covers {how_many} now{repeats}; {'while it is open, ' if while_open else ''}{until}", err=True)
    for line in in_short(alerts):
        click.echo(line, err=True)


def _as_document(shield: Mapping[str, Any], found: Preview) -> dict[str, Any]:
    return {"shield": shield, "alerts": [one.id for one in found.alerts], "notices": found.notices}


def _ask(found: Sequence[Preview], *, yes: bool) -> None:
    count = sum(len(part.alerts) for part in found)
    if yes or count < MANY:
        return
    if not sys.stdin.isatty():
        fail(f"not set; say --yes if these {count} alerts are meant")
    if not click.confirm(f"Silence {count} alerts?", err=True):
        fail("not set")
