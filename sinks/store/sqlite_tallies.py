"""Counts of alerts by all they are narrowed by, kept by the SQLite store while it writes.

A storm has a hundred thousand alerts and some hundred kinds of them: counting reads the kinds. They change only when an
alert comes, goes or changes its kind, never with its repeats, and a batch adds up what it changes.
"""

import sqlite3
from collections.abc import Mapping
from typing import Any

KINDS = (
    "status", "severity", "strategy_id", "bk_biz_id", "name", "target_type", "acked", "shielded", "blocked", "people",
)  # fmt: skip
"""What a kind of alerts has in common: columns of `alerts`, too."""

# Every text joined here is a constant of this file.
_names = ", ".join(KINDS)
_plain = ", ".join(f"coalesce(alerts.{name}, '')" for name in KINDS)
_MOVE = (
    f"INSERT INTO tallies ({_names}, count) VALUES ({', '.join('?' * len(KINDS))}, ?)"  # noqa: S608
    " ON CONFLICT DO UPDATE SET count = count + excluded.count"
)
_STATEMENTS = (
    f"""
CREATE TABLE tallies (
  status TEXT NOT NULL, severity INTEGER NOT NULL, strategy_id TEXT NOT NULL, bk_biz_id TEXT NOT NULL,
  name TEXT NOT NULL, target_type TEXT NOT NULL, acked INTEGER NOT NULL, shielded INTEGER NOT NULL,
  blocked INTEGER NOT NULL, people TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY ({_names})) WITHOUT ROWID""",
    f"INSERT INTO tallies ({_names}, count) SELECT {_plain}, count(*) FROM alerts GROUP BY {_plain}",  # noqa: S608
)
LEAVING = f"SELECT {_names} FROM alerts WHERE key = ?"  # noqa: S608
"""The kind of an alert that is about to be deleted."""
SWEEP = "DELETE FROM tallies WHERE count = 0"
"""Drops kinds that no alert is of any more."""

Kind = tuple[Any, ...]


def keep_tallies(connection: sqlite3.Connection) -> None:
    """Make the table, and count what is there."""
    for statement in _STATEMENTS:
        connection.execute(statement)


def tally(connection: sqlite3.Connection, moved: Mapping[Kind, int]) -> None:
    """Add what came to kinds, and take off what left them."""
    rows = [(*("" if one is None else one for one in kind), count) for kind, count in moved.items() if count]
    if rows:
        connection.executemany(_MOVE, rows)
