"""What is read from the SQLite store. What users typed reaches SQLite as parameters only."""

import sqlite3
from collections.abc import Sequence

import msgspec

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.records import Action, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from sinks.store.interface import NEWEST
from sinks.store.outcome import with_receipts
from sinks.store.query import AlertQuery, CommandQuery
from sinks.store.sqlite_index import INDEXED_LENGTH

_Condition = tuple[str, list[str | int]]

# What a target may be called: as reported, or by its address; `10.0.0.1|0` is 10.0.0.1 in cloud 0. The documents are
# read only where the words hold it at all.
_TARGET = """(instr(words, ?) AND EXISTS (
  SELECT 1 FROM json_each(json_extract(CAST(document AS TEXT), '$.event.target', '$.event.ip', '$.event.ipv6'))
  WHERE atom = ? OR substr(atom, 1, ?) = ?))"""


_alert = msgspec.json.Decoder(Alert).decode
_log = msgspec.json.Decoder(LogEntry).decode
_action = msgspec.json.Decoder(Action).decode
_receipt = msgspec.json.Decoder(Receipt).decode
_shield = msgspec.json.Decoder(ShieldDocument).decode
_command = msgspec.json.Decoder(CommandDocument).decode


def alert(connection: sqlite3.Connection, alert_id: str) -> Alert | None:
    """Return the latest document of one alert."""
    row = connection.execute("SELECT document FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    return _alert(row[0]) if row else None


def alerts(connection: sqlite3.Connection, query: AlertQuery) -> list[Alert]:
    """Return the alerts that match, in the query's order: ids begin with their second."""
    where, values = _where(query)
    # Every text joined here is a constant of this file; values are bound.
    order = "severity, id DESC" if query.worst_first else "id DESC"
    statement = f"SELECT document FROM alerts WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?"  # noqa: S608
    return [_alert(row[0]) for row in connection.execute(statement, (*values, query.limit, query.offset))]


def count(connection: sqlite3.Connection, query: AlertQuery) -> int:
    """Return how many alerts match."""
    where, values = _where(query)
    (found,) = connection.execute(f"SELECT count(*) FROM alerts WHERE {where}", values).fetchone()  # noqa: S608 - as above
    return int(found)


def _where(query: AlertQuery) -> tuple[str, list[str | int]]:
    found = [*_field_conditions(query), *_time_conditions(query), *_word_conditions(query.words)]
    return " AND ".join(text for text, _ in found) or "1", [value for _, values in found for value in values]


def logs(connection: sqlite3.Connection, alert_id: str) -> list[LogEntry]:
    """Return the log of one alert, oldest first; of one second, as written."""
    statement = "SELECT document FROM logs WHERE alert_id = ? ORDER BY time DESC, key DESC LIMIT ?"
    return [_log(row[0]) for row in connection.execute(statement, (alert_id, NEWEST))][::-1]


def actions(connection: sqlite3.Connection, alert_id: str) -> list[Action]:
    """Return the actions of one alert, oldest first; of one second, as written."""
    statement = (
        "SELECT document FROM actions WHERE id IN (SELECT action_id FROM action_alerts WHERE alert_id = ?)"
        " ORDER BY time DESC, key DESC LIMIT ?"
    )
    found = [_action(row[0]) for row in connection.execute(statement, (alert_id, NEWEST))][::-1]
    return [with_receipts(action, _receipts(connection, action.id)) for action in found]


def shields(connection: sqlite3.Connection) -> list[ShieldDocument]:
    """Return the shields set by command, the newest change first."""
    statement = "SELECT document FROM shields ORDER BY time DESC, id LIMIT ?"
    return [_shield(row[0]) for row in connection.execute(statement, (NEWEST,))]


def commands(connection: sqlite3.Connection, query: CommandQuery) -> list[CommandDocument]:
    """Return the commands that match, newest first."""
    given = {"id = ?": query.id, "operator = ?": query.operator, "alert_id = ?": query.alert_id, "outcome = ?": query.outcome,
             "time >= ?": query.since, "time <= ?": query.until}  # fmt: skip
    bound = {text: value for text, value in given.items() if value is not None}
    where = " AND ".join(bound) or "1"
    # Every text joined here is a constant of this file; values are bound.
    statement = f"SELECT document FROM commands WHERE {where} ORDER BY time DESC, key DESC LIMIT ?"  # noqa: S608
    return [_command(row[0]) for row in connection.execute(statement, (*bound.values(), query.limit))]


def _receipts(connection: sqlite3.Connection, action_id: str) -> list[Receipt]:
    statement = (
        "SELECT document FROM receipts WHERE notice_id IN (SELECT notice_id FROM action_receipts WHERE action_id = ?)"
        " ORDER BY time, key"
    )
    return [_receipt(row[0]) for row in connection.execute(statement, (action_id,))]


def _field_conditions(query: AlertQuery) -> list[_Condition]:
    conditions = [
        _one_of("status", query.status),
        _one_of("severity", query.severity),
        _one_of("strategy_id", query.strategy_id),
        _one_of("bk_biz_id", query.bk_biz_id),
        _one_of("dedupe_md5", query.dedupe_md5),
        _target(query.target),
    ]
    return [condition for condition in conditions if condition]


def _one_of(column: str, values: Sequence[str | int]) -> _Condition | None:
    return (f"{column} IN ({', '.join('?' * len(values))})", list(values)) if values else None


def _target(values: Sequence[str]) -> _Condition | None:
    bound = [bind for value in values for bind in (value.lower(), value, len(value) + 1, f"{value}|")]
    return (f"({' OR '.join([_TARGET] * len(values))})", bound) if values else None


def _time_conditions(query: AlertQuery) -> list[_Condition]:
    conditions: list[_Condition] = []
    if query.since is not None:
        conditions.append(("(end_time IS NULL OR end_time >= ?)", [query.since]))
    if query.until is not None:
        conditions.append(("begin_time <= ?", [query.until]))
    return conditions


def _word_conditions(words: Sequence[str]) -> list[_Condition]:
    """Let the index narrow the candidates; that the words hold the text is decided by reading them."""
    conditions: list[_Condition] = [("instr(words, ?)", [word]) for word in words]
    if indexed := [word for word in words if len(word) >= INDEXED_LENGTH]:
        candidates = (
            "SELECT rowid FROM alert_text WHERE alert_text MATCH ? UNION ALL SELECT key FROM alerts WHERE pending = 1"
        )
        conditions.append((f"key IN ({candidates})", [" AND ".join(map(_quoted, indexed))]))
    return conditions


def _quoted(word: str) -> str:
    """Make a word a string of the index's query language, in which nothing else has a meaning."""
    escaped = word.replace('"', '""')
    return f'"{escaped}"'
