"""How a strategy judges the series an alert is about: its windows in numbers (spec/lifecycle.md 4.7, 4.8)."""

import msgspec

from operators.model.alert import Alert
from operators.model.bounds import whole
from operators.model.event import Event
from operators.rules.remembered import EACH_STRATEGY, Remembered
from operators.rules.shapes.model import Algorithm, Detect, Item, Strategy

UNIT = 60
"""Seconds of a period when no query names an interval."""
WINDOW = 5
"""Periods of a window that is not configured."""

AUTO_LEVEL = 2
"""The level under which detection of automatic level is configured."""

MOST_KNOWN = 64
"""Series of one strategy that are kept."""

PARTS_OF_EVENT_ID = 5
"""`dimensions_md5.source_time.strategy_id.item_id.level` (spec/lifecycle.md 1.6)."""

AIOPS_ALGORITHMS = frozenset(
    {
        "IntelligentDetect",
        "TimeSeriesForecasting",
        "AbnormalCluster",
        "MultivariateAnomalyDetection",
        "HostAnomalyDetection",
    }
)
"""Algorithms that judge by models of their own: one anomaly triggers."""


class Series(msgspec.Struct, frozen=True, gc=False):
    """The windows of one series. Sizes are periods of `unit` seconds."""

    data_type: str
    """time_series, log, event or alert."""
    source: str
    unit: int
    level: int
    """Whose check results count."""
    trigger: int
    """Size of the trigger window."""
    count: int
    """Anomalies in a trigger window that make it hot."""
    recovery: int
    """How many quiet trigger windows end an alert, each a period apart."""
    patience: int
    """Periods without data before it counts as stopped."""
    is_closing: bool = False
    """The end is CLOSED instead of RECOVERED."""
    ends_without_data: bool = False

    @property
    def window(self) -> int:
        """Seconds of a trigger window."""
        return self.trigger * self.unit

    @property
    def is_event_data(self) -> bool:
        """Return True if the series has no regular checks, so that time alone moves its windows."""
        return self.data_type == "event"


class Reach(msgspec.Struct, frozen=True, gc=False):
    """How much of the past the windows of a strategy can look at, over all its levels."""

    points: int
    """Results of a level that are kept at least (spec/lifecycle.md 4.8)."""
    most_points: int
    windows: int
    """Seconds back from the newest anomaly: the oldest recovery window and the trigger window of an event in it."""
    trigger: int
    """Seconds of the longest trigger window."""


def series_of(strategy: Strategy, alert: Alert) -> Series | None:
    """Return the windows that judge an alert; None for a strategy without items, which has no series."""
    if not strategy.items:
        return None
    event, known = alert.event, _known(strategy)
    key = (event.severity, alert.severity, result_level(event, strategy))
    series = known.get(key)
    if series is None:
        if len(known) >= MOST_KNOWN:  # a level may be any number that an event names
            known.clear()
        series = known[key] = _worked_out(strategy, *key)
    return series


_known: Remembered[Strategy, dict[tuple[int, int, int], Series]] = Remembered(lambda _: {}, size=EACH_STRATEGY)
"""The series of a strategy by the severities of event and alert and the level of the results."""


def _worked_out(strategy: Strategy, severity: int, of_alert: int, level: int) -> Series:
    item = strategy.items[0]
    queries = item.query_configs
    recovery = _recovery_detect(strategy, item, severity, of_alert)
    trigger = _detect(strategy, severity)
    periods = recovery.recovery_config.check_window if recovery else WINDOW
    setter = recovery.recovery_config.status_setter if recovery else "recovery"
    size, count = (trigger.trigger_config.check_window, trigger.trigger_config.count) if trigger else (periods, 1)
    patience = max(size, WINDOW) + (WINDOW if is_intelligent_without_sdk(item) else 0)
    if item.algorithms and all(algorithm.type in AIOPS_ALGORITHMS for algorithm in item.algorithms):
        size, count = WINDOW, 1
    if any(algorithm.type == "NewSeries" and algorithm.level == level for algorithm in item.algorithms):
        count = 1
    return Series(
        data_type=queries[0].data_type_label if queries else "time_series",
        source=queries[0].data_source_label if queries else "bk_monitor",
        unit=_unit(item),
        level=level,
        trigger=size,
        count=count,
        recovery=periods,
        patience=patience,
        is_closing=setter == "close",
        ends_without_data=setter == "recovery-nodata",
    )


