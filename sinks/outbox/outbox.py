"""What every outbox is: memory, SQLite and Redis pass one contract suite (tests/sinks/outbox)."""

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from operators.deliver.delivery import Outcome, Taken
from operators.model.notice import NoticeDocument
from operators.model.records import Notice, Receipt

Room = Callable[[str], int]
"""Lane -> how many of its notices may be taken now."""


class State(StrEnum):
    """Where a notice stands; one that was delivered has left."""

    READY = "ready"
    LATER = "later"
    IN_FLIGHT = "in_flight"
    DEAD = "dead"


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long an outbox keeps what. Seconds."""

    visibility: float = 60.0
    """A taken notice that is neither recorded nor extended comes back after this long."""
    retention: float = 7 * 86400.0
    """Ids of settled notices are remembered this long, so that a repeated put changes nothing."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A waiting or dead notice, as an operator sees it."""

    taken: Taken
    state: State
    due: float
    """Later: the next attempt. In flight: the end of the hold. Dead: the second of its death."""
    error: str
    """What the last attempt brought; of a dead one after its reason and a colon."""


class Depth(msgspec.Struct, frozen=True):
    """How many notices stand where, and how long the oldest one not yet settled or dead has waited, in seconds."""

    ready: int = 0
    later: int = 0
    in_flight: int = 0
    dead: int = 0
    oldest_age: float = 0.0


class Logged(msgspec.Struct, frozen=True):
    """A receipt that still has to be written back, and the document of its notice."""

    cursor: str
    receipt: Receipt
    notice: NoticeDocument | None
    """None where the notice could not be read, or was recorded by an older version."""


class OutboxUnavailableError(Exception):
    """The place that holds the notices cannot be reached or written, after bounded retries."""


class Outbox(Protocol):
    """A durable queue of notices by lane (operators/deliver/lane.py), safe from several threads; but for memory, processes too.

    No method reads the clock: `now` is Unix seconds. Each may raise OutboxUnavailableError; calling again is safe.
    """

    @property
    def terms(self) -> Terms:
        """How long it keeps what."""
        ...

    def put(self, notices: Sequence[Notice], now: float) -> int:
        """Store them durably, then return how many were new. An id known here, settled or not, changes nothing.

        A call that raises may have stored some of them; calling again stores the rest.
        """
        ...

    def take(self, room: Room, now: float) -> list[Taken]:
        """Hold what is due, oldest first in each lane, up to the room of the lane. Holds that ran out are due again."""
        ...

    def extend(self, taken: Iterable[Taken], now: float) -> None:
        """Hold them for a whole visibility time-out from now on, but for those this taking no longer holds."""
        ...

    def record(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Store decisions and their receipts durably. Whoever lost a notice to another can still settle it, no more."""
        ...

    def depth(self, now: float) -> Depth:
        """Count."""
        ...

    def entries(self, state: State, limit: int, now: float) -> list[Entry]:
        """List up to `limit` notices of a state, oldest first."""
        ...

    def find(self, ids: Sequence[str], now: float) -> list[Entry]:
        """Return those of these notices that wait, fly or are dead."""
        ...

    def revive(self, ids: Sequence[str], now: float) -> int:
        """Make dead notices ready, with a new deadline, for those they did not reach; return how many there were."""
        ...

    def receipts(self, limit: int) -> list[Logged]:
        """Return the oldest receipts; they stay until forgotten."""
        ...

    def forget(self, cursors: Sequence[str]) -> None:
        """Drop receipts that were written back."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
