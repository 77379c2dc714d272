"""What is read from the SQLite store. What users typed reaches SQLite as parameters only."""

import sqlite3

import msgspec

from operators.model.alert import Alert
from operators.model.command import CommandDocument
from operators.model.records import Action, LogEntry, Receipt
from operators.model.shield import ShieldDocument
from operators.model.worker import WorkerDocument
from sinks.store import sqlite_past
from sinks.store.interface import NEWEST
from sinks.store.outcome import with_receipts
from sinks.store.query import ActionQuery, CommandQuery

_alert = msgspec.json.Decoder(Alert).decode
_log = msgspec.json.Decoder(LogEntry).decode
_action = msgspec.json.Decoder(Action).decode
_receipt = msgspec.json.Decoder(Receipt).decode
_shield = msgspec.json.Decoder(ShieldDocument).decode
_worker = msgspec.json.Decoder(WorkerDocument).decode
_command = msgspec.json.Decoder(CommandDocument).decode


def alert(connection: sqlite3.Connection, alert_id: str) -> Alert | None:
    """Return the latest document of one alert."""
    row = connection.execute("SELECT document FROM alerts WHERE id = ?", (alert_id,)).fetchone()
    return _alert(row[0]) if row else None


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


def planned(connection: sqlite3.Connection, query: ActionQuery) -> list[Action]:
    """Return the actions of any alert that match, newest first."""
    found = sqlite_past.actions(connection, query)
    return [with_receipts(action, _receipts(connection, action.id)) for action in found]


def shields(connection: sqlite3.Connection) -> list[ShieldDocument]:
    """Return the shields set by command, the newest change first."""
    statement = "SELECT document FROM shields ORDER BY time DESC, id LIMIT ?"
    return [_shield(row[0]) for row in connection.execute(statement, (NEWEST,))]


def workers(connection: sqlite3.Connection) -> list[WorkerDocument]:
    """Return what each worker last said of itself, the newest word first."""
    statement = "SELECT document FROM workers ORDER BY time DESC, id LIMIT ?"
    return [_worker(row[0]) for row in connection.execute(statement, (NEWEST,))]


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
