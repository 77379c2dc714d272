"""The page Now: what burns, worst first; one row for many alerts that belong together. All of its state is in its address."""

from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from flows.console.folds import Fold, Row, folded, row
from flows.console.signin import within
from operators.model.alert import ABNORMAL
from sinks.store.interface import Store
from sinks.store.order import NEWEST_FIRST, WORST_FIRST
from sinks.store.query import AlertQuery, parse_query

PAGE = 50
MOST = 10_000
"""Alerts that are counted to fold them: the worst; no store gives more at once."""
NAMES = {1: "fatal", 2: "warning", 3: "remind"}
BY_SEVERITY, BY_TIME = "severity", "new"
NO_FOLD = "no"


class Wish(NamedTuple):
    """What an address asks for."""

    q: str = ""
    sort: str = BY_SEVERITY
    page: int = 1
    fold: str = ""
    """What rows are folded by; `no`, or empty: by name, when there is more than a page."""

    def address(self, **changes: object) -> str:
        """Return the address with some of it changed; what is as by default stays out of it."""
        wish = self._asdict() | {"page": 1} | changes
        said = {key: value for key, value in wish.items() if value != Wish._field_defaults[key]}
        return f"/?{urlencode(said)}" if said else "/"


class Board(msgspec.Struct, frozen=True):
    """The page."""

    counts: dict[str, int]
    total: int
    shown_of: int
    """Rows in all: alerts, or folds."""
    rows: tuple[Row, ...]
    folds: tuple[Fold, ...]
    page: int
    pages: int
    folded_by: str
    """Empty: every alert is a row."""
    folded_of: int | None
    """So many were folded, for more matched; None: all were."""


def board(store: Store, wish: Wish, businesses: tuple[str, ...] = ()) -> Board:
    """Return the page, of some businesses or all. Raises QueryError, StoreError."""
    query = within(open_query(wish.q), businesses)
    counts = {one: store.count(msgspec.structs.replace(query, severity=(one,))) for one in NAMES}
    chosen = [one for one in NAMES if not query.severity or one in query.severity]
    total = sum(counts[one] for one in chosen)
    group = "" if wish.fold == NO_FOLD else wish.fold or ("name" if total > PAGE else "")
    start, sort = (wish.page - 1) * PAGE, WORST_FIRST if group or wish.sort == BY_SEVERITY else NEWEST_FIRST
    offset, limit = (0, MOST) if group else (start, PAGE)
    found = store.alerts(msgspec.structs.replace(query, sort=sort, offset=offset, limit=limit))
    folds = folded(found, group) if group else ()
    count = len(folds) if group else total
    return Board(
        counts={NAMES[one]: count_ for one, count_ in counts.items()},
        total=total, shown_of=count, rows=() if group else tuple(map(row, found)), folds=folds[start : start + PAGE],
        page=wish.page, pages=max(1, -(-count // PAGE)), folded_by=group,
        folded_of=MOST if group and total > MOST else None,
    )  # fmt: skip


def open_query(q: str) -> AlertQuery:
    """Return what a text asks for; where it says no status, of open alerts. Raises QueryError."""
    query = parse_query(q)
    return query if query.status else msgspec.structs.replace(query, status=(ABNORMAL,))
