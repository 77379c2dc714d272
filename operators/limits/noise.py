"""Noise reduction: tell only if a large enough share of a strategy's series is abnormal (spec/notices.md 8)."""

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from operator import itemgetter

import msgspec

from operators.limits.combination import Combination, combination, noise_dimensions
from operators.model import snapshot
from operators.model.alert import Alert
from operators.model.reason import Reason
from operators.model.records import Action
from operators.model.settings import CoreSettings
from operators.rules.shapes.model import Strategy

VERSION = 1
"""Format of the snapshot."""
DAY = 86400
"""Seconds for which a seen combination counts in the total (design.md 7.27)."""
SWEEP = 3600
"""Seconds between two clearings of combinations that no longer count."""
ABNORMAL, UPGRADE = "abnormal", "upgrade"

Scope = tuple[str, tuple[str, ...]]
"""Strategy id and dimensions: what a total is counted for."""


class Window(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """First notices of one strategy, dimension list and severity are held until `due`."""

    scope: Scope
    severity: int
    due: int
    percent: int
    """Of all combinations must be abnormal; as the strategy said when the window opened."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """How a window ended. Released actions go on to converge at `time`; suppressed ones are done."""

    time: int
    strategy_id: str
    severity: int
    abnormal: int
    total: int
    """Distinct combinations: abnormal in the window, and seen in the last day."""
    percent: int
    """The share that had to be abnormal."""
    released: tuple[Action, ...]
    suppressed: tuple[Action, ...]


class State(msgspec.Struct, frozen=True):
    """Everything a snapshot keeps. Windows are numbered as they opened."""

    last: int
    windows: dict[int, Window]
    abnormal: dict[int, set[Combination]]
    held: dict[int, dict[str, Action]]
    """By window and action id, in the order of holding."""
    totals: dict[Scope, dict[Combination, int]]
    """Second in which each combination was last seen."""


def is_reducible(action: Action, strategy: Strategy) -> bool:
    """Return True if a notice is to be held: the first abnormal one of an alert, no repeat, no escalation."""
    is_first = action.signal == ABNORMAL and action.execute_times <= 1 and action.notice_type != UPGRADE
    return is_first and action.plugin_type == "notice" and noise_dimensions(strategy) is not None


class Noise:
    """Holds first notices for `noise_reduce.window` and then lets all of a window go, or none.

    Everything of a strategy must come to one instance, in order of `now`. Alerts that end must be reported by `drop`.
    """

    def __init__(self, settings: CoreSettings) -> None:
        self._window = settings.noise_reduce.window
        self._adopt(State(0, {}, {}, {}, {}))

    def seen(self, strategy: Strategy, combinations: Iterable[Combination], now: int) -> None:
        """Count series of a strategy in its total; nothing happens where it has no noise reduction."""
        names = noise_dimensions(strategy)
        if names is not None:
            self._sweep(now)
            self._totals.setdefault((strategy.id, names), {}).update(dict.fromkeys(combinations, now))

    def hold(self, action: Action, strategy: Strategy, alert: Alert, now: int) -> Action:
        """Hold a notice for which `is_reducible` said yes; return it as it then stands. Fire first what is due."""
        assert not self._due or self._due[0][0] >= now
        names = noise_dimensions(strategy) or ()
        series = combination(alert.event, names)
        self.seen(strategy, (series,), now)
        number = self._window_of((strategy.id, names), action.severity, strategy, now)
        held = action.moved(action.status, Reason.NOISE_HELD)
        self._abnormal[number].add(series)
        self._held[number][action.id] = held
        self._index(number, held)
        return held

    def drop(self, alert_id: str, now: int) -> tuple[Action, ...]:
        """Let go what is held for an alert that has ended; its series stays among the abnormal ones of the window."""
        assert not self._due or self._due[0][0] >= now
        if alert_id not in self._places:
            return ()
        places = sorted(self._places[alert_id], key=itemgetter(0))  # by window, as a restored machine has them
        dropped = tuple(self._take_out(*place) for place in places)
        return tuple(action.moved("skipped", Reason.SIGNAL_STALE) for action in dropped)

    def fire(self, now: int) -> tuple[Judged, ...]:
        """Judge every window due at or before `now`, in order, each at its own due time."""
        judged = []
        while self._due and self._due[0][0] <= now:
            judged.append(self._judge(heappop(self._due)[1]))
        return tuple(judged)

    def next_due(self) -> int | None:
        """Return the second at which `fire` has something to do next."""
        return self._due[0][0] if self._due else None

    def held(self) -> int:
        """Return how many notices wait for the end of a window."""
        return sum(map(len, self._held.values()))

    def snapshot(self) -> bytes:
        """Return the whole state as bytes."""
        return snapshot.pack(VERSION, State(self._last, self._windows, self._abnormal, self._held, self._totals))

    @classmethod
    def restore(cls, data: bytes, settings: CoreSettings) -> "Noise":
        """Return the machine that wrote `data`; windows already open keep their ends. Raises SnapshotError."""
        machine = cls(settings)
        machine._adopt(snapshot.unpack("noise reduction", VERSION, data, State))
        return machine

    def _adopt(self, state: State) -> None:
        self._last, self._windows, self._totals = state.last, state.windows, state.totals
        self._abnormal, self._held = state.abnormal, state.held
        self._open = {(window.scope, window.severity): number for number, window in state.windows.items()}
        self._due = [(window.due, number) for number, window in state.windows.items()]
        heapify(self._due)
        self._swept = 0
        self._places: dict[str, dict[tuple[int, str], None]] = {}
        for number, actions in state.held.items():
            for action in actions.values():
                self._index(number, action)

    def _index(self, number: int, action: Action) -> None:
        """Remember for each alert of a held action in which window it is."""
        for alert_id in action.alert_ids:
            self._places.setdefault(alert_id, {})[number, action.id] = None

    def _take_out(self, number: int, action_id: str) -> Action:
        action = self._held[number].pop(action_id)
        for alert_id in action.alert_ids:
            places = self._places[alert_id]
            del places[number, action_id]
            if not places:
                del self._places[alert_id]
        return action

    def _window_of(self, scope: Scope, severity: int, strategy: Strategy, now: int) -> int:
        number = self._open.get((scope, severity))
        return number if number is not None else self._open_window(scope, severity, strategy, now)

    def _open_window(self, scope: Scope, severity: int, strategy: Strategy, now: int) -> int:
        percent = strategy.notice.options.noise_reduce_config.count if strategy.notice else 0
        self._last += 1
        window = Window(scope, severity, now + self._window, percent)
        self._windows[self._last], self._open[scope, severity] = window, self._last
        self._abnormal[self._last], self._held[self._last] = set(), {}
        heappush(self._due, (window.due, self._last))
        return self._last

    def _judge(self, number: int) -> Judged:
        window = self._windows.pop(number)
        del self._open[window.scope, window.severity]
        abnormal = len(self._abnormal.pop(number))
        total = max(abnormal, self._total(window.scope, window.due))
        held = tuple(self._take_out(number, action_id) for action_id in list(self._held[number]))
        del self._held[number]
        if 100 * abnormal // total < window.percent:
            return _judged(window, abnormal, total, suppressed=held)
        return _judged(window, abnormal, total, released=held)

    def _total(self, scope: Scope, now: int) -> int:
        return sum(1 for at in self._totals.get(scope, {}).values() if at > now - DAY)

    def _sweep(self, now: int) -> None:
        if now < self._swept + SWEEP:
            return
        self._swept = now
        kept = {scope: _recent(seen, now - DAY) for scope, seen in self._totals.items()}
        self._totals = {scope: seen for scope, seen in kept.items() if seen}


def _recent(seen: dict[Combination, int], horizon: int) -> dict[Combination, int]:
    return {series: at for series, at in seen.items() if at > horizon}


def _judged(
    window: Window, abnormal: int, total: int, *, released: tuple[Action, ...] = (), suppressed: tuple[Action, ...] = ()
) -> Judged:
    return Judged(
        window.due,
        window.scope[0],
        window.severity,
        abnormal,
        total,
        window.percent,
        tuple(action.moved(action.status, Reason.NOISE_RELEASED) for action in released),
        tuple(action.moved("skipped", Reason.NOISE_SUPPRESSED) for action in suppressed),
    )
