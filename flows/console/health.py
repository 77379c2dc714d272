"""How the house stands, in one line under every page: when the job last kept its state, how far it is, what waits to be sent."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from flows.console.standing import Backlog, backlog_of, standings
from flows.settings.settings import Settings
from operators.model.worker import WorkerDocument
from sinks.outbox import Depth, OutboxUnavailableError, open_outbox
from sinks.redis_client import PlaceError
from sinks.store.interface import StoreError

FRESH = 5.0
"""Seconds for which one look counts."""
SILENT = 6.0
"""Intervals of snapshots after which a job seems to be dead."""
LEAST = 60.0
LATE = 120.0
"""Seconds that a notice may wait before it is named."""


class Health(msgspec.Struct, frozen=True):
    """What was seen."""

    snapshot_age: float | None = None
    """Seconds since the job kept its state; None: where it does cannot be seen from here."""
    is_silent: bool = False
    depth: Depth | None = None
    is_late: bool = False
    """A notice waits for long, or was given up."""
    trouble: str = ""
    lag: Backlog | None = None
    """What the workers have yet to read; None: none has said anything, or the store cannot be read."""


def health(settings: Settings, now: float, words: Callable[[], Sequence[WorkerDocument]] = tuple) -> Health:
    """Return how things stand. Looks at files, or asks Redis, and the store for the workers' words."""
    age = _snapshot_age(settings.recovery.directory, now)
    depth, trouble = depth_of(settings.outbox.dsn, now)
    return Health(
        snapshot_age=age,
        is_silent=age is not None and age > max(LEAST, SILENT * settings.recovery.interval),
        depth=depth,
        is_late=depth is not None and (depth.oldest_age > LATE or depth.dead > 0),
        trouble=trouble,
        lag=_lag(words, now),
    )


def _lag(words: Callable[[], Sequence[WorkerDocument]], now: float) -> Backlog | None:
    try:
        return backlog_of(standings(words(), "", now))
    except StoreError:  # which the page itself tells
        return None


def depth_of(dsn: str, now: float) -> tuple[Depth | None, str]:
    """Return how much waits in the outbox, or why that cannot be said; neither where there is none."""
    if not is_at_hand(dsn):
        return None, ""
    try:
        outbox = open_outbox(dsn)
        try:
            return outbox.depth(now), ""
        finally:
            outbox.close()
    except (OutboxUnavailableError, PlaceError) as error:
        return None, str(error)


def is_at_hand(dsn: str) -> bool:
    """Return True if there is an outbox to look into."""
    return dsn not in ("", "none") and ("://" in dsn or Path(dsn).exists())


def workers_of(directory: str, now: float) -> tuple[tuple[str, float], ...]:
    """Return the workers that keep their state on this machine, each with the seconds since it last did."""
    if directory in ("", "none"):
        return ()
    root = Path(directory)
    ages = ((place.name, _age(place, now)) for place in sorted(root.glob("worker-*")))
    found = tuple((name, age) for name, age in ages if age is not None)
    alone = _age(root, now)
    return found or ((("worker-0", alone),) if alone is not None else ())


def _snapshot_age(directory: str, now: float) -> float | None:
    return min((age for _, age in workers_of(directory, now)), default=None)


def _age(place: Path, now: float) -> float | None:
    times = []
    for path in place.glob("partitions/*"):
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # gone meanwhile
            continue
    return max(0.0, now - max(times)) if times else None


class HealthAtHand:
    """The health, looked at once for everybody who asks within some seconds."""

    def __init__(
        self, settings: Settings, now: Callable[[], float], words: Callable[[], Sequence[WorkerDocument]] = tuple
    ) -> None:
        self._settings, self._now, self._words = settings, now, words
        self._lock = threading.Lock()
        self._seen, self._health = -FRESH, Health()

    def __call__(self) -> Health:
        """Return it; may block."""
        with self._lock:
            now = self._now()
            if not 0 <= now - self._seen < FRESH:
                self._seen, self._health = now, health(self._settings, now, self._words)
            return self._health
