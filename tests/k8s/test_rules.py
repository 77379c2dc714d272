"""Our own rules for what we ship: safe by default, whole in itself, and of one mind with the program."""

import tempfile
from pathlib import Path

import click
import pytest
import yaml

from flows.cli import main
from flows.settings.settings import load_settings
from operators.rules.read.load import load
from tests.k8s.render import ROOT, TREES, Thing, containers, environment, of_kind, pods, text, things

pytestmark = pytest.mark.parametrize("tree", TREES)

SCRAPED = 9464
OVER_HTTP = {"gateway": 9093, "console": 9094}
"""Programs that are asked over HTTP, and where they listen."""


def workloads(tree: str) -> list[tuple[str, Thing]]:
    return [(name, template) for name, template in pods(tree) if not name.startswith(("CronJob", "Job"))]


def selects(selector: Thing, labels: dict[str, str]) -> bool:
    wanted = selector.get("matchLabels", {})
    outside = [one for one in selector.get("matchExpressions", ()) if one["operator"] == "NotIn"]
    inside = [one for one in selector.get("matchExpressions", ()) if one["operator"] == "In"]
    return (
        wanted.items() <= labels.items()
        and all(labels.get(one["key"]) in one["values"] for one in inside)
        and all(labels.get(one["key"]) not in one["values"] for one in outside)
    )


# --- safe by default


def test_pods_are_restricted(tree):
    for name, template in pods(tree):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is (spec["serviceAccountName"] == "tocsin-rescale"), name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] >= 10000, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(template):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, f"{name}: {container['name']}"


