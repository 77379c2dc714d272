"""Groups of alerts in the SQLite store: how many have a name, a target or a strategy in common."""

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from operators.model.alert import Alert
from sinks.store.facets import Group, Groups
from sinks.store.query import AlertQuery
from sinks.store.sqlite_conditions import conditions
from sinks.store.sqlite_tallies import KINDS
from sinks.store.sqlite_way import ALL, FACTS, MANY, TARGETS, Way, is_of_kinds, is_of_open, of_some_status, way_to

_COLUMNS = {"name": "name", "target": "target", "strategy": "strategy_id"}
"""What alerts are grouped by -> its column."""
SOME = 2000
"""Alerts of which it is seen at once to which group they belong."""
MOST = 2000
"""Alerts that are read to be grouped: the worst."""
_BEST_FIRST = "ORDER BY worst, number DESC, value LIMIT ? OFFSET ?"
_FLAGS = ("acked", "shielded", "blocked")
# Severities have one digit, and ids order by time: the oldest, and of the worst the newest.
_NUMBERS = "sum(acked), sum(shielded), sum(blocked), min(id), max((9 - severity) || id)"

_alert = msgspec.json.Decoder(Alert).decode


class Tallied(msgspec.Struct):
    """A group on its way: its numbers, and of its alerts the one that was opened first, and the newest of the worst."""

    value: str
    number: int
    worst: int
    acked: int = 0
    shielded: int = 0
    blocked: int = 0
    oldest: str = ""
    first: str = ""


def groups(connection: sqlite3.Connection, query: AlertQuery, by: str) -> Groups:
    """Return a page of groups, from the query's offset on, up to its limit."""
    column = _COLUMNS[by]
    way, of = way_to(connection, query), 0
    if column in KINDS and is_of_kinds(query):
        total, found = _of_tallies(connection, query, column)
    elif way.table == ALL:
        total, found = _of_facts(connection, query, column)
    else:
        total, of, found = _of_the_worst(connection, query, column, way)
    firsts = _alerts(connection, [one.first for one in found])
    return Groups(
        total, tuple(_group(one, firsts[one.first]) for one in found), of if way.reads_rows and of >= MOST else 0
    )


def _of_tallies(connection: sqlite3.Connection, query: AlertQuery, column: str) -> tuple[int, list[Tallied]]:
    where, values = conditions(query)
    sums = ", ".join(f"sum({flag} * count)" for flag in _FLAGS)
    # Every text joined here is a constant of this room; values are bound.
    statement = (
        f"WITH found AS MATERIALIZED (SELECT {column} AS value, sum(count) AS number, min(severity) AS worst, {sums}"  # noqa: S608
        f" FROM tallies WHERE {where} AND count > 0 GROUP BY {column})"
        f" SELECT (SELECT count(*) FROM found), * FROM found {_BEST_FIRST}"
    )
    rows = connection.execute(statement, (*values, query.limit, query.offset)).fetchall()
    found = {row[1]: Tallied(*row[1:]) for row in rows}
    for severity in (1, 2, 3):
        worst = {one.value for one in found.values() if one.worst == severity}
        for value, name in _ends(connection, query, column, severity, worst, "DESC"):
            found[value].first = name
        for value, name in _ends(connection, query, column, severity, set(found), "ASC"):
            found[value].oldest = min(found[value].oldest or name, name)
    return rows[0][0] if rows else 0, list(found.values())


def _ends(
    connection: sqlite3.Connection, query: AlertQuery, column: str, severity: int, wanted: set[str], direction: str
) -> Iterator[tuple[str, str]]:
    """Yield of each group with alerts of a severity the first in the order of ids: large groups are met at once."""
    where, values = of_some_status(*conditions(query), query)
    while wanted:
        marks = ", ".join("?" * len(wanted))
        walk = (
            f"SELECT coalesce({column}, ''), id FROM {FACTS} WHERE {where} AND severity = ?"  # noqa: S608
            f" AND coalesce({column}, '') IN ({marks}) ORDER BY id {direction} LIMIT {SOME}"
        )
        rows = connection.execute(walk, (*values, severity, *wanted)).fetchall()
        for value, name in rows:
            if value in wanted:
                wanted.discard(value)
                yield value, name
        if len(rows) < SOME:
            return


