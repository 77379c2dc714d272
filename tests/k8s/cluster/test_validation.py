"""A real API server takes every overlay and component, and refuses what is wrong in any of them."""

import copy
import json
from collections.abc import Callable

import pytest

from tests.k8s.render import TREES, Thing, text, things
from tests.servers.kubernetes import ControlPlane

pytestmark = pytest.mark.kube

STRICTLY = ("--dry-run=server", "--validate=strict")


@pytest.mark.parametrize("tree", TREES)
def test_every_overlay_and_component_is_taken_without_a_warning(validating: ControlPlane, tree):
    done = validating.apply(text(tree), words=STRICTLY)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == len(things(tree))


def of(kind: str, name: str = "") -> Thing:
    """Return a copy of an object of the fullest tree."""
    found = [thing for thing in things("production, everything") if thing["kind"] == kind]
    return copy.deepcopy(next(thing for thing in found if name in thing["metadata"]["name"]))


def pod(thing: Thing) -> Thing:
    return thing["spec"]["template"]["spec"]


MISTAKES: list[tuple[str, str, Callable[[Thing], object], str]] = [
    ("a field misspelt", "StatefulSet", lambda t: t["spec"].update(podManagmentPolicy="Parallel"), "field not declared"),
    ("a word for a number", "StatefulSet", lambda t: t["spec"].update(replicas="two"), "replicas"),
    ("a selector that finds other pods", "Deployment", lambda t: t["spec"]["selector"]["matchLabels"].update(a="b"), "selector"),
    ("a mount without a volume", "StatefulSet", lambda t: pod(t)["containers"][0]["volumeMounts"].append({"name": "x", "mountPath": "/x"}), "Not found"),
    ("two volumes of one name", "Deployment", lambda t: pod(t)["volumes"].append(pod(t)["volumes"][0]), "duplicate entries"),
    ("less memory than asked for", "StatefulSet", lambda t: pod(t)["containers"][0]["resources"]["limits"].update(memory="1Mi"), "must be less than or equal"),
    ("an amount that is none", "Deployment", lambda t: pod(t)["containers"][0]["resources"]["limits"].update(memory="much"), "quantit"),
    ("a port beyond the last", "Service", lambda t: t["spec"]["ports"][0].update(port=99999), "65535"),
    ("a night that has 25 hours", "CronJob", lambda t: t["spec"].update(schedule="17 25 * * *"), "schedule"),
    ("a way to claim that is none", "StatefulSet", lambda t: t["spec"]["volumeClaimTemplates"][0]["spec"].update(accessModes=["ReadWriteTwice"]), "accessModes"),
    ("a budget of two kinds", "PodDisruptionBudget", lambda t: t["spec"].update(minAvailable=1), "cannot be both set"),
    ("a protocol that is none", "NetworkPolicy", lambda t: t["spec"]["egress"][0]["ports"][0].update(protocol="TCPP"), "protocol"),
    ("a version that is none", "StatefulSet", lambda t: t.update(apiVersion="apps/v1beta9"), "no matches for kind"),
    ("a probe without an aim", "StatefulSet", lambda t: pod(t)["containers"][0]["livenessProbe"].pop("httpGet"), "must specify a handler"),
    ("a label with blanks", "ConfigMap", lambda t: t["metadata"].setdefault("labels", {}).update(a="b c"), "a valid label"),
    ("an endpoint misspelt", "PodMonitor", lambda t: t["spec"].update(podMetricEndpoints=t["spec"].pop("podMetricsEndpoints")), "podMetricEndpoints"),
    ("a threshold that is a number", "ScaledObject", lambda t: t["spec"]["triggers"][0]["metadata"].update(threshold=500), "threshold"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "break_it", "why"), [one[1:] for one in MISTAKES], ids=[one[0] for one in MISTAKES])
def test_a_mistake_is_refused(validating: ControlPlane, kind, break_it, why):
    thing = of(kind, "tocsin-dns" if kind == "NetworkPolicy" else "")
    break_it(thing)
    done = validating.kubectl("apply", "--server-side", "-f", "-", *STRICTLY, said=json.dumps(thing), check=False)
    assert done.returncode != 0
    assert why in done.stderr
