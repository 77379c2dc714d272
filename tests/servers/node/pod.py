"""One pod on this node: volumes, init containers one after the other, containers side by side, status, end."""

import shutil
import threading
import time
from pathlib import Path

import urllib3

from tests.servers.node.api import STRATEGIC, Api, ApiError, Thing
from tests.servers.node.claims import Claims
from tests.servers.node.container import Container, stamp
from tests.servers.node.environment import RefusedError, variables
from tests.servers.node.images import Images, command_of, user_of
from tests.servers.node.program import Program
from tests.servers.node.volumes import Volumes

TICK = 0.1
REFRESH = 1.0
"""Seconds between looks at ConfigMaps and Secrets; a kubelet takes a minute or two."""


class Pod(threading.Thread):
    """Runs one pod until it is over or gone."""

    def __init__(self, said: Thing, address: str, folder: Path, api: Api, claims: Claims, images: Images) -> None:
        super().__init__(daemon=True)
        meta, spec = said["metadata"], said["spec"]
        self.said, self.address, self._folder = said, address, folder
        self._api, self._images = api, images
        self._path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
        claim = lambda name: claims.folder(meta["namespace"], name)  # noqa: E731 - of this pod's namespace
        self._volumes = Volumes(said, folder / "volumes", self._find, claim, self._token)
        restarts = spec.get("restartPolicy", "Always")
        grace = float(spec.get("terminationGracePeriodSeconds", 30))
        self._first = [
            self._container(one, "Never" if restarts == "Never" else "OnFailure", grace)
            for one in spec.get("initContainers", ())
        ]
        self._rest = [self._container(one, restarts, grace) for one in spec["containers"]]
        self._began, self._shown, self._refreshed = stamp(), {}, 0.0
        self.killed = threading.Event()
        self.is_done = False

    def run(self) -> None:
        """Do what is due until nothing is left to do."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "etc-hosts").write_text(
            f"127.0.0.1 localhost\n{self.address} {self.said['metadata']['name']}\n"
        )
        while not self.killed.is_set() and not self.is_done:
            try:
                self._step(time.monotonic())
                self._tell()
            except (ApiError, urllib3.exceptions.HTTPError) as error:
                with (self._folder / "node.log").open("a") as log:
                    log.write(f"{stamp()} {error}\n")
            self.killed.wait(TICK)
        for container in (*self._first, *self._rest):
            if container.program is not None:
                container.program.signal(9)
                container.program.child.wait()

    def _step(self, now: float) -> None:
        if self.said["metadata"].get("deletionTimestamp"):
            self._end(now)
            return
        if now - self._refreshed > REFRESH and not self._prepared(now):
            return
        for container in self._first:
            container.step(now)
            if not container.is_over or container.code:
                return
        for container in self._rest:
            container.step(now)

    def _prepared(self, now: float) -> bool:
        try:
            self._volumes.prepare()
        except RefusedError:
            return self._refreshed > 0
        self._refreshed = now
        return True

    def _end(self, now: float) -> None:
        grace = float(self.said["metadata"].get("deletionGracePeriodSeconds", 30))
        for container in (*self._first, *self._rest):
            container.stop(now, grace)
            container.step(now)
        if all(container.is_over for container in (*self._first, *self._rest)):
            self._tell()
            gone = {"gracePeriodSeconds": 0, "preconditions": {"uid": self.said["metadata"]["uid"]}}
            self._api.call("DELETE", self._path, gone)
            shutil.rmtree(self._folder / "volumes", ignore_errors=True)
            self.is_done = True

    # --- what a container needs

    def _find(self, kind: str, name: str) -> Thing | None:
        namespace = self.said["metadata"]["namespace"]
        found = self._api.find(f"/api/v1/namespaces/{namespace}/{kind.lower()}s/{name}")
        return found and {**found, "kind": kind}

    def _token(self, source: Thing) -> str:
        meta, account = self.said["metadata"], self.said["spec"]["serviceAccountName"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        spec: Thing = {"expirationSeconds": source.get("expirationSeconds", 3600), "boundObjectRef": bound}
        path = f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/{account}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return str(self._api.call("POST", path, body)["status"]["token"])

    def _container(self, said: Thing, restarts: str, grace: float) -> Container:
        return Container(said, self.address, lambda count: self._launch(said, count), restarts=restarts, grace=grace)

    def _launch(self, said: Thing, count: int) -> Program:
        image = self._images.find(said["image"])
        config = image["config"]
        user, group = user_of(self.said, said, config)
        asked = variables(self.said, said, self.address, self._find)
        env = {
            **self._api.variables(),
            **dict(one.split("=", 1) for one in config.get("Env") or ()),
            "HOSTNAME": self.said["metadata"]["name"],
            **asked,
        }
        pod = self.said["spec"].get("securityContext", {})
        spec = {
            "image": image["root"],
            "scratch": str(self._folder / said["name"] / str(count)),
            "mounts": self._mounts(said),
            "read_only": bool(said.get("securityContext", {}).get("readOnlyRootFilesystem")),
            "user": user,
            "group": group,
            "groups": [pod["fsGroup"]] if "fsGroup" in pod else [],
            "cwd": said.get("workingDir") or config.get("WorkingDir") or "/",
            "env": env,
            "command": command_of(said, config, env),
        }
        return Program(spec, self._folder / f"{said['name']}.log")

    def _mounts(self, said: Thing) -> list[Thing]:
        found = [{"source": str(self._folder / "etc-hosts"), "target": "/etc/hosts", "read_only": True}]
        for one in said.get("volumeMounts", ()):
            source = self._volumes.path(one["name"]) / one.get("subPath", "")
            found.append({"source": str(source), "target": one["mountPath"], "read_only": bool(one.get("readOnly"))})
        return found

    # --- what is told

    def _tell(self) -> None:
        status = self._status()
        if status != self._shown:
            body = {"metadata": {"uid": self.said["metadata"]["uid"]}, "status": status}
            self._api.patch(f"{self._path}/status", body, STRATEGIC)
            self._shown = status

    def _status(self) -> Thing:
        initialized = all(one.is_over and not one.code for one in self._first)
        ready = bool(initialized and all(one.is_ready for one in self._rest))
        holds = {
            "PodReadyToStartContainers": True,
            "Initialized": initialized,
            "ContainersReady": ready,
            "Ready": ready,
        }
        before = {one["type"]: one for one in self._shown.get("conditions", ())}
        return {
            "phase": self._phase(initialized=initialized),
            "hostIP": self.address,
            "podIP": self.address,
            "podIPs": [{"ip": self.address}],
            "startTime": self._began,
            "conditions": [_condition(name, value, before.get(name)) for name, value in holds.items()],
            "initContainerStatuses": [one.status() for one in self._first],
            "containerStatuses": [one.status() for one in self._rest],
        }

    def _phase(self, *, initialized: bool) -> str:
        if any(one.is_over and one.code for one in self._first):
            return "Failed"
        if not initialized or not any(one.program or one.count or one.is_over for one in self._rest):
            return "Pending"
        if all(one.is_over for one in self._rest):
            return "Failed" if any(one.code for one in self._rest) else "Succeeded"
        return "Running"


def _condition(name: str, value: bool, before: Thing | None) -> Thing:
    said = "True" if value else "False"
    if before is not None and before["status"] == said:
        return before
    return {"type": name, "status": said, "lastTransitionTime": stamp()}