def _of_facts(connection: sqlite3.Connection, query: AlertQuery, column: str) -> tuple[int, list[Tallied]]:
    where, values = conditions(query)
    is_sorted = column == "target" and _is_of_open_severities(query)
    table = TARGETS if is_sorted else ALL
    grouped = (
        f"SELECT {column} AS value, count(*) AS number, min(severity) AS worst FROM {table}"  # noqa: S608
        f" WHERE {where} AND {column} IS NOT NULL GROUP BY {column}"
    )
    total = f"SELECT count(DISTINCT {column}) FROM {table} WHERE {where} AND {column} IS NOT NULL"  # noqa: S608
    if is_sorted:  # by its index, so that counting once more is less than keeping every group
        statement = f"SELECT ({total}), * FROM ({grouped} {_BEST_FIRST})"  # noqa: S608
        values = [*values, *values]
    else:
        statement = (
            f"WITH found AS MATERIALIZED ({grouped}) SELECT (SELECT count(*) FROM found), * FROM found {_BEST_FIRST}"  # noqa: S608
        )
    rows = connection.execute(statement, (*values, query.limit, query.offset)).fetchall()
    found = {row[1]: Tallied(*row[1:]) for row in rows}
    if found:  # no index leads to none
        _complete(connection, query, column, found, is_sorted=is_sorted)
    return rows[0][0] if rows else 0, list(found.values())


def _complete(
    connection: sqlite3.Connection, query: AlertQuery, column: str, found: dict[str, Tallied], *, is_sorted: bool
) -> None:
    """Fill in what the groups of a page need: few alerts are read by their rows, many by the index of facts."""
    where, values = conditions(query)
    table = TARGETS if is_sorted and sum(one.number for one in found.values()) <= SOME else ALL
    ends = (
        f"SELECT {column}, {_NUMBERS} FROM {table}"  # noqa: S608
        f" WHERE {where} AND {column} IN ({', '.join('?' * len(found))}) GROUP BY {column}"
    )
    for value, *numbers, oldest, first in connection.execute(ends, (*values, *found)):
        acked, shielded, blocked = numbers
        found[value] = msgspec.structs.replace(
            found[value], acked=acked, shielded=shielded, blocked=blocked, oldest=oldest, first=first[1:]
        )


def _of_the_worst(
    connection: sqlite3.Connection, query: AlertQuery, column: str, way: Way
) -> tuple[int, int, list[Tallied]]:
    """Return groups of the worst alerts that match, and of how many of these: the rows of all would have to be read."""
    most = MOST if way.reads_rows else MANY
    statement = (
        f"WITH met AS (SELECT {column} AS value, severity, acked, shielded, blocked, id FROM {way.table}"  # noqa: S608
        f" WHERE {way.where} AND {column} IS NOT NULL ORDER BY severity, id DESC LIMIT {most}),"
        f" found AS MATERIALIZED (SELECT value, count(*) AS number, min(severity) AS worst, {_NUMBERS} FROM met GROUP BY value)"
        f" SELECT (SELECT count(*) FROM found), (SELECT sum(number) FROM found), * FROM found {_BEST_FIRST}"
    )
    rows = connection.execute(statement, (*way.values, query.limit, query.offset)).fetchall()
    found = [Tallied(*row[2:]) for row in rows]
    for one in found:
        one.first = one.first[1:]
    return *(rows[0][:2] if rows else (0, 0)), found


def _is_of_open_severities(query: AlertQuery) -> bool:
    """Return True if a query asks for nothing but severities of open alerts, whatever part of them."""
    plain = AlertQuery(status=query.status, severity=query.severity, limit=query.limit, offset=query.offset)
    return is_of_open(query) and query == msgspec.structs.replace(plain, sort=query.sort, after=query.after)


def _alerts(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, Alert]:
    statement = f"SELECT document FROM alerts WHERE id IN ({', '.join('?' * len(ids))})"  # noqa: S608
    return {one.id: one for one in (_alert(row[0]) for row in connection.execute(statement, ids))}


def _group(one: Tallied, first: Alert) -> Group:
    return Group(
        value=one.value, count=one.number, severity=one.worst, since=int(one.oldest[:10]), acked=one.acked,
        shielded=one.shielded, blocked=one.blocked, first=first,
    )  # fmt: skip
