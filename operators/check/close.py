"""Close: reasons to end an alert that do not lie in its data being fine (spec/lifecycle.md 4.3 to 4.7, design.md 7.8).

A list of checks of one type; the first that has a reason wins. Deadlines are computed, nothing is polled: a verdict
says when time alone may bring another one. What only a change of rules can bring is seen at the alert's next look.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from operators.check.results import EMPTY, CheckMemory
from operators.check.series import Series, series_of
from operators.check.snapshot import StrategySnapshot, strategy_change
from operators.check.target import departure
from operators.model.alert import Alert, is_no_data
from operators.model.reason import Reason
from operators.model.settings import CoreSettings
from operators.rules.ask.circuit import circuit_broken
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from operators.rules.times.windows import strategy_active

LEAST_SILENCE = {"time_series": 1800, "log": 300}
"""Seconds without data that are never too many, by data type; of other types silence says nothing."""


class CloseVerdict(msgspec.Struct, frozen=True, gc=False):
    """Why an alert ends; without a reason it goes on."""

    reason: Reason | None = None
    description: str = ""
    next_look: int | None = None
    """The earliest second at which time alone may change this; None = never."""


class Look(NamedTuple):
    """One look at an alert of a strategy that is in force."""

    alert: Alert
    memory: CheckMemory
    snapshot: StrategySnapshot | None
    strategy: Strategy
    book: RuleBook
    settings: CoreSettings
    now: int
    silence: int | None
    """The first second at which the alert's series has been silent for too long."""


Finding = tuple[Reason, str]


def close_verdict(
    alert: Alert,
    memory: CheckMemory | None,
    snapshot: StrategySnapshot | None,
    strategy: Strategy | None,
    book: RuleBook,
    settings: CoreSettings,
    now: int,
) -> CloseVerdict:
    """Judge an abnormal alert. `strategy` is that of the book now; `snapshot` is of the alert's opening."""
    if not alert.strategy_id:
        return CloseVerdict()
    if strategy is None or not strategy.is_enabled:
        return CloseVerdict(Reason.STRATEGY_GONE, f"strategy {alert.strategy_id} was deleted or disabled")
    memory = memory or EMPTY
    silence = silence_deadline(alert, memory, strategy, settings)
    look = Look(alert, memory, snapshot, strategy, book, settings, now, silence)
    zone = book.zone_of(alert.bk_biz_id if alert.bk_biz_id is not None else strategy.bk_biz_id, settings)
    is_active, edge = strategy_active(strategy, book, zone, now)
    if not is_active:
        return CloseVerdict(Reason.OUT_OF_ACTIVE_TIME, f"strategy {strategy.id} is not active at this time")
    for check in CHECKS:
        finding = check(look)
        if finding is not None:
            return CloseVerdict(*finding)
    return CloseVerdict(next_look=min((at for at in (edge, silence) if at is not None), default=None))


def _cut_off(look: Look) -> Finding | None:
    if look.alert.is_blocked or not look.book.circuit_breaking:
        return None
    rule = circuit_broken("alert.manager", look.alert, look.strategy, look.book)
    return None if rule is None else (Reason.CIRCUIT_BREAKING, f"circuit breaking rule {rule}")


def _changed(look: Look) -> Finding | None:
    return strategy_change(look.snapshot, look.strategy, look.alert)


def _left(look: Look) -> Finding | None:
    text = departure(look.alert.event, look.strategy, look.book)
    return None if text is None else (Reason.TARGET_LEFT, text)


def _silent(look: Look) -> Finding | None:
    if look.silence is None or look.now < look.silence:
        return None
    if is_no_data(look.alert):
        return Reason.NO_DATA_EXPIRED, f"no data for more than {look.settings.no_data_expiry} s"
    return Reason.DATA_STOPPED, "no data for so long that nobody can tell whether the alert still holds"


def _yielded(look: Look) -> Finding | None:
    if not look.memory.is_superseded:
        return None
    return Reason.PRIORITY, f"a strategy of higher priority than {look.strategy.id} watches the same series"


CHECKS: tuple[Callable[[Look], Finding | None], ...] = (_cut_off, _changed, _left, _silent, _yielded)
"""In the order of spec/lifecycle.md 4.3."""


def silence_deadline(alert: Alert, memory: CheckMemory, strategy: Strategy, settings: CoreSettings) -> int | None:
    """Return the first second at which the series of an alert has been silent for too long; None = never."""
    if is_no_data(alert):
        return max(alert.latest_time, memory.last_no_data or 0) + settings.no_data_expiry + 1
    series = series_of(strategy, alert)
    if series is None or series.data_type not in LEAST_SILENCE:
        return None
    return max(alert.latest_time, alert.create_time, memory.last_check or 0) + _tolerance(series) + 1


def _tolerance(series: Series) -> int:
    """Return how many seconds without data are not yet too many (spec/lifecycle.md 4.7)."""
    periods = series.patience + (series.recovery if series.data_type == "log" else 0)
    return max(periods * series.unit, LEAST_SILENCE[series.data_type])
