"""Group commit: whoever records while another commits joins the next commit."""

import threading
from collections.abc import Callable
from itertools import chain, repeat

import structlog

from operators.delivery import Outcome
from sinks.outbox import Outbox, OutboxUnavailableError

PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the outbox does not answer; the last one again and again."""

log = structlog.get_logger()


class Recorder:
    """Records outcomes; `record` returns when its outcome is durable, so a thread has at most one answer unrecorded."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float], give_up: threading.Event) -> None:
        self._outbox, self._clock, self._give_up = outbox, clock, give_up
        self._waiting: list[Outcome] = []
        self._count = self._recorded = 0
        self._list, self._turn = threading.Lock(), threading.Lock()

    def record(self, *outcomes: Outcome) -> None:
        """Make them durable. While the outbox is away this blocks, so nothing is sent that could not be recorded."""
        with self._list:
            self._waiting.extend(outcomes)
            self._count += len(outcomes)
            mine = self._count
        with self._turn:
            if mine > self._recorded:
                self._commit()

    def _commit(self) -> None:
        with self._list:
            batch, self._waiting = self._waiting, []
            upto = self._count
        for wait in chain(PATIENCE, repeat(PATIENCE[-1])):
            try:
                self._outbox.record(batch, self._clock())
                break
            except OutboxUnavailableError as error:
                log.warning("outcomes not recorded yet", count=len(batch), error=str(error))
            if self._give_up.wait(wait):
                log.error("outcomes not recorded at all; their notices come back", count=len(batch))
                break
        self._recorded = upto
