"""The list of metrics, and their values."""

import threading

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.telemetry import metrics
from flows.telemetry.meter import Meter
from flows.telemetry.metrics import METRICS, TOTAL, document
from tests.tree import DOCS


def series(meter: Meter) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(meter.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_documentation_is_made_from_the_list():
    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == document()


def test_names_are_unique_and_say_their_unit():
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert not [name for name in names if name.endswith("_total")]
    assert all(metric.buckets == tuple(sorted(metric.buckets)) for metric in METRICS)
    assert all(bool(metric.buckets) == (metric.kind == "histogram") for metric in METRICS)
    assert all(len(known) == len(metric.labels) for metric in METRICS for known in metric.known)


@pytest.mark.parametrize(
    ("name", "kind", "labels", "buckets"),
    [
        ("alert_manage_push_data_count", "counter", ("strategy_id", "signal"), ()),
        (
            "alert_process_latency",
            "histogram",
            ("bk_data_id", "topic"),
            (1, 2, 3, 5, 10, 15, 20, 30, 60, 180, 300),
        ),
        ("action_create_process_time", "histogram", ("strategy_id", "signal"), metrics.SHORT),
        ("action_create_process_count", "counter", ("status", "exception"), ()),
    ],
)
def test_the_four_metrics_of_the_reference_keep_name_and_labels(name: str, kind: str, labels: tuple, buckets: tuple):
    (metric,) = [one for one in METRICS if one.name == name]
    assert (metric.kind, metric.labels, metric.buckets) == (kind, labels, buckets)


def test_every_metric_that_is_in_the_module_is_in_the_list():
    assert {id(one) for one in vars(metrics).values() if isinstance(one, metrics.Metric)} == set(map(id, METRICS))


def test_a_counter_is_exposed_as_a_total():
    meter = Meter()
    meter.add(metrics.PUSHED, 2, TOTAL, "abnormal")
    meter.add(metrics.PUSHED, 1, TOTAL, "abnormal")
    labels = (("signal", "abnormal"), ("strategy_id", TOTAL))
    assert series(meter)["alert_manage_push_data_count_total", labels] == 3


def test_a_histogram_takes_many_equal_values_at_once():
    meter = Meter()
    for value, times in ((0.5, 1), (1.0, 2), (1.5, 3), (301.0, 4)):
        meter.observe(metrics.LATENCY_SECONDS, value, "7", "raw", times=times)
    found = series(meter)
    where = (("bk_data_id", "7"), ("topic", "raw"))
    counts = {dict(labels)["le"]: value for (name, labels), value in found.items() if name.endswith("_latency_bucket")}
    assert (counts["1.0"], counts["2.0"], counts["300.0"], counts["+Inf"]) == (3, 6, 6, 10)
    assert found["alert_process_latency_count", where] == 10
    assert found["alert_process_latency_sum", where] == 0.5 + 2 + 4.5 + 1204
    assert meter.value(metrics.LATENCY_SECONDS, "7", "raw") == 10


def test_what_can_be_known_beforehand_stands_at_zero():
    found = series(Meter())
    assert found["tocsin_dead_letters_total", (("reason", "not_json"),)] == 0
    assert found["tocsin_events_total", ()] == 0
    assert ("tocsin_snapshot_timestamp_seconds", ()) not in found


def test_no_created_series_are_exposed():
    assert not [name for name, _ in series(Meter()) if name.endswith("_created")]


@pytest.mark.parametrize(("program", "has", "lacks"), [("job", "tocsin_events", "tocsin_sends"), ("courier", "tocsin_sends", "tocsin_events")])  # fmt: skip
def test_a_program_of_its_own_exposes_its_own_metrics(program, has: str, lacks: str):
    text = Meter(programs=(program,)).text().decode()
    assert f"# TYPE {has}_total counter" in text
    assert f"# TYPE {lacks}_total counter" not in text


def test_strategies_are_one_unless_they_are_on_the_list():
    meter = Meter(strategies=[7])
    assert [meter.strategy(name) for name in ("7", "8", "")] == ["7", TOTAL, TOTAL]


def test_a_gauge_may_forget_all_but_one():
    meter = Meter()
    meter.only(metrics.RULES, {("a",): 1.0})
    meter.only(metrics.RULES, {("b",): 1.0})
    assert [key for key in series(meter) if key[0] == "tocsin_rules_info"] == [
        ("tocsin_rules_info", (("version", "b"),))
    ]


def test_nothing_is_lost_when_several_threads_count():
    meter = Meter()

    def count() -> None:
        for _ in range(1000):
            meter.add(metrics.EVENTS, 1)
            meter.observe(metrics.BATCH_SECONDS, 1.0)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.value(metrics.EVENTS) == 8000
    assert meter.value(metrics.BATCH_SECONDS) == 8000
