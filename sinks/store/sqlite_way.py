"""Which way to the alerts that match is short: by the words' index, or past all of them in an order.

The planner knows neither how rare words are nor how long a row is to read, so each statement names its index.
"""

import sqlite3
from typing import NamedTuple

from operators.model.alert import ABNORMAL, ENDED
from sinks.store.query import AlertQuery
from sinks.store.sqlite_conditions import conditions, indexed_words, matching

MANY = 20_000
"""Candidates of the words' index beyond which it is shorter to meet alerts in the order that is wanted, until there are enough."""
ALL = "alerts"
"""By what the planner chooses."""
FEW = "alerts NOT INDEXED"
"""But by the keys that words lead to."""
FACTS = "alerts INDEXED BY alerts_by_facts"
TARGETS = "alerts INDEXED BY open_targets"
"""Of open alerts: their targets in order, with severities."""

Values = list[str | int]


class Way(NamedTuple):
    """A table with its index, and what holds there for the alerts that match."""

    table: str
    where: str
    values: Values
    reads_rows: bool = False
    """It leads past alerts of which the row must be read to know whether they match."""


def way_to(connection: sqlite3.Connection, query: AlertQuery) -> Way:
    """Return the short way to what matches a query, in whatever order."""
    words = indexed_words(query)
    if words and not query.dedupe_md5 and _are_rare(connection, words):
        return Way(FEW, *conditions(query))
    where, values = conditions(query, is_indexed=False)
    if query.dedupe_md5 or not (query.words or query.tags or query.target):
        return Way(ALL, where, values)
    return Way(FACTS, *of_some_status(where, values, query), reads_rows=True)


def is_of_kinds(query: AlertQuery) -> bool:
    """Return True if a query asks for nothing but what a kind of alerts has in common."""
    return not (query.dedupe_md5 or query.target or query.words or query.tags) and query.since is query.until is None


def is_of_open(query: AlertQuery) -> bool:
    """Return True if a query asks for open alerts alone."""
    return query.status == (ABNORMAL,)


def _are_rare(connection: sqlite3.Connection, words: list[str]) -> bool:
    found = "SELECT count(*) FROM (SELECT 1 FROM alert_text WHERE alert_text MATCH ? LIMIT ?)"
    return bool(connection.execute(found, (matching(words), MANY + 1)).fetchone()[0] <= MANY)


def of_some_status(where: str, values: Values, query: AlertQuery) -> tuple[str, Values]:
    """Name every status where none is: the index begins with it."""
    if query.status:
        return where, values
    return f"status IN ('{ABNORMAL}', {', '.join(map(repr, ENDED))}) AND {where}", values
