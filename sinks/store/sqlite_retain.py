"""Retention of the SQLite store: rows older than their days go, a few at a time."""

import sqlite3
from collections import Counter

from sinks.store.sqlite_schema import transaction
from sinks.store.sqlite_tallies import LEAVING, tally

DAY = 86400
CHUNK = 500
"""Rows deleted in one transaction, so that a writer waits for milliseconds only."""

# An alert goes by its end, so an open one never does. Its id begins with its second: newer ones are not looked at.
_OLD = {
    "alerts": "SELECT key FROM alerts WHERE id < ? AND status <> 'ABNORMAL' AND coalesce(end_time, 0) < ? LIMIT ?",
    "logs": "SELECT key FROM logs WHERE time < ? LIMIT ?",
    "actions": "SELECT key FROM actions WHERE time < ? LIMIT ?",
    "receipts": "SELECT key FROM receipts WHERE time < ? LIMIT ?",
    "events": "SELECT key FROM events WHERE last < ? LIMIT ?",
    "commands": "SELECT key FROM commands WHERE time < ? LIMIT ?",
    "notices": "SELECT key FROM notices WHERE time < ? LIMIT ?",
}
_UNLINK = """
DELETE FROM action_alerts WHERE (alert_id, action_id) IN (
  SELECT json_each.value, actions.id FROM actions, json_each(CAST(document AS TEXT), '$.alert_ids')
  WHERE actions.key = ?)"""
_UNLINK_RECEIPT = """
DELETE FROM action_receipts WHERE (action_id, notice_id) IN (
  SELECT json_each.value, receipts.notice_id FROM receipts, json_each(CAST(document AS TEXT), '$.action_ids')
  WHERE receipts.key = ?)"""
_UNLINK_RECEIVERS, _UNLINK_ALERTS = (
    f"""
DELETE FROM notice_{links} WHERE ({column}, time, id) IN (
  SELECT json_each.value, notices.time, notices.id FROM notices, json_each(CAST(document AS TEXT), '$.{field}')
  WHERE notices.key = ?)"""  # noqa: S608 - constants of this file
    for links, column, field in (("receivers", "receiver", "receivers"), ("alerts", "alert_id", "alert_ids"))
)
# Of receivers by way, those of a call in lists of their own, the texts are names.
_UNLINK_PLANNED = """
DELETE FROM action_receivers WHERE (receiver, time, id) IN (
  SELECT one.atom, actions.time, actions.id FROM actions,
    json_tree(json_extract(CAST(document AS TEXT), '$.receivers', '$.followers')) AS one
  WHERE actions.key = ? AND one.type = 'text')"""
_DELETE = {
    "alerts": ("DELETE FROM alert_text WHERE rowid = ?", "DELETE FROM alerts WHERE key = ?"),
    "logs": ("DELETE FROM logs WHERE key = ?",),
    "actions": (_UNLINK, _UNLINK_PLANNED, "DELETE FROM actions WHERE key = ?"),
    "receipts": (_UNLINK_RECEIPT, "DELETE FROM receipts WHERE key = ?"),
    "events": ("DELETE FROM event_prints WHERE key = ?", "DELETE FROM events WHERE key = ?"),
    "commands": ("DELETE FROM commands WHERE key = ?",),
    "notices": (_UNLINK_RECEIVERS, _UNLINK_ALERTS, "DELETE FROM notices WHERE key = ?"),
}
KINDS = tuple(_OLD)
WITH_ACTIONS = ("receipts", "commands", "notices")
"""Kinds that are kept as long as actions."""


def delete_some(connection: sqlite3.Connection, kind: str, before: int) -> int:
    """Delete at most a chunk of what is older than the second `before`; return how many rows went."""
    bounds = (f"{before:010d}", before) if kind == "alerts" else (before,)
    with transaction(connection):
        keys = [tuple(row) for row in connection.execute(_OLD[kind], (*bounds, CHUNK))]
        if kind == "alerts":
            gone = Counter(tuple(connection.execute(LEAVING, key).fetchone()) for key in keys)
            tally(connection, {of: -count for of, count in gone.items()})
        for statement in _DELETE[kind]:
            connection.executemany(statement, keys)
    return len(keys)
