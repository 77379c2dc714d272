"""Notices in the SQLite store: a row each, found by time, by receiver and by alert."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from operators.model.notice import NoticeDocument
from sinks.store.cursor import read_cursor
from sinks.store.query import NoticeQuery

PUT = """
INSERT INTO notices (id, attempt, time, way, state, reason, bk_biz_id, document) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET attempt = excluded.attempt, way = excluded.way, state = excluded.state,
  reason = excluded.reason, bk_biz_id = excluded.bk_biz_id, document = excluded.document
WHERE excluded.attempt >= attempt"""
_RECEIVER = "INSERT OR IGNORE INTO notice_receivers (receiver, time, id) VALUES (?, ?, ?)"
_ALERT = "INSERT OR IGNORE INTO notice_alerts (alert_id, time, id) VALUES (?, ?, ?)"

# Where somebody or an alert is asked for, the links say which notices to look at, in the order of the answer.
_LINKED = {
    "receiver": "notice_receivers AS at JOIN notices USING (id)",
    "alert_id": "notice_alerts AS at JOIN notices USING (id)",
}

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(NoticeDocument).decode


def row(notice: NoticeDocument) -> tuple[str | int | bytes | None, ...]:
    """Return the row of a notice, as PUT takes it."""
    business = None if notice.bk_biz_id is None else str(notice.bk_biz_id)
    return (
        notice.id, notice.attempt, notice.time, notice.way, notice.state, notice.reason, business, _encode(notice),
    )  # fmt: skip


def link(connection: sqlite3.Connection, notices: Iterable[NoticeDocument]) -> None:
    """Let notices be found by their receivers and alerts."""
    receivers = [(name, one.time, one.id) for one in notices for name in one.receivers]
    alerts = [(alert_id, one.time, one.id) for one in notices for alert_id in one.alert_ids]
    for statement, rows in ((_RECEIVER, receivers), (_ALERT, alerts)):
        if rows:
            connection.executemany(statement, rows)


def find(connection: sqlite3.Connection, query: NoticeQuery) -> list[NoticeDocument]:
    """Return the notices that match, newest first. Raises CursorError."""
    linked = next((name for name in _LINKED if getattr(query, name) is not None), None)
    table, source = ("at", _LINKED[linked]) if linked else ("notices", "notices")
    conditions = list(_conditions(query, table))
    where = " AND ".join(text for text, _ in conditions) or "1"
    values = [value for _, bound in conditions for value in bound]
    # Every text joined here is a constant of this file; values are bound.
    statement = (
        f"SELECT notices.document FROM {source} WHERE {where}"  # noqa: S608
        f" ORDER BY {table}.time DESC, {table}.id DESC LIMIT ?"
    )
    return [_decode(found[0]) for found in connection.execute(statement, (*values, query.limit))]


def _conditions(query: NoticeQuery, table: str) -> Iterator[tuple[str, Sequence[str | int]]]:
    told = "SELECT 1 FROM notice_alerts AS told WHERE told.alert_id = ? AND told.time = at.time AND told.id = at.id"
    of_alert = f"{table}.alert_id = ?" if query.receiver is None else f"EXISTS ({told})"
    given = (
        ("at.receiver = ?", query.receiver), (of_alert, query.alert_id), (f"{table}.time >= ?", query.since),
        (f"{table}.time <= ?", query.until), (f"{table}.id = ?", query.id), ("notices.bk_biz_id = ?", query.bk_biz_id),
    )  # fmt: skip
    yield from ((text, [value]) for text, value in given if value is not None)
    if query.after:
        yield f"({table}.time, {table}.id) < (?, ?)", read_cursor(query.after, (int, str))
    for column, values in (("way", query.way), ("state", query.state), ("reason", query.reason)):
        if values:
            yield f"notices.{column} IN ({', '.join('?' * len(values))})", values
