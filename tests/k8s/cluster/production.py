"""The overlay `production` on real servers, under load, and what must hold of it at the end whatever befell its pods."""

import json
import random
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import urllib3
import yaml
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench import chaos_check
from bench.chaos_load import Load, Provider, rules
from flows.settings.settings import Settings, load_settings
from sinks.store.place import open_store
from tests.k8s.cluster.site import PATIENCE, Site, waited_for
from tests.servers.node.start import Cluster

PARTITIONS = 16
FOLDER = "overlays/production"
SETTLED = 240.0
"""Seconds until everything that was read is told, and said to be told."""


class Servers(msgspec.Struct, frozen=True):
    """Addresses of what is given."""

    kafka: str
    elasticsearch: str
    redis: str


class Production(Site):
    """Workers and couriers in a namespace, a topic that is filled, a provider that hears."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path, servers: Servers) -> None:
        super().__init__(cluster, namespace, folder)
        self.servers, self.prefix, self.topic = servers, f"{namespace}_", f"{namespace}-events"
        self.provider = Provider()
        self.disturbances = 0
        """How often a courier may have told something again."""
        admin = AdminClient({"bootstrap.servers": servers.kafka})
        admin.create_topics([NewTopic(self.topic, PARTITIONS, 1)])[self.topic].result()
        self._admin = admin
        self.load: Load | None = None

    # --- what is written

    def lay(self, workers: int, components: Sequence[str] = ()) -> None:
        """Edit the copy as a user does: number of workers, components, addresses, rules."""
        self.small("production")
        self.edit(f"{FOLDER}/tocsin.yaml", self._settings)
        said = rules(self.provider.url)
        channels = {"channels": said.pop("channels")}
        self.edit(f"{FOLDER}/rules/business.yaml", lambda theirs: theirs.update(said))
        self.edit(f"{FOLDER}/rules/channels.yaml", lambda theirs: theirs.update(channels))

        named = [f"../../components/{name}" for name in components]
        whole = [] if "three-jobs" in components else ["workers"]
        self.edit(f"{FOLDER}/kustomization.yaml", lambda theirs: theirs.update(components=[*whole, *named]))
        self.workers(workers)

    def keep_parts(self, objects: str) -> None:
        """Name the store of objects where workers leave parts, and its credentials."""
        keys = {"ACCESS_KEY_ID": "x", "SECRET_ACCESS_KEY": "x", "REGION": "us-east-1", "ENDPOINT_URL": objects}
        place = {"op": "replace", "path": "/data/place", "value": f"s3://tocsin/{self.namespace}"}
        patch = {"target": {"kind": "ConfigMap", "name": "tocsin-backup"}, "patch": json.dumps([place])}
        self.edit(f"{FOLDER}/kustomization.yaml", lambda said: said["patches"].append(patch))
        self.secrets({f"AWS_{key}": value for key, value in keys.items()})

    def secrets(self, values: Mapping[str, str]) -> None:
        """Make the Secret that pods read variables and files of."""
        data = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "tocsin-secrets"},
            "stringData": dict(values),
        }
        (self.k8s / FOLDER / "secret.yaml").write_text(yaml.safe_dump(data))
        self.edit(f"{FOLDER}/kustomization.yaml", lambda said: said["resources"].append("secret.yaml"))

    def workers(self, count: int) -> None:
        """Write another number of workers."""
        self.edit(f"{FOLDER}/workers/kustomization.yaml", lambda said: said["replicas"][0].update(count=count))

    def version(self, tag: str) -> None:
        """Write another image."""
        self.edit(f"{FOLDER}/kustomization.yaml", lambda said: said.update(images=[{"name": "tocsin", "newTag": tag}]))

    def _settings(self, said: dict[str, Any]) -> None:
        name = self.namespace
        said["kafka"] |= {
            "brokers": self.servers.kafka, "topics": {self.topic: {}}, "group": name, "create_topics": True,
            "replication": 1, "partitions": PARTITIONS,
        }  # fmt: skip
        for topic in ("checks", "commands", "dead_letters", "changes", "keyed", "planned"):
            said["kafka"][topic] = f"{name}-{topic}"
        said["store"]["dsn"] = f"{self.servers.elasticsearch}?prefix={self.prefix}&replicas=0-0&timeout=30"
        said["outbox"]["dsn"] = f"redis://{self.servers.redis}/0/{name}"
        said["recovery"]["interval"] = 1
        said["backup"] = {"interval": 5}
        said["quota"] = {"alert": {"threshold": 0}, "action": {"threshold": 0}}
        said["converge"] = {"window": 5, "delay": 5}

    # --- what is done

    def begin(self, *, rate: int = 30, keys: int = 60) -> None:
        """Produce until told to stop."""
        self.load = Load(self.servers.kafka, self.topic, PARTITIONS, random.Random(3), rate=rate, keys=keys)

    def fed(self, records: int) -> None:
        """Wait until so many more records are on their way."""
        assert self.load is not None
        wanted = len(self.load.good) + records
        waited_for(f"{records} records were produced", lambda: len(self.load.good) >= wanted)

    def rescale(self, count: int) -> str:
        """Go on with another number of workers, by the Job of docs/kubernetes.md; return what it said."""
        name, plane = f"rescale-to-{count}", self.cluster.plane
        made = self.kubectl("create", "job", name, "--from=cronjob/tocsin-rescale", "--dry-run=client", "-o", "yaml")
        told = plane.kubectl("set", "env", "--local", "-f", "-", f"TOCSIN_RESCALE_TO={count}", "-o", "yaml", said=made)
        plane.kubectl("--namespace", self.namespace, "apply", "-f", "-", said=told.stdout)
        self.kubectl("wait", "--for=condition=complete", f"job/{name}", f"--timeout={2 * PATIENCE:.0f}s")
        self.workers(count)
        self.apply("production")
        logs = self.cluster.folder.glob(f"*/{self.namespace}/{name}-*/*/tocsin.log")
        return "".join(path.read_text() for path in logs)

    def rules_in_force(self) -> set[str]:
        """Return the versions of rules that workers show."""
        found: set[str] = set()
        for pod in self.pods().values():
            said = urllib3.request("GET", f"http://{pod['status']['podIP']}:9464/metrics").data.decode()
            found |= set(re.findall(r'^tocsin_rules_info\{version="(\w+)"\} 1', said, re.MULTILINE))
        return found

    def states(self) -> int:
        """Return how many alerts the store holds."""
        store: Any = open_store(self._store(), read_only=True)
        try:
            found: int = store._client.count(index=f"{self.prefix}alert", ignore_unavailable=True)["count"]
            return found
        finally:
            store.close()

    # --- what must hold

    def nothing_is_lost_nor_doubled(self) -> None:
        """Stop the load; everything that must hold comes to hold, and what is doubled stays doubled."""
        assert self.load is not None
        self.load.end()
        deadline = time.monotonic() + SETTLED
        while found := self.failures():
            assert time.monotonic() < deadline, "\n".join(found)
            time.sleep(2)
        repeated = sum(self.provider.seen.values()) - len(self.provider.seen)
        assert repeated <= self.disturbances, f"{repeated} notices were told again"
        assert self.provider.seen

    def failures(self) -> list[str]:
        """Return what does not hold, compared with one worker that read the log once."""
        assert self.load is not None
        settings = self._read()
        log = chaos_check.the_log(self.servers.kafka, self.topic, PARTITIONS)
        expected = chaos_check.undisturbed(settings, log, int(time.time()))
        store: Any = open_store(self._store(), read_only=True)
        try:
            client = store._client
            letters = self._letters()
            found = list(chaos_check.failures(client, self.prefix, expected, self.load.good, self.load.bad, letters))
            dsn = f"redis://{self.servers.redis}/0/{self.namespace}"
            return found + list(chaos_check.untold(client, self.prefix, dsn, self.provider.seen, time.time()))
        finally:
            store.close()

    def _read(self) -> Settings:
        settings = load_settings(str(self.k8s / FOLDER / "tocsin.yaml"), {})
        return msgspec.structs.replace(settings, rules=str(self.k8s / FOLDER / "rules"))

    def _store(self) -> str:
        return str(yaml.safe_load((self.k8s / FOLDER / "tocsin.yaml").read_text())["store"]["dsn"])

    def _letters(self) -> Path:
        """Write down the dead letters of the topic, and of the files that stand in for it."""
        topic = f"{self.namespace}-dead_letters"
        known = self._admin.list_topics(timeout=10).topics
        partitions = len(known[topic].partitions) if topic in known else 0
        lines = (
            [value for _, _, _, value in chaos_check.the_log(self.servers.kafka, topic, partitions)]
            if partitions
            else []
        )
        for beside in self.cluster.folder.glob(f"claims/{self.namespace}-*/dead_letters.jsonl"):
            lines += beside.read_bytes().splitlines()
        path = self.k8s / "dead_letters.jsonl"
        path.write_bytes(b"\n".join(lines))
        return path

    def close(self) -> None:
        """End the load, and everything in the namespace."""
        if self.load is not None:
            self.load.stop()
        self.cluster.plane.kubectl("delete", "namespace", self.namespace, "--wait=false", check=False)
        self.provider.close()
