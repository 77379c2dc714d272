"""The manifests run: pods as processes of the built image, on real servers, under load; whatever befalls them, nothing is lost or doubled."""

import hashlib
import json
import sys
import time

import pytest
import urllib3

from tests.k8s.cluster.production import Production
from tests.k8s.cluster.site import is_ready, waited_for

pytestmark = [pytest.mark.kube, pytest.mark.servers("kafka", "elasticsearch", "redis")]

RUNNING = ("statefulset/tocsin-job", "deployment/tocsin-courier")


@pytest.fixture
def running(production: Production) -> Production:
    """Two workers and two couriers, ready, under load."""
    production.lay(workers=2)
    production.apply("production")
    production.rolled_out(*RUNNING)
    production.begin()
    production.fed(100)
    return production


def restarts(pod) -> int:
    return sum(one["restartCount"] for one in pod["status"]["containerStatuses"])


def test_a_worker_that_is_killed_comes_back_with_its_state(running: Production):
    waited_for("alerts are kept", lambda: running.states() >= 20)
    running.cluster.kill(running.namespace, "tocsin-job-0")
    running.fed(60)
    waited_for("it was started again", lambda: restarts(running.pods()["tocsin-job-0"]) == 1)
    waited_for("it is ready", lambda: len(running.ready()) == 2)
    running.nothing_is_lost_nor_doubled()
    assert sorted(restarts(pod) for pod in running.pods().values()) == [0, 1]


def test_two_evictions_at_once_are_one_and_a_refusal(running: Production):
    waited_for("one may be evicted", lambda: allowed(running) == 1)
    before = {name: pod["metadata"]["uid"] for name, pod in running.pods().items()}
    assert [running.evict("tocsin-job-0"), running.evict("tocsin-job-1")] == [201, 429]
    running.fed(60)
    waited_for("the evicted one is back", lambda: running.ready() and renewed(running, before) == {"tocsin-job-0"})
    waited_for("one may be evicted again", lambda: allowed(running) == 1)
    assert running.evict("tocsin-job-1") == 201
    waited_for("both were moved", lambda: renewed(running, before) == before.keys() and len(running.ready()) == 2)
    running.nothing_is_lost_nor_doubled()


def allowed(site: Production) -> int:
    path = f"/apis/policy/v1/namespaces/{site.namespace}/poddisruptionbudgets/tocsin-job"
    return int(site.cluster.api.get(path)["status"].get("disruptionsAllowed", 0))


def renewed(site: Production, before: dict[str, str]) -> set[str]:
    return {name for name, pod in site.pods().items() if pod["metadata"]["uid"] != before.get(name)}


def test_an_upgrade_replaces_one_pod_after_the_other(running: Production):
    running.cluster.bring("tocsin:0.1.1")
    running.version("0.1.1")
    running.apply("production")
    seen = {"job": 2, "courier": 2}

    def is_done() -> bool:
        found = {component: running.pods(component) for component in seen}
        for component, pods in found.items():
            seen[component] = min(seen[component], sum(map(is_ready, pods.values())))
        images = {pod["spec"]["containers"][0]["image"] for pods in found.values() for pod in pods.values()}
        return images == {"tocsin:0.1.1"} and all(is_ready(pod) for pods in found.values() for pod in pods.values())

    waited_for("every pod is of the new version", is_done)
    assert seen == {"job": 1, "courier": 2}, "the fewest that were ready"
    running.nothing_is_lost_nor_doubled()


