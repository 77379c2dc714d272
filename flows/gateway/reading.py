"""What the gateway reads for others: open alerts with their receivers, silences with those of the last seconds."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from operators.model.alert import ABNORMAL, Alert
from operators.model.shield import ShieldDocument
from operators.rules.book import RuleBook
from sinks.store.interface import Store
from sinks.store.query import AlertQuery

PAGE = 1000
DEFAULT_RECEIVER = "tocsin"
REMEMBERED = 600
"""Seconds for which a silence that was taken here is shown although the job has not written it yet."""
Receivers = Callable[[Alert], Sequence[str]]


def open_alerts(store: Store) -> Iterator[Alert]:
    """Yield the open alerts, newest first."""
    offset = 0
    while page := store.alerts(AlertQuery(status=(ABNORMAL,), limit=PAGE, offset=offset)):
        yield from page
        if len(page) < PAGE:
            return
        offset += PAGE


def receivers_of(book: RuleBook | None) -> Receivers:
    """Return the function that names the groups which the rules give an alert: of its strategy, and of dispatch rules."""

    def named(alert: Alert) -> Sequence[str]:
        strategy = book.strategies.get(alert.strategy_id) if book is not None else None
        groups = strategy.notice.user_groups if strategy is not None and strategy.notice is not None else ()
        return (*groups, *_of_rules(alert, book)) or (DEFAULT_RECEIVER,)

    return named


def _of_rules(alert: Alert, book: RuleBook | None) -> Iterable[str]:
    matched = alert.extra_info.matched_rule_info
    if matched is None or book is None:
        return ()
    known = {str(rule) for rule in matched.get("rules", ())}
    groups = book.dispatch_of(alert.bk_biz_id)
    return dict.fromkeys(
        name for group in groups for rule in group.rules if rule.id in known for name in rule.user_groups
    )


class Silences:
    """The shields set by command: those of the store, and over them what was taken here a moment ago."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._now = store, now
        self._recent: dict[str, ShieldDocument] = {}

    def all(self) -> dict[str, ShieldDocument]:
        """Return them by id."""
        now = self._now()
        self._recent = {key: one for key, one in self._recent.items() if one.time > now - REMEMBERED}
        known = {one.id: one for one in self._store.shields()}
        for key, one in self._recent.items():
            if key not in known or known[key].time < one.time:
                known[key] = one
        return known

    def put(self, shield: dict[str, Any], operator: str) -> None:
        """Show a shield from now on."""
        now = int(self._now())
        self._recent[str(shield["id"])] = ShieldDocument(
            id=str(shield["id"]), time=now, shield=shield, operator=operator, message=str(shield.get("description", ""))
        )

    def end(self, one: ShieldDocument) -> None:
        """Show a shield as ended."""
        now = int(self._now())
        self._recent[one.id] = msgspec.structs.replace(one, time=max(now, one.time + 1), ended=now)
