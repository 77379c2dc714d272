"""The options that choose alerts, and the alerts that they, or parts of ids, mean."""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, NamedTuple

import click
import msgspec

from flows.cli.fail import fail
from flows.cli.given import typed
from flows.cli.view import SEVERITY_WORDS
from flows.console.explained import look_up
from operators.model.alert import ABNORMAL, Alert
from sinks.store.interface import Store
from sinks.store.query import FIELDS, AlertQuery, QueryError, parse_query, term_of

MOST_READ = 10_000
"""Alerts that are read to find some of them: open ones, the newest."""
SHORTEST = 4
"""Characters of an id that are enough to mean one, where only one has them."""
LISTED = 8
"""Alerts that are named where several are meant."""


class Choice(NamedTuple):
    """The conditions that were asked for."""

    query: AlertQuery

    @property
    def asks(self) -> bool:
        """True if any condition was given."""
        return msgspec.structs.replace(self.query, status=()) != AlertQuery()


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose alerts by what they are; the command gets a `choice`."""

    @click.option("--person", multiple=True, metavar="NAME", help="Responsible, told, following or having acked it.")
    @click.option("--shielded/--not-shielded", default=None, help="Kept quiet by a shield or silence, or not.")
    @click.option("--acked/--not-acked", default=None, help="Acknowledged, or not.")
    @click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="With this tag.")
    @click.option("--target", multiple=True, metavar="TARGET", help="On this target, such as 10.0.0.1.")
    @click.option("--biz", multiple=True, metavar="ID", help="Of this business.")
    @click.option("--strategy", multiple=True, metavar="ID", help="Of this strategy.")
    @click.option("--name", multiple=True, metavar="TEXT", help="Of this name; parts: `tocsin alerts search`.")
    @click.option("--severity", multiple=True, metavar="WORD", help="fatal, warning or remind; or 1, 2, 3.")
    @wraps(command)
    def with_choice(*, acked: bool | None, shielded: bool | None, tags: tuple[str, ...], **others: Any) -> None:
        fields = {field: others.pop(field) for field in ("severity", "strategy", "biz", "target", "name", "person")}
        fields["severity"] = tuple(SEVERITY_WORDS.get(one.lower(), one) for one in fields["severity"])
        terms = [term_of(field, value) for field, values in fields.items() for value in values]
        query = asked(" ".join([*terms, *map(_of_tag, tags)]))
        query = msgspec.structs.replace(query, acked=acked, shielded=shielded)
        command(choice=Choice(query), **others)

    return with_choice


def _of_tag(text: str) -> str:
    key, sign, value = text.partition("=")
    if not (key and sign):
        raise click.UsageError(f"--tag {text}: give KEY=VALUE")
    return term_of(f"tags.{key}", value)


def called(part: str, alerts: Iterable[Alert]) -> list[Alert]:
    """Return the alerts whose id begins or ends with a text: ids begin with a time that many share."""
    if len(part) < SHORTEST:
        return []
    return [one for one in alerts if one.id.startswith(part) or one.id.endswith(part)]


def asked(text: str) -> AlertQuery:
    """Return the query of a text; one that cannot be understood is wrong usage."""
    try:
        return parse_query(typed(text))
    except QueryError as error:
        raise click.UsageError(f"{error} (fields: {', '.join(FIELDS)})") from error


def named(store: Store, name: str, *, is_open: bool = False) -> Alert | None:
    """Return the alert of an id, of a part of one that no other has, or the newest of a fingerprint.

    `is_open`: of parts, open alerts go before those that have ended. Several that have the part end the command.
    """
    name = typed(name)
    found = look_up(store, name)
    if found is not None:
        return found
    several = called(name, store.alerts(AlertQuery(status=(ABNORMAL,), limit=MOST_READ))) if is_open else []
    several = several or called(name, store.alerts(AlertQuery(limit=MOST_READ)))
    if len(several) > 1:
        fail(f"{len(several)} alerts have {name!r}; say more of the id:", *in_short(several))
    return several[0] if several else None


def in_short(alerts: Sequence[Alert]) -> list[str]:
    """Return a line an alert; of many, some of them."""
    lines = [f"  {one.id}  {one.alert_name} on {one.event.target or 'no target'}" for one in alerts[:LISTED]]
    return [*lines, f"  and {len(alerts) - LISTED} more"] if len(alerts) > LISTED else lines
