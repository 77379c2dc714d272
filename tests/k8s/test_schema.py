"""Manifests are what the schemas say: of Kubernetes in each version that is maintained, of Compose, of systemd, of hadolint."""

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.k8s.render import ROOT, TREES, Thing, named, things
from tests.servers import schemas

OTHERS = {"monitoring.coreos.com", "keda.sh"}
"""Groups of custom resources: the real API server checks them (make test-k8s)."""


@cache
def validator(version: str, kind: str, api_version: str) -> Draft202012Validator:
    folder = schemas.kubernetes(version)
    group, _, number = api_version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], number)))
    return Draft202012Validator(json.loads((folder / f"{name}.json").read_text()), registry=registry(version))


@cache
def registry(version: str) -> Registry:
    """Return what the schemas of a version refer to."""
    shared = json.loads((schemas.kubernetes(version) / "_definitions.json").read_text())
    return Registry().with_resource("/api/_definitions.json", Resource(shared, DRAFT202012))


def mistakes(thing: Thing, version: str) -> list[str]:
    found = validator(version, thing["kind"], thing["apiVersion"]).iter_errors(thing)
    return [f"{named(thing)}: {one.json_path}: {one.message}" for one in found]


@pytest.mark.parametrize("version", schemas.KUBERNETES)
def test_every_object_is_one_of_its_kind(version):
    all_ = {json.dumps(thing): thing for tree in TREES for thing in things(tree)}
    ours = [thing for thing in all_.values() if thing["apiVersion"].partition("/")[0] not in OTHERS]
    assert len(ours) > 20
    assert [mistake for thing in ours for mistake in mistakes(thing, version)] == []


@pytest.mark.parametrize(
    ("kind", "break_it", "why"),
    [
        ("StatefulSet", lambda spec: spec.update(replica=1), "'replica' was unexpected"),
        ("StatefulSet", lambda spec: spec.update(replicas="two"), "'two' is not of type"),
        ("CronJob", lambda spec: spec.pop("schedule"), "'schedule' is a required property"),
    ],
)
def test_a_mistake_is_found(kind, break_it, why):
    (thing,) = [json.loads(json.dumps(one)) for one in things("production") if one["kind"] == kind]
    break_it(thing["spec"])
    assert why in " ".join(mistakes(thing, "1.37"))


def test_a_copy_of_production_takes_three_jobs_in_the_place_of_workers(tmp_path):
    shutil.copytree(ROOT / "k8s", tmp_path / "k8s")
    overlay = tmp_path / "k8s" / "overlays" / "production"
    said = yaml.safe_load((overlay / "kustomization.yaml").read_text())
    assert said["components"] == ["workers"]
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump({**said, "components": ["../../components/three-jobs"]}))
    done = subprocess.run([*schemas.kustomize(), str(overlay)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {one["metadata"]["name"] for one in yaml.safe_load_all(done.stdout) if one["kind"] == "StatefulSet"}
    assert found == {"tocsin-intake", "tocsin-alerts", "tocsin-notices"}


@pytest.mark.skipif(shutil.which("go") is None, reason="needs go: the schema comes with a Go module")
def test_the_compose_file_is_one():
    schema = json.loads(schemas.compose().read_text())
    said = yaml.safe_load((ROOT / "compose.yaml").read_text())
    assert [f"{one.json_path}: {one.message}" for one in Draft202012Validator(schema).iter_errors(said)] == []


def test_the_container_file_is_clean():
    linted = subprocess.run([schemas.hadolint(), ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.skipif(not Path("/usr/bin/systemd-analyze").exists(), reason="needs systemd-analyze")
def test_the_units_are_units(tmp_path):
    units = []
    for unit in sorted((ROOT / "systemd").iterdir()):
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/tocsin/bin/tocsin", "/bin/true"))
        units.append(tmp_path / unit.name)
    said = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (0, "")
