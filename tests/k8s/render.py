"""What kustomize makes of k8s/: each overlay, alone and with the components that a user may add."""

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.servers.schemas import kustomize
from tests.tree import ROOT

K8S = ROOT / "k8s"

TREES = {
    "embedded": ("embedded", ()),
    "embedded, watched": ("embedded", ("monitoring",)),
    "production": ("production", ()),
    "production, three jobs": ("production", ("three-jobs",)),
    "production, backup": ("production", ("backup",)),
    "production, rescaled": ("production", ("backup", "rescale")),
    "production, over HTTP": ("production", ("gateway", "console")),
    "production, everything": (
        "production",
        ("three-jobs", "gateway", "console", "keda", "backup", "rescale", "monitoring"),
    ),
}
"""Name -> overlay, components."""

Thing = dict[str, Any]


@cache
def text(tree: str) -> str:
    """Return what is applied for a tree, as one YAML text."""
    overlay, components = TREES[tree]
    with tempfile.TemporaryDirectory() as folder:

        def here(*parts: str) -> str:
            return os.path.relpath(K8S.joinpath(*parts), Path(folder).resolve())

        top = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [here("overlays", overlay)],
            "components": [here("components", name) for name in components],
        }
        Path(folder, "kustomization.yaml").write_text(yaml.safe_dump(top))
        done = subprocess.run([*kustomize(), folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@cache
def things(tree: str) -> list[Thing]:
    """Return the objects of a tree."""
    return [thing for thing in yaml.safe_load_all(text(tree)) if thing]


def of_kind(tree: str, *kinds: str) -> list[Thing]:
    return [thing for thing in things(tree) if thing["kind"] in kinds]


def named(thing: Thing) -> str:
    return f"{thing['kind']} {thing['metadata']['name']}"


def pods(tree: str) -> list[tuple[str, Thing]]:
    """Return the pod template of each workload, and the workload's name."""
    found = []
    for thing in of_kind(tree, "StatefulSet", "Deployment", "CronJob", "Job"):
        spec = thing["spec"]["jobTemplate"]["spec"] if thing["kind"] == "CronJob" else thing["spec"]
        found.append((named(thing), spec["template"]))
    return found


def containers(template: Thing) -> list[Thing]:
    return [*template["spec"].get("initContainers", ()), *template["spec"]["containers"]]


def environment(container: Thing) -> dict[str, str]:
    """Return the variables of a container; what the cluster fills in stands as it would for the first pod."""
    keys = {"place": "s3://tocsin-backup/production"}
    filled = {"status.podIP": "127.0.0.1", "metadata.labels['apps.kubernetes.io/pod-index']": "0"}
    found = {}
    for one in container.get("env", ()):
        source = one.get("valueFrom", {})
        path = source.get("fieldRef", {}).get("fieldPath")
        found[one["name"]] = one.get("value") or filled.get(path) or keys[source["configMapKeyRef"]["key"]]
    return found
