"""A host that is watched: signs of life, what was read, how long a snapshot holds the job up."""

import time
from collections.abc import Callable, Iterable

from flows.telemetry.telemetry import Telemetry
from operators.batch import Polled, Share
from operators.lifecycle.host import Host, Inherited, nothing
from operators.lifecycle.relay import Portion
from operators.lifecycle.worker import Worker
from operators.model.slot import ALONE, KEYS, SHARED, Owner
from operators.rules.book import RuleBook


class WatchedHost(Host):
    """Tells the telemetry what the engine asks of it."""

    def __init__(
        self, worker: Worker, current_book: Callable[[], RuleBook], telemetry: Telemetry, owner: Owner = ALONE,
        inherited: Inherited = nothing,
    ) -> None:  # fmt: skip
        super().__init__(worker, current_book, owner, inherited)
        self._telemetry = telemetry
        self._snapshot_began: float | None = None

    def take_in(self, polled: list[Polled]) -> Iterable[tuple[str, Share | Portion]]:
        """Note what was read."""
        for poll in polled:
            self._telemetry.polled(poll.raws)
        return super().take_in(polled)

    def run(self, share: Share | Portion) -> list[object]:
        """Note when every slot is there: its snapshot, or its beginning."""
        said = super().run(share)
        if len(self._known) == len(KEYS):
            self._telemetry.resumed()
        return said

    def snapshot(self, key: str) -> bytes:
        """Time a snapshot from its first slot to what the slots share, which comes last."""
        if self._snapshot_began is None:
            self._snapshot_began = time.monotonic()
        data = super().snapshot(key)
        if key == SHARED:
            self._telemetry.snapshot(time.monotonic() - self._snapshot_began)
            self._snapshot_began = None
        return data
