"""The page Now: what burns, worst first; one row for many alerts of one name. All of its state is in its address."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from operators.explain.case import shielded_until
from operators.model.alert import ABNORMAL, Alert
from sinks.store.interface import Store
from sinks.store.order import NEWEST_FIRST, WORST_FIRST
from sinks.store.query import parse_query

PAGE = 50
MOST = 10_000
"""Alerts that are counted to fold them by name: the worst; no store gives more at once."""
NAMES = {1: "fatal", 2: "warning", 3: "remind"}
BY_SEVERITY, BY_TIME = "severity", "new"


class Wish(NamedTuple):
    """What an address asks for."""

    q: str = ""
    sort: str = BY_SEVERITY
    page: int = 1
    fold: str = ""
    """yes, no, or empty: when there is more than a page."""

    def address(self, **changes: object) -> str:
        """Return the address with some of it changed; what is as by default stays out of it."""
        wish = self._asdict() | {"page": 1} | changes
        said = {key: value for key, value in wish.items() if value != Wish._field_defaults[key]}
        return f"/?{urlencode(said)}" if said else "/"


class Row(msgspec.Struct, frozen=True):
    """One alert. Times in Unix seconds."""

    id: str
    severity: int
    name: str
    target: str
    begin: int
    last: int
    events: int
    status: str
    acked_by: str
    is_shielded: bool
    shielded_until: int | None
    is_blocked: bool


class Fold(msgspec.Struct, frozen=True):
    """Alerts of one name and severity."""

    severity: int
    name: str
    count: int
    targets: tuple[str, ...]
    """Of the first few."""
    begin: int
    events: int
    acked: int
    shielded: int
    row: Row
    """The first of them."""


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
    is_folded: bool
    folded_of: int | None
    """So many were folded, for more matched; None: all were."""


def board(store: Store, wish: Wish) -> Board:
    """Return the page. Raises QueryError, StoreError."""
    query = parse_query(wish.q)
    if not query.status:
        query = msgspec.structs.replace(query, status=(ABNORMAL,))
    counts = {one: store.count(msgspec.structs.replace(query, severity=(one,))) for one in NAMES}
    chosen = [one for one in NAMES if not query.severity or one in query.severity]
    total = sum(counts[one] for one in chosen)
    is_folded = wish.fold == "yes" or (not wish.fold and total > PAGE)
    start, sort = (wish.page - 1) * PAGE, WORST_FIRST if is_folded or wish.sort == BY_SEVERITY else NEWEST_FIRST
    offset, limit = (0, MOST) if is_folded else (start, PAGE)
    found = store.alerts(msgspec.structs.replace(query, sort=sort, offset=offset, limit=limit))
    rows = tuple(map(row, found))
    folds = folded(rows) if is_folded else ()
    count = len(folds) if is_folded else total
    return Board(
        counts={NAMES[one]: count_ for one, count_ in counts.items()},
        total=total, shown_of=count, rows=() if is_folded else rows, folds=folds[start : start + PAGE],
        page=wish.page, pages=max(1, -(-count // PAGE)), is_folded=is_folded, folded_of=MOST if is_folded and total > MOST else None,
    )  # fmt: skip


def row(alert: Alert) -> Row:
    """Return the row of an alert."""
    is_recovering = alert.status == ABNORMAL and alert.extra_info.is_recovering
    return Row(
        id=alert.id, severity=alert.severity, name=alert.alert_name, target=str(alert.event.target or ""),
        begin=alert.begin_time, last=alert.end_time or alert.latest_time, events=alert.event_count,
        status="RECOVERING" if is_recovering else alert.status,
        acked_by=(alert.ack_operator or "?") if alert.is_ack else "", is_shielded=alert.is_shielded,
        shielded_until=shielded_until(alert) if alert.is_shielded else None, is_blocked=alert.is_blocked,
    )  # fmt: skip


def folded(rows: Iterable[Row]) -> tuple[Fold, ...]:
    """Return rows by severity and name: worst first, then the largest."""
    ordered = sorted(rows, key=lambda one: (one.severity, one.name))
    made = (_fold(list(same)) for _, same in groupby(ordered, key=lambda one: (one.severity, one.name)))
    return tuple(sorted(made, key=lambda one: (one.severity, -one.count)))


def _fold(same: Sequence[Row]) -> Fold:
    first = same[0]
    return Fold(
        severity=first.severity, name=first.name, count=len(same), targets=tuple(one.target for one in same[:3]),
        begin=min(one.begin for one in same), events=sum(one.events for one in same),
        acked=sum(bool(one.acked_by) for one in same), shielded=sum(one.is_shielded for one in same), row=first,
    )  # fmt: skip
