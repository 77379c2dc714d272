"""The worker: one owner of many fingerprints, folding records in the order of their arrival (design.md 4, 5).

Before a record is folded, every timer due at or before its `at` fires, in order of time, with `now` = its own due
time. All three hosts (dataflow, replay, tests) drive this one class, so they cannot disagree.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from operators.check.results import forget_after
from operators.intake.decode import Refusal
from operators.intake.name import Body, Record, RulesChange
from operators.lifecycle.checkers import check
from operators.lifecycle.fold import FOLD
from operators.lifecycle.repeat import fold_repeat
from operators.model.event import Event
from operators.model.reason import DeadReason, OpType
from operators.model.records import DeadLetter
from operators.model.settings import CoreSettings
from operators.plan.later import tell_rest
from operators.plan.plan import settle_held
from operators.plan.send import Note, note_entry, say_messages
from operators.rules.book import RuleBook
from operators.rules.read.patch import patch
from operators.rules.shapes.model import Strategy
from operators.state.scene import Render, Scene
from operators.state.shared import Shared
from operators.state.slot import Slot
from operators.state.slots import States
from operators.state.state import State
from operators.state.timers import Timers
from operators.state.turn import Turn

CheckTemplate = Callable[[str], str | None]
Table = Mapping[type, Callable[[Any, Any], Refusal | None]]


class Worker:
    """Folds records and fires timers. What it says is appended to `said` in the order of its making."""

    table: Table = FOLD
    """What each kind of body does."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        self.said: list[Any] = []
        self.states = States()
        self.scene = Scene(settings, book, say=self.said.append, find=self.states.find, render=render)
        self.clock = 0
        self._arrival = 0
        """Arrival of the record that is folded; behind the clock where the record was late."""
        self.shared = Shared(self.scene)
        self._check_template = check_template
        self._timers = Timers()

    def drain(self) -> list[Any]:
        """Return what was said since the last call."""
        said = self.said[:]
        self.said.clear()
        return said

    # --- records

    def meant(self, body: Body, kind: str) -> Body:  # noqa: ARG002 - a job of its own looks at the kind of topic
        """Return what a body from a topic of this kind is to this job."""
        return body

    def fold(self, record: Record) -> None:
        """Fold one record at its arrival time."""
        if record.at > self.clock:
            self.advance(record.at)
        body = record.body
        self._arrival = record.at
        refusal = self.table[type(body)](self, body)
        if refusal is not None and not record.is_quiet:
            self.say_dead(refusal, record.source, record.position, record.raw)

    def say_dead(self, refusal: Refusal, source: str, position: str, raw: bytes) -> None:
        """Say a dead letter."""
        letter = DeadLetter(
            time=self.clock,
            source=source,
            position=position,
            reason=refusal.reason,
            detail=refusal.detail,
            raw=raw.decode("utf-8", "backslashreplace"),
        )
        self.said.append(letter)

    # --- rules

    def change_rules(self, change: RulesChange, *, at_once: bool = False) -> Refusal | None:
        """Take a change of the rules into force, or refuse all of it; `at_once`: every open alert looks now."""
        book = patch(self.scene.book, change.put, change.delete, self._check_template)
        if isinstance(book, list):
            return Refusal(DeadReason.INVALID_RULES, "; ".join(str(error) for error in book))
        self.shared.overlay.remember(change.put, change.delete)
        self._enforce(book)
        if at_once:
            self._recheck_now()
        return None

    def put_book(self, book: RuleBook) -> None:
        """Take new rules into force, with what the stream changed laid over them."""
        self._enforce(self.shared.overlay.over(book, self._check_template))

    def _enforce(self, book: RuleBook) -> None:
        """Take a book into force; each open alert sees it within `check_interval` (design.md 4)."""
        before, self.scene.book = self.scene.book, book
        if book.version == self.shared.rules_version:
            return
        self.shared.rules_version = book.version
        gone = {alert.strategy_id for alert in self.states.open()} - book.strategies.keys()
        known = {**before.strategies, **self.scene.retired}
        self.scene.retired = {key: known[key] for key in sorted(gone) if key in known}
        if self.clock:  # before the first record there is no time to tell anything at
            self.shared.plan_shield_notices(self.clock)
            self._note(say_messages(self.scene, self.shared.fire_shield_notices(self.clock)))
            self._recheck_soon()

    def _recheck_soon(self) -> None:
        """Let every open alert be looked at within `check_interval`, spread over it."""
        within = self.scene.settings.check_interval
        for alert in list(self.states.open()):
            md5 = alert.dedupe_md5
            at = self.clock + 1 + int(md5[2:8], 16) % max(within, 1)
            state = self.states.get(md5)
            if state is not None and (state.due is None or at < state.due):
                state.due = at
                self.states.put(state)
                self._timers.schedule(md5, at)

    def _recheck_now(self) -> None:
        """Let every open alert be looked at now."""
        for md5 in sorted(alert.dedupe_md5 for alert in self.states.open()):
            self._wake(md5, looks=True)

    # --- time

    def advance(self, now: int) -> None:
        """Let the clock go on to `now`; every timer due by then fires, in order of time."""
        if now <= self.clock:
            return  # a tick within a second changes nothing
        if not self.clock:  # nothing was due before the first record
            self.clock = now
            self.shared.plan_shield_notices(now)
        self._fire_until(now)
        self.clock = now

    def _fire_until(self, now: int) -> None:
        while (due := self._next_due()) is not None and due <= now:
            self.clock = max(due, self.clock)
            self._fire(self.clock)

    def _next_due(self) -> int | None:
        shared, own = self.shared.next_due(), self._timers.next_due()
        if shared is None or own is None:
            return own if shared is None else shared
        return min(shared, own)

    def _fire(self, due: int) -> None:
        """Fire what is due at one second: noise, converge and shield notices first, then the alerts' own."""
        if (shared := self.shared.next_due()) is not None and shared <= due:
            self._judge_noise(due)
            self._note(say_messages(self.scene, self.scene.converge.fire(due).messages))
            self._note(say_messages(self.scene, self.shared.fire_shield_notices(due)))
        while (md5 := self._timers.pop(due)) is not None:
            self._wake(md5)

    def _judge_noise(self, due: int) -> None:
        """Judge the windows of noise reduction that end; a held notice belongs to an open alert."""
        for window in self.scene.noise.fire(due):
            for action in (*window.suppressed, *window.released):
                state = self.states.named(action.alert_ids[0])
                if state is not None:
                    turn = Turn(state, self.scene, self.clock)
                    settle_held(turn, action, window)
                    self.finish(turn, looks=False)

    def _note(self, notes: Iterable[Note]) -> None:
        """Write into the logs of alerts what was decided about them elsewhere."""
        for note in notes:
            state = self.states.named(note.alert_id)
            if state is None or state.alert is None:
                continue
            turn = Turn(state, self.scene, self.clock)
            if turn.current().id == note.alert_id:
                turn.log(OpType.ACTION, note.reason, note.text)
                self.finish(turn, looks=False)
            elif (alert := self.states.find(note.alert_id)) is not None:
                self.said.append(note_entry(alert, note, self.clock))

    def _wake(self, md5: str, *, looks: bool = False) -> None:
        """Do what is due of one fingerprint; with `looks` the checkers look whether they are due or not."""
        state = self.states.get(md5)
        if state is None:
            return
        wakes_at = state.wakes_at()
        if not looks and (wakes_at is None or wakes_at > self.clock):
            self._timers.schedule(md5, wakes_at)
            return
        turn = Turn(state, self.scene, self.clock)
        turn.flush()
        if not looks and state.is_open and (state.due is None or state.due > self.clock):
            turn.due = state.due  # only a minute is over
            self._keep(turn)
        else:
            self.finish(turn, looks=True)

    # --- states

    def turn(self, md5: str) -> Turn:
        """Begin a turn of a fingerprint, known or not.

        The generation is the arrival of the record, not the clock's second: read again after a crash, a late record
        may find an earlier clock, and versions must not run backwards.
        """
        now = self.clock
        return Turn(self.states.get(md5) or State(md5, generation=self._arrival, touched=now), self.scene, now)

    def repeats(self, event: Event) -> bool:
        """Fold an event that repeats an open alert and moves nothing; return False for any other."""
        md5 = event.dedupe_md5
        slot = self.states.slots[md5[:2]]
        state = slot.states.get(md5)
        if state is None or not fold_repeat(state, event, self.scene, self.clock):
            return False
        slot.changed(md5)
        run = state.run
        if run is not None and run.count == 1:
            self._timers.schedule(md5, state.wakes_at())
        return True

    def finish(self, turn: Turn, *, looks: bool) -> None:
        """Let the checkers look, and keep the state that follows."""
        if looks and turn.is_open:
            check(turn)
        if not turn.is_open:
            tell_rest(turn)
            if self._forget(turn):
                return
        elif not looks:
            turn.look_as_before()
        self._keep(turn)

    def _keep(self, turn: Turn) -> None:
        """Keep the state that a turn leaves."""
        state = turn.finish()
        self.states.put(state)
        if turn.let_go is not None:
            self.states.reindex(state, turn.let_go)
        self._timers.schedule(state.dedupe_md5, state.wakes_at())

    def _forget(self, turn: Turn) -> bool:
        """Drop a state that can no longer matter; else ask for the moment at which it will not."""
        state, retention = turn.state, self.scene.settings.ended_retention
        until = max(state.touched, state.ended_at or 0) + retention
        if state.checks is not None and (last := forget_after(state.checks, self._strategy_of(state))) is not None:
            until = max(until, last)
        if turn.due is not None:
            until = max(until, turn.due)
        if turn.now < until:
            turn.look(until)
            return False
        turn.flush(now_or_never=True)
        turn.finish()
        return not self._remembers(turn)

    def _remembers(self, turn: Turn) -> bool:
        """Return True if a state still knows events that may come again; its ended alerts go (design.md 7.45)."""
        state = turn.state
        until = max(state.newest + self.scene.settings.event_expiry + 1, state.late_until) if state.recent else 0
        if turn.now >= until:
            self.states.drop(state.dedupe_md5)
            return False
        turn.let_go = [alert.id for alert in (state.alert, *state.previous) if alert is not None]
        state.alert = state.snapshot = state.checks = state.told = state.waiting = None
        state.previous = ()
        turn.look(until)
        return True

    def _strategy_of(self, state: State) -> Strategy | None:
        return self.scene.strategy(state.alert.strategy_id) if state.alert else None

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
        shared = self.shared.next_due()
        return None if shared is not None and shared <= now else self._timers.slots_due(now)

    def snapshot_shared(self) -> bytes:
        """Return what no slot owns."""
        return self.shared.snapshot(self.clock)

    def restore_shared(self, data: bytes) -> None:
        """Take over what no slot owns, and the clock."""
        self.clock = max(self.clock, self.shared.restore(data))
        self.scene.book = self.shared.overlay.over(self.scene.book, self._check_template)

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
            self._timers.schedule(state.dedupe_md5, state.wakes_at())
