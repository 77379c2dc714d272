"""Which index a document belongs to: a function of the document alone, so that a repeated write finds itself."""

import re
from calendar import timegm
from datetime import UTC, datetime
from functools import lru_cache

from operators.model.event import Event
from operators.model.records import LogEntry

DAY = 86400

MONTHLY, DAILY, UNDATED = "%Y%m", "%Y%m%d", "all"
PERIODS = {
    "alert": MONTHLY, "alert_log": MONTHLY, "action": MONTHLY, "receipt": MONTHLY, "event": DAILY, "shield": UNDATED,
    "command": MONTHLY, "notice": MONTHLY, "worker": UNDATED,
}  # fmt: skip
"""Kind -> how its indices are dated, in UTC. Their names are `<prefix><kind>_<date>`; `<prefix><kind>` is the alias.

Shields and workers are few and change in their place: they have one index each, which is never dropped.
"""


@lru_cache(maxsize=4096)
def _dated(kind: str, day: int) -> str:
    return f"{kind}_{datetime.fromtimestamp(day * DAY, UTC).strftime(PERIODS[kind])}"


def index_of(kind: str, second: int) -> str:
    """Return the index of a kind for a second; without prefix."""
    return _dated(kind, second // DAY)


def alert_index(alert_id: str) -> str:
    """Return the index of an alert: its id begins with its second."""
    return index_of("alert", int(alert_id[:10]))


def log_index(entry: LogEntry) -> str:
    """Return the index of a log entry. A run that is sent again stays where its first member put it."""
    return index_of("alert_log", entry.time if entry.begin is None else entry.begin)


def event_index(event: Event) -> str:
    """Return the index of an archived event: by its own time, so that one that is read again finds itself."""
    return index_of("event", event.time)


def index_end(name: str, prefix: str, kind: str) -> int | None:
    """Return the first second after an index's period; None for an index that is none of that kind."""
    digits = {MONTHLY: 6, DAILY: 8}[PERIODS[kind]]
    found = re.fullmatch(rf"{re.escape(prefix + kind)}_(\d{{{digits}}})", name)
    if found is None:
        return None
    try:
        first = datetime.strptime(found[1], PERIODS[kind]).replace(tzinfo=UTC)
    except ValueError:
        return None
    if PERIODS[kind] == DAILY:
        return timegm(first.timetuple()) + DAY
    year, month = divmod(first.year * 12 + first.month, 12)
    return timegm((year, month + 1, 1, 0, 0, 0))
