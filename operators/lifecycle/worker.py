"""The worker: one owner of many fingerprints, folding records in the order of their arrival (design.md 4, 5).

Before a record is folded, every timer due at or before its `at` fires, in order of time, with `now` = its own due
time. All hosts (dataflow, replay, tests) drive this one class, so they cannot disagree.
"""

from collections.abc import Callable
from typing import Any

from operators.intake.command import outcome
from operators.intake.handover import Handed, Planned
from operators.intake.intake import dead_letter
from operators.intake.name import InForce, Record
from operators.intake.said import Said
from operators.lifecycle.announcing import Announcing
from operators.lifecycle.checkers import check
from operators.lifecycle.fold import FOLD
from operators.lifecycle.forget import forget
from operators.lifecycle.handing import Handing
from operators.lifecycle.parties import news, news_of
from operators.lifecycle.rechecks import looks_to_come, retired
from operators.lifecycle.repeat import fold_repeat
from operators.limits.noise import Judged
from operators.model.alert import ABNORMAL
from operators.model.command import Command
from operators.model.event import Event
from operators.model.records import Action
from operators.model.settings import CoreSettings
from operators.model.slot import slot_of_alert
from operators.plan.later import tell_rest
from operators.plan.plan import settle_held
from operators.rules.book import RuleBook
from operators.state.minute import end_minute
from operators.state.scene import Limits, Scene
from operators.state.slot import Slot
from operators.state.slots import States
from operators.state.state import State
from operators.state.timers import Timers, sooner
from operators.state.turn import Turn

OfSlot = Callable[[str], "Worker"]