def test_pods_of_a_lost_node_go_on_elsewhere_with_their_volumes(running: Production):
    lost = running.pods()["tocsin-job-0"]["spec"]["nodeName"]
    running.disturbances = sum(pod["spec"]["nodeName"] == lost for pod in running.pods("courier").values())
    running.cluster.lose_node(lost)
    try:
        waited_for("the cluster knows that it is lost", lambda: not running.cluster.is_ready(lost))
        running.cluster.plane.kubectl("taint", "node", lost, "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
        waited_for("all is ready again", lambda: len(running.ready()) == 2 and len(running.ready("courier")) == 2)
        everybody = {**running.pods(), **running.pods("courier")}
        assert lost not in {pod["spec"]["nodeName"] for pod in everybody.values() if is_ready(pod)}
        running.nothing_is_lost_nor_doubled()
    finally:
        running.cluster.plane.kubectl("delete", "node", lost)
        running.cluster.start_node(lost)


def test_another_number_of_workers_goes_on_from_the_parts_of_the_others(objects: str, production: Production, capsys):
    production.lay(workers=2, components=["backup", "rescale"])
    production.keep_parts(objects)
    production.apply("production")
    production.rolled_out(*RUNNING)
    production.begin()
    production.fed(200)
    for count in (4, 2):
        said = production.rescale(count)
        with capsys.disabled():
            sys.stdout.write(f"\n{said}")
        workers = {name: pod["metadata"]["uid"] for name, pod in production.pods().items()}
        assert len(workers) == count
        assert len(production.ready()) == count
        production.fed(100)
        assert renewed(production, workers) == set(), "applying the new count changes nothing"
    production.nothing_is_lost_nor_doubled()


def test_the_stages_run_as_three_jobs(production: Production):
    production.lay(workers=1, components=["three-jobs"])
    production.apply("production")
    stages = ("intake", "alerts", "notices")
    production.rolled_out(*(f"statefulset/tocsin-{stage}" for stage in stages), "deployment/tocsin-courier")
    production.begin()
    production.fed(200)
    for stage in stages:
        production.cluster.kill(production.namespace, f"tocsin-{stage}-0")
    production.fed(100)
    for stage in stages:
        waited_for(f"{stage} is back", lambda stage=stage: restarts(production.pods(stage)[f"tocsin-{stage}-0"]) == 1)
    production.nothing_is_lost_nor_doubled()


def test_retention_runs_as_a_job(production: Production):
    production.lay(workers=1)
    production.apply("production")
    production.rolled_out("statefulset/tocsin-job")
    production.kubectl("create", "job", "now", "--from=cronjob/tocsin-retain")
    production.kubectl("wait", "--for=condition=complete", "job/now", "--timeout=120s")


def test_a_change_of_rules_restarts_nobody_and_one_of_settings_everybody(running: Production):
    before = {name: pod["metadata"]["uid"] for name, pod in running.pods().items()}
    version = running.rules_in_force()
    running.edit(
        "overlays/production/rules/business.yaml", lambda said: said["strategies"].append({"id": 8, "name": "Another"})
    )
    running.apply("production")
    waited_for("other rules are in force", lambda: running.rules_in_force().isdisjoint(version))
    assert renewed(running, before) == set()
    running.edit("overlays/production/tocsin.yaml", lambda said: said["recovery"].update(interval=2))
    running.apply("production")
    running.rolled_out(*RUNNING)
    assert renewed(running, before) == before.keys()
    running.nothing_is_lost_nor_doubled()


def test_events_come_in_over_http_and_alerts_are_seen_in_the_console(production: Production):
    production.lay(workers=1, components=["gateway", "console"])
    token = hashlib.sha256(b"let me in").hexdigest()
    production.secrets(
        {"tokens": json.dumps({"tokens": [{"name": "me", "sha256": token, "scopes": ["send", "read"]}]})}
    )
    production.apply("production")
    production.rolled_out(*RUNNING, "deployment/tocsin-gateway", "deployment/tocsin-console")
    asked = {"Authorization": "Bearer let me in", "Accept": "application/json"}
    event = {"event_id": "e1", "plugin_id": "p", "alert_name": "Disk full", "severity": 1, "time": int(time.time())}
    (gateway, *_), (console,) = production.addresses("gateway"), production.addresses("console")
    refused = urllib3.request("POST", f"http://{gateway}:9093/v1/events", json=event)
    assert refused.status == 401
    taken = urllib3.request("POST", f"http://{gateway}:9093/v1/events", json=event, headers=asked)
    assert taken.json() == {"accepted": 1, "refused": []}
    waited_for(
        "the console shows it",
        lambda: b"Disk full" in urllib3.request("GET", f"http://{console}:9094/", headers=asked).data,
    )
