"""Writes what is made from alerts.yaml and from the panels below: the PrometheusRule, and the dashboards of Grafana.

python k8s/monitoring/generate.py; tests/k8s/test_monitoring.py compares.
"""

import json
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
RULES = HERE / "alerts.yaml"
WRAPPED = HERE.parent / "components" / "monitoring" / "rules.yaml"
DASHBOARDS = HERE / "dashboards"
PAGE = "docs/runbook.md"

Panel = tuple[str, str, str, str]
"""Title, unit of Grafana, query, legend."""

PANELS: dict[str, list[Panel]] = {
    "Tocsin: is it well": [
        ("Workers that answer", "short", "sum by (stage) (tocsin_workers / tocsin_workers)", "{{stage}}"),
        ("Behind the wall clock", "s", "max by (namespace) (tocsin_clock_lag_seconds)", "{{namespace}}"),
        ("Oldest notice", "s", "max by (namespace) (tocsin_outbox_oldest_seconds)", "{{namespace}}"),
        ("Age of the last snapshot", "s", "time() - tocsin_snapshot_timestamp_seconds", "{{instance}}"),
        ("Records read", "reqps", "sum by (topic) (rate(tocsin_records_read_total[5m]))", "{{topic}}"),
        ("Records that wait", "short", "sum by (topic) (tocsin_lag_records)", "{{topic}}"),
        ("Open alerts", "short", "sum by (severity) (tocsin_open_alerts)", "severity {{severity}}"),
        ("Alerts opened and ended", "cpm", "60 * sum by (change) (rate(tocsin_alerts_total[5m]))", "{{change}}"),
        ("From arrival to durable, 99 of 100", "s", "histogram_quantile(0.99, sum by (le) (rate(alert_process_latency_bucket[5m])))", "p99"),
        ("Records refused", "cpm", "60 * sum by (reason) (rate(tocsin_dead_letters_total[5m]))", "{{reason}}"),
        ("Events let go", "cpm", "60 * sum by (reason) (rate(tocsin_events_dropped_total[5m]))", "{{reason}}"),
        ("Mistakes in the rules", "short", "max by (namespace) (tocsin_rules_errors)", "{{namespace}}"),
    ],
    "Tocsin: notices": [
        ("Waiting", "short", "max by (state) (tocsin_outbox_notices)", "{{state}}"),
        ("Put into the outbox", "cpm", "60 * sum by (way) (rate(tocsin_notices_total[5m]))", "{{way}}"),
        ("Attempts", "cpm", "60 * sum by (way, result) (rate(tocsin_sends_total[5m]))", "{{way}} {{result}}"),
        ("Answer of the provider, 95 of 100", "s", "histogram_quantile(0.95, sum by (le, way) (rate(tocsin_send_seconds_bucket[5m])))", "{{way}}"),
        ("Given up", "cpm", "60 * sum by (way, reason) (rate(tocsin_notices_given_up_total[5m]))", "{{way}} {{reason}}"),
        ("Actions", "cpm", "60 * sum by (plugin_type, status) (rate(tocsin_actions_total[5m]))", "{{plugin_type}} {{status}}"),
    ],
    "Tocsin: gateway": [
        ("Requests", "reqps", "sum by (path) (rate(tocsin_gateway_requests_total[5m]))", "{{path}}"),
        ("Turned away", "percentunit", 'sum by (status) (rate(tocsin_gateway_requests_total{status=~"429|5.."}[5m])) / on () group_left () sum (rate(tocsin_gateway_requests_total[5m]))', "{{status}}"),
        ("Events kept", "reqps", "sum by (format) (rate(tocsin_gateway_records_total[5m]))", "{{format}}"),
        ("No events", "cpm", "60 * sum by (format, reason) (rate(tocsin_gateway_refused_total[5m]))", "{{format}} {{reason}}"),
        ("From arrival to durable, 99 of 100", "s", "histogram_quantile(0.99, sum by (le) (rate(tocsin_gateway_keep_seconds_bucket[5m])))", "p99"),
        ("Left out by senders", "cpm", "60 * sum by (format) (rate(tocsin_gateway_truncated_alerts_total[5m]))", "{{format}}"),
    ],
    "Tocsin: capacity": [
        ("Busy", "percentunit", "rate(tocsin_busy_seconds_total[5m])", "{{instance}}"),
        ("Records a second a worker could do", "reqps", "sum without (topic) (rate(tocsin_records_read_total[5m])) / (rate(tocsin_busy_seconds_total[5m]) > 0.01)", "{{instance}}"),
        ("Backlog shrinks by", "reqps", "-sum without (topic, partition) (deriv(tocsin_lag_records[5m]))", "{{instance}}"),
        ("Workers there should be", "short", "tocsin:workers:recommended", "{{namespace}}"),
        ("Batch, 99 of 100", "s", "histogram_quantile(0.99, sum by (le, instance) (rate(tocsin_batch_seconds_bucket[5m])))", "{{instance}}"),
        ("Pause of a snapshot, 99 of 100", "s", "histogram_quantile(0.99, sum by (le, instance) (rate(tocsin_snapshot_pause_seconds_bucket[30m])))", "{{instance}}"),
        ("Fingerprints kept", "short", "tocsin_states", "{{instance}}"),
        ("Memory", "bytes", "process_resident_memory_bytes", "{{instance}}"),
        ("Processor", "percentunit", "rate(process_cpu_seconds_total[5m])", "{{instance}}"),
        ("Documents already newer", "cpm", "60 * sum by (namespace) (rate(tocsin_store_conflicts_total[5m]))", "{{namespace}}"),
    ],
}  # fmt: skip


def groups() -> list[dict[str, Any]]:
    """Return the groups of rules, each alert with the place of its entry in the runbook."""
    found: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"]
    for rule in (rule for group in found for rule in group["rules"] if "alert" in rule):
        rule["annotations"]["runbook"] = f"{PAGE}#{rule['alert'].lower()}"
    return found


def wrapped() -> str:
    """Return the groups as an object of Kubernetes."""
    labels = {"app.kubernetes.io/name": "tocsin"}
    thing = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "tocsin", "namespace": "tocsin", "labels": labels},
        "spec": {"groups": groups()},
    }
    head = "# Made from k8s/monitoring/alerts.yaml by k8s/monitoring/generate.py.\n"
    return head + yaml.safe_dump(thing, sort_keys=False, width=160)


def dashboard(title: str) -> str:
    """Return one dashboard as Grafana imports it."""
    uid = title.lower().replace(": ", "-").replace(" ", "-")
    source = {"type": "prometheus", "uid": "${source}"}
    chosen = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}
    made = {
        "uid": uid,
        "title": title,
        "tags": ["tocsin"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [chosen]},
        "panels": [_panel(place, source, *panel) for place, panel in enumerate(PANELS[title])],
    }
    return json.dumps(made, indent=1) + "\n"


def _panel(place: int, source: dict[str, str], title: str, unit: str, query: str, legend: str) -> dict[str, Any]:
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": {"x": place % 3 * 8, "y": place // 3 * 8, "w": 8, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0} if unit != "reqps" else {"unit": unit}, "overrides": []},
        "targets": [{"refId": "A", "datasource": source, "expr": query, "legendFormat": legend}],
    }


def files() -> dict[Path, str]:
    """Return everything that is made, by its place."""
    made = {DASHBOARDS / f"{title.rpartition(': ')[2].replace(' ', '-')}.json": dashboard(title) for title in PANELS}
    return {WRAPPED: wrapped(), **made}


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text)
