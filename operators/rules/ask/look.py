"""One look at an alert: what judges and rules are asked about, at one moment, and what was worked out of it."""

from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from operators.model.alert import Alert
from operators.model.memory import CALM, EMPTY, CheckMemory, Flapping, Retry, StrategySnapshot, Told, Waiting
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import NoticeRelation, Strategy

Made = TypeVar("Made")


class Look:
    """An alert at a moment. It stays true while the alert's event and severity, its memory and the rules do."""

    __slots__ = (
        "_event", "_made", "_severity",
        "alert", "book", "default_notice", "flapping", "memory", "now", "retry", "settings", "snapshot", "strategy",
        "told", "waiting",
    )  # fmt: skip

    def __init__(
        self, alert: Alert, strategy: Strategy | None, book: RuleBook, settings: CoreSettings, now: int, *,
        default_notice: NoticeRelation | None = None, memory: CheckMemory | None = None,
        snapshot: StrategySnapshot | None = None,
    ) -> None:  # fmt: skip
        self.alert = alert
        self.strategy = strategy
        """The strategy that has a say in the alert; None: none has."""
        self.book = book
        self.settings = settings
        self.now = now
        self.default_notice = default_notice
        """By which third-party alerts are told."""
        self.memory = memory or EMPTY
        self.snapshot = snapshot
        self.retry: Retry | None = None
        self.told: Told | None = None
        self.waiting: Waiting | None = None
        self.flapping: Flapping = CALM
        self._event = alert.event
        self._severity = alert.severity
        self._made: dict[Callable[[Look], Any], Any] = {}

    def remember(self, retry: Retry | None, told: Told | None, waiting: Waiting | None, flapping: Flapping) -> None:
        """Take notice of what was told and of what waits to be: it may change while the look stays true."""
        self.retry, self.told, self.waiting, self.flapping = retry, told, waiting, flapping

    def once(self, make: Callable[["Look"], Made]) -> Made:
        """Return what a function makes of this look: worked out when first asked for, then remembered."""
        made: Made
        if make in self._made:
            made = self._made[make]
        else:
            made = self._made[make] = make(self)
        return made

    def shows(self, alert: Alert, memory: CheckMemory | None) -> bool:
        """Return True if an alert is still what this look saw, in all that judges and rules may ask."""
        return (
            alert is self.alert
            and alert.event is self._event
            and alert.severity == self._severity
            and (memory or EMPTY) is self.memory
        )

    @property
    def zone(self) -> ZoneInfo:
        """Return the time zone of the alert's business; of one without, that of its strategy's."""
        return self.once(_zone)


def _zone(look: Look) -> ZoneInfo:
    business = look.alert.bk_biz_id
    if business is None and look.strategy is not None:
        business = look.strategy.bk_biz_id
    return look.book.zone_of(business, look.settings)
