"""What is asked of the store, and the text people type to ask it."""

import re
from collections.abc import Callable
from typing import Any

import msgspec

from operators.model.alert import ABNORMAL, CLOSED, RECOVERED
from operators.model.notice import NoticeDocument
from operators.model.records import Action, LogEntry
from sinks.store.cursor import cursor
from sinks.store.order import NEWEST_FIRST


class QueryError(ValueError):
    """The text of a query cannot be understood; the message says why."""


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that match every given condition; of several values of one condition, any. Times are Unix seconds."""

    status: tuple[str, ...] = ()
    severity: tuple[int, ...] = ()
    strategy_id: tuple[str, ...] = ()
    bk_biz_id: tuple[str, ...] = ()
    dedupe_md5: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    """The whole name."""
    target: tuple[str, ...] = ()
    target_type: tuple[str, ...] = ()
    person: tuple[str, ...] = ()
    """Who is named by the alert: responsible, assigned, following, or has acked it."""
    tags: dict[str, tuple[str, ...]] = {}
    """Key -> values as text."""
    acked: bool | None = None
    shielded: bool | None = None
    blocked: bool | None = None
    words: tuple[str, ...] = ()
    """Each, in lower case, must be found in the alert's words."""
    since: int | None = None
    """The alert had not ended before this second."""
    until: int | None = None
    """The alert had begun by this second."""
    sort: str = NEWEST_FIRST
    """One of ORDERS."""
    limit: int = 50
    offset: int = 0
    after: str = ""
    """Read on behind this place: `alert_cursor` of the last alert that was read."""


class CommandQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Commands that match every given condition. Times are Unix seconds, both included."""

    id: str | None = None
    operator: str | None = None
    alert_id: str | None = None
    outcome: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 50


class NoticeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Notices that match every given condition; of several values of one condition, any. Times are Unix seconds."""

    id: str | None = None
    receiver: str | None = None
    alert_id: str | None = None
    bk_biz_id: str | None = None
    way: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    since: int | None = None
    """What it tells was decided at this second or later."""
    until: int | None = None
    limit: int = 50
    after: str = ""
    """Read on behind this place: `time_cursor` of the last document that was read."""


class LogQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Log entries of any alert that match every given condition. Times are Unix seconds, both included."""

    op_type: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    """Those of NOT_TOLD are found by an index."""
    bk_biz_id: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 50
    after: str = ""
    """Read on behind this place: `time_cursor` of the last document that was read."""


class ActionQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Actions that match every given condition, as they were planned: what receipts say of them is in notices."""

    status: tuple[str, ...] = ()
    reason: tuple[str, ...] = ()
    receiver: str | None = None
    bk_biz_id: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 50
    after: str = ""


PastQuery = LogQuery | ActionQuery | NoticeQuery
"""What was decided across alerts."""


def time_cursor(last: LogEntry | Action | NoticeDocument) -> str:
    """Return the place behind a document, newest first."""
    return cursor(last.time, last.id)


def _status(value: str) -> str:
    known = (ABNORMAL, RECOVERED, CLOSED)
    if value.upper() not in known:
        raise QueryError(f"status:{value} is none of {', '.join(known)}")
    return value.upper()


def _severity(value: str) -> int:
    if value not in ("1", "2", "3"):
        raise QueryError(f"severity:{value} is none of 1 (fatal), 2 (warning), 3 (remind)")
    return int(value)


def _yes_or_no(value: str) -> bool:
    if value.lower() not in ("yes", "no"):
        raise QueryError(f"{value} is neither yes nor no")
    return value.lower() == "yes"


_FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "status": ("status", _status),
    "severity": ("severity", _severity),
    "strategy": ("strategy_id", str),
    "strategy_id": ("strategy_id", str),
    "biz": ("bk_biz_id", str),
    "bk_biz_id": ("bk_biz_id", str),
    "name": ("name", str),
    "target": ("target", str),
    "target_type": ("target_type", str),
    "person": ("person", str),
    "dedupe": ("dedupe_md5", str.lower),
    "dedupe_md5": ("dedupe_md5", str.lower),
}
_FLAGS = ("acked", "shielded", "blocked")
TAG = "tags."
FIELDS = (*_FIELDS, *_FLAGS, "tags.KEY")
"""Names that may stand before a colon in a query's text."""

_TERM = re.compile(r'(?:(?P<field>[\w./-]+):)?(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>\S+))')


def parse_query(text: str) -> AlertQuery:
    """Read `disk "root volume" status:ABNORMAL severity:1,2 acked:no tags.mount:/data`; what is no known field is a word.

    A comma divides several values of one field, but not within the quotes of a name or tag; two quotes there are one.
    """
    found: dict[str, Any] = {}
    for term in _TERM.finditer(text):
        field, quoted = term["field"] or "", term["quoted"]
        value = term["plain"] if quoted is None else quoted.replace('""', '"')
        is_whole = quoted is not None and (field == "name" or field.startswith(TAG))
        parts = [value] if is_whole else [part for part in value.split(",") if part]
        if field in _FIELDS:
            name, convert = _FIELDS[field]
            found.setdefault(name, []).extend(map(convert, parts))
        elif field in _FLAGS:
            found[field] = _yes_or_no(value)
        elif field.startswith(TAG) and field != TAG:
            found.setdefault("tags", {}).setdefault(field.removeprefix(TAG), []).extend(parts)
        elif word := (f"{field}:{value}" if field else value).strip().lower():
            found.setdefault("words", []).append(word)
    return msgspec.convert(found, AlertQuery)


def term_of(field: str, value: str) -> str:
    """Return the text that asks for one value of a field."""
    escaped = value.replace('"', '""')
    return f'{field}:"{escaped}"'
