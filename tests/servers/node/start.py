"""A cluster of one machine: a control plane, and nodes that can be lost."""

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.servers.kubernetes import TOKEN, ControlPlane
from tests.servers.node.api import Api, ApiError, Thing
from tests.servers.node.program import child_of, inside
from tests.servers.process import Server
from tests.tree import ROOT


class Cluster:
    """A control plane with controllers and scheduler, nodes, and the images that each of them has."""

    def __init__(self, folder: Path, image_root: Path, image_config: Thing) -> None:
        self.folder, self._image = folder, {"root": str(image_root), "config": image_config}
        self._images: dict[str, Thing] = {}
        self._nodes: dict[str, Server] = {}
        self.plane = ControlPlane(runs=True)
        self.api = Api(self.plane.url, TOKEN, str(self.plane.certificate))

    def bring(self, name: str) -> None:
        """Give every node the image under a name."""
        self._images[name] = self._image
        fresh = self.folder / "images.new"
        fresh.write_text(json.dumps(self._images))
        fresh.rename(self.folder / "images.json")

    def start_node(self, name: str) -> None:
        """Start a node; it is ready for pods when this returns."""
        places = {"run": self.folder / name, "claims": self.folder / "claims", "images": self.folder / "images.json"}
        words = {"api": self.plane.url, "token": TOKEN, "certificate": self.plane.certificate, "name": name, **places}
        command = [sys.executable, "-m", "tests.servers.node", *(f"--{key}={value}" for key, value in words.items())]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        run = Path(tempfile.mkdtemp(prefix=f"{name}."))
        self._nodes[name] = Server(command, run, lambda: self.is_ready(name) and self._beats(name), env=env)
        self._nodes[name].start()

    def lose_node(self, name: str) -> None:
        """Kill a node with everything that runs on it, as a power cut does."""
        self._nodes.pop(name).kill()

    def stop(self) -> None:
        for server in self._nodes.values():
            server.stop()
        self.plane.stop()

    def is_ready(self, name: str) -> bool:
        """Say whether controllers take a node for one that lives."""
        node = self.api.find(f"/api/v1/nodes/{name}")
        conditions = {one["type"]: one["status"] for one in (node or {}).get("status", {}).get("conditions", ())}
        tainted = (node or {}).get("spec", {}).get("taints", ())
        return conditions.get("Ready") == "True" and not tainted

    def _beats(self, name: str) -> bool:
        try:
            lease = self.api.get(f"/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{name}")
        except ApiError:
            return False
        return "renewTime" in lease.get("spec", {})

    # --- pods

    def container(self, namespace: str, pod: str, name: str = "tocsin") -> Path:
        """Return the folder of a container of the pod that has this name now."""
        said = self.api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
        return self.folder / said["spec"]["nodeName"] / namespace / pod / said["metadata"]["uid"] / name

    def kill(self, namespace: str, pod: str) -> None:
        """End the program of a pod as the kernel does that is out of memory."""
        number, _ = self._running(namespace, pod)
        first = child_of(number)
        assert first is not None, f"{pod} does not run"
        os.kill(first, signal.SIGKILL)

    def execute(self, namespace: str, pod: str, *command: str) -> str:
        """Run a command in the container `tocsin` of a pod, and return what it says."""
        done = inside(*self._running(namespace, pod), command)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _running(self, namespace: str, pod: str) -> tuple[int, Thing]:
        runs = sorted(self.container(namespace, pod).iterdir(), key=lambda run: int(run.name))
        spec: Thing = json.loads((runs[-1] / "spec.json").read_text())
        return int((runs[-1] / "pid").read_text()), spec

    def logs(self, namespace: str) -> str:
        """Return the ends of what all containers of a namespace said."""
        found = sorted(self.folder.glob(f"*/{namespace}/*/*/*.log"))
        return "\n".join(
            f"--- {path.relative_to(self.folder)}\n{path.read_text(errors='replace')[-1500:]}" for path in found
        )
