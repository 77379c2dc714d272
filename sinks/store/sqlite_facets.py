"""Facets of alerts in the SQLite store: from the tallies where these know enough, else from the alerts."""

import sqlite3
from collections import Counter
from collections.abc import Iterable

import msgspec

from operators.model.alert import ABNORMAL, ENDED
from operators.model.event import Tag
from sinks.store.facets import BySeverity, Facets, told, told_tags, yes_or_no
from sinks.store.order import WORST_FIRST
from sinks.store.over_time import Moved, Span, Trend, trend_of
from sinks.store.query import AlertQuery
from sinks.store.sqlite_alerts import SEPARATOR
from sinks.store.sqlite_conditions import conditions
from sinks.store.sqlite_search import page_of
from sinks.store.sqlite_tallies import KINDS
from sinks.store.sqlite_way import is_of_kinds, way_to

SAMPLE = 2000
"""Alerts whose tags are counted."""
MOST_SHIELDED = 5000
"""Shielded alerts of which is read by which shield."""
MOST_READ = 1000
"""Alerts of a severity that are counted where each must be read for that."""


class _Shielded(msgspec.Struct, frozen=True, gc=False):
    """What is read of a document to count its shields."""

    shield_id: tuple[str, ...] = ()


class _Event(msgspec.Struct, frozen=True, gc=False):
    tags: tuple[Tag, ...] = ()


class _Tagged(msgspec.Struct, frozen=True, gc=False):
    """What is read of a document to count its tags."""

    event: _Event


_shielded = msgspec.json.Decoder(_Shielded).decode
_tagged = msgspec.json.Decoder(_Tagged).decode


def count(connection: sqlite3.Connection, query: AlertQuery) -> int:
    """Return how many alerts match."""
    return sum(_by_severity(connection, query).values())


def by_severity(connection: sqlite3.Connection, query: AlertQuery) -> BySeverity:
    """Return how many alerts match of each severity; where rows must be read for that, of each a number of them at most."""
    way = way_to(connection, query)
    if is_of_kinds(query) or not way.reads_rows:
        return BySeverity(_by_severity(connection, query))
    # Every text joined here is a constant of this room; values are bound.
    some = f"SELECT count(*) FROM (SELECT 1 FROM {way.table} WHERE {way.where} AND severity = ? LIMIT {MOST_READ})"  # noqa: S608
    counts = ((one, connection.execute(some, (*way.values, one)).fetchone()[0]) for one in (1, 2, 3))
    return BySeverity({one: number for one, number in counts if number}, MOST_READ)


def by_shield(connection: sqlite3.Connection, query: AlertQuery) -> dict[str, int]:
    """Return how many of the alerts that match each shield keeps quiet."""
    where, values = conditions(query)
    statement = f"SELECT document FROM alerts WHERE {where} AND shielded LIMIT {MOST_SHIELDED}"  # noqa: S608
    documents = connection.execute(statement, values)
    return Counter(name for row in documents for name in _shielded(row[0]).shield_id)


def facets(connection: sqlite3.Connection, query: AlertQuery) -> Facets:
    """Return the counts of the alerts that match."""
    total, counts = _counted(_kinds(connection, query))
    tags = _tags(connection, query)
    return Facets(total, {**told(counts), **told_tags(tag for those in tags for tag in those)}, len(tags))


def _kinds(connection: sqlite3.Connection, query: AlertQuery) -> Iterable[tuple[object, ...]]:
    """Return rows of KINDS and a count."""
    names = ", ".join(KINDS)
    if is_of_kinds(query):
        where, values = conditions(query)
        return connection.execute(f"SELECT {names}, count FROM tallies WHERE {where} AND count > 0", values)  # noqa: S608
    table, where, values, _ = way_to(connection, query)
    return connection.execute(f"SELECT {names}, count(*) FROM {table} WHERE {where} GROUP BY {names}", values)  # noqa: S608


def _counted(rows: Iterable[tuple[object, ...]]) -> tuple[int, dict[str, Counter[str]]]:
    fields = ("status", "severity", "strategy", "biz", "target_type", "acked", "shielded", "blocked", "person")
    counts = {field: Counter[str]() for field in fields}
    total = 0
    for *values, number in rows:
        status, severity, strategy, business, _, target_type, *flags, people = values
        several = int(str(number))
        total += several
        said = (status, severity, strategy, business, target_type, *map(yes_or_no, flags))
        for field, value in zip(fields, said, strict=False):
            counts[field][str(value if value is not None else "")] += several
        for name in str(people).split(SEPARATOR):
            counts["person"][name] += several
    return total, counts


def _tags(connection: sqlite3.Connection, query: AlertQuery) -> list[tuple[Tag, ...]]:
    worst = msgspec.structs.replace(query, sort=WORST_FIRST, limit=SAMPLE, offset=0, after="")
    page, values = page_of(connection, worst)
    statement = f"SELECT document FROM alerts WHERE key IN ({page})"  # noqa: S608
    return [_tagged(row[0]).event.tags for row in connection.execute(statement, values)]


def trend(connection: sqlite3.Connection, query: AlertQuery, since: int, until: int, step: int) -> tuple[Trend, ...]:
    """Return how many alerts were opened, ended, and were open, by severity at each step."""
    anything = msgspec.structs.replace(query, status=(), since=None, until=None)
    now_open = msgspec.structs.replace(anything, status=(ABNORMAL,))
    where, values = conditions(anything)
    # An alert begins no later than its id does, and ids order by time; all statuses and severities lie side by side there.
    opened = (
        f"SELECT begin_time, severity, count(*) FROM alerts INDEXED BY alerts_by_facts WHERE status IN ({_STATUSES})"  # noqa: S608
        f" AND severity IN (1, 2, 3) AND id >= ? AND begin_time >= ? AND {where} GROUP BY begin_time, severity"
    )
    ended = (
        f"SELECT end_time, severity, count(*) FROM alerts WHERE end_time >= ? AND {where} GROUP BY end_time, severity"  # noqa: S608
    )
    moved = Moved(
        opened=connection.execute(opened, (f"{since:010d}", since, *values)).fetchall(),
        ended=connection.execute(ended, (since, *values)).fetchall(),
    )
    return trend_of(_by_severity(connection, now_open), moved, Span(since, until, step))


_STATUSES = ", ".join(f"'{status}'" for status in (ABNORMAL, *ENDED))


def _by_severity(connection: sqlite3.Connection, query: AlertQuery) -> dict[int, int]:
    if is_of_kinds(query):
        where, values = conditions(query)
        statement = f"SELECT severity, sum(count) FROM tallies WHERE {where} AND count > 0 GROUP BY severity"  # noqa: S608
    else:
        table, where, values, _ = way_to(connection, query)
        statement = f"SELECT severity, count(*) FROM {table} WHERE {where} GROUP BY severity"  # noqa: S608
    return dict(connection.execute(statement, values).fetchall())
