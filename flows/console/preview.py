"""What a shield would do, before it is set: which of the open alerts it would cover now, and how many notices it would hold back."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from flows.console.folds import Row, row
from flows.console.signin import within
from operators.explain.preview import preview
from operators.model.alert import ABNORMAL, Alert
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield
from sinks.store.interface import Store
from sinks.store.order import WORST_FIRST
from sinks.store.query import AlertQuery

SHOWN = 10
MOST = 10_000


class Foreseen(msgspec.Struct, frozen=True):
    """What would be shielded now."""

    shields: int
    end: int
    alerts: int
    notices: int
    """Repeats that are due until it ends, should the alerts last and nobody acknowledge them."""
    some: tuple[Row, ...]
    """The worst of the alerts."""
    already: int
    """Of them, shielded by others."""
    is_all: bool
    """False: there are more open alerts than were looked at."""


def foreseen(
    store: Store, documents: Iterable[Mapping[str, Any]], book: RuleBook, settings: CoreSettings, now: int,
    businesses: tuple[str, ...] = (),
) -> Foreseen:  # fmt: skip
    """Return what shields would cover at a Unix second. Raises StoreError."""
    read = [read_alone(dict(one), Shield, time_zone=settings.time_zone)[0] for one in documents]
    shields = [one for one in read if one is not None]
    alerts = store.alerts(within(AlertQuery(status=(ABNORMAL,), sort=WORST_FIRST, limit=MOST), businesses))
    left, notices = list(alerts), 0
    found: list[Alert] = []
    for one in shields:
        seen = preview(one, left, book, settings, now)
        covered = {alert.id for alert in seen.alerts}
        left = [alert for alert in left if alert.id not in covered]
        found += seen.alerts
        notices += seen.notices
    found.sort(key=lambda alert: alert.severity)
    return Foreseen(
        shields=len(shields), end=max((one.end_time for one in shields), default=now), alerts=len(found),
        notices=notices, some=tuple(map(row, found[:SHOWN])), already=sum(one.is_shielded for one in found),
        is_all=len(alerts) < MOST,
    )  # fmt: skip
