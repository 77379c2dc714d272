"""Everything kept of one fingerprint: its alert, and what decides its next step (design.md 5)."""

import msgspec

from operators.model.alert import ABNORMAL, KeptAlert
from operators.model.memory import CALM, CheckMemory, Flapping, Retry, StrategySnapshot, Told, Waiting
from operators.rules.ask.inhibition import Side

RUN_LENGTH = 60
"""Seconds after which an open run of entries is closed and a stale document written (replay.md, design.md 6)."""
RECENT = 64
"""How many event ids are kept."""
ID_BYTES = 8
OPENERS = 4
"""How many ids of opening events are kept; alerts gave way to one another within a minute at most."""


class Run(msgspec.Struct, gc=False):
    """An open run of CONVERGE or EVENT_DROP entries (replay.md); its last member speaks for all."""

    op_type: str
    reason: str
    count: int
    begin: int
    time: int
    event_id: str
    event_time: int
    severity: int
    description: str


class Known(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What the stage by business was last told of an alert that a rule of inhibition concerns."""

    alert_id: str
    revision: int
    source: tuple[Side, ...]
    target: tuple[Side, ...]


class State(msgspec.Struct, gc=False, omit_defaults=True):
    """The state of one fingerprint, changed in place by its turn alone. Times are stream time in Unix seconds."""

    dedupe_md5: str
    generation: int
    """The second at which this state was first created: the high half of document versions."""
    touched: int
    """When the last record came in."""
    alert: KeptAlert | None = None
    previous: tuple[KeptAlert, ...] = ()
    """Alerts that gave way to `alert` a short while ago: a merged notice may still name them."""
    recent: bytearray = msgspec.field(default_factory=bytearray)
    """Eight bytes of each recent event id, oldest first."""
    checks: CheckMemory | None = None
    snapshot: StrategySnapshot | None = None
    run: Run | None = None
    stale_since: int | None = None
    """When the document first fell behind in the fields that may wait."""
    due: int | None = None
    """When the checkers look next."""
    rules: str = ""
    """Version of the rules under which they last looked."""
    retry: Retry | None = None
    told: Told | None = None
    waiting: Waiting | None = None
    flapping: Flapping = CALM
    repeat_waits: bool = False
    """A repeat notice is due and waits for a newer event (design.md 7.23)."""
    is_assigned: bool = False
    """An operator named the appointees; notices no longer replace them."""
    ended_at: int | None = None
    """Stream time at which the alert ended."""
    newest: int = 0
    """Time of the newest event."""
    openers: bytes = b""
    """Eight bytes of the ids of the last events that opened an alert: no alert's id comes twice (design.md 7.45)."""
    said_over: int | None = None
    """Time of the RECOVERED event whose delay runs."""
    over: int = 0
    """Abnormal events of a time before this one are of the past: an event ended the last alert (design.md 7.43)."""
    grace: int = 0
    """So are those whose data is older than this: a minute before the end of the last alert."""
    late: int = 0
    """So are those of a time before this one, until `late_until`: an end came before its problem (design.md 7.44)."""
    late_until: int = 0
    known: Known | None = None
    """As which party of inhibition it is known; None: as none."""
    asked: int | None = None
    """The second at which a timer fires for it (operators/state/timers.py). This and `packed` are in no snapshot."""
    packed: bytes = b""
    """Its bytes in a snapshot, kept until it changes; empty: it has changed (operators/state/slot.py)."""

    def wakes_at(self) -> int | None:
        """Return the next deadline: a look of the checkers, or the end of a run, or of a stale document's minute."""
        due, run, begin = self.due, self.run, self.stale_since
        if run is not None and (begin is None or run.begin < begin):
            begin = run.begin
        if begin is None:
            return due
        over = begin + RUN_LENGTH
        return over if due is None or over < due else due

    @property
    def is_open(self) -> bool:
        """Return True if an alert is open."""
        return self.alert is not None and self.alert.status == ABNORMAL


def seen(recent: bytes | bytearray, key: bytes) -> bool:
    """Return True if an event id is among the recent ones."""
    at = recent.find(key)
    while at >= 0 and at % ID_BYTES:
        at = recent.find(key, at + 1)
    return at >= 0


def remember(recent: bytearray, key: bytes) -> bool:
    """Add an id to the recent ones, and the oldest beyond 64 goes; return False if it is among them already."""
    if recent.find(key) >= 0 and seen(recent, key):
        return False
    recent += key
    if len(recent) > RECENT * ID_BYTES:
        del recent[:ID_BYTES]
    return True


def id_key(event_id: str) -> bytes:
    """Return the eight bytes under which an event id is kept."""
    return bytes.fromhex(event_id[: 2 * ID_BYTES])
