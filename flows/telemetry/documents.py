"""What leaves the core, counted and logged a kind at a time."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import structlog

from flows.telemetry import logs, metrics
from flows.telemetry.meter import Meter
from operators.check.close import NO_CHECK_EVER
from operators.intake.enrich.event import Dropped
from operators.model.alert import Alert
from operators.model.event import Event
from operators.model.reason import Reason
from operators.model.records import Action, DeadLetter, LogEntry, Notice, Signal

SHOWN = 20
"""Dropped events of one batch that are logged one by one; of the others only the number."""
SUM_UP = 1.0
"""Seconds between two lines that sum up what was done to alerts."""
REMEMBERED = 20_000
"""Actions whose later states are known as such."""

log = structlog.get_logger()


class Documents:
    """Counts and logs documents. `clock` is Unix seconds."""

    def __init__(self, meter: Meter, clock: Callable[[], float]) -> None:
        self._meter, self._clock = meter, clock
        self._created: dict[str, None] = {}
        self._unchecked: set[str] = set()
        self._open, self._ended = 0, 0
        self._summed_up = clock()

    def observe(self, said: Sequence[Any], seconds: float) -> None:
        """Count and log what is no event of a batch that took some seconds."""
        if set(map(type, said)) - {Event}:
            rest = _by_type(thing for thing in said if type(thing) is not Event)
            for kind, things in rest.items():
                count = _COUNT.get(kind)
                if count is not None:
                    count(self, things, seconds)

    def alerts(self, alerts: list[Alert], _: float) -> None:
        """Count alerts that go on, and that ended."""
        ended = sum(alert.end_time is not None for alert in alerts)
        self._ended += ended
        self._open += len(alerts) - ended
        if ended:
            self._warn_of_unchecked(alerts)

    def _warn_of_unchecked(self, alerts: list[Alert]) -> None:
        """Warn once of each strategy with items whose alerts close because no check ever came."""
        for alert in alerts:
            if alert.extra_info.end_description == NO_CHECK_EVER and alert.strategy_id not in self._unchecked:
                self._unchecked.add(alert.strategy_id)
                log.warning("no check ever came", strategy_id=alert.strategy_id, alert_id=alert.id)

    def entries(self, entries: list[LogEntry], _: float) -> None:
        """Count log entries by kind and reason."""
        for (op_type, reason), count in Counter((entry.op_type, entry.reason) for entry in entries).items():
            self._meter.add(metrics.LOG_ENTRIES, count, op_type, reason)
            if reason == Reason.DATA_STOPPED:
                unchecked = sum(entry.description == NO_CHECK_EVER for entry in entries)
                self._meter.add(metrics.UNCHECKED, unchecked)
            if reason == Reason.RENDER_FAILED:
                self._meter.add(metrics.CREATED, count, "failed", "TemplateError")

    def signals(self, signals: list[Signal], _: float) -> None:
        """Count signals."""
        name = self._meter.strategy
        for labels, count in Counter((name(signal.strategy_id), signal.signal) for signal in signals).items():
            self._meter.add(metrics.PUSHED, count, *labels)

    def actions(self, actions: list[Action], seconds: float) -> None:
        """Count actions in their states, and log the new ones."""
        for labels, count in Counter((action.plugin_type, action.status) for action in actions).items():
            self._meter.add(metrics.ACTIONS, count, *labels)
        new = [action for action in actions if self._is_new(action.id)]
        if new:
            self._meter.add(metrics.CREATED, len(new), "success", "None")
        name = self._meter.strategy
        for labels, count in Counter((name(action.strategy_id), action.signal) for action in new).items():
            self._meter.observe(metrics.CREATE_SECONDS, seconds, *labels, times=count)
        for action in new:
            log.info(logs.CREATE, action.id, ",".join(action.alert_ids), **_of_action(action))

    def _is_new(self, action_id: str) -> bool:
        """Tell an action that is said for the first time from its later states."""
        if action_id in self._created:
            return False
        if len(self._created) >= REMEMBERED:
            self._created = dict.fromkeys(list(self._created)[REMEMBERED // 2 :])
        self._created[action_id] = None
        return True

    def notices(self, notices: list[Notice], _: float) -> None:
        """Count and log notices."""
        for way, count in Counter(notice.way for notice in notices).items():
            self._meter.add(metrics.NOTICES, count, way)
        for notice in notices:
            for action_id in notice.action_ids:
                log.info(logs.NOTIFY.format(action_id, notice.way), notice_id=notice.id, alert_ids=notice.alert_ids)

    def dead_letters(self, letters: list[DeadLetter], _: float) -> None:
        """Count dead letters, and log the first of them."""
        for reason, count in Counter(letter.reason for letter in letters).items():
            self._meter.add(metrics.DEAD_LETTERS, count, str(reason))
        for letter in letters[:SHOWN]:
            where = f"{letter.source}:{letter.position}"
            log.warning("record refused", place=where, reason=str(letter.reason), detail=letter.detail)

    def dropped(self, dropped: list[Dropped], _: float) -> None:
        """Count dropped events, and log the first of them."""
        for reason, count in Counter(one.reason for one in dropped).items():
            self._meter.add(metrics.DROPPED, count, reason.value)
        for one in dropped[:SHOWN]:
            log.info(logs.DROPPED, one.event_id, one.strategy_id, reason=one.reason.value, detail=one.detail)
        if len(dropped) > SHOWN:
            log.info("more events dropped", count=len(dropped) - SHOWN)

    def sum_up(self) -> None:
        """Say, at most once a second, what was done to alerts since the last time."""
        now = self._clock()
        if now - self._summed_up < SUM_UP or not self._open + self._ended:
            return
        log.info(logs.CACHE, self._open, self._ended)
        log.info(logs.SNAPSHOT, self._open + self._ended)
        self._open, self._ended, self._summed_up = 0, 0, now


_COUNT: dict[type, Callable[[Documents, list[Any], float], None]] = {
    Alert: Documents.alerts,
    LogEntry: Documents.entries,
    Signal: Documents.signals,
    Action: Documents.actions,
    Notice: Documents.notices,
    DeadLetter: Documents.dead_letters,
    Dropped: Documents.dropped,
}


def _by_type(things: Iterable[Any]) -> dict[type, list[Any]]:
    sorted_: dict[type, list[Any]] = {}
    for thing in things:
        sorted_.setdefault(type(thing), []).append(thing)
    return sorted_


def _of_action(action: Action) -> dict[str, Any]:
    """Return by what else an action is searched for."""
    return {"strategy_id": action.strategy_id, "signal": action.signal, "status": action.status}
