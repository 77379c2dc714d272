"""The page Now: what burns, worst first; one row for many alerts that belong together. All of its state is in its address."""

from typing import NamedTuple
from urllib.parse import urlencode

import msgspec

from flows.console.folds import Fold, Row, fold, row
from flows.console.signin import within
from operators.model.alert import ABNORMAL
from sinks.store.cursor import CursorError
from sinks.store.facets import GROUPED
from sinks.store.interface import Store
from sinks.store.order import LONGEST_FIRST, MOST_EVENTS, NEWEST_FIRST, WORST_FIRST, alert_cursor
from sinks.store.query import AlertQuery, QueryError, parse_query, term_of

PAGE = 50
NAMES = {1: "fatal", 2: "warning", 3: "remind"}
SORTS = {
    WORST_FIRST: "worst first",
    NEWEST_FIRST: "newest first",
    LONGEST_FIRST: "oldest first",
    MOST_EVENTS: "most events first",
}
"""Order -> its name."""
replace = msgspec.structs.replace

NO_FOLD = "no"
FOLDS = (NO_FOLD, *GROUPED)


class Wish(NamedTuple):
    """What an address asks for."""

    q: str = ""
    sort: str = WORST_FIRST
    page: int = 1
    fold: str = ""
    """What rows are folded by; `no`, or empty: by name, when there is more than a page."""
    after: str = ""
    """Of rows that are not folded: the place behind the last of the page before."""
    narrow: str = ""
    """yes: show by what the alerts may be narrowed."""

    def address(self, **changes: object) -> str:
        """Return the address with some of it changed; what is as by default stays out of it."""
        wish = self._asdict() | {"page": 1, "after": ""} | changes
        said = {key: value for key, value in wish.items() if value != Wish._field_defaults[key]}
        return f"/?{urlencode(said)}" if said else "/"


class Choice(msgspec.Struct, frozen=True):
    """A value by which the list may be narrowed."""

    value: str
    count: int
    q: str
    """The search that is narrowed by it."""


class Facet(msgspec.Struct, frozen=True):
    """A field of a search and its most frequent values among what was found."""

    field: str
    choices: tuple[Choice, ...]


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The page."""

    counts: dict[str, int]
    most: int
    """A count of so many means as many at least; 0: all are exact."""
    total: int
    is_least: bool
    """There may be more than `total`."""
    shown_of: int = 0
    """Rows in all: alerts, or folds."""
    rows: tuple[Row, ...] = ()
    folds: tuple[Fold, ...] = ()
    folded: int = 0
    """Only so many of the alerts were folded, the worst; 0: all."""
    facets: tuple[Facet, ...]
    page: int
    pages: int = 1
    next: str = ""
    """The place behind the last row, where rows are not folded and more come."""
    folded_by: str
    """Empty: every alert is a row."""


def board(store: Store, wish: Wish, businesses: tuple[str, ...] = ()) -> Board:
    """Return the page, of some businesses or all. Raises QueryError, StoreError."""
    query = within(open_query(wish.q), businesses)
    counted = store.by_severity(msgspec.structs.replace(query, severity=()))
    counts = {one: counted.counts.get(one, 0) for one in NAMES}
    chosen = [counts[one] for one in NAMES if not query.severity or one in query.severity]
    total, is_least = sum(chosen), counted.most > 0 and max(chosen, default=0) >= counted.most
    by = "" if wish.fold == NO_FOLD else wish.fold or ("name" if total > PAGE and not is_least else "")
    found = Board(
        counts={NAMES[one]: count for one, count in counts.items()}, most=counted.most, total=total, is_least=is_least,
        facets=_facets(store, query, wish.q) if total and wish.narrow else (), page=wish.page, folded_by=by,
    )  # fmt: skip
    if by:
        groups = store.groups(msgspec.structs.replace(query, offset=(wish.page - 1) * PAGE, limit=PAGE), by)
        folds = tuple(fold(group, by) for group in groups.groups)
        return replace(found, folds=folds, shown_of=groups.total, pages=_pages(groups.total), folded=groups.of)
    rows, further = _rows(store, query, wish)
    return replace(found, rows=rows, shown_of=total, pages=_pages(total), next=further)


def open_query(q: str) -> AlertQuery:
    """Return what a text asks for; where it says no status, of open alerts. Raises QueryError."""
    query = parse_query(q)
    return query if query.status else msgspec.structs.replace(query, status=(ABNORMAL,))


def _rows(store: Store, query: AlertQuery, wish: Wish) -> tuple[tuple[Row, ...], str]:
    """Return the rows of a page, and the place behind it if more come."""
    asked = msgspec.structs.replace(query, sort=wish.sort, after=wish.after, limit=PAGE + 1)
    try:
        found = store.alerts(asked)
    except CursorError as error:
        raise QueryError(str(error)) from error
    further = alert_cursor(wish.sort, found[PAGE - 1]) if len(found) > PAGE else ""
    return tuple(map(row, found[:PAGE])), further


def _facets(store: Store, query: AlertQuery, q: str) -> tuple[Facet, ...]:
    """Return by what the alerts may be narrowed: fields that have more than one value among them."""
    found = store.facets(query).counts
    return tuple(
        Facet(field, tuple(Choice(value, count, f"{q} {term_of(field, value)}".strip()) for value, count in values))
        for field, values in found.items()
        if len(values) > 1
    )


def _pages(count: int) -> int:
    return max(1, -(-count // PAGE))
