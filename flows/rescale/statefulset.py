"""Workers as pods of a StatefulSet: its replicas and the variable by which they know their number change together."""

from collections.abc import Iterator, Mapping
from typing import Any

from flows.rescale.cluster import Cluster
from flows.rescale.fleet import FleetError

VARIABLE = "TOCSIN__KAFKA__WORKERS"

Tree = Mapping[str, Any]


class StatefulSet:
    """Asks and changes one StatefulSet, and reads nothing else: the rights to get and to patch it are enough."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster, self._name = cluster, name

    def __str__(self) -> str:
        return f"statefulset/{self._name} in {self._cluster.namespace}"

    def workers(self) -> int:
        """Return the value of the variable."""
        return workers_of(self._cluster.get(self._name))

    def running(self) -> int:
        """Return how many pods there are, those that are ending too."""
        found = self._cluster.get(self._name)
        if not is_seen(found):
            return max(1, int(found["spec"]["replicas"]))
        return int(found["status"].get("replicas", 0))

    def ready(self) -> int:
        """Return how many pods of the newest form are ready."""
        return ready_of(self._cluster.get(self._name))

    def stop(self) -> None:
        """Want no pods."""
        self._cluster.patch(self._name, {"spec": {"replicas": 0}})

    def start(self, workers: int) -> None:
        """Want this number of pods, and tell them of it."""
        container = container_of(self._cluster.get(self._name))["name"]
        told = {"name": container, "env": [{"name": VARIABLE, "value": str(workers)}]}
        self._cluster.patch(self._name, {"spec": {"replicas": workers, "template": {"spec": {"containers": [told]}}}})


def container_of(found: Tree) -> Tree:
    """Return the container of a StatefulSet that runs a worker. Raises FleetError."""
    for container in found["spec"]["template"]["spec"]["containers"]:
        if any(one["name"] == VARIABLE for one in container.get("env", ())):
            return container  # type: ignore[no-any-return]  # of JSON
    raise FleetError(f"{found['metadata']['name']}: no container has the variable {VARIABLE}: it runs no workers")


def workers_of(found: Tree) -> int:
    """Return for how many workers a StatefulSet is set up. Raises FleetError."""
    values: Iterator[str] = (one.get("value", "") for one in container_of(found)["env"] if one["name"] == VARIABLE)
    value = next(values)
    if not value.isdecimal():
        raise FleetError(f"{found['metadata']['name']}: variable {VARIABLE} is {value!r}, no number")
    return int(value)


def is_seen(found: Tree) -> bool:
    """Return True once the controller has acted on the last change: before, its counts are of another form."""
    return bool(found["status"].get("observedGeneration", 0) >= found["metadata"]["generation"])


def ready_of(found: Tree) -> int:
    """Return how many pods are ready, of the newest form and no more than are wanted."""
    status = found["status"]
    if not is_seen(found) or status.get("replicas", 0) != found["spec"]["replicas"]:
        return 0
    return min(int(status.get("readyReplicas", 0)), int(status.get("updatedReplicas", 0)))
