"""Group commit: whoever records while another commits joins the next commit."""

import threading
import time
from collections.abc import Callable
from itertools import chain, repeat

import structlog

from operators.deliver.delivery import Outcome
from sinks.outbox import Outbox, OutboxUnavailableError

PATIENCE = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries while the outbox does not answer; the last one again and again."""

GATHERING, LONGEST_GATHERING = 0.25, 0.005
"""A commit waits this share of what the last one took, in seconds at most so long: those it let go are soon back."""

log = structlog.get_logger()


class Recorder:
    """Records outcomes; `record` returns when its outcome is durable, so a thread has at most one answer unrecorded."""

    def __init__(self, outbox: Outbox, clock: Callable[[], float], give_up: threading.Event) -> None:
        self._outbox, self._clock, self._give_up = outbox, clock, give_up
        self._waiting: list[Outcome] = []
        self._count = self._recorded = 0
        self._took, self._shared = 0.0, False
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
        if self._shared:
            self._give_up.wait(min(LONGEST_GATHERING, self._took * GATHERING))
        with self._list:
            batch, self._waiting = self._waiting, []
            upto = self._count
        begun = time.monotonic()
        self._write(batch)
        self._took, self._shared = time.monotonic() - begun, len(batch) > 1
        self._recorded = upto

    def _write(self, batch: list[Outcome]) -> None:
        for wait in chain(PATIENCE, repeat(PATIENCE[-1])):
            try:
                self._outbox.record(batch, self._clock())
                break
            except OutboxUnavailableError as error:
                log.warning("outcomes not recorded yet", count=len(batch), error=str(error))
            if self._give_up.wait(wait):
                log.error("outcomes not recorded at all; their notices come back", count=len(batch))
                break
