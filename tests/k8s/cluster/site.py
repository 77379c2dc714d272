"""An installation in a namespace of its own: a copy of k8s/, edited as docs/kubernetes.md says, applied, looked at."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.k8s.render import K8S
from tests.servers.node.start import Cluster
from tests.tree import ROOT

PATIENCE = 240.0
"""Seconds: the machine is busy, and a worker takes a while to start."""


class Site:
    """One namespace, what is applied to it, and what has become of it."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        self.cluster, self.namespace, self.k8s = cluster, namespace, folder / "k8s"
        shutil.copytree(K8S, self.k8s, ignore=shutil.ignore_patterns("image", "__pycache__"))
        shutil.copytree(ROOT / "examples" / "demo", folder / "examples" / "demo")

    # --- what is written

    def edit(self, path: str, change: Callable[[Any], object]) -> None:
        """Change a file of YAML of the copy in place."""
        file = self.k8s / path
        said = yaml.safe_load(file.read_text())
        change(said)
        file.write_text(yaml.safe_dump(said, sort_keys=False))

    def small(self, overlay: str) -> None:
        """Move an overlay into this namespace, and ask for little."""

        def change(said: dict[str, Any]) -> None:
            said["namespace"] = self.namespace
            name = {"op": "replace", "path": "/metadata/name", "value": self.namespace}
            patches = said.setdefault("patches", [])
            patches.append({"target": {"kind": "Namespace"}, "patch": json.dumps([name])})

        self.edit(f"overlays/{overlay}/kustomization.yaml", change)

    # --- what is done

    def kubectl(self, *words: str, check: bool = True) -> str:
        done = self.cluster.plane.kubectl("--namespace", self.namespace, *words, check=check)
        return done.stdout

    def apply(self, overlay: str) -> None:
        self.cluster.plane.kubectl("apply", "--kustomize", str(self.k8s / "overlays" / overlay))

    def rolled_out(self, *workloads: str) -> None:
        """Wait until workloads run as they were applied last."""
        for name in workloads:
            self.kubectl("rollout", "status", name, f"--timeout={PATIENCE:.0f}s")

    def evict(self, pod: str) -> int:
        """Ask for an eviction as a drain does; return the answer's status."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": self.namespace}}
        return self.cluster.api.ask("POST", f"/api/v1/namespaces/{self.namespace}/pods/{pod}/eviction", body)

    # --- what is seen

    def pods(self, component: str = "job") -> dict[str, dict[str, Any]]:
        """Return pods by their names."""
        label = f"app.kubernetes.io/component%3D{component}"
        found = self.cluster.api.list(f"/api/v1/namespaces/{self.namespace}/pods?labelSelector={label}")
        return {one["metadata"]["name"]: one for one in found}

    def ready(self, component: str = "job") -> list[str]:
        """Return the names of pods that are ready."""
        return [name for name, pod in self.pods(component).items() if is_ready(pod)]

    def addresses(self, component: str) -> list[str]:
        """Return the addresses of pods that are ready."""
        return [pod["status"]["podIP"] for pod in self.pods(component).values() if is_ready(pod)]

    def logs(self) -> str:
        return self.cluster.logs(self.namespace)


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions", ())}
    return conditions.get("Ready") == "True"


def waited_for(what: str, holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Look again and again until something holds."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, f"it never came that {what}"
        time.sleep(0.3)
