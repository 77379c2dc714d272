"""Flow control: fixed windows that count new alerts and first actions (spec/lifecycle.md 8, design.md 7.21, 7.30)."""

import msgspec

from operators.model.alert import Alert, opening_signal
from operators.model.event import Event
from operators.model.settings import Quota


class Counter(msgspec.Struct, frozen=True, gc=False):
    """One fixed window, in force while now < end."""

    end: int
    count: int


class Windows:
    """Counters by key. The first hit opens a window; hits beyond the threshold are over."""

    def __init__(self, quota: Quota, counters: dict[str, Counter] | None = None) -> None:
        self.quota = quota
        self.counters: dict[str, Counter] = counters or {}
        self._prune_at = FEWEST_PRUNED

    def hit(self, key: str, now: int) -> bool:
        """Count one and tell whether it is over the threshold."""
        if not self.quota.threshold:
            return False
        counter = self.counters.get(key)
        if counter is None or now >= counter.end:
            if len(self.counters) >= self._prune_at:
                self._prune(now)
            counter = Counter(now + self.quota.window, 1)
        else:
            counter = Counter(counter.end, counter.count + 1)
        self.counters[key] = counter
        return counter.count > self.quota.threshold

    def is_over(self, key: str, now: int) -> bool:
        """Return True if the key is over its threshold, without counting."""
        counter = self.counters.get(key)
        return counter is not None and now < counter.end and 0 < self.quota.threshold < counter.count

    def is_full(self, key: str, now: int) -> bool:
        """Return True if one hit more would be over the threshold."""
        counter = self.counters.get(key)
        return counter is not None and now < counter.end and 0 < self.quota.threshold <= counter.count

    def count(self, key: str) -> int:
        """Return how many hits the key's last window saw."""
        counter = self.counters.get(key)
        return counter.count if counter else 0

    def end(self, key: str, now: int) -> int:
        """Return when the key's window ends; `now` if none is open."""
        counter = self.counters.get(key)
        return counter.end if counter and counter.end > now else now

    def _prune(self, now: int) -> None:
        self.counters = {key: counter for key, counter in self.counters.items() if counter.end > now}
        self._prune_at = max(2 * len(self.counters), FEWEST_PRUNED)


FEWEST_PRUNED = 4096
"""Counters that are not yet worth a look for those that are over; then only when they have doubled."""


def alert_key(event: Event, signal: str) -> str:
    """Return the key under which a new alert counts that opens with a signal: `abnormal` or `no_data`."""
    return _key(event.strategy_id, signal, event.severity, event.bk_biz_id, event.alert_name)


def action_key(alert: Alert, signal: str) -> str:
    """Return the key under which an action counts."""
    return _key(alert.strategy_id, signal, alert.severity, alert.bk_biz_id, alert.alert_name)


def _key(strategy_id: str, signal: str, severity: int, business: str | int | None, name: str) -> str:
    if strategy_id:
        return f"{strategy_id}|{signal}|{severity}"
    return f"0|{signal}|{severity}|{business!r}|{name}"


def blocked_key(alert: Alert) -> str:
    """Return the key under which an existing alert was counted."""
    return alert_key(alert.event, opening_signal(alert))
