"""Counts of alerts by all they are narrowed by, kept by the SQLite store itself while it writes.

A storm has a hundred thousand alerts and some hundred kinds of them: counting reads the kinds. They change only when an
alert comes, goes or changes its kind, never with its repeats.
"""

import sqlite3

KINDS = (
    "status", "severity", "strategy_id", "bk_biz_id", "name", "target_type", "acked", "shielded", "blocked", "people",
)  # fmt: skip
"""What a kind of alerts has in common: columns of `alerts`, too."""


def _of(row: str) -> str:
    return ", ".join(f"coalesce({row}.{name}, '')" for name in KINDS)


# Every text joined here is a constant of this file.
_names, _new, _old = ", ".join(KINDS), _of("new"), _of("old")
_MORE = f"INSERT INTO tallies ({_names}, count) VALUES ({_new}, 1) ON CONFLICT DO UPDATE SET count = count + 1;"  # noqa: S608
_LESS = f"UPDATE tallies SET count = count - 1 WHERE ({_names}) = ({_old});"  # noqa: S608
_STATEMENTS = (
    f"""
CREATE TABLE tallies (
  status TEXT NOT NULL, severity INTEGER NOT NULL, strategy_id TEXT NOT NULL, bk_biz_id TEXT NOT NULL,
  name TEXT NOT NULL, target_type TEXT NOT NULL, acked INTEGER NOT NULL, shielded INTEGER NOT NULL,
  blocked INTEGER NOT NULL, people TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY ({_names})) WITHOUT ROWID""",
    f"INSERT INTO tallies ({_names}, count) SELECT {_of('alerts')}, count(*) FROM alerts GROUP BY {_of('alerts')}",  # noqa: S608
    f"CREATE TRIGGER alert_came AFTER INSERT ON alerts BEGIN {_MORE} END",
    f"CREATE TRIGGER alert_went AFTER DELETE ON alerts BEGIN {_LESS} END",
    f"""
CREATE TRIGGER alert_changed AFTER UPDATE OF {_names} ON alerts WHEN ({_old}) IS NOT ({_new})
BEGIN {_LESS} {_MORE} END""",
)
SWEEP = "DELETE FROM tallies WHERE count = 0"
"""Drops kinds that no alert is of any more."""


def keep_tallies(connection: sqlite3.Connection) -> None:
    """Count what is there, and from then on what comes, goes and changes."""
    for statement in _STATEMENTS:
        connection.execute(statement)
