"""Gathering what the courier finds too late: held until nothing more of it waits, then told in digests."""

from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from operators.deliver.delivery import Outcome, Taken
from operators.deliver.digest import DIGESTED, STALE, Late, digest_of, gathered, is_idle, is_late, told_otherwise
from operators.model.alert import Alert
from operators.model.records import Notice
from sinks.outbox import Outbox

MOST = 5000
"""Late notices that are held at once; more go into a further digest."""

log = structlog.get_logger()


class Digests(msgspec.Struct, frozen=True):
    """When a notice is too late to be sent alone (seconds; 0 = never), and how digests are worded."""

    stale: float = 0.0
    standing: Callable[[Sequence[Notice]], Mapping[str, Alert]] = lambda _: {}
    """Returns the alerts of notices as they stand now, by id."""
    words: Callable[[Late, Mapping[str, Alert]], tuple[str, str]] = lambda _, __: ("", "")
    """Returns title and content of a digest."""


class Gatherer:
    """Holds late notices while more of them come; used by the courier's dispatcher alone."""

    def __init__(self, outbox: Outbox, digests: Digests) -> None:
        self._outbox, self._digests = outbox, digests
        self._held: list[Taken] = []
        self._grew = False

    def takes(self, taken: Taken, now: float) -> bool:
        """Return True if the notice is late and therefore kept here."""
        if not is_late(taken, now, self._digests.stale):
            return False
        self._held.append(taken)
        self._grew = True
        return True

    def settle(self, now: float) -> bool:
        """Tell what was gathered once a round brought nothing more of it; return True if another round may."""
        grew, self._grew = self._grew, False
        if self._held and (not grew or len(self._held) >= MOST):
            self._tell(now)
        return grew

    def give_back(self) -> list[Taken]:
        """Return what was not told."""
        held, self._held = self._held, []
        return held

    def _tell(self, now: float) -> None:
        """Store the digests first, then settle what they tell: a crash between the two repeats a digest, loses nothing."""
        notices = [taken.notice for taken in self._held]
        known = self._digests.standing(notices)
        idle = {notice.id for notice in notices if is_idle(notice, known)}
        late = gathered(notice for notice in notices if notice.id not in idle)
        self._outbox.put([digest_of(one, *self._digests.words(one, known), now) for one in late], now)
        why = {notice.id: STALE if notice.id in idle else DIGESTED for notice in notices}
        self._outbox.record([Outcome(one, told_otherwise(one, why[one.notice.id], now)) for one in self._held], now)
        log.warning("late notices gathered", notices=len(notices), digests=len(late), left_out=len(idle))
        self._held = []
