"""The worker: one owner of many fingerprints, folding records in the order of their arrival (design.md 4, 5).

Before a record is folded, every timer due at or before its `at` fires, in order of time, with `now` = its own due time. All three
hosts (dataflow, replay, tests) drive this one class, so they cannot disagree.
"""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any

import msgspec

from operators.alert import Alert
from operators.check.chain import check
from operators.checks import EMPTY, fold_check, forget_after
from operators.combination import combination, noise_dimensions
from operators.commands import ON_SHIELDS, Command, apply_command
from operators.decode import Refusal
from operators.dedupe import fold_event
from operators.enrich.event import Dropped
from operators.event import Event
from operators.identity import slot_of
from operators.intake import Check, ReceiptLine, Record, RulesChange, Tick
from operators.reason import DeadReason
from operators.records import DeadLetter
from operators.rules.book import RuleBook
from operators.rules.model import Strategy
from operators.rules.patch import patch
from operators.scene import Render, Scene
from operators.settings import CoreSettings
from operators.shared import Shared
from operators.slot import Slot
from operators.state import State
from operators.telling import Note, judged, note_entry, say_messages
from operators.turn import Turn

CheckTemplate = Callable[[str], str | None]


class Worker:
    """Folds records and fires timers. What it says is appended to `said` in the order of its making."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        self.said: list[Any] = []
        self.scene = Scene(settings, book, say=self._say, find=self.find, render=render)
        self.slots: dict[str, Slot] = {}
        self.clock = 0
        self.shared = Shared(self.scene)
        self._check_template = check_template
        self._ids: dict[str, str] = {}
        self._heap: list[tuple[int, str]] = []
        self._queued: dict[str, int] = {}
        self._forced: set[str] = set()

    def _say(self, thing: Any) -> None:
        self.said.append(thing)

    def drain(self) -> list[Any]:
        """Return what was said since the last call."""
        said = self.said[:]
        self.said.clear()
        return said

    # --- records

    def fold(self, record: Record) -> None:
        """Fold one record at its arrival time."""
        if record.at > self.clock:
            self.advance(record.at)
        body = record.body
        if type(body) is Event:
            self._fold_event(body)
        else:
            refusal = FOLD[type(body)](self, body)
            if refusal is not None:
                self._refuse(record, refusal)

    def _refuse(self, record: Record, refusal: Refusal) -> None:
        self.say_dead(refusal, record.source, record.position, record.raw)

    def say_dead(self, refusal: Refusal, source: str, position: str, raw: bytes) -> None:
        """Say a dead letter."""
        text = raw.decode("utf-8", "backslashreplace")
        self._say(
            DeadLetter(
                time=self.clock, source=source, position=position, reason=refusal.reason, detail=refusal.detail, raw=text
            )
        )

    def _fold_event(self, event: Event) -> None:
        self.scene.counts.events += 1
        if event.at != self.clock:
            event = msgspec.structs.replace(event, at=self.clock, create_time=self.clock)
        if event.strategy_id and (strategy := self.scene.book.strategies.get(event.strategy_id)):
            self._note_series(strategy, event)
        turn = self._turn(event.dedupe_md5, self.clock)
        self._finish(turn, looks=fold_event(turn, event))

    def _note_series(self, strategy: Strategy, event: Event) -> None:
        names = noise_dimensions(strategy)
        if names is not None:
            self.scene.noise.seen(strategy, [combination(event, names)], self.clock)

    def _fold_check(self, body: Check) -> None:
        turn = self._turn(body.dedupe_md5, self.clock)
        strategy_id = turn.alert.strategy_id if turn.is_open and turn.alert else body.event.strategy_id
        strategy = self.scene.strategy(strategy_id) if strategy_id else None
        if strategy is not None:
            self._note_series(strategy, body.event)
        turn.keep(checks=fold_check(turn.state.checks or EMPTY, body.result, strategy))
        turn.touched = self.clock
        self._finish(turn, looks=True)

    def _fold_command(self, body: Command) -> Refusal | None:
        if body.command in ON_SHIELDS:
            return self._fold_shield(body)
        dedupe_md5 = body.dedupe_md5 or self._ids.get(body.alert_id or "")
        if dedupe_md5 is None or self._state(dedupe_md5) is None:
            return Refusal(DeadReason.UNKNOWN_ALERT, f"no alert {body.alert_id or body.dedupe_md5}")
        if body.alert_id and (known := self.find(body.alert_id)) and known.end_time is not None:
            return Refusal(DeadReason.ALERT_ENDED, f"alert {known.id} has ended ({known.status})")
        turn = self._turn(dedupe_md5, self.clock)
        refusal = apply_command(turn, body)
        self._finish(turn, looks=True)
        return refusal

    def _fold_shield(self, body: Command) -> Refusal | None:
        """Begin or end a shield at once."""
        if body.command == "shield":
            refusal = self._change(RulesChange(put={"shields": [body.shield]}), DeadReason.INVALID_RULES)
        elif str(body.id) not in self.scene.book.shields:
            refusal = Refusal(DeadReason.UNKNOWN_SHIELD, f"no shield {body.id}")
        else:
            refusal = self._change(RulesChange(delete={"shields": [body.id]}), DeadReason.INVALID_RULES)
        if refusal is None:
            self.shared.remember_shield(body)
            self.recheck(within=0)
        return refusal

    def _fold_rules(self, body: RulesChange) -> Refusal | None:
        return self._change(body, DeadReason.INVALID_RULES)

    def _change(self, change: RulesChange, reason: DeadReason) -> Refusal | None:
        book = patch(self.scene.book, change.put, change.delete, self._check_template)
        if isinstance(book, list):
            return Refusal(reason, "; ".join(str(error) for error in book))
        self.put_book(book)
        return None

    def _fold_refusal(self, body: Refusal) -> Refusal:
        return body

    def _fold_dropped(self, body: Dropped) -> None:
        self.scene.counts.events += 1
        self.scene.counts.dropped += 1
        self._say(body)

    def _fold_nothing(self, _: object) -> None:
        """Only move the clock."""

    # --- rules

    def put_book(self, book: RuleBook) -> None:
        """Take new rules into force; each open alert sees them within `check_interval` (design.md 4)."""
        book = self.shared.with_shields(book, self._check_template)
        before = self.scene.book
        if book.version == self.shared.rules_version:
            return
        self.shared.rules_version = book.version
        gone = {alert.strategy_id for alert in self.open_alerts()} - book.strategies.keys()
        known = {**before.strategies, **self.scene.retired}
        self.scene.retired = {key: known[key] for key in sorted(gone) if key in known}
        self.scene.book = book
        self.shared.plan_shield_notices(self.clock)
        self.recheck(within=self.scene.settings.check_interval)

    def recheck(self, *, within: int) -> None:
        """Let every open alert be looked at within some seconds, spread over them; 0 = now."""
        for alert in self.open_alerts():
            md5 = alert.dedupe_md5
            self._forced.add(md5)
            self._schedule(md5, self.clock + (1 + int(md5[2:8], 16) % within if within else 0))
        self.advance(self.clock)

    def open_alerts(self) -> Iterable[Alert]:
        """Return the open alerts."""
        for slot in self.slots.values():
            for state in slot.states.values():
                if state.is_open and state.alert is not None:
                    yield state.alert

    # --- time

    def advance(self, now: int) -> None:
        """Fire every timer due at or before `now`, in order of time, and set the clock."""
        if not self.clock:  # nothing was due before the first record
            self.clock = now
            self.shared.plan_shield_notices(now)
        now = max(now, self.clock)
        while True:
            due = self._next_due()
            if due is None or due > now:
                break
            self.clock = max(due, self.clock)
            self._fire(due)
        self.clock = now

    def _next_due(self) -> int | None:
        shared = self.shared.next_due()
        if not self._heap:
            return shared
        return self._heap[0][0] if shared is None else min(shared, self._heap[0][0])

    def _fire(self, due: int) -> None:
        """Fire what is due at one second: noise, converge and shield notices first, then the alerts' own."""
        if (shared := self.shared.next_due()) is not None and shared <= due:
            for window in self.scene.noise.fire(due):
                self._note(judged(self.scene, window))
            self._note(say_messages(self.scene, self.scene.converge.fire(due).messages))
            self._note(say_messages(self.scene, self.shared.fire_shield_notices(due)))
        while self._heap and self._heap[0][0] <= due:
            self._wake(*heappop(self._heap))

    def _note(self, notes: Iterable[Note]) -> None:
        """Write into the logs of alerts what was decided about them elsewhere."""
        for note in notes:
            alert = self.find(note.alert_id)
            if alert is not None:
                self._say(note_entry(alert, note, self.clock))

    def _wake(self, due: int, md5: str) -> None:
        if self._queued.get(md5) != due:
            return  # an earlier one took its place
        del self._queued[md5]
        state = self._state(md5)
        if state is None:
            return
        forced = md5 in self._forced
        wakes_at = state.wakes_at()
        if not forced and (wakes_at is None or wakes_at > due):
            self._schedule(md5, wakes_at)
            return
        self._forced.discard(md5)
        turn = Turn(state, self.scene, self.clock)
        turn.flush()
        self._finish(turn, looks=forced or (state.due is not None and state.due <= due))

    def _schedule(self, md5: str, due: int | None) -> None:
        if due is None:
            return
        queued = self._queued.get(md5)
        if queued is None or due < queued:
            self._queued[md5] = due
            heappush(self._heap, (due, md5))

    # --- states

    def _state(self, md5: str) -> State | None:
        slot = self.slots.get(slot_of(md5))
        return None if slot is None else slot.states.get(md5)

    def find(self, alert_id: str) -> Alert | None:
        """Return an alert as it now stands, also one that gave way to another a short while ago."""
        md5 = self._ids.get(alert_id)
        state = self._state(md5) if md5 else None
        if state is None:
            return None
        known = (state.alert, *reversed(state.previous))
        return next((alert for alert in known if alert is not None and alert.id == alert_id), None)

    def _turn(self, md5: str, now: int) -> Turn:
        state = self._state(md5)
        return Turn(state or State(md5, generation=now, touched=now), self.scene, now)

    def _finish(self, turn: Turn, *, looks: bool) -> None:
        """Let the checkers look, and keep the state that follows."""
        if turn.is_open:
            if looks:
                check(turn)
            elif turn.state.due is not None:
                turn.looks.append(turn.state.due)
        if not turn.is_open and self._forget(turn):
            return
        state = turn.finish()
        md5 = state.dedupe_md5
        key = slot_of(md5)
        slot = self.slots.get(key)
        if slot is None:
            slot = self.slots[key] = Slot()
        self._index(slot.states.get(md5), state)
        slot.put(state)
        self._schedule(md5, state.wakes_at())

    def _forget(self, turn: Turn) -> bool:
        """Drop a state that can no longer matter; else ask for the moment at which it will not."""
        state, retention = turn.state, self.scene.settings.ended_retention
        until = max(turn.touched, state.ended_at or 0) + retention
        if state.checks is not None and (last := forget_after(state.checks, self._strategy_of(state))) is not None:
            until = max(until, last)
        if turn.now < until:
            turn.look(until)
            return False
        turn.flush(now_or_never=True)
        gone = turn.finish()
        if self._state(gone.dedupe_md5) is not None:
            self.slots[slot_of(gone.dedupe_md5)].drop(gone.dedupe_md5)
        self._index(gone, None)
        return True

    def _strategy_of(self, state: State) -> Strategy | None:
        return self.scene.strategy(state.alert.strategy_id) if state.alert else None

    def _index(self, before: State | None, after: State | None) -> None:
        """Keep alert ids pointing at their fingerprint."""
        if before is not None and after is not None and _is_same_alert(before, after):
            return
        old, new = _alert_ids(before), _alert_ids(after)
        for alert_id in old:
            if alert_id not in new:
                self._ids.pop(alert_id, None)
        for alert_id in new:
            self._ids[alert_id] = after.dedupe_md5 if after else ""

    def close(self) -> None:
        """Write open runs and stale documents: nothing more will come."""
        for key in sorted(self.slots):
            for state in list(self.slots[key].states.values()):
                if state.run is not None or state.stale_since is not None:
                    turn = Turn(state, self.scene, self.clock)
                    turn.flush(now_or_never=True)
                    self.slots[key].put(turn.finish())

    def slots_due(self, now: int) -> set[str]:
        """Return the slots with a timer due at or before `now`."""
        heap, found, places = self._heap, set(), [0]
        while places:
            place = places.pop()
            if place < len(heap) and heap[place][0] <= now:
                found.add(slot_of(heap[place][1]))
                places += (2 * place + 1, 2 * place + 2)
        return found

    def snapshot_shared(self) -> bytes:
        """Return what no slot owns."""
        return self.shared.snapshot(self.clock)

    def restore_shared(self, data: bytes) -> None:
        """Take over what no slot owns, and the clock."""
        self.clock = max(self.clock, self.shared.restore(data))

    def adopt(self, key: str, slot: Slot) -> None:
        """Take over a restored slot."""
        self.slots[key] = slot
        for state in slot.states.values():
            self._index(None, state)
            self._schedule(state.dedupe_md5, state.wakes_at())


FOLD: dict[type, Callable[[Worker, Any], Refusal | None]] = {
    Check: Worker._fold_check,
    Command: Worker._fold_command,
    RulesChange: Worker._fold_rules,
    Refusal: Worker._fold_refusal,
    Dropped: Worker._fold_dropped,
    ReceiptLine: Worker._fold_nothing,
    Tick: Worker._fold_nothing,
}


def _is_same_alert(before: State, after: State) -> bool:
    if before.alert is None or after.alert is None:
        return before.alert is after.alert
    return before.alert.id == after.alert.id and before.previous is after.previous


def _alert_ids(state: State | None) -> tuple[str, ...]:
    if state is None or state.alert is None:
        return ()
    return (state.alert.id, *(alert.id for alert in state.previous))
