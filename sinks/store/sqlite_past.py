"""What was decided, across alerts, in the SQLite store: log entries and actions by reason, receiver, business and time."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from operators.model.alert import Alert
from operators.model.reason import NOT_TOLD
from operators.model.records import Action, LogEntry
from sinks.store.cursor import read_cursor
from sinks.store.decisions import CANDIDATES, MOST_COUNTS, Concerned, Happened, Often, concerned, names_in
from sinks.store.query import ActionQuery, LogQuery, NoticeQuery, PastQuery
from sinks.store.sqlite_documents import document_of, documents

PUT_LOG = """
INSERT INTO logs (alert_id, id, time, count, op_type, reason, not_told, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (alert_id, id) DO UPDATE SET time = excluded.time, count = excluded.count, document = excluded.document
WHERE excluded.count >= count"""
PUT_ACTION = """
INSERT INTO actions (id, revision, time, status, reason, bk_biz_id, document) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, time = excluded.time, status = excluded.status,
  reason = excluded.reason, bk_biz_id = excluded.bk_biz_id, document = excluded.document
WHERE excluded.revision >= revision"""
_RECEIVER = "INSERT OR IGNORE INTO action_receivers (receiver, time, id) VALUES (?, ?, ?)"
_FILL_LOG = "UPDATE logs SET op_type = ?, reason = ?, not_told = ? WHERE key = ?"
_FILL_ACTION = "UPDATE actions SET status = ?, reason = ?, bk_biz_id = ? WHERE key = ?"

Row = tuple[str | int | bytes | bytearray | None, ...]
_Condition = tuple[str, Sequence[str | int]]

_encode = msgspec.json.Encoder().encode
_alert = msgspec.json.Decoder(Alert).decode
_log = msgspec.json.Decoder(LogEntry).decode
_action = msgspec.json.Decoder(Action).decode


class _Kind(msgspec.Struct, frozen=True):
    """Where decisions of one kind are: a table, what its rows say, and how they lead to alerts."""

    table: str
    what: str
    count: str
    source: str
    """The table with the ids of the alerts."""
    alert_id: str


_KINDS: dict[type, _Kind] = {
    LogQuery: _Kind("logs", "op_type", "count", "logs", "alert_id"),
    ActionQuery: _Kind(
        "actions", "status", "1", "actions JOIN action_alerts ON action_id = actions.id", "action_alerts.alert_id"
    ),
    NoticeQuery: _Kind(
        "notices", "state", "1", "notices JOIN notice_alerts USING (id, time)", "notice_alerts.alert_id"
    ),
}


def log_row(entry: LogEntry) -> Row:
    """Return the row of a log entry, as PUT_LOG takes it."""
    return (entry.alert_id, entry.id, entry.time, entry.count, *_of_log(entry), document_of(entry))


def action_row(action: Action) -> Row:
    """Return the row of an action, as PUT_ACTION takes it."""
    return (action.id, action.revision, action.time, *_of_action(action), _encode(action))


def _of_log(entry: LogEntry) -> Row:
    return str(entry.op_type), str(entry.reason), int(entry.reason in NOT_TOLD)


def _of_action(action: Action) -> Row:
    return action.status, str(action.reason), None if action.bk_biz_id is None else str(action.bk_biz_id)


def link(connection: sqlite3.Connection, actions: Iterable[Action]) -> None:
    """Let actions be found by whom they were planned for."""
    rows = [(name, one.time, one.id) for one in actions for name in names_in(one.receivers) | names_in(one.followers)]
    if rows:
        connection.executemany(_RECEIVER, rows)


def entries(connection: sqlite3.Connection, query: LogQuery) -> list[LogEntry]:
    """Return the log entries that match, newest first. Raises CursorError."""
    return [_log(document) for document in _newest(connection, query, "logs")]


def actions(connection: sqlite3.Connection, query: ActionQuery) -> list[Action]:
    """Return the actions that match as they were planned, newest first. Raises CursorError."""
    return [_action(document) for document in _newest(connection, query, "actions")]


def _newest(connection: sqlite3.Connection, query: LogQuery | ActionQuery, table: str) -> Iterator[bytes]:
    source, at = table, table
    if isinstance(query, ActionQuery) and query.receiver is not None:  # the links say which, in the order of the answer
        source, at = f"action_receivers AS told CROSS JOIN {table} USING (id, time)", "told"
    where, values = _where(query, at)
    if query.after:
        where, values = f"{where} AND ({at}.time, {at}.id) < (?, ?)", [*values, *read_cursor(query.after, (int, str))]
    # Every text joined here is a constant of this file; values are bound. Documents are read of the page alone.
    page = f"SELECT {table}.key FROM {source} WHERE {where} ORDER BY {at}.time DESC, {at}.id DESC LIMIT ?"  # noqa: S608
    statement = f"SELECT document FROM {table} WHERE key IN ({page}) ORDER BY time DESC, id DESC"  # noqa: S608
    return (row[0] for row in connection.execute(statement, (*values, query.limit)))


def happened(connection: sqlite3.Connection, query: PastQuery, step: int) -> tuple[Happened, ...]:
    """Return how often what matches was decided, by steps of so many seconds, oldest first."""
    kind, (where, values) = _KINDS[type(query)], _where(query)
    statement = (
        f"SELECT time - time % ?, {kind.what}, reason, sum({kind.count}) FROM {kind.table} WHERE {where}"  # noqa: S608
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT ?"
    )
    return tuple(Happened(*row) for row in connection.execute(statement, (step, *values, MOST_COUNTS)))


def concerned_by(connection: sqlite3.Connection, query: PastQuery) -> tuple[Concerned, ...]:
    """Return the alerts that it was decided of, the worst first."""
    kind, (where, values) = _KINDS[type(query)], _where(query)
    statement = (
        f"SELECT {kind.alert_id}, sum({kind.count}), max({kind.table}.time) FROM {kind.source} WHERE {where}"  # noqa: S608
        " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ?"
    )
    often = [Often(*row) for row in connection.execute(statement, (*values, CANDIDATES))]
    read = f"SELECT document FROM alerts WHERE id IN ({', '.join('?' * len(often))})"  # noqa: S608
    alerts = [_alert(row[0]) for row in connection.execute(read, [one.alert_id for one in often])]
    return concerned(often, alerts, query.limit)


def _where(query: PastQuery, at: str = "") -> tuple[str, list[str | int]]:
    """Return the condition and its values; times, and a receiver, are looked for in `at` where that is given."""
    table = _KINDS[type(query)].table
    reasons = [_one_of(f"{table}.reason", query.reason)] if query.reason else []
    found = [*_specific(query), *_of_receiver(query, at), *reasons, *_times(query, at or table)]
    return " AND ".join(text for text, _ in found) or "1", [value for _, values in found for value in values]


def _times(query: PastQuery, table: str) -> Iterator[_Condition]:
    if query.since is not None:
        yield f"{table}.time >= ?", [query.since]
    if query.until is not None:
        yield f"{table}.time <= ?", [query.until]


def _of_receiver(query: PastQuery, at: str) -> Iterator[_Condition]:
    if isinstance(query, LogQuery) or query.receiver is None:
        return
    if at:
        yield f"{at}.receiver = ?", [query.receiver]
        return
    table = _KINDS[type(query)].table
    links = f"{table[:-1]}_receivers"
    times = list(_times(query, links))
    where = " AND ".join(["receiver = ?", *(text for text, _ in times)])
    found = f"{table}.id IN (SELECT id FROM {links} WHERE {where})"  # noqa: S608 - of constants of this file
    yield found, [query.receiver, *(value for _, values in times for value in values)]


def _specific(query: PastQuery) -> Iterator[_Condition]:
    if isinstance(query, LogQuery):
        yield from _of_logs(query)
        return
    table = _KINDS[type(query)].table
    if query.bk_biz_id is not None:
        yield f"{table}.bk_biz_id = ?", [query.bk_biz_id]
    if isinstance(query, ActionQuery):
        yield from [_one_of("actions.status", query.status)] if query.status else []
    else:
        yield from _of_notices(query)


def _of_logs(query: LogQuery) -> Iterator[_Condition]:
    if query.reason and set(query.reason) <= NOT_TOLD:
        yield "not_told = 1", []
    if query.op_type:
        yield _one_of("op_type", query.op_type)
    if query.bk_biz_id is not None:
        its_alert = "SELECT 1 FROM alerts WHERE alerts.id = logs.alert_id AND alerts.bk_biz_id = ?"
        yield f"EXISTS ({its_alert})", [query.bk_biz_id]


def _of_notices(query: NoticeQuery) -> Iterator[_Condition]:
    if query.id is not None:
        yield "notices.id = ?", [query.id]
    if query.alert_id is not None:
        yield "notices.id IN (SELECT id FROM notice_alerts WHERE alert_id = ?)", [query.alert_id]
    for column, values in (("way", query.way), ("state", query.state)):
        if values:
            yield _one_of(f"notices.{column}", values)


def _one_of(column: str, values: Sequence[str]) -> _Condition:
    return f"{column} IN ({', '.join('?' * len(values))})", values


def fill_past(connection: sqlite3.Connection) -> None:
    """Fill the columns that decisions are asked by from the documents, in a file that had none."""
    for chunk in documents(connection, "logs", _log):
        connection.executemany(_FILL_LOG, [(*_of_log(entry), key) for key, entry in chunk])
    for some in documents(connection, "actions", _action):
        connection.executemany(_FILL_ACTION, [(*_of_action(action), key) for key, action in some])
        link(connection, [action for _, action in some])
