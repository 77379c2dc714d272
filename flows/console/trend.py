"""How many alerts of each severity were open over the last two hours: a line beside each count."""

import threading
from collections.abc import Callable

from sinks.store.interface import Store
from sinks.store.query import AlertQuery

SPAN, STEP = 7200, 600
FRESH = 60.0
"""Seconds for which what was counted is shown."""
WIDTH, HEIGHT = 100, 26
SEVERITIES = (1, 2, 3)

Trend = dict[int, tuple[int, ...]]


def trend(store: Store, now: int) -> Trend:
    """Return how many were open at the end of each step by severity, the oldest first. Raises StoreError."""
    found = store.trend(AlertQuery(), now - SPAN, now + 1, STEP)
    return {severity: tuple(one.open for one in found if one.severity == severity) or (0, 0) for severity in SEVERITIES}


def line(counts: tuple[int, ...]) -> str:
    """Return the points of a line from the left to the right, WIDTH by HEIGHT; nothing at all lies at the bottom."""
    most = max(1, *counts)
    step = WIDTH / max(1, len(counts) - 1)
    return " ".join(
        f"{round(place * step, 1)},{round(HEIGHT - 2 - count / most * (HEIGHT - 4), 1)}"
        for place, count in enumerate(counts)
    )


class TrendAtHand:
    """The trend, counted once a minute for everybody who asks."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._seen, self._trend = -FRESH, Trend()

    def __call__(self, store: Store) -> Trend:
        """Return it. Raises StoreError."""
        with self._lock:
            now = self._now()
            if not 0 <= now - self._seen < FRESH:
                self._trend, self._seen = trend(store, int(now)), now
            return self._trend
