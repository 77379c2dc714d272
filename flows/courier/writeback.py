"""Receipts go from the outbox to the store, with the documents of their notices."""

import threading
from collections.abc import Callable, Sequence

import structlog

from sinks.outbox import Logged, Outbox, OutboxUnavailableError
from sinks.store.interface import StoreError

BATCH = 500
"""Receipts written at once."""
IDLE, TROUBLE = 0.5, 2.0
"""Seconds to the next look when there was nothing, or when a side did not answer."""

WriteBack = Callable[[Sequence[Logged]], object]
"""Writes receipts and notices beside their actions, durably; a repeated one changes nothing. Raises StoreError."""

log = structlog.get_logger()


def write_back(outbox: Outbox, write: WriteBack | None) -> int:
    """Write the oldest receipts back and forget them; without a store only forget. Return how many."""
    logged = outbox.receipts(BATCH)
    if logged:
        if write is not None:
            write(logged)
        outbox.forget([one.cursor for one in logged])
    return len(logged)


def keep_writing(outbox: Outbox, write: WriteBack | None, stop: threading.Event) -> None:
    """Write back until told to stop, and once more then. A side in trouble is asked again later: receipts wait."""
    while not stop.is_set():
        stop.wait(_round(outbox, write))
    _round(outbox, write)


def _round(outbox: Outbox, write: WriteBack | None) -> float:
    try:
        while write_back(outbox, write) == BATCH:
            pass
    except (OutboxUnavailableError, StoreError) as error:
        log.warning("receipts not written back yet", error=str(error))
        return TROUBLE
    return IDLE
