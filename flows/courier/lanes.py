"""The threads that deliver: one small pool for each lane, so that a slow provider keeps only its own pool busy."""

import threading
from collections import deque
from collections.abc import Callable

import msgspec

from operators.deliver.delivery import Policy, Results, Taken
from operators.deliver.lane import Bucket, failed_for_now, pause, refill, spend

PREFETCH = 8
"""Notices held for each thread of a lane, those being sent included: enough that no thread waits for the outbox."""

BURST = 0.25
"""Seconds' worth of a rate that may go at once; the courier looks several times in that time."""


class LaneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the notices of one way are delivered."""

    concurrency: int = 4
    rate: float = 0.0
    """Sends a minute, for each lane of each courier; 0 = no limit."""
    policy: Policy = Policy()


class Hold:
    """A taken notice in this process; `until` moves when its hold is extended."""

    __slots__ = ("taken", "until")

    def __init__(self, taken: Taken) -> None:
        self.taken = taken
        self.until = taken.until


class Lane:
    """A bounded queue of holds and the threads that work it off by calling `work(lane, hold)`.

    `hungry` is called when the lane comes down to half of its space. Threads are daemons: one that hangs
    in a provider cannot keep the process alive. Should `work` raise, its thread ends and the next hold gets a new one.
    """

    def __init__(
        self, settings: LaneSettings, work: Callable[["Lane", Hold], None], hungry: Callable[[], None], now: float
    ) -> None:
        self._work, self._hungry = work, hungry
        self._measure(settings)
        self._bucket = Bucket(self._burst, now)
        self._queue: deque[Hold] = deque()
        self._sending: set[Hold] = set()
        self._threads: set[threading.Thread] = set()
        self._idle, self._closed = 0, False
        self._streak, self._rests_until = 0, 0.0
        self._changed = threading.Condition()

    def _measure(self, settings: LaneSettings) -> None:
        self.settings = settings
        self._capacity = settings.concurrency * PREFETCH
        self._rate = settings.rate / 60.0
        self._burst = max(1.0, self._rate * BURST)

    def adopt(self, settings: LaneSettings) -> None:
        """Deliver like this from now on; threads over the new number end after what they send."""
        with self._changed:
            self._measure(settings)
            self._changed.notify_all()

    def room(self, now: float) -> int:
        """Return how many notices it may take now, by space, rate and rest; none until half of its space is free."""
        with self._changed:
            held = len(self._queue) + len(self._sending)
            free = self._capacity - held
            if held > self._capacity // 2 or self._closed or now < self._rests_until:
                return 0
            if not self._rate:
                return free
            self._bucket = refill(self._bucket, self._rate, self._burst, now)
            return min(free, int(self._bucket.tokens))

    def give(self, taken: Taken) -> None:
        """Queue a notice it had room for."""
        with self._changed:
            self._queue.append(Hold(taken))
            self._bucket = spend(self._bucket, 1)
            if len(self._queue) > self._idle and len(self._threads) < self.settings.concurrency:
                thread = threading.Thread(target=self._run, name=f"lane {taken.lane}", daemon=True)
                self._threads.add(thread)
                thread.start()
            else:
                self._changed.notify()

    def holds(self) -> list[Hold]:
        """Return all it holds."""
        with self._changed:
            return [*self._queue, *self._sending]

    def note(self, answer: Results, now: float) -> None:
        """Learn from an answer whether the provider wants a rest."""
        with self._changed:
            self._streak = self._streak + 1 if failed_for_now(answer) else 0
            self._rests_until = max(self._rests_until, now + pause(self._streak, answer))

    def rests(self, now: float) -> bool:
        """Return True if nothing is to be sent now."""
        return now < self._rests_until

    def close(self) -> list[Taken]:
        """Begin nothing more; return what was not begun."""
        with self._changed:
            self._closed = True
            left = [hold.taken for hold in self._queue]
            self._queue.clear()
            self._changed.notify_all()
            return left

    def finished(self, timeout: float) -> bool:
        """Wait for what is being sent; return whether it all came to an end."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._sending, timeout)

    def _run(self) -> None:
        try:
            while (hold := self._next()) is not None:
                try:
                    self._work(self, hold)
                finally:
                    self._finish(hold)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())

    def _next(self) -> Hold | None:
        """Wait for a hold; None ends the thread, which from then on no longer counts."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._queue or self._closed or self._is_crowded())
            self._idle -= 1
            if not self._queue or self._is_crowded():
                self._threads.discard(threading.current_thread())  # at once: no other leaves for the same reason
                return None
            hold = self._queue.popleft()
            self._sending.add(hold)
            return hold

    def _is_crowded(self) -> bool:
        return len(self._threads) > self.settings.concurrency

    def _finish(self, hold: Hold) -> None:
        with self._changed:
            self._sending.discard(hold)
            wants = len(self._queue) + len(self._sending) == self._capacity // 2
            if self._closed:
                self._changed.notify_all()
        if wants:
            self._hungry()
