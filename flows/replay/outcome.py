"""What came out of a run: the last documents, the entries in their order, the counts (replay.md, Output)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from operators.deliver.receipt import apply
from operators.intake.decode import Refusal
from operators.intake.enrich.event import Dropped
from operators.model.alert import ABNORMAL, ENDED, Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.reason import DeadReason, OpType
from operators.model.records import Action, DeadLetter, LogEntry, Notice, Receipt, ReceiverResult, Signal
from operators.model.shield import ShieldDocument

ENDS = frozenset({OpType.RECOVER, OpType.CLOSE, OpType.SYSTEM_RECOVER, OpType.SYSTEM_CLOSE, OpType.ALERT_QOS})
"""Entries that end an alert; ALERT_QOS only where it stands ended."""
END_SIGNALS = frozenset({"recovered", "closed"})
OPENING = frozenset({"abnormal", "no_data"})


class Outcome:
    """Everything said so far, ready to be written."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.logs: list[LogEntry] = []
        self.signals: list[Signal] = []
        self.shields: list[ShieldDocument] = []
        self.commands: list[CommandDocument] = []
        """Documents of the store; no file of a replay holds them."""
        self.actions: dict[str, Action] = {}
        self.notices: dict[str, Notice] = {}
        self._placed: list[Notice] = []
        self._latest: list[Notice] = []
        """Those of the last second: their order may still change."""
        self.dead_letters: list[DeadLetter] = []
        self.events: list[Event] = []
        self.dropped: list[Dropped] = []
        self.jumps: list[dict[str, int]] = []
        """Of the clock from one line to the next: line, from, to."""

    def take(self, thing: Any) -> None:
        """Keep one record."""
        if isinstance(thing, Alert):
            self.alerts[thing.id] = thing
        elif isinstance(thing, Action):
            self.actions[thing.id] = thing
        elif isinstance(thing, Notice):
            if thing.config is None:  # webhooks and pushes are actions, not notices
                self._take_notice(thing)
        else:
            self._list_of(thing).append(thing)

    def _take_notice(self, notice: Notice) -> None:
        self.notices[notice.id] = notice
        if self._latest and self._latest[0].time < notice.time:
            self._placed += ordered_notices(self._latest)
            self._latest = []
        self._latest.append(notice)

    def _list_of(self, thing: Any) -> list[Any]:
        lists: dict[type, list[Any]] = {
            LogEntry: self.logs,
            Event: self.events,
            Signal: self.signals,
            DeadLetter: self.dead_letters,
            Dropped: self.dropped,
            ShieldDocument: self.shields,
            CommandDocument: self.commands,
        }
        return lists[type(thing)]

    def receipt(self, fields: dict[str, Any], now: int) -> Receipt | Refusal:
        """Return the receipt that a line holds, or why it holds none. `notice` is a place in the notices so far."""
        named = fields.get("notice_id")
        if named is None and type(place := fields.get("notice")) is int:
            named = self._id_at(place)
        notice = self.notices.get(named) if isinstance(named, str) else None
        if notice is None:
            return Refusal(DeadReason.UNKNOWN_NOTICE, f"no notice {fields.get('notice_id', fields.get('notice'))!r}")
        try:
            results = msgspec.convert(fields.get("results") or {}, dict[str, ReceiverResult])
        except msgspec.ValidationError as error:
            return Refusal(DeadReason.WRONG_TYPE, f"`results`: {error}")
        return Receipt(notice_id=notice.id, action_ids=notice.action_ids, way=notice.way, results=results, time=now)

    def _id_at(self, place: int) -> str | None:
        if 0 <= place < len(self._placed):
            return self._placed[place].id
        latest = ordered_notices(self._latest)
        at = place - len(self._placed)
        return latest[at].id if 0 <= at < len(latest) else None

    def apply(self, receipt: Receipt) -> Notice:
        """Let a receipt change the actions of its notice; return the notice."""
        for action_id in receipt.action_ids:
            if action_id in self.actions:
                self.actions[action_id] = apply(self.actions[action_id], receipt)
        return self.notices[receipt.notice_id]


def _by_second(things: Iterable[Any], key: Callable[[Any], Any], is_end: Callable[[Any], bool]) -> list[Any]:
    """Order entries by time; within one second ends of alerts before openings of others, one alert's as made."""
    rows = list(things)
    ends = {(one.time, key(one)) for one in rows if is_end(one)}
    openings = {(one.time, key(one)) for one in rows if _is_opening(one)} if ends else set()

    def rank(numbered: tuple[int, Any]) -> tuple[int, int, int]:
        number, thing = numbered
        place = (thing.time, key(thing))
        return thing.time, (1 if place in openings else 0) if place in ends else 2, number

    return [thing for _, thing in sorted(enumerate(rows), key=rank)]


def _is_opening(thing: Any) -> bool:
    return thing.op_type == OpType.CREATE if isinstance(thing, LogEntry) else thing.signal in OPENING


def _is_end(entry: LogEntry) -> bool:
    return entry.op_type in ENDS and entry.status in ENDED


def _tells_end(thing: Signal | Action | Notice) -> bool:
    return thing.signal in END_SIGNALS


def ordered_logs(logs: Iterable[LogEntry]) -> list[LogEntry]:
    """Return log entries in the order of the contract."""
    return _by_second(logs, lambda entry: entry.alert_id, _is_end)


def ordered_signals(signals: Iterable[Signal]) -> list[Signal]:
    """Return signals in the order of the contract."""
    return _by_second(signals, lambda signal: signal.alert_id, _tells_end)


def ordered_actions(actions: Iterable[Action]) -> list[Action]:
    """Return actions in the order of the contract."""
    return _by_second(actions, lambda action: action.alert_ids, _tells_end)


def ordered_notices(notices: Iterable[Notice]) -> list[Notice]:
    """Return notices in the order of the contract."""
    return _by_second(notices, lambda notice: notice.alert_ids, _tells_end)


def summary(outcome: Outcome, counts: Any, *, until: int, rules_version: str) -> dict[str, Any]:
    """Return the counts of a run."""
    return {
        "events": counts.events,
        "duplicates": counts.duplicates,
        "expired": counts.expired,
        "dropped": counts.dropped,
        "dead_letters": len(outcome.dead_letters),
        "alerts": {
            "opened": counts.opened,
            "recovered": counts.recovered,
            "closed": counts.closed,
            "abnormal": sum(alert.status == ABNORMAL for alert in outcome.alerts.values()),
        },
        "signals": _count(signal.signal for signal in outcome.signals),
        "actions": _count(action.status for action in outcome.actions.values()),
        "notices": _count(notice.way for notice in outcome.notices.values()),
        "jumps": outcome.jumps,
        "until": until,
        "rules_version": rules_version,
    }


def _count(names: Iterator[str] | Any) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
