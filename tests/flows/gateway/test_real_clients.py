"""Real clients against the gateway and the job, and nothing of theirs is changed: amtool (two of them), Prometheus (two replicas of it), and
an Alertmanager that sends its webhook.
"""

import json
import re
import subprocess
import time
from datetime import UTC, datetime

import pytest
import yaml

from tests.flows.gateway.stand import BARE, TOCSIN, Stand, until
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
    "sources": [
        {"id": "replicas", "format": "prometheus", "when": "tags.replica", "event": {"dedupe_except": ["replica"]}}
    ],
}


UNMERGED = {**BARE, "TOCSIN__CONVERGE__BUSINESS_THRESHOLD": "1000"}
"""Each test is told of its own alerts, however many others have just been told of."""


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
            [*command, "--spool", str(folder / "data" / "spool")], stdout=log, stderr=log, env=UNMERGED, cwd=ROOT
        )
    until(lambda: (folder / "data" / "tocsin.sqlite3").exists() or job.poll() is not None)
    assert job.poll() is None, (folder / "job.log").read_text()
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules"))
    yield stand
    assert stand.stop() == 0
    job.terminate()
    assert job.wait(120) == 0, (folder / "job.log").read_text()[-3000:]


@pytest.fixture(params=["of Debian", "current"])
def amtool(request, house):
    """Each amtool: one that runs a command against the house and returns what it prints."""
    if request.param == "current" and (why := prometheus.missing_amtool()):
        pytest.skip(why)
    program = prometheus.current_amtool() if request.param == "current" else prometheus.tool("amtool")
    return lambda *arguments: printed(program, house, *arguments)


def printed(program, house, *arguments):
    command = [program, f"--alertmanager.url=http://{house.listen}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def shown(house, *filters):
    found = printed(
        prometheus.tool("amtool"), house, "alert", "query", "--output=json", "--active", "--silenced", *filters
    )
    return json.loads(found)


def told(house, name):
    """Return the signals of the notices whose title names an alert."""
    path = house.folder / "data" / "notices.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [one["signal"] for one in map(json.loads, lines) if name in one["title"]]


def test_amtool_adds_finds_and_silences(house, amtool, request):
    disk = f"DiskFull{len(request.node.name)}"
    amtool("alert", "add", disk, "severity=warning", "instance=db-1:9100", "--annotation=summary=full")
    (alert,) = until(lambda: shown(house, f"alertname={disk}"))
    assert alert["labels"]["instance"] == "db-1:9100"
    assert alert["annotations"]["summary"] == "full"
    name = amtool("silence", "add", f"alertname={disk}", "--comment=known", "--duration=2h").strip()
    assert name in amtool("silence", "query")
    silenced = until(
        lambda: [one for one in shown(house, f"alertname={disk}") if one["status"]["state"] == "suppressed"]
    )
    assert silenced[0]["status"]["silencedBy"] == [name]
    amtool("silence", "expire", name)
    assert name not in amtool("silence", "query")
    until(lambda: shown(house, f"alertname={disk}")[0]["status"]["state"] == "active")


@pytest.mark.parametrize(
    "arguments",
    [("config", "show"), ("cluster", "show"), ("config", "routes", "show"), ("alert", "query"), ("silence", "query")],
)
def test_every_reading_command_of_amtool_works(amtool, arguments):
    amtool(*arguments)


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
    until(lambda: told(house, "CalledOnce") == ["abnormal", "recovered"])


def replica(house, name, **labels):
    """Return a Prometheus with a rule that always fires, and the metric that counts what it sent."""
    rule = {"alert": name, "expr": "vector(1)", "labels": {"severity": "critical"}, "annotations": {"summary": "both"}}
    path = house.folder / f"{name}.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "g", "interval": "1s", "rules": [rule]}]}))
    config = {
        "global": {"evaluation_interval": "1s", "external_labels": labels},
        "rule_files": [str(path)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [house.listen]}]}]},
    }
    server, url = prometheus.prometheus_server(yaml.safe_dump(config))

    def sent():
        found = SENT.search(house.http.request("GET", f"{url}/metrics").data.decode())
        return float(found[1]) if found else 0.0

    return server, sent


SENT = re.compile(r"^prometheus_notifications_sent_total\{.*\} (\S+)$", re.MULTILINE)


@pytest.mark.parametrize(("name", "labels"), [("Same", ({}, {})), ("Marked", ({"replica": "a"}, {"replica": "b"}))])
def test_two_replicas_of_prometheus_make_one_alert_and_one_notice(house, name, labels):
    after = name[::-1]  # told later, and no part of the other's title
    (one, of_one), (other, of_other) = (replica(house, name, **more) for more in labels)
    try:
        until(lambda: of_one() > 0 and of_other() > 0)
        until(lambda: told(house, name))
        (alert,) = shown(house, f"alertname={name}")
        house.post("/v1/events", {"event_id": name, "plugin_id": "p", "alert_name": after, "time": int(time.time())})
        until(lambda: told(house, after))  # whatever was sent before has been decided
    finally:
        one.stop()
        other.stop()
    assert alert["annotations"]["summary"] == "both"
    assert told(house, name) == ["abnormal"]


@pytest.mark.skipif(bool(prometheus.missing_alertmanager()), reason=prometheus.missing_alertmanager())
def test_an_alertmanager_sends_its_webhook(house):
    receiver = {"name": "tocsin", "webhook_configs": [{"url": f"http://{house.listen}/webhook/alertmanager"}]}
    route = {"receiver": "tocsin", "group_wait": "0s", "group_interval": "1s", "group_by": ["alertname"]}
    server, url = prometheus.alertmanager_server(yaml.safe_dump({"route": route, "receivers": [receiver]}))
    alert = {"labels": {"alertname": "Passed", "severity": "critical"}, "annotations": {"summary": "on"}}
    headers = {"Content-Type": "application/json"}

    def post(**times):
        body = json.dumps([{**alert, **times}])
        assert house.http.request("POST", f"{url}/api/v2/alerts", body=body, headers=headers).status == 200

    try:
        post()
        (seen,) = until(lambda: shown(house, "alertname=Passed"))
        post(endsAt=datetime.now(UTC).isoformat())
        until(lambda: not shown(house, "alertname=Passed"))
    finally:
        server.stop()
    assert seen["annotations"]["summary"] == "on"
    until(lambda: told(house, "Passed") == ["abnormal", "recovered"])
