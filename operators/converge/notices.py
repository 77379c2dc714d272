"""Stage 3: what is handed over is merged, put into words and logged; one store a slot of businesses.

Every group and gate of merging names its business, so a slot needs no order with others. It is given what was planned
with the alert as it stood then, how alerts stand that a summary may yet name, the rules in force, and clocks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from operators.converge.inhibition import AT_ONCE, Inhibition
from operators.converge.inhibition import Kept as KeptInhibition
from operators.converge.machine import Converge
from operators.converge.message import as_ended
from operators.converge.model import Numbers
from operators.converge.owed import Untold, attempt
from operators.converge.verdict import NOTICE
from operators.converge.words import Render, entry_of, failure_entry, late_entry, notice_of
from operators.intake.handover import Clock, Handed, Over, Party, Planned, Stands
from operators.intake.name import InForce
from operators.model import snapshot
from operators.model.alert import Alert
from operators.model.reason import Reason
from operators.model.records import Action, LogEntry, Message, Notice
from operators.model.settings import CoreSettings
from operators.plan.send import shown
from operators.rules.ask.look import Look
from operators.rules.book import RuleBook
from operators.rules.shapes.model import Strategy
from operators.state.scene import default_notice

VERSION = 2
"""Format of the snapshot."""
REMEMBERED = 3600
"""Seconds for which actions that were taken are known: one that comes again changes nothing."""
SWEEP = 600
"""Seconds between two clearings of what can no longer matter."""

replace = msgspec.structs.replace
Taken = Handed | InForce | Clock | Over


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
    inhibition: KeptInhibition = KeptInhibition()


class Notices:
    """The notices of the businesses of one slot. Input comes in order of time; what is late counts as now."""

    def __init__(self, settings: CoreSettings, render: Render, numbers: Numbers | None = None) -> None:
        self._settings, self._render, self._numbers = settings, render, numbers
        self.clock = 0
        self.converge = Converge(settings, numbers)
        self.inhibition = Inhibition()
        self._default_notice = default_notice(settings)
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
        now = max(self.clock, now)
        if self.converge.may_fire(now) or self.inhibition.next_place() is not None:
            self._fire_until(now)
        self.clock = now
        if now >= self._swept + SWEEP:
            self._sweep(now)

    def _fire_until(self, now: int) -> None:
        while (place := self.next_place()) is not None and place[0] <= now:
            self.fire_next()

    def next_place(self) -> tuple[int, int] | None:
        """Return second and number of what `fire_next` fires next."""
        merging, inhibited = self.converge.next_place(), self.inhibition.next_place()
        return merging if inhibited is None or (merging is not None and merging < inhibited) else inhibited

    def fire_next(self) -> None:
        """Fire the next thing that is due, whenever that is."""
        place = self.inhibition.next_place()
        if place is None or place != self.next_place():
            for message in self.converge.fire_next():
                self.tell(message)
            return
        second, number = place
        self._judge(second - 1 if number == AT_ONCE else second)

    def close(self) -> None:
        """Judge what waits for the end of its second: nothing more will come."""
        place = self.inhibition.next_place()
        if place is not None and place[1] == AT_ONCE:
            self.advance(self.clock)
            self._judge(self.clock)

    def take_book(self, news: InForce) -> None:
        """Take rules into force; of a strategy that has left them, its last form is told of."""
        for name in self._strategies_to_come():
            strategy = self.book.strategies.get(name)
            if strategy is not None and strategy.id not in news.book.strategies:
                self._strategies[strategy.id] = strategy
        self.book = news.book
        self.inhibition.recheck(self.clock + self._settings.check_interval)

    def _strategies_to_come(self) -> Iterator[str]:
        """Yield the strategies of which something is yet to be told."""
        yield from (member.strategy_id for member in self.converge.withheld())
        yield from (alert.strategy_id for alert in self.inhibition.alerts())

    def stands(self, news: Stands) -> None:
        """Take notice of how an alert stands."""
        if news.stands.id in self._alerts:
            self.advance(news.at)
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
        if action.plugin_type == NOTICE and self.inhibition.concerns(planned):
            self.inhibition.wait(planned, now)
        else:
            self._merge(action, planned.entry, now)

    def _merge(self, action: Action, entry: LogEntry | None, now: int) -> None:
        """Merge an action that nothing keeps back."""
        outcome = self.converge.fold(action, now)
        notices = [self._in_words(message) for message in outcome.messages]
        action = outcome.actions[-1]
        if entry is not None:
            self.said.append(entry_of(entry, action))
        self.said.append(shown(action))
        self.said += notices

    def met(self, party: Party) -> None:
        """Take notice of how an alert stands that a rule of inhibition concerns."""
        self.advance(party.at)
        for owed in self.inhibition.meet(party, self.clock):
            if owed.entry is not None:
                self._keep_back(
                    Reason.SIGNAL_STALE, owed.action, owed.entry, "the alert ended before its repeat was due"
                )

    def _judge(self, now: int) -> None:
        """Judge a second that is over: what was planned in it, then whom nothing inhibits any more."""
        for planned in self.inhibition.take_waiting():
            judged = self.inhibition.judge(planned)
            if judged.why is not None:
                self._keep_back(Reason.INHIBITED, judged.action, planned.entry, judged.why)
            elif not judged.waits:
                self._merge(judged.action, planned.entry, now)
        for untold in self.inhibition.free(now):
            self._tell_late(untold, now)

    def _tell_late(self, untold: Untold, now: int) -> None:
        """Tell what was inhibited, if people can be reached."""
        alert, strategy = untold.alert, self._strategy(untold.alert.strategy_id)
        look = Look(alert, strategy, self.book, self._settings, now, default_notice=self._default_notice)
        tried = attempt(untold, look)
        self.inhibition.keep(tried.left)
        for one in tried.told:
            self._alerts[alert.id] = alert
            self._merge(one.action, one.entry or late_entry(alert, one.action), now)

    def _keep_back(self, reason: Reason, action: Action, entry: LogEntry | None, why: str) -> None:
        """Say that an action is not told."""
        action = action.moved("skipped", reason)
        if entry is not None:
            self.said.append(entry_of(entry, action, why))
        self.said.append(action)

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
        named = (name for member in self.converge.withheld() for name in member.alert_ids)
        self._alerts = _those(self._alerts, (*named, *self.inhibition.named()))
        self._strategies = _those(self._strategies, self._strategies_to_come())
        self.inhibition.sweep(now)
        self._actions = {name: at for name, at in self._actions.items() if at > now - REMEMBERED}

    def snapshot(self) -> bytes:
        """Return everything as bytes."""
        self._sweep(self.clock)
        kept = Kept(
            self.clock,
            self.converge.snapshot(),
            self._alerts,
            self._actions,
            self._strategies,
            self.inhibition.snapshot(),
        )
        return snapshot.pack(VERSION, kept)

    def restore(self, data: bytes) -> None:
        """Take over what a snapshot kept; the rules in force come with the stream. Raises SnapshotError."""
        kept = snapshot.unpack("notices", VERSION, data, Kept)
        self.clock, self._swept = kept.clock, kept.clock
        self.converge = Converge.restore(kept.converge, self._settings, self._numbers)
        self._alerts, self._actions, self._strategies = kept.alerts, kept.actions, kept.strategies
        self.inhibition = Inhibition.restore(kept.inhibition)


def _those(known: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: known[name] for name in dict.fromkeys(names) if name in known}


TAKE: Mapping[type, Callable[[Notices, Any], None]] = {
    Planned: Notices.planned,
    Stands: Notices.stands,
    Party: Notices.met,
    Message: Notices.shield_told,
    InForce: Notices.take_book,
    Clock: lambda notices, clock: notices.advance(clock.clock),
    Over: lambda notices, _: notices.close(),
}
