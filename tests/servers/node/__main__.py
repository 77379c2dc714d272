"""A node of a cluster without containers: its pods are processes below the root of an image, on addresses of the loopback.

python -m tests.servers.node --api URL --token TOKEN --certificate FILE --name NAME --run DIR --claims DIR --images FILE

What a kubelet does and this leaves out: pulling images, limits of CPU and memory, seccomp, network policies and names of services,
sidecars, hooks, exec and logs over the API, probes other than HTTP. All nodes share the network of the machine.
"""

import argparse
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import urllib3

from tests.servers.node.api import MERGE, STRATEGIC, Api, ApiError, Thing
from tests.servers.node.claims import CONFLICT, Claims, name_class
from tests.servers.node.container import stamp
from tests.servers.node.images import Images
from tests.servers.node.pod import Pod

TICK, BEAT = 0.2, 2.0
LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
ROOM = {"cpu": "16", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "100"}


class Node:
    """Registers itself and runs what is scheduled onto it."""

    def __init__(self, api: Api, name: str, run: Path, claims: Claims, images: Images) -> None:
        self._api, self._name, self._run, self._claims, self._images = api, name, run, claims, images
        self._pods: dict[str, Pod] = {}
        self._number, self._beaten = 0, 0.0

    def register(self) -> None:
        """Say that this node is there and well."""
        labels = {"kubernetes.io/hostname": self._name, "topology.kubernetes.io/zone": f"zone-of-{self._name}"}
        made(
            self._api,
            "/api/v1/nodes",
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": self._name, "labels": labels}},
        )
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "",
            "lastTransitionTime": stamp(),
        }
        status = {"capacity": ROOM, "allocatable": ROOM, "conditions": [ready | {"lastHeartbeatTime": stamp()}]}
        self._api.patch(f"/api/v1/nodes/{self._name}/status", {"status": status}, STRATEGIC)
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self._name}}
        made(self._api, LEASES, lease)

    def beat(self, now: float) -> None:
        """Renew the lease by which controllers know that this node lives."""
        if now - self._beaten >= BEAT:
            at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            spec = {"holderIdentity": self._name, "leaseDurationSeconds": 10, "renewTime": at}
            self._api.patch(f"{LEASES}/{self._name}", {"spec": spec}, MERGE)
            self._beaten = now

    def step(self) -> None:
        """Look at what is scheduled here: begin what is new, tell each what changed, forget what is gone."""
        said = self._api.list(f"/api/v1/pods?fieldSelector=spec.nodeName%3D{self._name}")
        there = {one["metadata"]["uid"]: one for one in said}
        for uid, one in there.items():
            if uid in self._pods:
                self._pods[uid].said = one
            elif one["status"].get("phase") not in ("Succeeded", "Failed"):
                self._pods[uid] = self._begin(one)
        for uid in self._pods.keys() - there.keys():
            self._pods.pop(uid).killed.set()

    def _begin(self, said: Thing) -> Pod:
        self._number += 1
        meta = said["metadata"]
        high, low = divmod(os.getpid(), 254)  # no two nodes of a machine share addresses
        address = f"127.{64 + high % 128}.{low}.{self._number % 250 + 2}"
        folder = self._run / meta["namespace"] / meta["name"] / meta["uid"]
        pod = Pod(said, address, folder, self._api, self._claims, self._images)
        pod.start()
        return pod

    def end(self) -> None:
        """Kill everything that runs here."""
        for pod in self._pods.values():
            pod.killed.set()
        for pod in self._pods.values():
            pod.join(10)


def made(api: Api, path: str, thing: Thing) -> None:
    """Make an object unless it is there."""
    try:
        api.call("POST", path, thing)
    except ApiError as error:
        if error.status != CONFLICT:
            raise


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("api", "token", "certificate", "name", "run", "claims", "images"):
        options.add_argument(f"--{name}", required=True)
    given = options.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    api = Api(given.api, given.token, given.certificate)
    node = Node(api, given.name, Path(given.run), Claims(api, Path(given.claims)), Images(Path(given.images)))
    name_class(api)
    node.register()
    claims = Claims(api, Path(given.claims))
    while not stopped.wait(TICK):
        try:
            node.beat(time.monotonic())
            claims.provide()
            node.step()
        except (ApiError, urllib3.exceptions.HTTPError) as error:
            sys.stderr.write(f"{stamp()} {error}\n")
    node.end()


if __name__ == "__main__":
    main()
