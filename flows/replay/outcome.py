"""What came out of a run: the last documents, the entries in their order, the counts (replay.md, Output)."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from flows.replay.noticed import Noticed
from operators.deliver.receipt import apply
from operators.intake.decode import Refusal
from operators.intake.enrich.event import Dropped
from operators.model.alert import ABNORMAL, Alert
from operators.model.command import CommandDocument
from operators.model.event import Event
from operators.model.records import Action, DeadLetter, LogEntry, Notice, Receipt, Signal
from operators.model.shield import ShieldDocument
from operators.state.scene import Counts


class SaidCounts(NamedTuple):
    """How much of what was said; signals, actions and notices by their signal, status and way."""

    dead_letters: int
    abnormal: int
    """Alerts that are open at the end."""
    signals: Counter[str]
    actions: Counter[str]
    notices: Counter[str]


class Kept(Protocol):
    """What keeps what a replay says: in memory, or sorted into files."""

    jumps: list[dict[str, int]]
    """Of the clock from one line to the next: line, from, to."""

    @property
    def told(self) -> Counter[str]:
        """Notices so far, by way."""
        ...

    def take(self, things: Iterable[Any]) -> None:
        """Keep records, in the order of their making."""
        ...

    def receipt(self, fields: dict[str, Any], now: int) -> Receipt | Refusal:
        """Return the receipt that a line holds, or why it holds none."""
        ...

    def apply(self, receipt: Receipt) -> Notice:
        """Let a receipt change the actions of its notice; return the notice."""
        ...

    def said(self) -> SaidCounts:
        """Return the counts of what was said; once, at the end."""
        ...


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
        self._noticed = Noticed()
        self.notices = self._noticed.by_id
        self.dead_letters: list[DeadLetter] = []
        self.events: list[Event] = []
        self.dropped: list[Dropped] = []
        self.jumps: list[dict[str, int]] = []
        """Of the clock from one line to the next: line, from, to."""

    def take(self, things: Iterable[Any]) -> None:
        """Keep records, in the order of their making."""
        for thing in things:
            self._take(thing)

    def _take(self, thing: Any) -> None:
        if isinstance(thing, Alert):
            self.alerts[thing.id] = thing
        elif isinstance(thing, Action):
            self.actions[thing.id] = thing
        elif isinstance(thing, Notice):
            if thing.config is None:  # webhooks and pushes are actions, not notices
                self._noticed.take(thing)
        else:
            self._list_of(thing).append(thing)

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
        """Return the receipt that a line holds, or why it holds none."""
        return self._noticed.receipt(fields, now)

    def apply(self, receipt: Receipt) -> Notice:
        """Let a receipt change the actions of its notice; return the notice."""
        for action_id in receipt.action_ids:
            if action_id in self.actions:
                self.actions[action_id] = apply(self.actions[action_id], receipt)
        return self.notices[receipt.notice_id]

    @property
    def told(self) -> Counter[str]:
        """Notices so far, by way."""
        return Counter(notice.way for notice in self.notices.values())

    def said(self) -> SaidCounts:
        """Return the counts of what was said."""
        return SaidCounts(
            dead_letters=len(self.dead_letters),
            abnormal=sum(alert.status == ABNORMAL for alert in self.alerts.values()),
            signals=Counter(signal.signal for signal in self.signals),
            actions=Counter(action.status for action in self.actions.values()),
            notices=self.told,
        )


def summary(outcome: Kept, counts: Counts, *, until: int, rules_version: str, held: int = 0) -> dict[str, Any]:
    """Return the counts of a run."""
    said = outcome.said()
    return {
        "events": counts.events,
        "duplicates": counts.duplicates,
        "expired": counts.expired,
        "dropped": counts.dropped,
        "dead_letters": said.dead_letters,
        "alerts": {
            "opened": counts.opened,
            "recovered": counts.recovered,
            "closed": counts.closed,
            "abnormal": said.abnormal,
        },
        "signals": dict(sorted(said.signals.items())),
        "actions": dict(sorted(said.actions.items())),
        "notices": dict(sorted(said.notices.items())),
        "jumps": outcome.jumps,
        "held": held,
        "until": until,
        "rules_version": rules_version,
    }
