"""The states of all fingerprints, by slot, with alert ids pointing at them (design.md 5)."""

from collections.abc import Iterator

from operators.model.alert import Alert
from operators.state.slot import Slot
from operators.state.state import State


class Slots(dict[str, Slot]):
    """Slots by the first two digits of a fingerprint, made when first asked for; a fingerprint may have capitals."""

    def __missing__(self, digits: str) -> Slot:
        key = digits.lower()
        return self[key] if key != digits else self.setdefault(key, Slot())


class States:
    """Keeps one state a fingerprint."""

    __slots__ = ("_ids", "slots")

    def __init__(self) -> None:
        self.slots = Slots()
        self._ids: dict[str, str] = {}

    def get(self, md5: str) -> State | None:
        """Return the state of a fingerprint."""
        return self.slots[md5[:2]].states.get(md5)

    def put(self, state: State) -> None:
        """Keep a state in place of the one before it."""
        before = self.slots[state.dedupe_md5[:2]].put(state)
        if before is None or not _is_same_alert(before, state):
            self._index(before, state)

    def drop(self, md5: str) -> None:
        """Forget a fingerprint, known or not."""
        state = self.get(md5)
        if state is not None:
            self._index(state, None)
            self.slots[md5[:2]].drop(md5)

    def adopt(self, key: str, slot: Slot) -> None:
        """Take over a restored slot."""
        self.slots[key] = slot
        for state in slot.states.values():
            self._index(None, state)

    def named(self, alert_id: str) -> State | None:
        """Return the state whose alert has, or lately had, an id."""
        md5 = self._ids.get(alert_id)
        return self.get(md5) if md5 else None

    def find(self, alert_id: str) -> Alert | None:
        """Return an alert as it now stands, also one that gave way to another a short while ago."""
        state = self.named(alert_id)
        known = (state.alert, *reversed(state.previous)) if state else ()
        return next((alert for alert in known if alert is not None and alert.id == alert_id), None)

    def open(self) -> Iterator[Alert]:
        """Yield the open alerts."""
        for slot in self.slots.values():
            for state in slot.states.values():
                if state.is_open and state.alert is not None:
                    yield state.alert

    def unwritten(self) -> list[State]:
        """Return, in order of slot, the states with an open run or a stale document."""
        states = (state for key in sorted(self.slots) for state in self.slots[key].states.values())
        return [state for state in states if state.run is not None or state.stale_since is not None]

    def _index(self, before: State | None, after: State | None) -> None:
        if before is not None:
            for alert in _alerts(before):
                self._ids.pop(alert.id, None)
        if after is not None:
            for alert in _alerts(after):
                self._ids[alert.id] = after.dedupe_md5


def _is_same_alert(before: State, after: State) -> bool:
    if before.alert is None or after.alert is None:
        return before.alert is after.alert
    return before.alert.id == after.alert.id and before.previous is after.previous


def _alerts(state: State) -> tuple[Alert, ...]:
    return () if state.alert is None else (state.alert, *state.previous)
