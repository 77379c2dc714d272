"""Alert rules, dashboards and scaling ask only for what the programs show, and each alert has its page."""

import importlib.util
import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from flows.telemetry.metrics import METRICS
from tests.flows.telemetry.test_prometheus import ask, waited_for
from tests.k8s.render import of_kind
from tests.servers import prometheus
from tests.servers.process import free_port
from tests.tree import DOCS, ROOT

MONITORING = ROOT / "k8s" / "monitoring"
SPEC = importlib.util.spec_from_file_location("generate", MONITORING / "generate.py")
assert SPEC is not None
assert SPEC.loader is not None
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)

RULES = [rule for group in generate.groups() for rule in group["rules"]]
ALERTS = [rule for rule in RULES if "alert" in rule]
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
QUERIES = [
    *(rule["expr"] for rule in RULES),
    *(query for panels in generate.PANELS.values() for _, _, query, _ in panels),
    of_kind("production, everything", "ScaledObject")[0]["spec"]["triggers"][0]["metadata"]["query"],
]
ENDS = {"histogram": ("_bucket", "_sum", "_count")}
OURS = {f"{metric.series}{end}": metric for metric in METRICS for end in ENDS.get(metric.kind, ("",))}
BESIDE = {"up": {"job", "instance"}, "process_resident_memory_bytes": set(), "process_cpu_seconds_total": set()}
PLACE = {"namespace", "instance", "job", "le"}
"""Labels that Prometheus or its operator puts beside ours."""


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_names_only_metrics_and_labels_that_there_are(query):
    named = re.findall(r"\b((?:tocsin|alert|action|process|up)[a-z_:]*)(\{[^}]*\})?", query)
    assert named
    known: set[str] = set(PLACE)
    for name, matchers in named:
        labels = {*OURS[name].labels, *PLACE} if name in OURS else BESIDE.get(name, PLACE)
        assert name in OURS or name in BESIDE or name in RECORDED, name
        assert set(re.findall(r"(\w+)=~?\"", matchers)) <= labels | PLACE, query
        known |= set(labels)
    for grouped in re.findall(r"(?:by|without) \(([^)]*)\)", query):
        assert set(re.split(r",\s*", grouped)) <= known, query


def test_every_alert_has_an_entry_in_the_runbook():
    headings = set(re.findall(r"^### (Tocsin\w+)$", (DOCS / "runbook.md").read_text(), re.MULTILINE))
    assert headings == {rule["alert"] for rule in ALERTS}
    for rule in ALERTS:
        assert rule["labels"].keys() == {"severity"}
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"


def test_what_is_generated_is_what_lies_there():
    for path, made in generate.files().items():
        assert path.read_text() == made, f"{path}: run k8s/monitoring/generate.py"
    assert {path.name for path in generate.DASHBOARDS.iterdir()} == {
        p.name for p in generate.files() if p.suffix == ".json"
    }


def test_dashboards_are_dashboards():
    for path in generate.DASHBOARDS.iterdir():
        board = json.loads(path.read_text())
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)
        assert all(panel["targets"][0]["expr"] for panel in board["panels"])


def test_the_object_of_kubernetes_holds_the_same_groups():
    (rule,) = of_kind("production, everything", "PrometheusRule")
    assert rule["spec"]["groups"] == generate.groups()


@pytest.mark.servers
def test_promtool_takes_the_rules_and_its_tests_hold():
    for words in (["check", "rules", "alerts.yaml"], ["test", "rules", "alerts_test.yaml"]):
        done = subprocess.run(
            [prometheus.tool("promtool"), *words], cwd=MONITORING, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_test_in_which_it_fires():
    tests = yaml.safe_load((MONITORING / "alerts_test.yaml").read_text())["tests"]
    fired = {one["alertname"] for test in tests for one in test.get("alert_rule_test", ()) if one["exp_alerts"]}
    assert fired == {rule["alert"] for rule in ALERTS}


@pytest.mark.servers
def test_prometheus_answers_every_query_from_what_a_job_shows(tmp_path):
    """A real job and courier over a file, scraped each second: every query is answered, and what must be there is."""
    port, rules = free_port(), tmp_path / "rules.yaml"
    rules.write_text("strategies: []\n")
    (tmp_path / "events.jsonl").write_text("not json\n")
    (tmp_path / "tocsin.yaml").write_text(json.dumps({"metrics": {"port": port}, "recovery": {"interval": 1}}))
    words = [
        "run",
        "--settings",
        "tocsin.yaml",
        "--rules",
        "rules.yaml",
        "--input",
        "events.jsonl",
        "--follow",
        "--data",
        "d",
    ]
    env = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN")}
    job = subprocess.Popen([sys.executable, "-c", "from flows.cli import main; main()", *words], cwd=tmp_path, env=env)
    config = {
        "rule_files": [str(MONITORING / "alerts.yaml")],
        "global": {"evaluation_interval": "1s"},
        "scrape_configs": [
            {"job_name": "tocsin", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
        ],
    }
    server, url = prometheus.prometheus_server(json.dumps(config))
    try:
        assert waited_for(url, "tocsin:catch_up:rate or tocsin_snapshot_timestamp_seconds")
        assert waited_for(url, 'tocsin_dead_letters_total{reason="not_json"} == 1')
        for query in QUERIES:
            ask(url, query)  # an HTTP error is what a query gets that cannot be understood
        assert waited_for(url, "tocsin:busy:ratio")
        assert ask(url, "sum by (stage) (tocsin_workers / tocsin_workers)")[0]["metric"] == {"stage": "all"}
        assert ask(url, "ALERTS{alertstate='firing'}") == []
    finally:
        server.stop()
        job.terminate()
        job.wait(60)