class Worker:
    """Folds records and fires timers. What it says is appended to `said` in the order of its making.

    `hand` is called with what is to be merged and put into words, which else waits in `handed`. `limits` are those that
    several workers of a process have in common; they say what they say to the one they stand `beside`.
    """

    def __init__(
        self, settings: CoreSettings, book: RuleBook | None = None, *, limits: Limits | None = None,
        beside: "Worker | None" = None, hand: Callable[[Handed | InForce], object] | None = None, is_lean: bool = False,
    ) -> None:  # fmt: skip
        self.said: list[Any] = beside.said if beside else []
        self.handed: list[Handed | InForce] = beside.handed if beside else []
        self.states = States()
        self._pass_on = hand or self.handed.append
        self.scene = Scene(
            settings, book or RuleBook.empty(), say=self.said.append, hand=self._hand, limits=limits, is_lean=is_lean
        )
        self.clock = 0
        self._arrival = 0
        """Arrival of the record that is folded; behind the clock where the record was late."""
        self.of_slot: OfSlot = lambda _: self
        """Slot -> the worker that owns it, where a process has several."""
        self.speaks = True
        """Of several, one tells of shields and passes on rules."""
        self._handing = Handing(settings)
        self._announcing = Announcing(self.scene, self._hand)
        self._rules_version = self.scene.book.version
        """Of the book that open alerts were last promised a look at."""
        self._timers = Timers()

    def drain(self) -> Said:
        """Return what was said and handed over since the last call."""
        self._tell_changes()
        said = Said(self.said[:], self.handed[:], self.clock)
        self.said.clear()
        self.handed.clear()
        return said

    def _hand(self, handed: Handed) -> None:
        if isinstance(handed, Planned):
            self._handing.hands(handed.alert.id, handed.at)
        self._pass_on(handed)

    # --- records

    def fold(self, record: Record) -> None:
        """Fold one record at its arrival time."""
        if record.at > self.clock:
            self.advance(record.at)
        body = record.body
        self._arrival = self.clock if record.at == self.clock else record.at  # one object for all of a second
        refusal = FOLD[type(body)](self, body)
        if record.is_quiet:
            return
        if refusal is not None:
            self.said.append(dead_letter(refusal, record, self.clock))
        if type(body) is Command:
            self.said.append(outcome(body, record.source, record.position, self.clock, refusal))

    # --- rules

    def take_book(self, news: InForce) -> None:
        """Take rules into force; the stage by business reads them too."""
        self._enforce(news.book)
        if self.speaks:
            self._pass_on(news)
        if news.at_once:
            for md5 in sorted(alert.dedupe_md5 for alert in self.states.open()):
                if (state := self.states.get(md5)) is not None:
                    self._wake(state, looks=True)

    def _enforce(self, book: RuleBook) -> None:
        """Take a book into force; each open alert sees it within `check_interval` (design.md 4)."""
        before, self.scene.book = self.scene.book, book
        if book.version == self._rules_version:
            return
        self._rules_version = book.version
        self.scene.retired = retired(self.states, before, book, self.scene.retired)
        if self.clock:  # before the first record there is no time to tell anything at
            self._announcing.due = self.clock
            self._announcing.tell(self.clock, speaks=self.speaks)
            self._recheck_soon()
            for party in news(self.states, before, book, self.clock):
                self._pass_on(party)

    def _recheck_soon(self) -> None:
        """Let every open alert be looked at within `check_interval`, spread over it."""
        for state, at in looks_to_come(self.states, self.clock, self.scene.settings.check_interval):
            state.due = at
            self.states.put(state)
            self._timers.schedule(state, at)

    # --- time

    def advance(self, now: int) -> None:
        """Let the clock go on to `now`; every timer due by then fires, in order of time."""
        if now <= self.clock:
            return  # a tick within a second changes nothing
        if not self.clock:  # nothing was due before the first record
            self.clock = self._announcing.due = now
        self._fire_until(now)
        self._move(now)

    def _move(self, now: int) -> None:
        """Let a second end: what changed in it is told as it then stood."""
        if now > self.clock:
            self._tell_changes()
            self.clock = now

    def _tell_changes(self) -> None:
        for stands in self._handing.stands(self.states, self.clock):
            self._pass_on(stands)

    def _fire_until(self, now: int) -> None:
        while (due := sooner(self._shared_due(), self._timers.next_due())) is not None and due <= now:
            self._move(due)
            self._fire(self.clock)

    def _shared_due(self) -> int | None:
        """Return the next second at which noise reduction or a shield notice is due."""
        return sooner(self.scene.noise.next_due(), self._announcing.due)

    def _fire(self, due: int) -> None:
        """Fire what is due at one second: noise and shield notices first, then the alerts' own."""
        if (shared := self._shared_due()) is not None and shared <= due:
            for window in self.scene.noise.fire(due):
                for action in (*window.suppressed, *window.released):
                    self.of_slot(slot_of_alert(action.alert_ids[0])).settle(action, window, due)
            self._announcing.tell(due, speaks=self.speaks)
        while (state := self._timers.pop(due)) is not None:
            self._wake(state)

    def settle(self, action: Action, window: Judged, now: int) -> None:
        """Carry out what noise reduction decided on a notice that it held; it belongs to an open alert."""
        state = self.states.named(action.alert_ids[0])
        if state is not None:
            turn = Turn(state, self.scene, now)
            settle_held(turn, action, window)
            self.finish(turn, looks=False)

    def _wake(self, state: State, *, looks: bool = False) -> None:
        """Do what is due of one fingerprint; with `looks` the checkers look whether they are due or not."""
        wakes_at = state.wakes_at()
        if not looks and (wakes_at is None or wakes_at > self.clock):
            self._timers.schedule(state, wakes_at)
            return
        alert, looks = state.alert, looks or (state.due is not None and state.due <= self.clock)
        if not looks and alert is not None and alert.status == ABNORMAL:
            end_minute(state, alert, self.scene, self.clock)
            self._leave(state)
            return
        turn = Turn(state, self.scene, self.clock)
        turn.flush()
        self.finish(turn, looks=True)

    # --- states

    def turn(self, md5: str) -> Turn:
        """Begin a turn of a fingerprint, known or not.

        The generation is the arrival of the record, not the clock's second: read again after a crash, a late record
        may find an earlier clock, and versions must not run backwards.
        """
        state = self.states.get(md5) or State(md5, generation=self._arrival, touched=self.clock)
        return Turn(state, self.scene, self.clock)

    def repeats(self, event: Event) -> bool:
        """Fold an event that repeats an open alert and moves nothing; return False for any other."""
        state, scene = self.states.get(event.dedupe_md5), self.scene
        if state is None or not fold_repeat(state, event, scene, self.clock):
            return False
        if self._handing.awaited and not scene.is_lean:  # without words, a summary asks only whether it is open
            self._handing.changes(state)
        if (run := state.run) is not None and run.count == 1:
            self._timers.schedule(state, state.wakes_at())
        return True

    def finish(self, turn: Turn, *, looks: bool) -> None:
        """Let the checkers look, and keep the state that follows."""
        if looks and turn.is_open:
            check(turn)
        if not turn.is_open:
            tell_rest(turn)
            if turn.state.known is not None:
                self._tell_party(turn.state)
            if forget(turn):
                self.states.drop(turn.state.dedupe_md5)
                return
        elif not looks:
            turn.look_as_before()
        state = turn.finish()
        self.states.put(state)
        self._leave(state)
        if turn.let_go is not None:
            self.states.reindex(turn.state, turn.let_go)

    def _leave(self, state: State) -> None:
        """Let a state that may have changed be, until it wakes."""
        if self.scene.book.inhibit_index:
            self._tell_party(state)
        if self._handing.awaited:
            self._handing.changes(state)
        self._timers.schedule(state, state.wakes_at())

    def _tell_party(self, state: State) -> None:
        """Hand over what rules of inhibition ask of an alert, if that is news."""
        if (party := news_of(state, self.scene.book, self.clock)) is not None:
            self._pass_on(party)

    def close(self) -> None:
        """Do what is due already, then write open runs and stale documents: nothing more will come."""
        self._fire_until(self.clock)
        for state in self.states.unwritten():
            turn = Turn(state, self.scene, self.clock)
            turn.flush(now_or_never=True)
            self.states.put(turn.finish())

    # --- snapshots

    def slots_due(self, now: int) -> set[str] | None:
        """Return the slots with a timer due at or before `now`; None: what is due may concern any slot."""
        shared = self._shared_due()
        return None if shared is not None and shared <= now else self._timers.slots_due(now)

    def snapshot_shared(self, *, limits: bool = True) -> bytes:
        """Return what no slot owns; without `limits` what is this worker's alone."""
        return self.scene.snapshot(
            self.clock, self._announcing.news, self._rules_version, self._handing.awaited, limits=limits
        )

    def restore_shared(self, data: bytes) -> None:
        """Take over what no slot owns, and the clock. Raises SnapshotError."""
        kept = self.scene.restore(data)
        self.clock = max(self.clock, kept.clock)
        self._announcing.restore(kept.news)
        self._rules_version, self._handing.awaited = kept.rules_version, kept.awaited

    def snapshot_slot(self, key: str) -> bytes:
        """Return the state of a slot."""
        return (self.states.slots.get(key) or Slot()).snapshot()

    def restore_slot(self, key: str, data: bytes) -> None:
        """Take over a slot from its snapshot. Raises SnapshotError."""
        self.adopt(key, Slot.restore(data))

    def adopt(self, key: str, slot: Slot) -> None:
        """Take over a restored slot."""
        self.states.adopt(key, slot)
        for state in slot.states.values():
            self._timers.schedule(state, state.wakes_at())
