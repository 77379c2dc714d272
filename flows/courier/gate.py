"""What may hold a notice back in the second in which it would be sent."""

import threading
from typing import Protocol

from operators.converge.voice import Voice
from operators.model.reason import Reason
from operators.model.records import Notice


class Gate(Protocol):
    """Asked before the first attempt of a notice, told after each."""

    def refusal(self, notice: Notice, now: float) -> str:
        """Return why it is not to be sent, or nothing if it is."""
        ...

    def passed(self, notice: Notice, now: float) -> None:
        """Note that it was sent, or that sending it failed."""
        ...


class VoiceGate:
    """The same people are not called twice about the same alerts in two minutes (design.md 7.11).

    A call counts when it was answered or failed, which only the courier sees. Two minutes of stream time: the gate adds
    what a call took by the clock to the second it was planned in, so a run over old files is judged like a live one.
    The memory is that of this process.
    """

    def __init__(self) -> None:
        self._voice = Voice()
        self._asked: dict[str, float] = {}
        self._lock = threading.Lock()

    def refusal(self, notice: Notice, now: float) -> str:
        """Refuse a call that repeats one."""
        if notice.way != "voice":
            return ""
        with self._lock:
            free = self._voice.free(notice.receivers, notice.alert_ids, notice.time)
            if free:
                self._asked[notice.id] = now
        return "" if free else Reason.VOICE_DUPLICATE.value

    def passed(self, notice: Notice, now: float) -> None:
        """Count a call from now on."""
        if notice.way == "voice":
            with self._lock:
                took = max(0.0, now - self._asked.pop(notice.id, now))
                self._voice.settle(notice.receivers, notice.alert_ids, int(notice.time + took))
