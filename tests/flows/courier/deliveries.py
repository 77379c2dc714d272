"""Channels and waiting for tests of the courier."""

import threading
import time
from collections.abc import Callable

from operators.deliver.delivery import Result
from sinks.channels.result import Channel
from tests.sinks.outbox.notices import notice

__all__ = ["Clock", "Recording", "notice", "until"]


class Clock:
    """The wall clock, moved on by hand; it knows how often the courier's dispatcher has looked at it."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += threading.current_thread().name == "courier"
        return time.time() + self.offset

    def rounds(self, number: int = 3) -> None:
        """Wait until the dispatcher has gone round so often: what it has not done by then it does not do."""
        enough = self.looks + number
        until(lambda: self.looks >= enough)

    def advance(self, seconds: float, step: float = 1.0) -> None:
        """Let time pass in steps that the dispatcher sees one by one."""
        for _ in range(round(seconds / step)):
            self.offset += step
            self.rounds(2)


class Recording(Channel):
    """Remembers what it was given; answers what `answer(notice, how often before)` says."""

    def __init__(self, answer: Callable[..., object] | None = None) -> None:
        self.answer = answer or (lambda _notice, _before: None)
        self.sent: list = []
        self.now = self.most = 0
        self.lock = threading.Lock()

    def send(self, notice):
        with self.lock:
            before = sum(one.id == notice.id for one in self.sent)
            self.sent.append(notice)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            answer = self.answer(notice, before)
        finally:
            with self.lock:
                self.now -= 1
        return {name: Result(ok=True, message="sent") for name in notice.receivers} if answer is None else answer

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.sent]


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
