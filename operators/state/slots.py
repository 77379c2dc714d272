"""The states of all fingerprints, by slot, with alert ids pointing at them (design.md 5)."""

from collections.abc import Iterable, Iterator

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
        """Keep a state, new or changed."""
        self.slots[state.dedupe_md5[:2]].put(state)

    def reindex(self, state: State, let_go: Iterable[str]) -> None:
        """Let alert ids follow a state in which another alert has begun; `let_go`: ids that name nothing any more."""
        for alert_id in let_go:
            self._ids.pop(alert_id, None)
        self._index(state)

    def drop(self, md5: str) -> None:
        """Forget a fingerprint, known or not."""
        state = self.get(md5)
        if state is not None:
            for alert in _alerts(state):
                self._ids.pop(alert.id, None)
            self.slots[md5[:2]].drop(md5)

    def adopt(self, key: str, slot: Slot) -> None:
        """Take over a restored slot."""
        self.slots[key] = slot
        for state in slot.states.values():
            self._index(state)

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

    def _index(self, state: State) -> None:
        for alert in _alerts(state):
            self._ids[alert.id] = state.dedupe_md5


def _alerts(state: State) -> tuple[Alert, ...]:
    return () if state.alert is None else (state.alert, *state.previous)
