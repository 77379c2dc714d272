"""What the detector said lately about one series: the memory that recovery and "data stopped" look at (design.md 7.8).

Only what a window can still reach is kept: the anomalous results, the newest normal one of each level, and a few
moments. An ABNORMAL event counts as an anomalous result of its level at its own time.
"""

from bisect import bisect_left

from msgspec.structs import replace

from operators.check.series import reach, result_level
from operators.model.alert import ABNORMAL, NO_DATA_TAG
from operators.model.check import CheckResult
from operators.model.event import Event
from operators.model.identity import first_tag
from operators.model.memory import EMPTY, Anomaly, CheckMemory, Normal
from operators.rules.shapes.model import Strategy

EVERY_LEVEL = 0
"""Level of a normal result that names none: it counts for each."""

FEWEST_KEPT = 30
"""Results of one level that are kept however the strategy is configured (spec/lifecycle.md 4.8)."""


def lacks_level(check: CheckResult) -> bool:
    """Return True if a check cannot be used: an anomaly that names no level (design.md 7.39)."""
    return bool(check.anomaly) and check.level is None


def fold_check(memory: CheckMemory | None, check: CheckResult, strategy: Strategy | None) -> CheckMemory:
    """Return the memory with one more check; `lacks_level` must not hold."""
    memory = memory or EMPTY
    is_superseded = bool(check.superseded)
    if check.no_data:
        last = _later(memory.last_no_data, check.time)
        return replace(memory, last_no_data=last, is_data_back=False, is_superseded=is_superseded)
    if not _says_data(check):
        return replace(memory, is_superseded=is_superseded)
    if check.anomaly and check.level is not None:
        memory = _with_anomaly(memory, Anomaly(check.time, check.level), strategy)
    elif check.anomaly is False:
        memory = _with_normal(memory, Normal(check.time, check.level or EVERY_LEVEL, check.value))
    last = _later(memory.last_check, check.time)
    return replace(memory, last_check=last, is_data_back=True, is_superseded=is_superseded)


def fold_event(memory: CheckMemory | None, event: Event, strategy: Strategy | None) -> CheckMemory:
    """Return the memory after an event that is neither duplicate nor expired; only ABNORMAL ones count."""
    memory = memory or EMPTY
    if event.status != ABNORMAL:
        return memory
    if memory.is_superseded:  # the strategy still detects, so nothing has taken its place
        memory = replace(memory, is_superseded=False)
    if first_tag(event, NO_DATA_TAG) is not None:
        return replace(memory, is_data_back=False) if memory.is_data_back else memory
    if strategy is None or not strategy.items:
        return memory  # no window will look at it
    return _with_anomaly(memory, Anomaly(event.time, result_level(event, strategy), is_event=True), strategy)


def forget_after(memory: CheckMemory, strategy: Strategy | None) -> int | None:
    """Return the last event time whose trigger window reaches an anomaly in memory; None if there is none."""
    if not memory.anomalies:
        return None
    return memory.anomalies[-1].time + reach(strategy).trigger - 1


def newest_result(memory: CheckMemory, level: int) -> int | None:
    """Return the time of the newest result that counts for a level."""
    newest: int | None = None
    for one in reversed(memory.anomalies):
        if one.level == level:
            newest = one.time
            break
    for normal in memory.normals:
        if normal.level in (level, EVERY_LEVEL):
            newest = _later(newest, normal.time)
    return newest


def newest_normal(memory: CheckMemory, level: int) -> Normal | None:
    """Return the newest normal result that counts for a level."""
    known = [normal for normal in memory.normals if normal.level in (level, EVERY_LEVEL)]
    return max(known, key=lambda normal: normal.time, default=None)


def _later(known: int | None, time: int) -> int:
    return time if known is None or time > known else known


def _says_data(check: CheckResult) -> bool:
    return check.anomaly is not None or check.value is not None or check.no_data is False


def _with_normal(memory: CheckMemory, normal: Normal) -> CheckMemory:
    others = tuple(known for known in memory.normals if known.level != normal.level)
    known = next((known for known in memory.normals if known.level == normal.level), None)
    if known is not None and known.time > normal.time:
        return memory
    return replace(memory, normals=(*others, normal))


def _with_anomaly(memory: CheckMemory, anomaly: Anomaly, strategy: Strategy | None) -> CheckMemory:
    """Insert by time; a result that is known already only gains that an event told it."""
    known = memory.anomalies
    at = len(known)
    if known and anomaly.time <= known[-1].time:
        at = bisect_left(known, anomaly.time, key=lambda one: one.time)
    for position in range(at, len(known)):
        one = known[position]
        if one.time > anomaly.time:
            break
        if one.level == anomaly.level:
            if one.is_event or not anomaly.is_event:
                return memory
            return replace(memory, anomalies=(*known[:position], anomaly, *known[position + 1 :]))
    grown = (*known[:at], anomaly, *known[at:])
    if len(grown) > FEWEST_KEPT:
        grown = _within_reach(grown, anomaly.level, strategy)
    return replace(memory, anomalies=grown)


def _within_reach(anomalies: tuple[Anomaly, ...], level: int, strategy: Strategy | None) -> tuple[Anomaly, ...]:
    """Drop the anomalies of a level that are neither among its newest nor within the windows' reach."""
    places = [place for place, one in enumerate(anomalies) if one.level == level]
    limits = reach(strategy)
    surplus = len(places) - limits.points
    if surplus <= 0:
        return anomalies
    oldest = anomalies[places[-1]].time - limits.windows
    too_many = len(places) - limits.most_points
    dropped = {place for n, place in enumerate(places[:surplus]) if n < too_many or anomalies[place].time < oldest}
    return tuple(one for place, one in enumerate(anomalies) if place not in dropped) if dropped else anomalies
