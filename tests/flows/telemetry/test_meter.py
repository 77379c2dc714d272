"""What a process counts: totals that grow, values that stand, histograms whose bounds belong to the step below."""

import pytest

from flows.telemetry import metrics
from flows.telemetry.meter import Meter
from flows.telemetry.metrics import METRICS

HISTOGRAM = next(one for one in METRICS if one.kind == "histogram")
COUNTER = next(one for one in METRICS if one.kind == "counter" and len(one.labels) == 1)
GAUGE = next(one for one in METRICS if one.kind == "gauge" and len(one.labels) == 1)


@pytest.fixture
def meter():
    return Meter(strategies=[7, "8"])


def lines(meter, name):
    return [line for line in meter.text().decode().splitlines() if line.startswith(name)]


def test_a_counter_grows_by_what_it_is_told_label_by_label(meter):
    for amount, label in ((1, "a"), (2, "a"), (5, "b"), (0, "c")):
        meter.add(COUNTER, amount, label)
    assert [meter.value(COUNTER, label) for label in "abc"] == [3.0, 5.0, 0.0]
    assert meter.value(COUNTER, "never told") == 0.0


def test_a_gauge_stands_at_what_it_was_told_last(meter):
    for value in (5, 3):
        meter.put(GAUGE, value, "a")
    meter.put(GAUGE, 9, "b")
    assert (meter.value(GAUGE, "a"), meter.value(GAUGE, "b")) == (3.0, 9.0)
    meter.only(GAUGE, {("b",): 1.0, ("c",): 2.0})
    assert [meter.value(GAUGE, label) for label in "abc"] == [0.0, 1.0, 2.0]
    assert len(lines(meter, f"{GAUGE.name}{{")) == 2, "what was forgotten is not exposed"


def test_values_that_are_laid_are_those_of_that_moment(meter):
    values = {("a",): 1.0}
    meter.only(GAUGE, values)
    values["a",] = 2.0
    assert meter.value(GAUGE, "a") == 1.0


@pytest.mark.parametrize("place", range(len(HISTOGRAM.buckets)))
def test_a_value_at_a_bound_counts_in_the_bucket_of_that_bound(meter, place):
    labels = ["x"] * len(HISTOGRAM.labels)
    meter.observe(HISTOGRAM, HISTOGRAM.buckets[place], *labels)
    counts = [float(line.rpartition(" ")[2]) for line in lines(meter, f"{HISTOGRAM.name}_bucket")]
    assert counts == [0.0] * place + [1.0] * (len(HISTOGRAM.buckets) + 1 - place)


def test_a_value_beyond_every_bound_counts_in_the_last_bucket_alone_and_in_the_sum(meter):
    labels = ["x"] * len(HISTOGRAM.labels)
    beyond = HISTOGRAM.buckets[-1] * 2
    meter.observe(HISTOGRAM, beyond, *labels, times=3)
    counts = [float(line.rpartition(" ")[2]) for line in lines(meter, f"{HISTOGRAM.name}_bucket")]
    assert counts == [0.0] * len(HISTOGRAM.buckets) + [3.0]
    assert lines(meter, f"{HISTOGRAM.name}_sum")[0].endswith(f" {3 * beyond}")
    assert meter.value(HISTOGRAM, *labels) == 3.0


@pytest.mark.parametrize(("strategy", "label"), [("7", "7"), ("8", "8"), ("9", "__total__"), ("", "__total__")])
def test_only_strategies_on_the_list_have_a_series_of_their_own(meter, strategy, label):
    assert meter.strategy(strategy) == label


def test_buckets_rise_and_labels_have_values_for_each_name():
    for one in METRICS:
        assert list(one.buckets) == sorted(set(one.buckets)), one.name
        assert all(len(known) == len(one.labels) for known in one.known), one.name
    assert metrics.PUSHED in METRICS
