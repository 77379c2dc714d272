"""A real amtool and a real Prometheus against the gateway and the job: nothing of theirs is changed."""

import json
import subprocess
import time

import pytest
import yaml

from tests.flows.gateway.stand import BARE, TOCSIN, Stand
from tests.servers import prometheus
from tests.tree import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.slow]

RULES = {
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}],
    "dispatch": [
        {
            "id": 1,
            "name": "all",
            "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}],
        }
    ],
}


def until(seen, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """A gateway and the job behind it."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "rules").mkdir()
    (folder / "rules" / "r.yaml").write_text(yaml.safe_dump(RULES))
    command = [
        *TOCSIN,
        "run",
        "--settings",
        "/dev/null",
        "--rules",
        str(folder / "rules"),
        "--data",
        str(folder / "data"),
    ]
    with (folder / "job.log").open("ab") as log:
        job = subprocess.Popen(
            [*command, "--spool", str(folder / "data" / "spool")], stdout=log, stderr=log, env=BARE, cwd=ROOT
        )
    until(lambda: (folder / "data" / "tocsin.sqlite3").exists() or job.poll() is not None)
    assert job.poll() is None, (folder / "job.log").read_text()
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules"))
    yield stand
    assert stand.stop() == 0
    job.terminate()
    assert job.wait(120) == 0, (folder / "job.log").read_text()[-3000:]


def amtool(house, *arguments):
    command = [prometheus.tool("amtool"), f"--alertmanager.url=http://{house.listen}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def shown(house, *filters):
    return json.loads(amtool(house, "alert", "query", "--output=json", "--active", "--silenced", *filters))


def test_amtool_adds_finds_and_silences(house):
    amtool(house, "alert", "add", "DiskFull", "severity=warning", "instance=db-1:9100", "--annotation=summary=full")
    (alert,) = until(lambda: shown(house, "alertname=DiskFull"))
    assert alert["labels"]["instance"] == "db-1:9100"
    assert alert["annotations"]["summary"] == "full"
    name = amtool(house, "silence", "add", "alertname=DiskFull", "--comment=known", "--duration=2h").strip()
    assert name in amtool(house, "silence", "query")
    silenced = until(
        lambda: [one for one in shown(house, "alertname=DiskFull") if one["status"]["state"] == "suppressed"]
    )
    assert silenced[0]["status"]["silencedBy"] == [name]
    amtool(house, "silence", "expire", name)
    assert name not in amtool(house, "silence", "query")
    until(lambda: shown(house, "alertname=DiskFull")[0]["status"]["state"] == "active")


@pytest.mark.parametrize(
    "arguments",
    [("config", "show"), ("cluster", "show"), ("config", "routes", "show"), ("alert", "query"), ("silence", "query")],
)
def test_every_reading_command_of_amtool_works(house, arguments):
    amtool(house, *arguments)


def test_a_rule_of_prometheus_fires_and_resolves(house):
    calls = 'tocsin_gateway_requests_total{path="/webhook/grafana"}'
    rule = {
        "alert": "CalledOnce",
        "expr": f"{calls} == 1",
        "labels": {"severity": "critical"},
        "annotations": {"summary": "once"},
    }
    path = house.folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": "1s", "rules": [rule]}]}))
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(path)],
        "scrape_configs": [{"job_name": "gateway", "static_configs": [{"targets": [house.listen]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [house.listen]}]}]},
    }
    server, _ = prometheus.prometheus_server(yaml.safe_dump(config))
    try:
        house.post("/webhook/grafana", {"alerts": []})
        (alert,) = until(lambda: shown(house, "alertname=CalledOnce"))
        assert alert["annotations"]["summary"] == "once"
        house.post("/webhook/grafana", {"alerts": []})
        until(lambda: not shown(house, "alertname=CalledOnce"))
    finally:
        server.stop()
    told = [json.loads(line) for line in (house.folder / "data" / "notices.jsonl").read_text().splitlines()]
    of_rule = [one["signal"] for one in told if "CalledOnce" in one["title"]]
    assert of_rule == ["abnormal", "recovered"]
