"""The overlay `embedded` runs: events of the demo come in by its gateway, people are told, and a crash loses nothing."""

import json
import time
from pathlib import Path

import msgspec
import pytest
import urllib3

from bench import chaos_check
from flows.demo.storm import storm
from flows.settings.settings import load_settings
from operators.model.alert import Alert
from sinks.store.place import open_store
from sinks.store.query import AlertQuery
from tests.k8s.cluster.site import Site, waited_for
from tests.servers.node.start import Cluster
from tests.servers.process import free_port

pytestmark = pytest.mark.kube

OVERLAY = "overlays/embedded"
NAMES = ("strategy_id", "severity", "status", "event_count", "begin_time")


@pytest.fixture
def embedded(cluster: Cluster, unique: str, tmp_path: Path):
    site = Site(cluster, unique, tmp_path)
    yield site
    cluster.plane.kubectl("delete", "namespace", unique, "--wait=false", check=False)


def listening(site: Site) -> dict[str, str]:
    """Put gateway and console on free ports: all pods of these nodes share the loopback. Return where they are."""
    ports = {"gateway": ("9093", str(free_port())), "console": ("9094", str(free_port()))}

    def change(said) -> None:
        for one in said["spec"]["template"]["spec"]["containers"]:
            if one["name"] in ports:
                theirs, ours = ports[one["name"]]
                one["args"][-1] = f"127.0.0.1:{ours}"
                probe = one["startupProbe"]["exec"]["command"]
                probe[-1] = probe[-1].replace(theirs, ours)

    site.edit(f"{OVERLAY}/one-pod.yaml", change)
    return {name: f"http://127.0.0.1:{ours}" for name, (_, ours) in ports.items()}


def problems(now: int) -> list[bytes]:
    """Return the problems of the demo's morning, as if they were seen now."""
    found = []
    for line in storm(7):
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "event_id" in said and said.get("status", "ABNORMAL") == "ABNORMAL":
            found.append(json.dumps({**said, "time": now, "at": now}).encode())
    return found[:400]


def test_events_of_the_demo_become_alerts_and_notices_through_a_crash(embedded: Site):
    embedded.small("embedded")
    places = listening(embedded)
    url = f"{places['gateway']}/v1/events"
    embedded.apply("embedded")
    embedded.rolled_out("statefulset/tocsin-job")
    now = int(time.time())
    lines = problems(now)
    send(url, lines[:200])
    waited_for("alerts are kept", lambda: kept(embedded))
    embedded.cluster.kill(embedded.namespace, "tocsin-job-0")
    send(url, lines[200:])
    expected = oracle(embedded, lines, now)
    assert len(expected) > 10
    waited_for("the store holds what the events say", lambda: kept(embedded) == expected)
    listed = embedded.cluster.execute(embedded.namespace, "tocsin-job-0", "tocsin", "alerts", "list", "--json")
    first = json.loads(listed)["items"][0]
    told_of = embedded.cluster.execute(embedded.namespace, "tocsin-job-0", "tocsin", "explain", first["id"])
    assert first["alert_name"] in told_of
    page = urllib3.request("GET", f"{places['console']}/", headers={"Accept": "application/json"})
    assert first["alert_name"] in page.data.decode()
    told = [json.loads(line) for line in (home(embedded) / "notices.jsonl").read_bytes().splitlines()]
    assert told
    assert len({one["id"] for one in told}) == len(told)


def send(url: str, lines: list[bytes]) -> None:
    answer = urllib3.request("POST", url, body=b"\n".join(lines))
    said = answer.json()
    assert answer.status == 202
    assert said["accepted"] + len(said["refused"]) == len(lines)
    assert len(said["refused"]) <= 1, "the demo holds a few that cannot be used"


def home(site: Site) -> Path:
    return site.cluster.folder / "claims" / f"{site.namespace}-data-tocsin-job-0"


def kept(site: Site) -> list[list[object]]:
    store = open_store(str(home(site) / "tocsin.sqlite3"), read_only=True)
    try:
        return fields(store.alerts(AlertQuery(limit=10_000)))
    finally:
        store.close()


def fields(alerts) -> list[list[object]]:
    return sorted([[msgspec.to_builtins(one).get(name) for name in NAMES] for one in alerts], key=str)


def oracle(site: Site, lines: list[bytes], now: int) -> list[list[object]]:
    """Return what one worker makes of the same events that never died."""
    settings = load_settings(str(site.k8s / OVERLAY / "tocsin.yaml"), {})
    settings = msgspec.structs.replace(settings, rules=str(site.k8s.parent / "examples" / "demo" / "rules"))
    log = [(now, 0, number, line) for number, line in enumerate(lines)]
    return fields(chaos_check.undisturbed(settings, log, now)[Alert].values())
