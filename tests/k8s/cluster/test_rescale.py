"""A real API server is asked for the workers' number, and takes another, by kubectl and by the account of a pod."""

import shutil

import pytest

from flows.rescale.cluster import InPod, Kubectl, open_cluster
from flows.rescale.fleet import FleetError
from flows.rescale.statefulset import StatefulSet
from tests.k8s.render import text
from tests.servers.kubernetes import TOKEN, ControlPlane

pytestmark = pytest.mark.kube


@pytest.fixture
def cluster(validating: ControlPlane, request, tmp_path, monkeypatch):
    validating.apply(text("production, rescaled"))
    if request.param == "kubectl":
        if shutil.which("kubectl") is None:
            pytest.skip("needs kubectl")
        monkeypatch.setenv("KUBECONFIG", str(validating.kubeconfig))
        found = open_cluster("tocsin", "", tmp_path)
        assert isinstance(found, Kubectl)
        return found
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "namespace").write_text("tocsin\n")
    shutil.copy(validating.run / "pki" / "apiserver.crt", tmp_path / "ca.crt")
    host, _, port = validating.url.removeprefix("https://").rpartition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    found = open_cluster("", "", tmp_path)
    assert isinstance(found, InPod)
    return found


@pytest.mark.parametrize("cluster", ["kubectl", "a pod"], indirect=True)
def test_the_number_of_workers_is_read_and_changed(cluster, validating: ControlPlane):
    fleet = StatefulSet(cluster, "tocsin-job")
    assert fleet.workers() == 1
    fleet.start(4)
    assert fleet.workers() == 4
    thing = validating.get("-n", "tocsin", "statefulset", "tocsin-job")
    (container,) = thing["spec"]["template"]["spec"]["containers"]
    assert thing["spec"]["replicas"] == 4
    assert {one["name"] for one in container["env"]} >= {"TOCSIN_SETTINGS", "TOCSIN__METRICS__HOST"}
    fleet.stop()
    assert validating.get("-n", "tocsin", "statefulset", "tocsin-job")["spec"]["replicas"] == 0
    fleet.start(1)
    with pytest.raises(FleetError, match='"nothing" not found'):
        StatefulSet(cluster, "nothing").workers()
