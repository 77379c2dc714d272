"""Facets and groups of alerts in the SQLite store: from the tallies where these know enough, else from the alerts."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from operators.model.alert import ABNORMAL, ENDED, Alert
from operators.model.event import Tag
from sinks.store.facets import Facets, Group, Groups, told, told_tags, yes_or_no
from sinks.store.order import WORST_FIRST
from sinks.store.over_time import Moved, Span, Trend, trend_of
from sinks.store.query import AlertQuery
from sinks.store.sqlite_alerts import SEPARATOR
from sinks.store.sqlite_conditions import conditions
from sinks.store.sqlite_search import is_of_kinds, page_of
from sinks.store.sqlite_tallies import KINDS

SAMPLE = 2000
"""Alerts whose tags are counted."""
_COLUMNS = {"name": "name", "target": "target", "strategy": "strategy_id"}
"""What alerts are grouped by -> its column."""


class _Event(msgspec.Struct, frozen=True, gc=False):
    tags: tuple[Tag, ...] = ()


class _Tagged(msgspec.Struct, frozen=True, gc=False):
    """What is read of a document to count its tags."""

    event: _Event


_tagged = msgspec.json.Decoder(_Tagged).decode
_alert = msgspec.json.Decoder(Alert).decode


def count(connection: sqlite3.Connection, query: AlertQuery) -> int:
    """Return how many alerts match."""
    where, values = conditions(query)
    what = "coalesce(sum(count), 0) FROM tallies" if is_of_kinds(query) else "count(*) FROM alerts"
    # Every text joined here is a constant of this room; values are bound.
    return int(connection.execute(f"SELECT {what} WHERE {where}", values).fetchone()[0])


def facets(connection: sqlite3.Connection, query: AlertQuery) -> Facets:
    """Return the counts of the alerts that match."""
    total, counts = _counted(_kinds(connection, query))
    tags = _tags(connection, query)
    return Facets(total, {**told(counts), **told_tags(tag for those in tags for tag in those)}, len(tags))


def _kinds(connection: sqlite3.Connection, query: AlertQuery) -> Iterable[tuple[object, ...]]:
    """Return rows of KINDS and a count."""
    where, values = conditions(query)
    names = ", ".join(KINDS)
    if is_of_kinds(query):
        return connection.execute(f"SELECT {names}, count FROM tallies WHERE {where} AND count > 0", values)  # noqa: S608
    return connection.execute(f"SELECT {names}, count(*) FROM alerts WHERE {where} GROUP BY {names}", values)  # noqa: S608


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
    page, values = page_of(worst)
    statement = f"SELECT document FROM alerts WHERE key IN ({page})"  # noqa: S608
    return [_tagged(row[0]).event.tags for row in connection.execute(statement, values)]


def groups(connection: sqlite3.Connection, query: AlertQuery, by: str) -> Groups:
    """Return a page of groups, from the query's offset on, up to its limit."""
    column = _COLUMNS[by]
    find = _tallied_groups if column in KINDS and is_of_kinds(query) else _groups
    rows = find(connection, query, column)
    firsts = _alerts(connection, [str(row[_FIRST])[1:] for row in rows])
    return Groups(int(str(rows[0][_TOTAL])) if rows else 0, tuple(_group(row, firsts) for row in rows))


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
    where, values = conditions(query)
    what, table = ("sum(count)", "tallies") if is_of_kinds(query) else ("count(*)", "alerts")
    found = connection.execute(f"SELECT severity, {what} FROM {table} WHERE {where} GROUP BY severity", values)  # noqa: S608
    return dict(found.fetchall())


_TOTAL, _FIRST = 0, 8
# Of a group the worst and of these the newest, and the oldest: severities have one digit, and ids order by time.
_ENDS = "min(id), max((9 - severity) || id)"


def _groups(connection: sqlite3.Connection, query: AlertQuery, column: str) -> list[Sequence[object]]:
    """Return rows of total, value, count, severity, acked, shielded, blocked, oldest, first."""
    where, values = conditions(query)
    statement = (
        f"WITH found AS (SELECT {column} AS value, count(*), min(severity), sum(acked), sum(shielded), sum(blocked), {_ENDS}"  # noqa: S608
        f" FROM alerts WHERE {where} AND {column} IS NOT NULL GROUP BY {column})"
        " SELECT (SELECT count(*) FROM found), * FROM found ORDER BY 4, 3 DESC, 2 LIMIT ? OFFSET ?"
    )
    return connection.execute(statement, (*values, query.limit, query.offset)).fetchall()


def _tallied_groups(connection: sqlite3.Connection, query: AlertQuery, column: str) -> list[Sequence[object]]:
    """Return the same rows, of which only those of this page are looked up among the alerts."""
    where, values = conditions(query)
    sums = ", ".join(f"sum({flag} * count)" for flag in ("acked", "shielded", "blocked"))
    statement = (
        f"WITH found AS (SELECT {column} AS value, sum(count), min(severity), {sums} FROM tallies"  # noqa: S608
        f" WHERE {where} AND count > 0 GROUP BY {column})"
        " SELECT (SELECT count(*) FROM found), * FROM found ORDER BY 4, 3 DESC, 2 LIMIT ? OFFSET ?"
    )
    rows = connection.execute(statement, (*values, query.limit, query.offset)).fetchall()
    marks = ", ".join("?" * len(rows))
    ends = f"SELECT {column}, {_ENDS} FROM alerts WHERE {where} AND {column} IN ({marks}) GROUP BY {column}"  # noqa: S608
    found = {value: those for value, *those in connection.execute(ends, (*values, *(row[1] for row in rows)))}
    return [(*row, *found[row[1]]) for row in rows]


def _alerts(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Alert]:
    statement = f"SELECT document FROM alerts WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608
    return {one.id: one for one in (_alert(row[0]) for row in connection.execute(statement, ids))}


def _group(row: Sequence[object], firsts: dict[str, Alert]) -> Group:
    _, value, *numbers, oldest, first = row
    number, severity, acked, shielded, blocked = (int(str(one)) for one in numbers)
    return Group(
        value=str(value), count=number, severity=severity, since=int(str(oldest)[:10]), acked=acked, shielded=shielded,
        blocked=blocked, first=firsts[str(first)[1:]],
    )  # fmt: skip
