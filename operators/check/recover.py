"""Recover: is the series of an alert quiet in every window? (spec/lifecycle.md 4.8, design.md 7.7, 7.8, 7.35, 7.40).

A window of T periods is *hot* while it holds N anomalies. With L the time of the newest result, an alert has begun to
recover when the window that ends at L is quiet, and has recovered when all that end at L, L - U, ... L - (R - 1) U are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Literal

from msgspec.structs import replace

from operators.check.results import newest_normal, newest_result
from operators.check.series import Series, is_host_anomaly, series_of
from operators.check.verdict import Verdict
from operators.model.alert import Alert, Extra, is_no_data
from operators.model.memory import Anomaly, CheckMemory
from operators.model.reason import Reason
from operators.rules.ask.look import Look
from operators.rules.shapes.model import Item

COLLECTOR = "bk_monitor"
"""Source of event data that is complete at once; that of others is aligned to the beginning of its period."""

Kind = Literal["none", "recovering", "aborted", "recovered", "closed"]


class RecoverVerdict(Verdict, frozen=True, gc=False, kw_only=True):
    """What becomes of an alert by its windows."""

    kind: Kind = "none"
    is_recovering: bool = False
    """Whether the newest window is quiet; for an alert that ends, that it was in every window."""
    began: bool = False
    """The newest window became quiet just now: RECOVERING is logged, before RECOVER if the alert ends too."""
    recovery_value: Any = None
    """The newest normal value, of an alert that ends."""


HOT = RecoverVerdict()

RECOVERING_TEXT = (
    "the newest window does not meet the trigger condition; handling is suppressed while the alert recovers"
)
ABORTED_TEXT = "the newest window meets the trigger condition again; handling goes on"
DATA_BACK_TEXT = "the series has data again"


def recover_verdict(look: Look) -> RecoverVerdict:
    """Judge an abnormal alert. A strategy that is gone is for Close to judge."""
    alert, memory, strategy = look.alert, look.memory, look.strategy
    was_recovering = alert.extra_info.is_recovering
    if not alert.strategy_id or strategy is None:
        return RecoverVerdict(is_recovering=was_recovering)
    if is_no_data(alert):
        return _no_data_verdict(memory, was_recovering=was_recovering)
    series = series_of(strategy, alert)
    if series is None or series.data_type == "alert":
        return RecoverVerdict(is_recovering=was_recovering)
    silence = silence_of(alert, memory, series)
    if silence is not None and look.now >= silence:
        return _ending(series, Reason.NO_DATA_IN_WINDOW, f"no data in {series.recovery} periods of recovery")
    verdict = _window_verdict(alert, memory, series, strategy.items[0], look.now)
    if silence is None or not _is_open(verdict):
        return verdict
    return replace(verdict, next_look=silence if verdict.next_look is None else min(verdict.next_look, silence))


def recovering_extra(extra: Extra, verdict: RecoverVerdict) -> Extra:
    """Return `extra_info` after a verdict; a recovery that is aborted asks for the un-shield notice it held back."""
    needs_notice = verdict.kind == "aborted" and extra.ignore_unshield_notice
    return replace(
        extra,
        is_recovering=verdict.is_recovering,
        ignore_unshield_notice=extra.ignore_unshield_notice and not needs_notice,
        need_unshield_notice=extra.need_unshield_notice or needs_notice,
        recovery_value=extra.recovery_value if _is_open(verdict) else verdict.recovery_value,
    )


def _is_open(verdict: RecoverVerdict) -> bool:
    return verdict.kind not in ("recovered", "closed")


def _no_data_verdict(memory: CheckMemory, *, was_recovering: bool) -> RecoverVerdict:
    if not memory.is_data_back:
        return RecoverVerdict(is_recovering=was_recovering)
    return RecoverVerdict(kind="recovered", reason=Reason.DATA_BACK, description=DATA_BACK_TEXT)


def _ending(series: Series, reason: Reason, description: str) -> RecoverVerdict:
    kind: Kind = "closed" if series.is_closing else "recovered"
    return RecoverVerdict(kind=kind, reason=reason, description=description)


def silence_of(alert: Alert, memory: CheckMemory, series: Series) -> int | None:
    """Return the second at which setter `recovery-nodata` ends an alert whose series is silent."""
    if not series.ends_without_data or series.is_event_data:
        return None
    last = max(alert.latest_time, memory.last_check or 0)
    return last + series.unit * (series.recovery + series.trigger + 1)


def _window_verdict(alert: Alert, memory: CheckMemory, series: Series, item: Item, now: int) -> RecoverVerdict:
    was_recovering = alert.extra_info.is_recovering
    end = newest_end(alert, memory, series, now)
    if end == alert.latest_time and not series.is_event_data:
        return _hot(None, was_recovering=was_recovering)  # a window that ends with an event meets the condition
    heat = Heat(anomalies_of(alert, memory, series.level), series)
    if heat.is_hot(end):
        look = _when_window_ends(series, heat.cooling_after(end)) if series.is_event_data else None
        return _hot(look, was_recovering=was_recovering)
    if heat.is_all_quiet(end):
        value = _normal_value(memory, series, end)
        text = _quiet_text(series, item, value)
        verdict = _ending(series, Reason.ALL_WINDOWS_QUIET, text)
        return replace(verdict, is_recovering=True, began=not was_recovering, recovery_value=value)
    look = _when_window_ends(series, heat.turning_after(end)) if series.is_event_data else None
    if was_recovering:
        return RecoverVerdict(is_recovering=True, next_look=look)
    return RecoverVerdict(
        kind="recovering",
        reason=Reason.WINDOW_QUIET,
        description=RECOVERING_TEXT,
        is_recovering=True,
        began=True,
        next_look=look,
    )


def _hot(look: int | None, *, was_recovering: bool) -> RecoverVerdict:
    """Return what a newest window means that meets the trigger condition."""
    if not was_recovering:
        return RecoverVerdict(next_look=look) if look is not None else HOT
    return RecoverVerdict(kind="aborted", reason=Reason.WINDOW_BROKEN, description=ABORTED_TEXT, next_look=look)


def newest_end(alert: Alert, memory: CheckMemory, series: Series, now: int) -> int:
    """Return L, the end of the newest window (design.md 7.35)."""
    if not series.is_event_data:
        newest = newest_result(memory, series.level)
        return alert.latest_time if newest is None else max(newest, alert.latest_time)
    # an event from the near future belongs to the newest window, it has not left it
    return max(now if series.source == COLLECTOR else now - series.unit, alert.latest_time)


def _when_window_ends(series: Series, end: int) -> int:
    """Return the second at which the newest window of event data will end at `end`."""
    return end if series.source == COLLECTOR else end + series.unit


def _normal_value(memory: CheckMemory, series: Series, end: int) -> Any:
    """Return the newest normal value in reach of the windows."""
    normal = newest_normal(memory, series.level)
    oldest = end - series.recovery * series.unit - (series.window - 1)
    return normal.value if normal and oldest <= normal.time <= end else None


def _quiet_text(series: Series, item: Item, value: Any) -> str:
    text = f"the trigger condition was not met in {series.recovery} periods"
    if value is None or is_host_anomaly(item):
        return text
    unit = next((query.unit for query in item.query_configs if query.unit), "")
    return f"{text}; current value {value}{unit}"


def anomalies_of(alert: Alert, memory: CheckMemory, level: int) -> list[Anomaly]:
    """Return the anomalies of a level by time, that of the alert's newest event among them."""
    known = [one for one in memory.anomalies if one.level == level]
    newest = Anomaly(alert.latest_time, level, is_event=True)
    at = bisect_left(known, newest.time, key=lambda one: one.time)
    return [*known[:at], newest, *(known[at + 1 :] if _stands_at(known, at, newest.time) else known[at:])]


