"""Kubernetes is asked by kubectl outside of a pod: what it is told, and what its refusals say."""

import json
import stat

import pytest

from flows.rescale.cluster import InPod, Kubectl, open_cluster
from flows.rescale.fleet import FleetError

SET = {"metadata": {"name": "tocsin-job"}, "spec": {"replicas": 2}}


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Put a program of that name in the way, which notes what it was told; return how it is to answer, and what it noted."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    noted = tmp_path / "noted"

    def answers(out="", *, error="", code=0, namespace=""):
        program = folder / "kubectl"
        (tmp_path / "out").write_text(out)
        (tmp_path / "error").write_text(error)
        program.write_text(
            "#!/bin/sh\n"
            f'for word in "$@"; do printf "%s\\n" "$word" >>{noted}; done; printf "\\n" >>{noted}\n'
            f'case "$*" in *"config view"*) printf "%s" "{namespace}"; exit 0;; esac\n'
            f"cat {tmp_path}/out; cat {tmp_path}/error >&2; exit {code}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return lambda: [call.split("\n") for call in noted.read_text().strip().split("\n\n")]

    return answers


def test_a_set_is_read_as_json_of_its_namespace(kubectl):
    told = kubectl(json.dumps(SET))
    assert Kubectl("tocsin", "").get("tocsin-job") == SET
    assert told() == [["--request-timeout=30s", "--namespace=tocsin", "get", "statefulset", "tocsin-job", "-o", "json"]]


def test_a_change_is_merged_into_the_set(kubectl):
    told = kubectl("patched")
    Kubectl("tocsin", "").patch("tocsin-job", {"spec": {"replicas": 0}})
    (words,) = told()
    assert words[1:5] == ["--namespace=tocsin", "patch", "statefulset", "tocsin-job"]
    assert words[5:7] == ["--type=strategic", "-p"]
    assert json.loads(words[7]) == {"spec": {"replicas": 0}}


def test_a_named_context_goes_with_every_request(kubectl):
    told = kubectl(json.dumps(SET))
    open_cluster("tocsin", "production").get("tocsin-job")
    assert told()[0][:2] == ["--request-timeout=30s", "--context=production"]


@pytest.mark.parametrize(("of_context", "found"), [("night", "night"), ("night\n", "night"), ("", "default")])
def test_without_a_namespace_that_of_the_context_counts(kubectl, of_context, found):
    kubectl(namespace=of_context)
    assert Kubectl("", "").namespace == found


def test_what_kubectl_refuses_is_told_in_its_words_and_not_at_length(kubectl):
    kubectl(error="x" * 600 + 'Error from server (NotFound): statefulsets.apps "none" not found\n', code=1)
    with pytest.raises(FleetError) as told:
        Kubectl("tocsin", "").get("none")
    assert str(told.value).startswith("kubectl: x")
    assert str(told.value).endswith('(NotFound): statefulsets.apps "none" not found')
    assert len(str(told.value)) == len("kubectl: ") + 500


def test_where_neither_a_pod_nor_kubectl_is_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FleetError, match="neither an account of a pod nor kubectl is here"):
        open_cluster("tocsin", "", tmp_path)


@pytest.fixture
def account(tmp_path, monkeypatch):
    """The account of a pod."""
    folder = tmp_path / "account"
    folder.mkdir()
    for name, text in (("token", "geheim\n"), ("namespace", "of-the-pod\n"), ("ca.crt", "")):
        (folder / name).write_text(text)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    return folder


def test_a_pod_asks_by_its_account_in_its_namespace(account):
    cluster = open_cluster("", "", account)
    assert isinstance(cluster, InPod)
    assert cluster.namespace == "of-the-pod"
    assert open_cluster("another", "", account).namespace == "another"


@pytest.mark.parametrize("lacks", ["token", "host", "nothing but a context is named"])
def test_without_an_account_or_with_a_context_kubectl_is_asked(account, kubectl, monkeypatch, lacks):
    kubectl()
    if lacks == "token":
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        (account / "token").unlink()
    elif lacks != "host":
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    context = "production" if lacks.startswith("nothing") else ""
    assert isinstance(open_cluster("tocsin", context, account), Kubectl)


@pytest.mark.parametrize(("host", "address"), [("127.0.0.1", "https://127.0.0.1:1"), ("::1", "https://[::1]:1")])
def test_an_api_server_that_does_not_answer_is_named_without_the_token(account, monkeypatch, host, address):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    with pytest.raises(FleetError) as told:
        InPod("", account).get("tocsin-job")
    assert str(told.value).startswith(f"the API server at {address} does not answer: ")
    assert "geheim" not in str(told.value)
