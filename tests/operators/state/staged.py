"""One fingerprint with what it said and handed over, for tests of turns and of what turns do."""

from typing import Any

from operators.model.alert import Alert, Extra, KeptAlert
from operators.model.event import Event
from operators.model.records import Action, LogEntry, Signal
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.state.scene import Scene
from operators.state.slots import States
from operators.state.state import Run, State
from operators.state.turn import Turn
from tests.operators.check.made import T0, alert

MD5 = "a" * 32


def kept(time: int = T0, **changes: Any) -> KeptAlert:
    """An alert as a state keeps it."""
    extra = changes.pop("extra", {})
    one = alert(time, **changes)
    given = {name: getattr(one, name) for name in one.__struct_fields__}
    return KeptAlert(**given | ({"extra_info": Extra(**extra)} if extra else {}))


def run(op_type: str = "CONVERGE", begin: int = T0, **changes: Any) -> Run:
    """An open run."""
    given_ = {"reason": "repeated", "count": 1, "time": begin, "event_id": "x", "event_time": begin, "severity": 2}
    return Run(op_type=op_type, begin=begin, **(given_ | {"description": ""} | changes))


class Stage:
    """A state, the scene around it, and all that left it."""

    def __init__(
        self, of: KeptAlert | None = None, *, rules: RuleBook | None = None, settings: CoreSettings | None = None,
        **known: Any,
    ) -> None:  # fmt: skip
        self.said: list[Any] = []
        self.handed: list[Any] = []
        book = rules or RuleBook.empty()
        self.scene = Scene(settings or CoreSettings(), book, say=self.said.append, hand=self.handed.append)
        self.state = State(**({"dedupe_md5": MD5, "generation": T0, "touched": T0, "alert": of} | known))

    def turn(self, later: int = 0) -> Turn:
        """Begin a turn some seconds after T0."""
        return Turn(self.state, self.scene, T0 + later)

    def told(self, kind: type) -> list[Any]:
        """Return what was said of a kind."""
        return [one for one in self.said if type(one) is kind]

    @property
    def entries(self) -> list[tuple[str, str]]:
        """Op type and reason of each log entry."""
        return [(str(one.op_type), str(one.reason)) for one in self.told(LogEntry)]

    @property
    def signals(self) -> list[tuple[str, str]]:
        """Signal and notice type of each signal."""
        return [(one.signal, one.notice_type) for one in self.told(Signal)]

    @property
    def actions(self) -> list[Action]:
        """Every action, handed over or said."""
        return [*(one.action for one in self.handed if hasattr(one, "action")), *self.told(Action)]

    @property
    def documents(self) -> list[Alert]:
        """Every document of an alert."""
        return self.told(Alert)

    @property
    def events(self) -> list[Event]:
        """Every event that was archived."""
        return self.told(Event)


def states_of(*states: State) -> States:
    """Keep some states, each found by the ids of its alerts."""
    made = States()
    for one in states:
        made.put(one)
        made.reindex(one, ())
    return made
