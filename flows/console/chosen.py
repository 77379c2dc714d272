"""Which alerts a deed is for: by id, or all of a fold, as the page showed them."""

from collections.abc import Iterable, Sequence

import msgspec

from flows.console.explained import look_up
from flows.console.folds import key_of
from flows.console.signin import within
from flows.gateway.service import AnswerError
from operators.model.alert import ABNORMAL, Alert
from sinks.store.interface import Store
from sinks.store.order import WORST_FIRST
from sinks.store.query import AlertQuery, parse_query

MOST = 500
"""Alerts of one deed."""


class Chosen(msgspec.Struct, frozen=True):
    """What a page sends: ids, folds as the page names them, and the query of the page, within which folds count."""

    ids: tuple[str, ...] = ()
    folds: tuple[str, ...] = ()
    q: str = ""
    businesses: tuple[str, ...] = ()
    """Of which alerts may be chosen; empty: of all."""


def chosen(store: Store, what: Chosen) -> list[Alert]:
    """Return the alerts, each once. Raises AnswerError, QueryError, StoreError."""
    if len(what.ids) > MOST:
        raise AnswerError(422, f"{len(what.ids)} alerts; at most {MOST} at once")
    found = {alert.id: alert for name in what.ids if (alert := look_up(store, name, what.businesses)) is not None}
    for alert in _of_folds(store, what):
        found[alert.id] = alert
    if not found:
        raise AnswerError(404, f"no alert {', '.join(what.ids)[:80]}" if what.ids else "no alert is chosen")
    if len(found) > MOST:
        raise AnswerError(422, f"more than {MOST} alerts; choose fewer, or shield them by name")
    return list(found.values())


def _of_folds(store: Store, what: Chosen) -> Iterable[Alert]:
    for fold in what.folds:
        group, _, rest = fold.partition(":")
        severity, _, value = rest.partition(":")
        if severity not in ("1", "2", "3"):
            raise AnswerError(400, f"{fold[:80]}: no fold of this console")
        for alert in store.alerts(within(_query(what.q, group, int(severity), value), what.businesses)):
            if key_of(group, alert) == value:
                yield alert


def _query(q: str, group: str, severity: int, value: str) -> AlertQuery:
    query = parse_query(q)
    words: Sequence[str] = (value.lower(),) if value and group == "name" else ()
    return msgspec.structs.replace(
        query,
        status=query.status or (ABNORMAL,),
        severity=(severity,),
        words=(*query.words, *words),
        sort=WORST_FIRST,
        limit=MOST * 20,
    )