def is_same_level(before: Event, event: Event, strategy: Strategy) -> bool:
    """Return True if the results of one level speak of two events of the same severity."""
    if before.event_id.count(".") != PARTS_OF_EVENT_ID - 1 and event.event_id.count(".") != PARTS_OF_EVENT_ID - 1:
        return True  # no event names its level
    return result_level(before, strategy) == result_level(event, strategy)


def result_level(event: Event, strategy: Strategy) -> int:
    """Return the level whose check results speak of an event: named by its id, else its severity.

    Algorithms that choose the severity themselves report their results under the one level that is configured.
    """
    if event.event_id.count(".") == PARTS_OF_EVENT_ID - 1:
        parts = event.event_id.split(".")
        if parts[2] == strategy.id and (level := whole(parts[4])) is not None:
            return level
    if strategy.items and strategy.detects:
        if is_host_anomaly(strategy.items[0]):
            return strategy.detects[0].level
        if is_auto_level(strategy.items[0]):
            return AUTO_LEVEL
    return event.severity


def is_host_anomaly(item: Item) -> bool:
    """Return True if one alert of an item stands for many indicators of a host."""
    return bool(item.algorithms) and item.algorithms[0].type == "HostAnomalyDetection"


def is_auto_level(item: Item) -> bool:
    """Return True if intelligent detection chooses the level of its anomalies itself."""
    return len(item.algorithms) == 1 and _option(item.algorithms[0], "alert_level_mode") == "auto"


def is_intelligent_without_sdk(item: Item) -> bool:
    """Return True if results of intelligent detection come through a computation that is some periods late."""
    return any(one.type == "IntelligentDetect" and not _option(one, "use_sdk") for one in item.algorithms)


def _measure(strategy: Strategy | None) -> Reach:
    detects = strategy.detects if strategy else ()
    unit = max((_unit(item) for item in strategy.items), default=UNIT) if strategy else UNIT
    trigger = max([WINDOW, *(one.trigger_config.check_window for one in detects)])
    recovery = max([WINDOW, *(one.recovery_config.check_window for one in detects)])
    trigger = max(trigger, recovery)  # a level without trigger configuration takes the size of its recovery window
    points = max(30, 2 * (trigger + recovery))
    return Reach(
        points=points,
        most_points=4 * points,
        windows=(recovery + 2 * trigger) * unit,
        trigger=trigger * unit,
    )


reach: Remembered[Strategy | None, Reach] = Remembered(_measure, size=EACH_STRATEGY)
"""Return how far back the windows of a strategy look; without one, the default windows."""


def _recovery_detect(strategy: Strategy, item: Item, severity: int, of_alert: int) -> Detect | None:
    if is_host_anomaly(item):
        return strategy.detects[0] if strategy.detects else None
    if is_auto_level(item):
        return _detect(strategy, AUTO_LEVEL)
    return _detect(strategy, severity) or _detect(strategy, of_alert)


def _detect(strategy: Strategy, level: int) -> Detect | None:
    for detect in strategy.detects:
        if detect.level == level:
            return detect
    return None


def _unit(item: Item) -> int:
    return min((query.agg_interval for query in item.query_configs), default=UNIT)


def _option(algorithm: Algorithm, name: str) -> object:
    is_intelligent = algorithm.type == "IntelligentDetect" and isinstance(algorithm.config, dict)
    return algorithm.config.get(name) if is_intelligent else None
