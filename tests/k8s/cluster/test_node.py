"""The node keeps what it says of itself: pods of it are what pods of a kubelet are, as far as our manifests ask."""

import json
from collections.abc import Iterator

import pytest

from tests.k8s.cluster.site import waited_for
from tests.servers.node.start import Cluster

pytestmark = pytest.mark.kube

SAFE = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


class Pods:
    """Pods of one namespace, made of Python programs."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.cluster, self.namespace = cluster, namespace

    def apply(self, *things) -> None:
        self.cluster.plane.kubectl(
            "--namespace", self.namespace, "apply", "-f", "-", said="\n---\n".join(map(json.dumps, things))
        )

    def status(self, name: str = "one"):
        found = self.cluster.api.find(f"/api/v1/namespaces/{self.namespace}/pods/{name}")
        return (found or {}).get("status", {})

    def file(self, name: str, volume: str = "shared", pod: str = "one") -> str:
        found = list(self.cluster.folder.glob(f"*/{self.namespace}/{pod}/*/volumes/{volume}/{name}"))
        return found[0].read_text() if found else ""


@pytest.fixture
def pods(cluster: Cluster, unique: str) -> Iterator[Pods]:
    cluster.plane.kubectl("create", "namespace", unique)
    cluster.plane.kubectl("--namespace", unique, "wait", "--for=create", "serviceaccount/default", "--timeout=60s")
    yield Pods(cluster, unique)
    cluster.plane.kubectl("delete", "namespace", unique, "--wait=false", check=False)


def container(name: str, code: str, **more):
    mounts = [{"name": "shared", "mountPath": "/shared"}]
    said = {"name": name, "image": "tocsin:0.1.0", "command": ["python", "-c", code], "securityContext": SAFE}
    return {**said, "volumeMounts": mounts, **more}


def pod(*containers, first=(), volumes=(), **spec):
    who = {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001, "runAsNonRoot": True}
    shared = {"name": "shared", "emptyDir": {}}
    body = {
        "initContainers": list(first),
        "containers": list(containers),
        "volumes": [shared, *volumes],
        "securityContext": who,
    }
    body |= {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": 2, **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "labels": {"of": "a-test"}}, "spec": body}


def test_containers_begin_once_all_before_them_have_ended_well(pods: Pods):
    tried = "import pathlib, sys; seen = pathlib.Path('/shared/tried'); was = seen.exists(); seen.touch(); sys.exit(not was)"
    writes = "open('/shared/said', 'w').write('first')"
    reads = "import time; open('/shared/heard', 'w').write(open('/shared/said').read()); time.sleep(600)"
    pods.apply(pod(container("main", reads), first=[container("fails", tried), container("writes", writes)]))
    waited_for("it runs", lambda: pods.status().get("phase") == "Running")
    waited_for("it heard", lambda: "first" in pods.file("heard"))
    counts = {one["name"]: one["restartCount"] for one in pods.status()["initContainerStatuses"]}
    assert counts == {"fails": 1, "writes": 0}


def test_a_container_sees_what_its_pod_says_and_no_more_than_its_user_may(pods: Pods):
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "stringData": {"WORD": "hush", "key": "deep"},
    }
    env = [
        {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "LABEL", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['of']"}}},
        {"name": "BOTH", "value": "$(LABEL) at $(WHERE) for $$1 $(NOBODY)"},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "key"}}},
        {"name": "NONE", "valueFrom": {"secretKeyRef": {"name": "t", "key": "key", "optional": True}}},
    ]
    code = """
import json, os, pathlib, sys
def denied(act):
    try: act()
    except OSError as error: return type(error).__name__
said = {"env": dict(os.environ), "user": os.getuid(), "group": os.getgid(), "groups": os.getgroups(), "pid": os.getpid(),
        "root": denied(lambda: open("/written", "w")), "file": open("/secret/WORD").read(),
        "raise": denied(lambda: os.setuid(0)), "mode": oct(os.stat("/secret/WORD").st_mode & 0o777)}
pathlib.Path("/shared/said").write_text(json.dumps(said))
"""
    volume = {"name": "secret", "secret": {"secretName": "s", "defaultMode": 0o440}}
    mounts = [{"name": "shared", "mountPath": "/shared"}, {"name": "secret", "mountPath": "/secret", "readOnly": True}]
    main = container("main", code, env=env, envFrom=[{"secretRef": {"name": "s"}}], volumeMounts=mounts)
    pods.apply(secret, pod(main, volumes=[volume], restartPolicy="Never"))
    waited_for("it ended", lambda: pods.status().get("phase") == "Succeeded")
    said, address = json.loads(pods.file("said")), pods.status()["podIP"]
    assert said["env"]["BOTH"] == f"a-test at {address} for $1 $(NOBODY)"
    assert (said["env"]["KEY"], said["env"]["WORD"], "NONE" in said["env"]) == ("deep", "hush", False)
    assert (said["user"], said["group"], said["groups"], said["pid"]) == (10001, 10001, [10001], 1)
    assert (said["root"], said["raise"], said["file"], said["mode"]) == ("OSError", "PermissionError", "hush", "0o440")


def test_what_is_asked_to_end_has_its_grace_and_no_more(pods: Pods):
    code = "import signal, time; signal.signal(15, lambda *_: open('/shared/asked', 'w').write('yes')); open('/shared/up', 'w'); time.sleep(600); time.sleep(600)"
    pods.apply(pod(container("main", code)))
    waited_for("it is up", lambda: list(pods.cluster.folder.glob(f"*/{pods.namespace}/one/*/volumes/shared/up")))
    pods.cluster.plane.kubectl("--namespace", pods.namespace, "delete", "pod", "one", "--wait=false")
    waited_for("it was asked", lambda: list(pods.cluster.folder.glob(f"*/{pods.namespace}/one/*/volumes/shared/asked")))
    waited_for("it is gone", lambda: pods.status() == {})


def test_what_cannot_be_made_says_why_and_begins_once_it_can(pods: Pods):
    main = container("main", "import time; time.sleep(600)", envFrom=[{"secretRef": {"name": "late"}}])
    pods.apply(pod(main))
    waited_for("it says why", lambda: "late" in waiting(pods))
    pods.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "late"}, "stringData": {"A": "b"}})
    waited_for("it runs", lambda: pods.status().get("phase") == "Running")


def waiting(pods: Pods) -> str:
    found = pods.status().get("containerStatuses", ())
    return " ".join(one["state"].get("waiting", {}).get("message", "") for one in found)
