"""Close: reasons to end an alert that do not lie in its data being fine (spec/lifecycle.md 4.3 to 4.7, design.md 7.8).

A list of checks of one type; the first that has a reason wins. Deadlines are computed, nothing is polled: a verdict
says when time alone may bring another one. What only a change of rules can bring is seen at the alert's next look.
"""

from collections.abc import Callable

from operators.check.series import Series, series_of
from operators.check.snapshot import strategy_change
from operators.check.target import departure
from operators.check.verdict import NOTHING, Verdict
from operators.model.alert import is_no_data
from operators.model.reason import Reason
from operators.rules.ask.circuit import circuit_broken
from operators.rules.ask.look import Look
from operators.rules.shapes.model import Strategy
from operators.rules.times.windows import strategy_active

LEAST_SILENCE = {"time_series": 1800, "log": 300}
"""Seconds without data that are never too many, by data type; of other types silence says nothing."""


Finding = tuple[Reason, str]


def close_verdict(look: Look) -> Verdict:
    """Judge an alert of a strategy by the strategy as the book has it now."""
    alert, book = look.alert, look.book
    if not alert.strategy_id:
        return NOTHING
    strategy = book.strategies.get(alert.strategy_id)
    if strategy is None or not strategy.is_enabled:
        text = f"strategy {alert.strategy_id} was deleted or disabled"
        return Verdict(reason=Reason.STRATEGY_GONE, description=text)
    is_active, edge = strategy_active(strategy, book, look.zone, look.now)
    if not is_active:
        text = f"strategy {strategy.id} is not active at this time"
        return Verdict(reason=Reason.OUT_OF_ACTIVE_TIME, description=text)
    silence = silence_deadline(look, strategy)
    for check in CHECKS:
        finding = check(look, strategy, silence)
        if finding is not None:
            return Verdict(reason=finding[0], description=finding[1])
    if edge is None or (silence is not None and silence < edge):
        edge = silence
    return Verdict(next_look=edge)


def _cut_off(look: Look, strategy: Strategy, _: int | None) -> Finding | None:
    if look.alert.is_blocked or not look.book.circuit_breaking:
        return None
    rule = circuit_broken("alert.manager", look.alert, strategy, look.book)
    return None if rule is None else (Reason.CIRCUIT_BREAKING, f"circuit breaking rule {rule}")


def _changed(look: Look, strategy: Strategy, _: int | None) -> Finding | None:
    return strategy_change(look.snapshot, strategy, look.alert)


def _left(look: Look, strategy: Strategy, _: int | None) -> Finding | None:
    text = departure(look.alert.event, strategy, look.book)
    return None if text is None else (Reason.TARGET_LEFT, text)


NO_DATA = "no data for so long that nobody can tell whether the alert still holds"
NO_CHECK_EVER = "no check of its series ever came, and no event for so long that nobody can tell whether it still holds"
"""Its strategy has items, so checks are expected; where they go is in docs/events.md."""


def _silent(look: Look, _: Strategy, silence: int | None) -> Finding | None:
    if silence is None or look.now < silence:
        return None
    if is_no_data(look.alert):
        return Reason.NO_DATA_EXPIRED, f"no data for more than {look.settings.no_data_expiry} s"
    return Reason.DATA_STOPPED, NO_CHECK_EVER if look.memory.last_check is None else NO_DATA


def _yielded(look: Look, strategy: Strategy, _: int | None) -> Finding | None:
    if not look.memory.is_superseded:
        return None
    return Reason.PRIORITY, f"a strategy of higher priority than {strategy.id} watches the same series"


CHECKS: tuple[Callable[[Look, Strategy, int | None], Finding | None], ...] = (
    _cut_off, _changed, _left, _silent, _yielded
)  # fmt: skip
"""In the order of spec/lifecycle.md 4.3; each is told when the alert has been silent for too long."""


def silence_deadline(look: Look, strategy: Strategy) -> int | None:
    """Return the first second at which the series of an alert has been silent for too long; None = never."""
    alert, memory = look.alert, look.memory
    if is_no_data(alert):
        return max(alert.latest_time, memory.last_no_data or 0) + look.settings.no_data_expiry + 1
    series = series_of(strategy, alert)
    if series is None or series.data_type not in LEAST_SILENCE:
        return None
    return max(alert.latest_time, alert.create_time, memory.last_check or 0) + _tolerance(series) + 1


def _tolerance(series: Series) -> int:
    """Return how many seconds without data are not yet too many (spec/lifecycle.md 4.7)."""
    periods = series.patience + (series.recovery if series.data_type == "log" else 0)
    return max(periods * series.unit, LEAST_SILENCE[series.data_type])
