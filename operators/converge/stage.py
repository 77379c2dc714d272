"""The core of the job of notices: planned actions in; messages, their words, and what became of the actions out."""

from collections.abc import Iterable

import msgspec

from operators.converge import Converge
from operators.intake.name import Body, RulesChange, Tick
from operators.lifecycle.fold import FOLD
from operators.lifecycle.worker import CheckTemplate, Worker
from operators.model import snapshot
from operators.model.alert import Alert
from operators.model.command import ON_SHIELDS, Command
from operators.model.handover import Planned
from operators.model.reason import Reason
from operators.model.records import Action
from operators.model.settings import CoreSettings
from operators.plan.send import Note, note_entry, say_messages
from operators.rules.book import RuleBook
from operators.state.scene import Render

VERSION = 1
REMEMBERED = 3600
"""Seconds beyond the windows of merging for which actions and alerts are remembered."""

replace = msgspec.structs.replace


class Kept(msgspec.Struct, frozen=True):
    """The snapshot of a slot."""

    converge: bytes
    alerts: dict[str, tuple[int, Alert]]
    actions: dict[str, int]


class Businesses:
    """A slot: the notices of the businesses whose route leads to it."""

    def __init__(self, settings: CoreSettings, kept: Kept | None = None) -> None:
        self.converge = Converge.restore(kept.converge, settings) if kept else Converge(settings)
        self.alerts: dict[str, tuple[int, Alert]] = kept.alerts if kept else {}
        """When last told, and the alert as it then stood."""
        self.actions: dict[str, int] = kept.actions if kept else {}
        """Actions that were folded: one that comes again (its job was killed before a snapshot) changes nothing."""
        self._forgot = 0

    def forget(self, horizon: int) -> None:
        """Let go of what can no longer matter, now and then."""
        if horizon < self._forgot + REMEMBERED // 4:
            return
        self._forgot = horizon
        self.alerts = {name: told for name, told in self.alerts.items() if told[0] > horizon}
        self.actions = {name: at for name, at in self.actions.items() if at > horizon}

    def snapshot(self) -> bytes:
        """Return everything as bytes."""
        return snapshot.pack(VERSION, Kept(self.converge.snapshot(), self.alerts, self.actions))


class Notices(Worker):
    """Merges and words what the job of alerts planned. Commands and changes of rules it reads for the shields' sake."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        super().__init__(settings, book, render, check_template)
        self.slots: dict[str, Businesses] = {}
        self.scene.find = self._find

    def meant(self, body: Body, kind: str) -> Body:
        """Of the topic that every job reads only shields and changes of rules concern this one."""
        is_ours = isinstance(body, RulesChange) or (isinstance(body, Command) and body.command in ON_SHIELDS)
        return body if kind != "command" or is_ours else Tick()

    def _find(self, alert_id: str) -> Alert | None:
        told = (slot.alerts.get(alert_id) for slot in self.slots.values())
        return next((one[1] for one in told if one is not None), None)

    def take(self, planned: Planned) -> None:
        """Fold a planned action, or take notice of how an alert now stands."""
        slot = self.slots.get(planned.slot)
        if slot is None:
            slot = self.slots[planned.slot] = Businesses(self.scene.settings)
        slot.alerts[planned.alert.id] = (self.clock, planned.alert)
        action = planned.action
        if action is not None and action.id not in slot.actions:
            slot.actions[action.id] = self.clock
            slot.forget(self.clock - REMEMBERED - 2 * self.scene.settings.converge.window)
            self._merge(slot, action)

    def _merge(self, slot: Businesses, action: Action) -> None:
        outcome = slot.converge.fold(action, self.clock)
        action = outcome.actions[-1]
        self.said.append(replace(action, config=None))  # as in telling.py
        if action.status != "success":
            self._say_notes([Note(name, Reason(action.reason), action.plugin_type) for name in action.alert_ids])
        self._say_notes(say_messages(self.scene, outcome.messages))

    def _say_notes(self, notes: Iterable[Note]) -> None:
        for note in notes:
            alert = self._find(note.alert_id)
            if alert is not None:
                self.said.append(note_entry(alert, note, self.clock))

    # --- time

    def _next_due(self) -> int | None:
        dues = [self.shared.next_due(), *(slot.converge.next_due() for slot in self.slots.values())]
        return min((due for due in dues if due is not None), default=None)

    def _fire(self, due: int) -> None:
        for key in sorted(self.slots):
            self._say_notes(say_messages(self.scene, self.slots[key].converge.fire(due).messages))
        self._say_notes(say_messages(self.scene, self.shared.fire_shield_notices(due)))

    def slots_due(self, now: int) -> set[str] | None:
        """Return the slots with a window that ends at or before `now`; None: what is due may concern any."""
        shared = self.shared.next_due()
        if shared is not None and shared <= now:
            return None
        dues = ((key, slot.converge.next_due()) for key, slot in self.slots.items())
        return {key for key, due in dues if due is not None and due <= now}

    # --- snapshots

    def snapshot_slot(self, key: str) -> bytes:
        """Return the state of a slot."""
        slot = self.slots.get(key)
        return slot.snapshot() if slot else b""

    def restore_slot(self, key: str, data: bytes) -> None:
        """Take over a slot from its snapshot. Raises SnapshotError."""
        if data:
            self.slots[key] = Businesses(self.scene.settings, snapshot.unpack("notices", VERSION, data, Kept))


def _planned(worker: Notices, planned: Planned) -> None:
    worker.take(planned)


Notices.table = {**FOLD, Planned: _planned}
