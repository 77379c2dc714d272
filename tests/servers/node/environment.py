"""The variables of a container, as its pod says them."""

import base64
import re
from collections.abc import Iterator
from typing import Protocol

from tests.servers.node.api import Thing

REFERENCE = re.compile(r"\$(\$|\(([A-Za-z0-9_.-]+)\))")
KEY = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")


class RefusedError(Exception):
    """A container that cannot be made as its pod says it."""


class Lookup(Protocol):
    """Finds what pods refer to, in their namespace."""

    def __call__(self, kind: str, name: str) -> Thing | None:
        """Return a ConfigMap or a Secret, or nothing."""


def data_of(thing: Thing) -> dict[str, bytes]:
    """Return the content of a ConfigMap or Secret."""
    if thing["kind"] == "Secret":
        return {key: base64.b64decode(value) for key, value in (thing.get("data") or {}).items()}
    plain = {key: value.encode() for key, value in (thing.get("data") or {}).items()}
    return plain | {key: base64.b64decode(value) for key, value in (thing.get("binaryData") or {}).items()}


def variables(pod: Thing, container: Thing, address: str, lookup: Lookup) -> dict[str, str]:
    """Return the variables of a container in force; `address` is the pod's."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        found |= dict(_all_of(source, lookup))
    for one in container.get("env", ()):
        value = _value(pod, one, address, lookup)
        if value is not None:
            found[one["name"]] = expanded(value, found)
    return found


def expanded(text: str, known: dict[str, str]) -> str:
    """Put values in the place of $(NAME); $$ is a dollar, what is unknown stays."""
    return REFERENCE.sub(lambda m: "$" if m[1] == "$" else known.get(m[2], m[0]), text)


def _all_of(source: Thing, lookup: Lookup) -> Iterator[tuple[str, str]]:
    kind, said = ("Secret", source["secretRef"]) if "secretRef" in source else ("ConfigMap", source["configMapRef"])
    thing = required(kind, said, lookup)
    for key, value in data_of(thing).items() if thing else ():
        yield source.get("prefix", "") + key, value.decode()


def required(kind: str, said: Thing, lookup: Lookup) -> Thing | None:
    """Return what a pod refers to; nothing if it may be missing and is."""
    name = said.get("name") or said["secretName"]
    thing = lookup(kind, name)
    if thing is None and not said.get("optional"):
        raise RefusedError(f"{kind.lower()} {name!r} not found")
    return thing


def _value(pod: Thing, one: Thing, address: str, lookup: Lookup) -> str | None:
    if "valueFrom" not in one:
        return str(one.get("value", ""))
    source = one["valueFrom"]
    if "fieldRef" in source:
        return field(pod, source["fieldRef"]["fieldPath"], address)
    kind, said = (
        ("Secret", source["secretKeyRef"]) if "secretKeyRef" in source else ("ConfigMap", source["configMapKeyRef"])
    )
    thing = required(kind, said, lookup)
    value = data_of(thing).get(said["key"]) if thing else None
    if value is None and not said.get("optional"):
        raise RefusedError(f"couldn't find key {said['key']} in {kind} {said['name']}")
    return None if value is None else value.decode()


def field(pod: Thing, path: str, address: str) -> str:
    """Return a field of a pod, as the downward API gives it."""
    meta = pod["metadata"]
    if match := KEY.fullmatch(path):
        return str(meta.get(match[1], {}).get(match[2], ""))
    known = {
        "metadata.name": meta["name"],
        "metadata.namespace": meta["namespace"],
        "metadata.uid": meta["uid"],
        "spec.nodeName": pod["spec"]["nodeName"],
        "spec.serviceAccountName": pod["spec"].get("serviceAccountName", ""),
        "status.podIP": address,
        "status.hostIP": address,
    }
    if path not in known:
        raise RefusedError(f"no field {path}")
    return str(known[path])