def _stands_at(known: Sequence[Anomaly], at: int, time: int) -> bool:
    return at < len(known) and known[at].time == time


class Heat:
    """Which windows hold `count` anomalies, given the anomalies of one level by time."""

    def __init__(self, anomalies: Sequence[Anomaly], series: Series) -> None:
        self.series = series
        self.times = [one.time for one in anomalies]
        self.sums: Sequence[int] = range(len(anomalies) + 1)
        """Weight of the first n anomalies."""
        if series.count > 1:
            self.sums = [0, *accumulate(_weights(anomalies, series.window, series.count))]

    def weight(self, first: int, last: int) -> int:
        """Return how many anomalies lie from one second to another, both included."""
        return self.sums[bisect_right(self.times, last)] - self.sums[bisect_left(self.times, first)]

    def is_hot(self, end: int) -> bool:
        """Return True if the window that ends at a second meets the trigger condition."""
        return self.weight(end - self.series.window + 1, end) >= self.series.count

    def is_all_quiet(self, end: int) -> bool:
        """Return True if no window is hot of those that end at a second and each a period before."""
        return not any(self.is_hot(end - i * self.series.unit) for i in range(self.series.recovery))

    def cooling_after(self, end: int) -> int:
        """Return the first later end whose window is quiet, of a hot one."""
        entered = bisect_right(self.times, end)
        while True:
            # the window cools when so many have left it that fewer than `count` of those entered are in it
            leaving = bisect_right(self.sums, self.sums[entered] - self.series.count) - 1
            turn = self.times[leaving] + self.series.window
            entering = bisect_right(self.times, turn)
            if entering == entered:
                return turn
            entered = entering

    def turning_after(self, end: int) -> int:
        """Return the first later end whose window is hot, or with all windows quiet; of a quiet one, not all quiet."""
        return next(turn for turn in self._edges(end) if self.is_hot(turn) or self.is_all_quiet(turn))

    def quiet_from(self, end: int) -> int:
        """Return the first end, this one or a later one, with all windows quiet."""
        return next(turn for turn in (end, *self._edges(end)) if self.is_all_quiet(turn))

    def _edges(self, end: int) -> list[int]:
        """Return, in order, each later end at which an anomaly enters or leaves one of the windows."""
        hops = [i * self.series.unit for i in range(self.series.recovery)]
        shifts = [*hops, *(hop + self.series.window for hop in hops)]
        times = self.times
        return sorted({time + shift for shift in shifts for time in times[bisect_right(times, end - shift) :]})


def _weights(anomalies: Sequence[Anomaly], window: int, count: int) -> Iterator[int]:
    """Return the weight of each anomaly: 1, and for an event also the ones that are missing in its trigger window.

    The detector has seen `count` anomalies there; what an earlier event stands for is not missing (design.md 7.8).
    """
    weights: list[int] = []
    known, first = 0, 0
    for one in anomalies:
        while anomalies[first].time <= one.time - window:
            known -= weights[first]
            first += 1
        known += 1
        missing = max(0, count - known) if one.is_event else 0
        known += missing
        weights.append(1 + missing)
        yield 1 + missing
