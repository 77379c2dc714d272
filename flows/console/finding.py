"""The page Find: an alert by id, fingerprint or words, a person, a shield, a rule; and what never became an alert."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from flows.console.explained import look_up
from flows.console.folds import Row, row
from flows.console.letters import letters_with
from flows.console.people import everybody
from flows.console.rulebook import Entry, listed
from flows.console.signin import within
from flows.settings.settings import Settings
from operators.model.records import DeadLetter
from operators.rules.book import RuleBook
from sinks.store.interface import Store
from sinks.store.query import QueryError, parse_query

MOST = 20


class Found(msgspec.Struct, frozen=True):
    """What was found."""

    q: str
    alerts: tuple[Row, ...] = ()
    people: tuple[str, ...] = ()
    shields: tuple[str, ...] = ()
    rules: tuple[Entry, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    """Refused records that hold the text."""


def find(store: Store, book: RuleBook, settings: Settings, q: str, businesses: tuple[str, ...] = ()) -> Found:
    """Return what a text may mean; who sees some businesses only finds alerts alone. Raises StoreError."""
    if not q or businesses:
        return Found(q, alerts=tuple(_alerts(store, q, businesses)) if q else ())
    word = q.lower()
    by_command = (one.id for one in store.shields())
    return Found(
        q=q,
        alerts=tuple(_alerts(store, q, businesses)),
        people=tuple(one for one in everybody(book) if word in one.lower())[:MOST],
        shields=tuple(one for one in (*by_command, *book.shields) if word in one.lower())[:MOST],
        rules=listed(book, q)[:MOST],
        letters=letters_with(Path(settings.dead_letters), q, MOST),
    )


def _alerts(store: Store, q: str, businesses: tuple[str, ...]) -> Iterator[Row]:
    exact = look_up(store, q, businesses)
    if exact is not None:
        yield row(exact)
        return
    try:
        query = parse_query(q)
    except QueryError:
        return
    for alert in store.alerts(within(msgspec.structs.replace(query, limit=MOST), businesses)):
        yield row(alert)
