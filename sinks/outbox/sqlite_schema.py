"""The tables and statements of the SQLite outbox."""

from sinks.outbox.outbox import State

VERSION = 1

WAITING, HELD, DEAD, SETTLED = range(4)
"""Values of `state`; the statements below have them as numbers, and repeat the condition of a partial index
word for word, because SQLite uses such an index only then."""

SCHEMA = (
    """
    CREATE TABLE IF NOT EXISTS notices (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        lane TEXT NOT NULL,
        state INTEGER NOT NULL,
        due REAL NOT NULL,  -- waiting: the next attempt; held: the end of the hold; dead or settled: since when
        created REAL NOT NULL,
        attempt INTEGER NOT NULL,
        body BLOB,          -- msgpack of Notice; none once settled
        results BLOB,       -- msgpack of Results; none once settled
        error TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS notices_live ON notices (lane, due, seq, state) WHERE state < 2",
    "CREATE INDEX IF NOT EXISTS notices_age ON notices (created) WHERE state < 2",
    "CREATE INDEX IF NOT EXISTS notices_ended ON notices (state, due) WHERE state >= 2",
    "CREATE TABLE IF NOT EXISTS receipts (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL) STRICT",
    f"PRAGMA user_version = {VERSION}",
)

PUT = """
INSERT INTO notices (id, lane, state, due, created, attempt, body, results, error) VALUES (?, ?, 0, ?, ?, 0, ?, ?, '')
ON CONFLICT (id) DO NOTHING
"""

LANES = """
WITH RECURSIVE hop (lane) AS (
    SELECT min(lane) FROM notices WHERE state < 2
    UNION ALL
    SELECT (SELECT min(n.lane) FROM notices n WHERE n.state < 2 AND n.lane > hop.lane) FROM hop WHERE hop.lane NOT NULL
)
SELECT lane FROM hop
WHERE lane NOT NULL AND EXISTS (SELECT 1 FROM notices n WHERE n.state < 2 AND n.lane = hop.lane AND n.due <= :now)
"""
"""Lanes with something due. Hops along the index; DISTINCT would read every waiting notice."""

TAKE = """
UPDATE notices SET state = 1, due = :until, attempt = attempt + 1
WHERE seq IN (SELECT seq FROM notices WHERE state < 2 AND lane = :lane AND due <= :now ORDER BY due, seq LIMIT :room)
RETURNING seq, id, lane, attempt, created, due, body, results
"""

EXTEND = "UPDATE notices SET due = ? WHERE id = ? AND state = 1 AND attempt = ?"
RELEASE = "UPDATE notices SET state = 0, due = ?, attempt = attempt - 1 WHERE id = ? AND state = 1 AND attempt = ?"
SETTLE = "UPDATE notices SET state = 3, due = ?, body = NULL, results = NULL, error = '' WHERE id = ? AND state < 3"
MOVE = "UPDATE notices SET state = ?, due = ?, results = ?, error = ? WHERE id = ? AND state = 1 AND attempt = ?"
REVIVE = "UPDATE notices SET state = 0, due = ?, created = ?, results = ? WHERE id = ? AND state = 2"

COUNT_LIVE = """
SELECT count(*) FILTER (WHERE due <= :now), count(*) FILTER (WHERE due > :now AND state = 0),
       count(*) FILTER (WHERE due > :now AND state = 1),
       coalesce((SELECT min(created) FROM notices WHERE state < 2), :now)
FROM notices WHERE state < 2
"""

COUNT_DEAD = "SELECT count(*) FROM notices WHERE state >= 2 AND state = 2"
FORGET = "DELETE FROM notices WHERE state >= 2 AND state = 3 AND due < ?"

_ENTRY = "SELECT id, lane, attempt, created, due, body, results, state, error FROM notices WHERE "

LIST = {
    state: f"{_ENTRY} {condition} ORDER BY due, seq LIMIT :limit"
    for state, condition in {
        State.READY: "state < 2 AND due <= :now",
        State.LATER: "state < 2 AND state = 0 AND due > :now",
        State.IN_FLIGHT: "state < 2 AND state = 1 AND due > :now",
        State.DEAD: "state >= 2 AND state = 2",
    }.items()
}

FIND = f"{_ENTRY} id = ? AND state < 3"