def test_the_namespace_enforces_it(tree):
    (namespace,) = of_kind(tree, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {thing["metadata"].get("namespace") for thing in things(tree)} == {None, namespace["metadata"]["name"]}


def test_containers_ask_for_what_they_need_and_may_have_twice_the_memory(tree):
    for name, template in pods(tree):
        for container in containers(template):
            asked, most = container["resources"]["requests"], container["resources"]["limits"]
            assert {"cpu", "memory"} <= asked.keys(), name
            assert "cpu" not in most, name
            assert quantity(most["memory"]) == 2 * quantity(asked["memory"]), name


def quantity(text: str) -> int:
    return int(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]


def test_images_are_of_this_version_and_never_the_latest(tree):
    version = (ROOT / "pyproject.toml").read_text().partition('\nversion = "')[2].partition('"')[0]
    images = {container["image"] for _, template in pods(tree) for container in containers(template)}
    assert images == {f"tocsin:{version}"}


def test_nothing_goes_in_or_out_that_is_not_named(tree):
    policies = {thing["metadata"]["name"]: thing["spec"] for thing in of_kind(tree, "NetworkPolicy")}
    assert policies["tocsin-default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for _, template in workloads(tree):
        assert any(
            selects(spec["podSelector"], template["metadata"]["labels"])
            and {"port": "metrics", "protocol": "TCP"} in rule["ports"]
            for spec in policies.values()
            for rule in spec.get("ingress", ())
        )


def test_state_outlives_its_workers(tree):
    sets = of_kind(tree, "StatefulSet")
    assert sets
    for one in sets:
        spec = one["spec"]
        assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
        assert spec["podManagementPolicy"] == "Parallel"
        assert [claim["spec"]["accessModes"] for claim in spec["volumeClaimTemplates"]] == [["ReadWriteOncePod"]]
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] >= 120


# --- whole in itself


def test_everything_that_is_named_is_there(tree):
    there = {(thing["kind"], thing["metadata"]["name"]) for thing in things(tree)}
    for name, template in pods(tree):
        spec = template["spec"]
        assert ("ServiceAccount", spec["serviceAccountName"]) in there, name
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        for volume in volumes.values():
            if "configMap" in volume:
                assert ("ConfigMap", volume["configMap"]["name"]) in there, name
            if "secret" in volume:
                assert volume["secret"]["optional"], name
        claims = {
            one["metadata"]["name"]
            for thing in of_kind(tree, "StatefulSet")
            for one in thing["spec"]["volumeClaimTemplates"]
        }
        for container in containers(template):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes.keys() | claims, name
    for thing in of_kind(tree, "StatefulSet"):
        assert ("Service", thing["spec"]["serviceName"]) in there


def test_each_workload_has_one_budget_and_selects_itself_alone(tree):
    found = workloads(tree)
    labels = {name: template["metadata"]["labels"] for name, template in found}
    selectors = [thing["spec"]["selector"] for thing in of_kind(tree, "PodDisruptionBudget")]
    selectors += [thing["spec"]["selector"] for thing in of_kind(tree, "StatefulSet", "Deployment")]
    for selector in selectors:
        assert len([name for name in labels if selects(selector, labels[name])]) == 1
    assert len(selectors) == 2 * len(found)
    for thing in of_kind(tree, "PodDisruptionBudget"):
        assert thing["spec"]["maxUnavailable"] == 1
        assert thing["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_each_headless_service_finds_the_pods_of_its_set(tree):
    services = {thing["metadata"]["name"]: thing["spec"] for thing in of_kind(tree, "Service")}
    for thing in of_kind(tree, "StatefulSet"):
        service = services[thing["spec"]["serviceName"]]
        assert service["selector"].items() <= thing["spec"]["template"]["metadata"]["labels"].items()
        assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)


def test_workers_know_how_many_they_are(tree):
    for thing in of_kind(tree, "StatefulSet"):
        (worker,) = [one for one in thing["spec"]["template"]["spec"]["containers"] if one["name"] == "tocsin"]
        assert environment(worker)["TOCSIN__KAFKA__WORKERS"] == str(thing["spec"]["replicas"])
        assert (256 % thing["spec"]["replicas"]) == 0


# --- of one mind with the program


def test_probes_ask_what_the_program_answers_where_it_answers(tree):
    for name, template in workloads(tree):
        (main_,) = [one for one in template["spec"]["containers"] if one["name"] == "tocsin"]
        probes = {kind: main_[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {kind: probe["path"] for kind, probe in probes.items()} == {
            "startup": "/readyz", "liveness": "/healthz", "readiness": "/readyz",
        }, name  # fmt: skip
        if main_["args"][0] in OVER_HTTP:
            assert main_["ports"] == [{"name": "http", "containerPort": OVER_HTTP[main_["args"][0]]}]
            assert main_["args"][2] == f"$(POD_IP):{OVER_HTTP[main_['args'][0]]}"
            assert {probe["port"] for probe in probes.values()} == {"http"}
            continue
        assert {probe["port"] for probe in probes.values()} == {"metrics"}
        assert main_["ports"] == [{"name": "metrics", "containerPort": SCRAPED}]
        assert environment(main_)["TOCSIN__METRICS__PORT"] == str(SCRAPED)
        assert environment(main_)["TOCSIN__METRICS__HOST"] == "127.0.0.1", "the address of the pod"


def test_a_courier_is_given_the_time_it_takes(tree):
    for _, template in workloads(tree):
        for container in template["spec"]["containers"]:
            words = container["args"]
            if words[0] == "courier":
                assert template["spec"]["terminationGracePeriodSeconds"] > float(words[words.index("--grace") + 1])


def test_programs_are_started_with_words_they_know(tree, monkeypatch):
    monkeypatch.setenv("TOCSIN_RESCALE_TO", "4")
    for _, template in pods(tree):
        for container in containers(template):
            assert "command" not in container, "the image has no program but its own"
            command = main.get_command(click.Context(main), container["args"][0])
            command.make_context(container["args"][0], container["args"][1:])


def test_settings_are_settings_and_what_they_keep_can_be_written(tree):
    for name, template in pods(tree):
        volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
        for container in containers(template):
            variables = environment(container)
            if "TOCSIN_SETTINGS" not in variables:
                continue
            settings = load_settings(mounted(tree, template, container, variables["TOCSIN_SETTINGS"]), variables)
            writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
            kept = [settings.recovery.directory, settings.dead_letters, settings.store.dsn, settings.outbox.dsn]
            if container["args"][0] == "run":
                assert all(one.startswith(tuple(writable)) for one in kept if "://" not in one), name
                assert f"{settings.rules}" in {mount["mountPath"] for mount in container["volumeMounts"]}, name
            assert "tmp" in volumes


def mounted(tree: str, template: Thing, container: Thing, path: str) -> str:
    """Return a copy of the file that a container finds at a path."""
    folder, _, file = path.rpartition("/")
    (mount,) = [one["name"] for one in container["volumeMounts"] if one["mountPath"] == folder]
    (volume,) = [one["configMap"]["name"] for one in template["spec"]["volumes"] if one["name"] == mount]
    (content,) = [thing["data"][file] for thing in of_kind(tree, "ConfigMap") if thing["metadata"]["name"] == volume]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as copy:
        copy.write(content)
    return copy.name


def test_rules_are_rules_and_may_change_without_a_restart(tree):
    (rules,) = [thing for thing in of_kind(tree, "ConfigMap") if thing["metadata"]["name"] == "tocsin-rules"]
    with tempfile.TemporaryDirectory() as folder:
        for name, content in rules["data"].items():
            Path(folder, name).write_text(content)
        _, errors = load([folder])
    assert errors == []


def test_settings_restart_the_workers_when_they_change(tree):
    (settings,) = [one for one in of_kind(tree, "ConfigMap") if one["metadata"]["name"].startswith("tocsin-settings-")]
    used = [
        volume["configMap"]["name"]
        for _, template in pods(tree)
        for volume in template["spec"]["volumes"]
        if "configMap" in volume
    ]
    assert set(used) == {settings["metadata"]["name"], "tocsin-rules"}


def test_what_is_rendered_is_plain_yaml(tree):
    assert len(list(yaml.safe_load_all(text(tree)))) == len(things(tree))
