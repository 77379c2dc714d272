"""Which alerts the stage by business must see change: a summary shows each as it then is (design.md 7.25)."""

from collections.abc import Iterator

from operators.intake.handover import Stands, horizon
from operators.model.alert import document
from operators.model.settings import CoreSettings
from operators.state.slots import States
from operators.state.state import State


class Handing:
    """The alerts whose action was handed over lately, and those of them that changed since the last word on them."""

    def __init__(self, settings: CoreSettings) -> None:
        self._horizon = horizon(settings)
        self.awaited: dict[str, int] = {}
        """Alert id -> the second until which a summary may name it."""
        self._changed: dict[str, None] = {}
        self._swept = 0

    def hands(self, alert_id: str, now: int) -> None:
        """Take notice that an action of an alert is handed over."""
        if now >= self._swept + self._horizon:
            self._swept = now
            self.awaited = {name: until for name, until in self.awaited.items() if until > now}
        self.awaited[alert_id] = now + self._horizon

    def changes(self, state: State) -> None:
        """Take notice that a state may have changed; nothing is said before the second is over."""
        alert, awaited = state.alert, self.awaited
        if alert is None:
            return
        if alert.id in awaited or (state.previous and any(one.id in awaited for one in state.previous)):
            self._changed[state.dedupe_md5] = None

    def stands(self, states: States, now: int) -> Iterator[Stands]:
        """Yield how the alerts that changed stand at the end of a second."""
        if not self._changed:
            return
        changed, self._changed, awaited = self._changed, {}, self.awaited
        for md5 in changed:
            state = states.get(md5)
            if state is None:
                continue
            if (alert := state.alert) is not None and awaited.get(alert.id, 0) > now:
                yield Stands(document(alert), now)
            for alert in state.previous:
                if awaited.pop(alert.id, 0) > now:  # it gave way to another: nothing changes it any more
                    yield Stands(document(alert), now)
