"""The values of the metrics, and how Prometheus reads them."""

import threading
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from flows.telemetry.metrics import METRICS, TOTAL, Metric, Program

Labels = tuple[str, ...]
BOTH: tuple[Program, ...] = ("job", "courier")


class _Histogram:
    """Counts by bucket, the last one without bound, and the sum of what was observed."""

    __slots__ = ("counts", "sum")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0


class Meter(Collector):
    """Keeps the metrics of one process; safe from several threads. A histogram takes equal observations at once."""

    def __init__(self, strategies: Iterable[str | int] = (), programs: Sequence[Program] = BOTH) -> None:
        self._strategies = frozenset(map(str, strategies))
        self._lock = threading.Lock()
        self._metrics = tuple(metric for metric in METRICS if metric.program in programs)
        self._values: dict[Metric, dict[Labels, float]] = {}
        self._histograms: dict[Metric, dict[Labels, _Histogram]] = {}
        for metric in METRICS:
            if metric.kind == "histogram":
                self._histograms[metric] = {}
            else:
                known = metric.known or (((),) if metric.kind == "counter" and not metric.labels else ())
                self._values[metric] = dict.fromkeys(known, 0.0)
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def strategy(self, strategy_id: str) -> str:
        """Return what stands for a strategy in a label."""
        return strategy_id if strategy_id in self._strategies else TOTAL

    def add(self, metric: Metric, amount: float, *labels: str) -> None:
        """Let a counter grow."""
        with self._lock:
            values = self._values[metric]
            values[labels] = values.get(labels, 0.0) + amount

    def put(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge, or a counter whose total is counted elsewhere."""
        with self._lock:
            self._values[metric][labels] = value

    def only(self, metric: Metric, values: dict[Labels, float]) -> None:
        """Set a gauge for these labels and forget all others."""
        with self._lock:
            self._values[metric] = dict(values)

    def observe(self, metric: Metric, value: float, *labels: str, times: int = 1) -> None:
        """Note a value in a histogram."""
        place = bisect_left(metric.buckets, value)
        held = self._histograms[metric]
        with self._lock:
            if labels not in held:
                held[labels] = _Histogram(len(metric.buckets))
            held[labels].counts[place] += times
            held[labels].sum += value * times

    def value(self, metric: Metric, *labels: str) -> float:
        """Return the value of a counter or gauge, or how often a histogram was told something."""
        with self._lock:
            if metric.kind != "histogram":
                return self._values[metric].get(labels, 0.0)
            held = self._histograms[metric].get(labels)
            return float(sum(held.counts)) if held else 0.0

    def text(self) -> bytes:
        """Return everything as Prometheus reads it."""
        return generate_latest(self.registry)

    def describe(self) -> Iterable[Family]:
        """Name what `collect` yields."""
        return [_family(metric) for metric in self._metrics]

    def collect(self) -> Iterator[Family]:
        """Yield every metric with its values."""
        for metric in self._metrics:
            yield self._histogram(metric) if metric.kind == "histogram" else self._plain(metric)

    def _plain(self, metric: Metric) -> Family:
        family = _family(metric)
        with self._lock:
            values = list(self._values[metric].items())
        for labels, value in values:
            family.add_metric(labels, value)  # type: ignore[attr-defined]
        return family

    def _histogram(self, metric: Metric) -> Family:
        family = _family(metric)
        with self._lock:
            held = [(labels, list(one.counts), one.sum) for labels, one in self._histograms[metric].items()]
        bounds = [*map(floatToGoString, metric.buckets), "+Inf"]
        for labels, counts, total in held:
            buckets = list(zip(bounds, map(float, accumulate(counts)), strict=True))
            family.add_metric(labels, buckets, total)  # type: ignore[attr-defined]
        return family


_FAMILIES = {"counter": CounterMetricFamily, "gauge": GaugeMetricFamily, "histogram": HistogramMetricFamily}


def _family(metric: Metric) -> Family:
    family: Family = _FAMILIES[metric.kind](metric.name, metric.help, labels=metric.labels)
    return family
