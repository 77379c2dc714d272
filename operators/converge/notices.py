"""Stage 3: what is handed over is merged, put into words and logged; one store a slot of businesses.

Every group and gate of merging names its business, so a slot needs no order with others. It is given what was planned
with the alert as it stood then, how alerts stand that a summary may yet name, the rules in force, and clocks.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from operators.converge.machine import Converge
from operators.converge.message import as_ended
from operators.converge.model import Numbers
from operators.converge.words import Render, failure_entry, notice_of
from operators.intake.handover import Clock, Handed, Planned, Stands
from operators.intake.name import InForce
from operators.model import snapshot
from operators.model.alert import Alert
from operators.model.records import Action, LogEntry, Message, Notice
from operators.model.settings import CoreSettings
from operators.plan.send import reason_of, text_of
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy

VERSION = 2
"""Format of the snapshot."""
REMEMBERED = 3600
"""Seconds for which actions that were taken are known: one that comes again changes nothing."""
SWEEP = 600
"""Seconds between two clearings of what can no longer matter."""

replace = msgspec.structs.replace
Taken = Handed | InForce | Clock


class Kept(msgspec.Struct, frozen=True):
    """The snapshot of a slot."""

    clock: int
    converge: bytes
    alerts: dict[str, Alert]
    """Those that a summary has yet to name."""
    actions: dict[str, int]
    """When each was taken."""
    strategies: dict[str, Strategy]
    """Those that left the rules before a summary told of them."""


class Notices:
    """The notices of the businesses of one slot. Input comes in order of time; what is late counts as now."""

    def __init__(self, settings: CoreSettings, render: Render, numbers: Numbers | None = None) -> None:
        self._settings, self._render, self._numbers = settings, render, numbers
        self.clock = 0
        self.converge = Converge(settings, numbers)
        self.book = RuleBook.empty()
        self._alerts: dict[str, Alert] = {}
        self._actions: dict[str, int] = {}
        self._strategies: dict[str, Strategy] = {}
        self._swept = 0
        self.said: list[Any] = []
        """Documents and notices, in the order of their making."""

    def drain(self) -> list[Any]:
        """Return what was said since the last call."""
        said = self.said[:]
        self.said.clear()
        return said

    def take(self, thing: Taken) -> None:
        """Take one thing; whatever is due by then is told first."""
        TAKE[type(thing)](self, thing)

    def advance(self, now: int) -> None:
        """Let the clock go on; what is due is told."""
        self.clock = max(self.clock, now)
        for message in self.converge.fire(self.clock).messages:
            self.tell(message)
        if now >= self._swept + SWEEP:
            self._sweep(now)

    def take_book(self, news: InForce) -> None:
        """Take rules into force; of a strategy that has left them, its last form is told of."""
        for member in self.converge.withheld():
            strategy = self.book.strategies.get(member.strategy_id)
            if strategy is not None and strategy.id not in news.book.strategies:
                self._strategies[strategy.id] = strategy
        self.book = news.book

    def stands(self, news: Stands) -> None:
        """Take notice of how an alert stands."""
        self.advance(news.at)
        if news.stands.id in self._alerts:
            self._alerts[news.stands.id] = news.stands

    def shield_told(self, message: Message) -> None:
        """Tell of a shield that begins or ends."""
        self.advance(message.time)
        self.tell(message)

    def planned(self, planned: Planned) -> None:
        """Merge a planned action, and say what became of it."""
        self.advance(planned.at)
        action, now = planned.action, self.clock
        if action.id in self._actions:
            return
        self._actions[action.id] = now
        self._alerts[planned.alert.id] = planned.alert
        if planned.strategy is not None:
            self._strategies[planned.strategy.id] = planned.strategy
        outcome = self.converge.fold(action, now)
        notices = [self._in_words(message) for message in outcome.messages]
        action = outcome.actions[-1]
        if planned.entry is not None:
            self.said.append(_told(planned.entry, action))
        # no document shows the addresses of webhooks and queues: they may hold secrets
        self.said.append(replace(action, config=None))
        self.said += notices

    def tell(self, message: Message) -> None:
        """Say a message in words."""
        self.said.append(self._in_words(message))

    def _in_words(self, message: Message) -> Notice:
        alerts = [alert for name in message.alert_ids if (alert := self._alerts.get(name)) is not None]
        message = as_ended(message, alerts)
        strategy = self._strategy(message.strategy_id) if message.strategy_id else None
        words = self._render(message, alerts, strategy, self.book, message.time)
        if words.error and alerts:
            self.said.append(failure_entry(alerts[0], words.error, message.time))
        return notice_of(message, words)

    def _strategy(self, strategy_id: str) -> Strategy | None:
        return self.book.strategies.get(strategy_id) or self._strategies.get(strategy_id)

    # --- state

    def _sweep(self, now: int) -> None:
        """Let go of what no summary can name any more."""
        self._swept = now
        withheld = list(self.converge.withheld())
        self._alerts = _those(self._alerts, (name for member in withheld for name in member.alert_ids))
        self._strategies = _those(self._strategies, (member.strategy_id for member in withheld))
        self._actions = {name: at for name, at in self._actions.items() if at > now - REMEMBERED}

    def snapshot(self) -> bytes:
        """Return everything as bytes."""
        self._sweep(self.clock)
        kept = Kept(self.clock, self.converge.snapshot(), self._alerts, self._actions, self._strategies)
        return snapshot.pack(VERSION, kept)

    def restore(self, data: bytes) -> None:
        """Take over what a snapshot kept; the rules in force come with the stream. Raises SnapshotError."""
        kept = snapshot.unpack("notices", VERSION, data, Kept)
        self.clock, self._swept = kept.clock, kept.clock
        self.converge = Converge.restore(kept.converge, self._settings, self._numbers)
        self._alerts, self._actions, self._strategies = kept.alerts, kept.actions, kept.strategies


def _those(known: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: known[name] for name in dict.fromkeys(names) if name in known}


def _told(entry: LogEntry, action: Action) -> LogEntry:
    """Return the log entry of an action, now that it is known what became of it."""
    return replace(entry, reason=reason_of(action), description=text_of(action))


TAKE: Mapping[type, Callable[[Notices, Any], None]] = {
    Planned: Notices.planned,
    Stands: Notices.stands,
    Message: Notices.shield_told,
    InForce: Notices.take_book,
    Clock: lambda notices, clock: notices.advance(clock.clock),
}
