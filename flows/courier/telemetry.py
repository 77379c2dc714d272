"""What the courier tells about itself."""

from flows.telemetry import metrics
from flows.telemetry.meter import Meter
from operators.deliver.delivery import BuryReason
from sinks.outbox import Depth


class DeliveryTelemetry:
    """An observer of the courier (flows/courier/observer.py) that counts into a meter."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter

    def on_result(self, way: str, *, ok: bool, seconds: float) -> None:
        """Count one attempt."""
        self._meter.add(metrics.SENDS, 1, way, "ok" if ok else "failed")
        self._meter.observe(metrics.SEND_SECONDS, seconds, way)

    def on_buried(self, way: str, reason: BuryReason) -> None:
        """Count a notice given up."""
        self._meter.add(metrics.GIVEN_UP, 1, way, reason.value)

    def on_depth(self, depth: Depth) -> None:
        """Show what waits."""
        for state in ("ready", "later", "in_flight", "dead"):
            self._meter.put(metrics.OUTBOX_DEPTH, getattr(depth, state), state)
        self._meter.put(metrics.OUTBOX_AGE, depth.oldest_age)
