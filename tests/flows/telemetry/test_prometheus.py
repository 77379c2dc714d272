"""A real Prometheus reads the metrics."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
from typing import Any, get_args

import pytest

from flows.telemetry import metrics
from flows.telemetry.health import HealthServer, Heart
from flows.telemetry.meter import Meter
from flows.telemetry.metrics import METRICS, TOTAL, Program
from tests.servers import prometheus

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module", autouse=True)
def there():
    if why := prometheus.missing():
        pytest.fail(why, pytrace=False)


@pytest.fixture
def meter() -> Meter:
    """A meter in which every metric has a value."""
    meter = Meter(programs=get_args(Program))
    for metric in METRICS:
        labels = metric.known[0] if metric.known else tuple("x" for _ in metric.labels)
        if metric.kind == "histogram":
            meter.observe(metric, 2.0, *labels, times=3)
        else:
            meter.put(metric, 3.0, *labels)
    meter.add(metrics.PUSHED, 5, TOTAL, "abnormal")
    return meter


def test_promtool_can_read_every_metric(meter: Meter):
    tool = [prometheus.tool("promtool"), "check", "metrics"]
    checked = subprocess.run(tool, input=meter.text(), capture_output=True, check=False)
    told = (checked.stdout + checked.stderr).decode().splitlines()
    assert [line for line in told if "error" in line] == []
    of_ours = [line for line in told if line.startswith("tocsin_")]
    assert of_ours == []


def ask(url: str, query: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/api/v1/query?query={urllib.parse.quote(query)}", timeout=60) as answer:
        return json.load(answer)["data"]["result"]


def waited_for(url: str, query: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 60
    while not (found := ask(url, query)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_a_scrape_brings_every_metric_under_the_name_in_the_documentation(meter: Meter):
    health = HealthServer(meter, Heart(10.0))
    health.start()
    target = f"127.0.0.1:{health.port}"
    config = {
        "scrape_configs": [{"job_name": "tocsin", "scrape_interval": "1s", "static_configs": [{"targets": [target]}]}]
    }
    server, url = prometheus.prometheus_server(json.dumps(config))
    try:
        found = waited_for(url, 'alert_manage_push_data_count_total{signal="abnormal",strategy_id="__total__"}')
        assert [one["value"][1] for one in found] == ["5"]
        for metric in METRICS:
            name = f"{metric.name}_count" if metric.kind == "histogram" else metric.series
            (one, *_) = ask(url, name)
            assert set(metric.labels) <= one["metric"].keys(), name
        (slow,) = ask(url, "histogram_quantile(0.5, alert_process_latency_bucket)")
        assert 1.0 < float(slow["value"][1]) <= 2.0
        assert ask(url, "up")[0]["value"][1] == "1"
    finally:
        server.stop()
        health.stop()
