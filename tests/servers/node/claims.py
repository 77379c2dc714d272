"""Volumes for claims that have none: a folder each, which every node of a test reaches as it would a disk on the network."""

import contextlib
import os
from pathlib import Path

from tests.servers.node.api import MERGE, Api, ApiError, Thing

CONFLICT = 409


class Claims:
    """Makes a PersistentVolume for each claim that waits for one; controllers bind them."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api, self._folder = api, folder

    def provide(self) -> None:
        """Make what is missing; another node may be quicker."""
        for claim in self._api.list("/api/v1/persistentvolumeclaims"):
            if claim["status"].get("phase") == "Pending" and not claim["spec"].get("volumeName"):
                with contextlib.suppress(ApiError):
                    self._api.call("POST", "/api/v1/persistentvolumes", self._volume(claim))

    def folder(self, namespace: str, name: str) -> Path:
        """Return the folder of a claim."""
        return self._folder / f"{namespace}-{name}"

    def _volume(self, claim: Thing) -> Thing:
        meta = claim["metadata"]
        folder = self.folder(meta["namespace"], meta["name"])
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, 0, 0)
        bound = {
            "kind": "PersistentVolumeClaim",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        }
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": f"pv-{meta['uid']}"},
            "spec": {
                "capacity": claim["spec"]["resources"]["requests"],
                "accessModes": claim["spec"]["accessModes"],
                "persistentVolumeReclaimPolicy": "Retain",
                "storageClassName": claim["spec"].get("storageClassName", ""),
                "hostPath": {"path": str(folder)},
                "claimRef": {"apiVersion": "v1", **bound},
            },
        }


def name_class(api: Api) -> None:
    """Make a storage class that is the default, so that claims need not name one; nothing else provisions it."""
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    thing = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "folders", "annotations": default},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "Immediate",
    }
    try:
        api.call("POST", "/apis/storage.k8s.io/v1/storageclasses", thing)
    except ApiError as error:
        if error.status != CONFLICT:
            raise
        api.patch("/apis/storage.k8s.io/v1/storageclasses/folders", {"metadata": {"annotations": default}}, MERGE)
