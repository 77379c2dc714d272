"""The volumes of a pod, as folders: ConfigMap and Secret by a link that is swapped, as a kubelet does; emptyDir; claims."""

import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from tests.servers.node.api import Thing
from tests.servers.node.environment import Lookup, RefusedError, data_of, field, required

LINK = "..data"
GROUP_MAY = 0o060
SET_GROUP = 0o2000
_KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


Token = Callable[[Thing], str]
"""Asks for a token of the pod's account, as a projected source says it."""


class Volumes:
    """The volumes of one pod below a folder of its own."""

    def __init__(self, pod: Thing, folder: Path, lookup: Lookup, claim: Callable[[str], Path], token: Token) -> None:
        self._said: dict[str, Thing] = {one["name"]: one for one in pod["spec"].get("volumes", ())}
        self._group = pod["spec"].get("securityContext", {}).get("fsGroup", 0)
        self._pod, self._folder, self._lookup, self._claim, self._token = pod, folder, lookup, claim, token
        self._content: dict[str, dict[str, bytes]] = {}
        self._tokens: dict[str, bytes] = {}

    def prepare(self) -> None:
        """Make all of them; RefusedError if one cannot be made."""
        for name, said in self._said.items():
            self.path(name).mkdir(parents=True, exist_ok=True)
            if "emptyDir" in said:
                own(self.path(name), self._group, 0o777)
            elif "persistentVolumeClaim" in said:
                own(self.path(name), self._group, 0o755)
            else:
                self._refresh(name, said)

    def path(self, name: str) -> Path:
        """Return the folder of a volume."""
        claimed = self._said[name].get("persistentVolumeClaim")
        return self._claim(claimed["claimName"]) if claimed else self._folder / name

    def _refresh(self, name: str, said: Thing) -> None:
        """Bring what changed into the folder, all of it at once."""
        (kind,) = said.keys() - {"name"}
        source = said[kind]
        parts = source["sources"] if kind == "projected" else [{kind: source}]
        content = {key: value for part in parts for key, value in self._part(name, part).items()}
        if content != self._content.get(name):
            self._swap(self.path(name), content, source.get("defaultMode", 0o644))
            self._content[name] = content

    def _part(self, volume: str, part: Thing) -> dict[str, bytes]:
        ((kind, source),) = part.items()
        if kind in _KINDS:
            thing = required(_KINDS[kind], source, self._lookup)
            return _chosen(data_of(thing) if thing else {}, source)
        if kind == "serviceAccountToken":
            if volume not in self._tokens:
                self._tokens[volume] = self._token(source).encode()
            return {source["path"]: self._tokens[volume]}
        if kind == "downwardAPI":
            return {one["path"]: field(self._pod, one["fieldRef"]["fieldPath"], "").encode() for one in source["items"]}
        raise RefusedError(f"volume {volume}: this node knows no {kind}")

    def _swap(self, folder: Path, content: dict[str, bytes], mode: int) -> None:
        before = (folder / LINK).resolve() if (folder / LINK).exists() else None
        fresh = folder / f"..{uuid.uuid4().hex}"
        fresh.mkdir()
        for key, value in content.items():
            (fresh / key).write_bytes(value)
            (fresh / key).chmod(mode)
            os.chown(fresh / key, 0, self._group)
            if not (folder / key).is_symlink():
                (folder / key).symlink_to(f"{LINK}/{key}")
        (folder / f"{LINK}.new").symlink_to(fresh.name)
        (folder / f"{LINK}.new").rename(folder / LINK)
        for link in folder.iterdir():
            if not link.name.startswith("..") and link.name not in content:
                link.unlink()
        if before is not None:
            shutil.rmtree(before)


def own(folder: Path, group: int, mode: int) -> None:
    """Give a folder to a group, as fsGroup says; what is in it already belongs to it."""
    if folder.stat().st_gid != group or not folder.stat().st_mode & SET_GROUP:
        os.chown(folder, -1, group)
        folder.chmod(mode | GROUP_MAY | 0o010 | SET_GROUP if group else mode)


def _chosen(data: dict[str, bytes], source: Thing) -> dict[str, bytes]:
    items = source.get("items")
    return {one["path"]: data[one["key"]] for one in items} if items else data
