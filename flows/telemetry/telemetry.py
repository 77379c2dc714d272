"""What the job tells about itself: metrics and log lines made from what leaves the core, a batch at a time."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import structlog

from flows.telemetry import logs, metrics
from flows.telemetry.documents import SHOWN, Documents
from flows.telemetry.health import Heart
from flows.telemetry.meter import Meter
from flows.telemetry.redaction import Redactor, secrets_of
from flows.telemetry.said import Said
from operators.intake.intake import Intake
from operators.intake.poll import Raw
from operators.lifecycle.dedupe import access_time
from operators.lifecycle.worker import Worker
from operators.model.event import Event
from operators.model.slot import SHARED
from operators.rules.book import RuleBook
from operators.rules.read.documents import RuleError
from sinks.store.interface import Written

SHOW = 10.0
"""Seconds between two looks at the sizes of the worker."""

log = structlog.get_logger()

_source, _at, _source_and_at = attrgetter("source"), attrgetter("at"), attrgetter("source", "at")


class Telemetry:
    """Watches the job from its own thread. `clock` is Unix seconds; `data_ids` say the data id of a topic."""

    def __init__(
        self,
        meter: Meter,
        heart: Heart,
        *,
        data_ids: Mapping[str, str] | None = None,
        redactor: Redactor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._meter, self._heart, self._clock = meter, heart, clock
        self._data_ids = data_ids or {}
        self._redactor = redactor
        self._intake: Intake | None = None
        self._worker: Worker | None = None
        self._keeps_since: float | None = None
        self._expired = 0
        self._arrived: dict[tuple[str, int | None], int] = {}
        self._busy_since: float | None = None
        self._said = Said(meter)
        self._documents = Documents(meter, clock)
        self._shown = clock()
        self.waits: tuple[int, str] | None = None
        """How much has come and was not yet read, and in what: records or bytes; None: nobody has said."""

    def watch(self, intake: Intake, worker: Worker | None, job: str = "all", workers: int = 1) -> None:
        """Count what this worker counts, one of so many of a job, and show the time of intake; some jobs have no worker."""
        self._meter.put(metrics.WORKERS, workers, job)
        self._intake, self._worker = intake, worker
        self._expired = worker.scene.counts.expired if worker is not None else 0

    # --- the source

    def asked(self) -> None:
        """Note that the engine asks for records, so that what it had is done, and that the source has answered."""
        if self._busy_since is not None:
            self._meter.add(metrics.BUSY_SECONDS, self._heart.now - self._busy_since)
            self._busy_since = None
        self._heart.answered()

    def polled(self, raws: Sequence[Raw]) -> None:
        """Give a sign of life, and note what was read; called on the worker's thread each time the engine asks."""
        self._settle_latency()
        self._heart.beat()
        if self._clock() - self._shown >= SHOW:
            self._shown = self._clock()
            self.show()
        if raws:
            self._busy_since = self._heart.now
            self._arrived = _arrivals(raws)

    def resumed(self) -> None:
        """Note that the state of the last snapshot is back."""
        self._heart.resumed()

    def _settle_latency(self) -> None:
        """Note how long the records of the last poll took, now that all that follows from them is durable."""
        arrived, self._arrived = self._arrived, {}
        now = self._clock()
        for (source, at), count in arrived.items():
            self._meter.add(metrics.RECORDS, count, source)
            if at is not None:
                labels = (self._data_ids.get(source, "0"), source)
                self._meter.observe(metrics.LATENCY_SECONDS, max(0.0, now - at), *labels, times=count)

    def backed_up(self, now: float) -> None:
        """Show when a part of a savepoint was written."""
        self._meter.put(metrics.BACKUP_TIME, now)

    def lag(self, topic: str, partition: int, records: int) -> None:
        """Show how many records of a partition were not yet read."""
        self._meter.put(metrics.LAG_RECORDS, records, topic, str(partition))

    # --- what the core said

    def lags(self, records: Mapping[str, int]) -> None:
        """Show how many records of each `topic:partition` were not yet read."""
        self.waits = sum(records.values()), "records"
        for place, count in records.items():
            topic, _, partition = place.rpartition(":")
            self.lag(topic, int(partition), count)

    def unread(self, size: int) -> None:
        """Note how many bytes of a spool were not yet read."""
        self.waits = size, "bytes"

    def observe(self, said: Sequence[Any]) -> None:
        """Count and log what was said in one batch; called once all of it is durable."""
        seconds = self._heart.age
        self._meter.observe(metrics.BATCH_SECONDS, seconds)
        self._log_expired(said)
        self._said.observe(said)
        self._documents.observe(said, seconds)
        self._settle_latency()
        self._documents.sum_up()

    def _log_expired(self, said: Sequence[Any]) -> None:
        """Log expired events; which ones is only looked for when there are some."""
        if self._worker is None or self._worker.scene.counts.expired == self._expired:
            return
        count = self._worker.scene.counts.expired - self._expired
        self._expired += count
        old = self._worker.scene.settings.event_expiry
        late = [one for one in said if type(one) is Event and access_time(one) < (one.at or 0) - old]
        for event in late[:SHOWN]:
            log.info(logs.DROPPED, event.id, event.strategy_id, reason="expired", dedupe_md5=event.dedupe_md5)
        if count > len(late[:SHOWN]):
            log.info("more events expired", count=count - len(late[:SHOWN]))

    # --- what is kept

    def stored(self, written: Written) -> None:
        """Count how a write went."""
        if written.conflicts:
            self._meter.add(metrics.CONFLICTS, written.conflicts)
        if written.refused:
            self._documents.dead_letters(list(written.refused), 0.0)

    def snapshot(self) -> None:
        """Note that a snapshot is taken."""
        self._meter.put(metrics.SNAPSHOT_TIME, self._clock())

    def keeps(self, _: str) -> None:
        """Note when the first slot of a snapshot is encoded."""
        if self._keeps_since is None:
            self._keeps_since = time.monotonic()

    def kept(self, key: str) -> None:
        """Note for how many seconds the job stood still, with what no slot owns: it is encoded last."""
        if key == SHARED and self._keeps_since is not None:
            self._meter.observe(metrics.SNAPSHOT_PAUSE, time.monotonic() - self._keeps_since)
            self._keeps_since = None

    def show(self) -> None:
        """Show counts and sizes of the worker; done every few seconds, for it looks at every state."""
        worker, meter = self._worker, self._meter
        if self._intake is not None and self._intake.clock:
            meter.put(metrics.CLOCK_LAG, max(0.0, self._clock() - self._intake.clock))
        if worker is None:
            return
        counts = worker.scene.counts
        for metric, total in (
            (metrics.EVENTS, counts.events),
            (metrics.DUPLICATES, counts.duplicates),
            (metrics.EXPIRED, counts.expired),
            (metrics.UNMATCHED, counts.unmatched),
        ):
            meter.put(metric, total)
        for change in ("opened", "recovered", "closed"):
            meter.put(metrics.ALERTS, getattr(counts, change), change)
        sizes = [len(slot.states) for slot in worker.states.slots.values()]
        meter.put(metrics.SLOTS, sum(map(bool, sizes)))
        meter.put(metrics.STATES, sum(sizes))
        severities = Counter(alert.severity for alert in worker.states.open())
        for severity in (1, 2, 3):
            meter.put(metrics.OPEN_ALERTS, severities[severity], str(severity))

    # --- the rules

    def on_rules(self, book: RuleBook, errors: Sequence[RuleError], now: float) -> None:
        """Show which rules are in force; called by the watcher of the rules, from its thread."""
        self._meter.only(metrics.RULES, {(book.version,): 1.0})
        self._meter.put(metrics.RULES_ERRORS, len(errors))
        self._meter.add(metrics.RULES_LOADS, 1, "refused" if errors else "ok")
        if not errors:
            self._meter.put(metrics.RULES_TIME, now)
        if self._redactor is not None:
            self._redactor.learn(secrets_of(book))


def _arrivals(raws: Sequence[Raw]) -> dict[tuple[str, int | None], int]:
    """Return how many records came by source and second. Most polls have one source, which is quicker to count."""
    sources = set(map(_source, raws))
    if len(sources) > 1:
        return Counter(map(_source_and_at, raws))
    return {(source, at): count for source in sources for at, count in Counter(map(_at, raws)).items()}
