"""Which alerts a deed is for: by id, or all of a fold, as the page showed them."""

from collections.abc import Iterable

import msgspec

from flows.console.board import open_query
from flows.console.explained import look_up
from flows.console.signin import within
from flows.gateway.service import AnswerError
from operators.model.alert import Alert
from sinks.store.interface import Store
from sinks.store.order import WORST_FIRST

MOST = 500
"""Alerts of one deed."""
FIELDS = {"name": "name", "target": "target", "strategy": "strategy_id"}
"""What rows are folded by -> the field of a query."""


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
        by, _, value = fold.partition(":")
        if by not in FIELDS:
            raise AnswerError(400, f"{fold[:80]}: no fold of this console")
        query = msgspec.structs.replace(open_query(what.q), **{FIELDS[by]: (value,)}, sort=WORST_FIRST, limit=MOST + 1)
        yield from store.alerts(within(query, what.businesses))
