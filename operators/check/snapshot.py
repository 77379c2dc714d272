"""What of a strategy an alert was opened under, as far as a change of it closes the alert (spec/lifecycle.md 4.5)."""

import json
from collections.abc import Iterable
from hashlib import md5
from typing import Any

from operators.check.series import is_auto_level, is_host_anomaly
from operators.model.alert import Alert, is_no_data
from operators.model.memory import StrategySnapshot
from operators.model.reason import Reason
from operators.rules.remembered import EACH_STRATEGY, Remembered
from operators.rules.shapes.model import QueryConfig, Strategy


def _make_snapshot(strategy: Strategy) -> StrategySnapshot:
    item = strategy.items[0] if strategy.items else None
    queries = item.query_configs if item else ()
    return StrategySnapshot(
        metric_ids=tuple(query.metric_id for query in queries),
        dimensions=tuple(tuple(sorted(set(query.agg_dimension))) for query in queries),
        conditions=tuple(_conditions_hash(query) for query in queries),
        levels=tuple(detect.level for detect in strategy.detects),
        has_no_data=item is not None and item.no_data_config.is_enabled,
    )


snapshot_of: Remembered[Strategy, StrategySnapshot] = Remembered(_make_snapshot, size=EACH_STRATEGY)
"""Return the snapshot of a strategy as it stands: made once, so that the alerts of a strategy share it."""


def strategy_change(snapshot: StrategySnapshot | None, strategy: Strategy, alert: Alert) -> tuple[Reason, str] | None:
    """Return why an alert opened under a snapshot cannot go on under the strategy as it stands; None if it can."""
    now = snapshot_of(strategy)
    if snapshot is None or snapshot is now or snapshot == now:
        return None
    if snapshot.metric_ids != now.metric_ids:
        return Reason.METRIC_CHANGED, f"the metric of strategy {strategy.id} changed"
    if _differ(snapshot.dimensions, now.dimensions):
        return Reason.DIMENSIONS_CHANGED, f"the dimensions of strategy {strategy.id} changed"
    if is_no_data(alert):
        return _no_data_change(snapshot, now, strategy)
    if _lost_level(snapshot, now, strategy, alert):
        return Reason.LEVEL_REMOVED, f"level {alert.severity} of strategy {strategy.id} was removed"
    return None


def _no_data_change(before: StrategySnapshot, now: StrategySnapshot, strategy: Strategy) -> tuple[Reason, str] | None:
    if _differ(before.conditions, now.conditions):
        return Reason.CONDITIONS_CHANGED, f"the conditions of strategy {strategy.id} changed"
    if before.has_no_data and not now.has_no_data:
        return Reason.NO_DATA_DISABLED, f"strategy {strategy.id} no longer watches for missing data"
    return None


def _lost_level(before: StrategySnapshot, now: StrategySnapshot, strategy: Strategy, alert: Alert) -> bool:
    """Return True if the alert's level was configured and no longer is; not where something else sets the severity."""
    if alert.extra_info.severity_source == "by_rule":
        return False
    if strategy.items and (is_host_anomaly(strategy.items[0]) or is_auto_level(strategy.items[0])):
        return False
    return alert.severity in before.levels and alert.severity not in now.levels


def _differ(before: Iterable[Any], now: Iterable[Any]) -> bool:
    """Return True if any pair of queries differs; a query without a partner is for the metrics to tell."""
    return any(one != other for one, other in zip(before, now, strict=False))


def _conditions_hash(query: QueryConfig) -> str:
    """Return a hash of the conditions in any order; how the first is joined to nothing does not matter."""
    if not query.agg_condition:
        return ""
    entries = [
        [
            _text(condition.get("key")),
            sorted(_text(value) for value in _values(condition.get("value"))),
            _text(condition.get("method")),
            _text(condition.get("condition")) if n else "",
        ]
        for n, condition in enumerate(query.agg_condition)
    ]
    return md5(json.dumps(sorted(entries)).encode()).hexdigest()


def _values(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
