"""How far a recovery is: the anomalies in each window that has to be quiet."""

from typing import NamedTuple

from operators.check.recover import COLLECTOR, Heat, anomalies_of, newest_end
from operators.check.results import fold_event
from operators.check.series import Series, series_of
from operators.explain.case import Case, Window
from operators.model.alert import is_no_data
from operators.model.memory import CheckMemory


class Outlook(NamedTuple):
    """What an open alert waits for in order to recover."""

    series: Series
    windows: tuple[Window, ...]
    """Newest first."""
    quiet_at: int
    """The first end of the newest window, now or later, with which all windows are quiet if no anomaly comes."""
    is_partial: bool
    """Counted from archived events: what the checks said is not at hand."""

    @property
    def quiet(self) -> int:
        """How many of the windows are quiet."""
        return sum(window.anomalies < self.series.count for window in self.windows)

    @property
    def due(self) -> int | None:
        """The second at which the alert ends by time alone; None: it takes a result of the series."""
        if not self.series.is_event_data:
            return None
        return self.quiet_at if self.series.source == COLLECTOR else self.quiet_at + self.series.unit


def outlook(case: Case) -> Outlook | None:
    """Return how far the recovery of an alert is; None for one that does not recover by windows."""
    alert, strategy = case.alert, case.strategy
    if strategy is None or is_no_data(alert):
        return None
    series = series_of(strategy, alert)
    if series is None or series.data_type == "alert":
        return None
    memory = _recalled(case) if case.memory is None else case.memory
    heat = Heat(anomalies_of(alert, memory, series.level), series)
    end = newest_end(alert, memory, series, case.now)
    windows = (_window(heat, series, end - hop * series.unit) for hop in range(series.recovery))
    return Outlook(series, tuple(windows), heat.quiet_from(end), case.memory is None)


def _window(heat: Heat, series: Series, end: int) -> Window:
    begin = end - series.window + 1
    return Window(begin, end, heat.weight(begin, end))


def _recalled(case: Case) -> CheckMemory:
    """Return the memory that the archived events alone would leave."""
    memory = CheckMemory()
    for event in case.events:
        memory = fold_event(memory, event, case.strategy)
    return memory
