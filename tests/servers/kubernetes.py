"""A real control plane in a few processes: etcd, API server and, if asked for, controllers and scheduler. No container engine.

One binary holds them all and kubectl too; it is built from Go modules once (tests/servers/kube), which takes some minutes.
"""

import csv
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import Server, cache, fetch_once, free_port, run_or_tell

VERSION = "1.37.2"
GENERATOR = "0.19.0"
SOURCES = Path(__file__).with_name("kube")
TOKEN = "test-token"
RESOURCES = {
    "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1": ["podmonitors", "prometheusrules"],
    "github.com/kedacore/keda/v2/apis/keda/v1alpha1": ["scaledobjects"],
}
"""Package of Go types -> the custom resources of ours that are described there."""


def missing() -> str:
    """Say why a control plane cannot be had, or nothing."""
    if shutil.which("openssl") is None:
        return "needs openssl"
    is_built = (cache() / f"kube-{VERSION}").exists()
    return "" if is_built or shutil.which("go") else "needs Go to build the control plane"


def program() -> Path:
    """Return the binary, built once: some minutes of one core, at low priority."""
    return fetch_once(f"kube-{VERSION}", _build, "lock-go") / "kube"


def _build(folder: Path) -> None:
    major, minor, _ = VERSION.split(".")
    stamped = {
        "k8s.io/component-base/version.gitVersion": f"v{VERSION}",
        "k8s.io/component-base/version.gitMajor": major,
        "k8s.io/component-base/version.gitMinor": minor,
    }
    flags = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in stamped.items())])
    build = ["nice", "-n", "19", "go", "build", "-p", "1", "-trimpath", "-ldflags", flags]
    run_or_tell([*build, "-o", str(folder / "kube"), "."], cwd=SOURCES)


def resources() -> Path:
    """Return the folder with the definitions of the custom resources that manifests use, generated from their Go types."""
    return fetch_once(f"kube-resources-{VERSION}", _generate, "lock-go")


def _generate(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        install = ["nice", "-n", "19", "go", "install", f"sigs.k8s.io/controller-tools/cmd/controller-gen@v{GENERATOR}"]
        run_or_tell(install, env={**os.environ, "GOBIN": scratch})
        made = [f"paths={package}" for package in RESOURCES]
        terms = "crd:crdVersions=v1,allowDangerousTypes=true"
        run_or_tell(
            [f"{scratch}/controller-gen", terms, *made, f"output:crd:dir={scratch}/out"], cwd=SOURCES / "resources"
        )
        for plural in (one for names in RESOURCES.values() for one in names):
            (found,) = Path(scratch, "out").glob(f"*_{plural}.yaml")
            shutil.copy(found, folder / found.name)


class ControlPlane:
    """Etcd and an API server that speaks as `version` (by emulation), with kubectl; `runs` adds controllers and scheduler."""

    def __init__(self, version: str = "", *, runs: bool = False) -> None:
        self.run = Path(tempfile.mkdtemp(prefix="kube."))
        self._port = free_port()
        self._servers = [self._etcd()]
        self._servers[0].start()
        self._servers.append(self._api_server(version))
        self._servers[1].start()
        self.kubeconfig = self.run / "kubeconfig"
        self.kubeconfig.write_text(json.dumps(self._config()))
        if runs:
            self._servers += [self._controllers(), self._scheduler()]
            for server in self._servers[2:]:
                server.start()
        self.apply(*(path.read_text() for path in sorted(resources().iterdir())))
        self.kubectl("wait", "--for=condition=established", "--timeout=60s", "crd", "--all")

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    @property
    def certificate(self) -> Path:
        """The certificate that the API server made itself."""
        return self.run / "pki" / "apiserver.crt"

    def kubectl(self, *words: str, said: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl, `said` on its standard input."""
        command = [str(program()), "kubectl", "--kubeconfig", str(self.kubeconfig), *words]
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, f"kubectl {' '.join(words)}\n{done.stderr}"
        return done

    def apply(self, *texts: str, words: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """Apply manifests server-side."""
        return self.kubectl("apply", "--server-side", "-f", "-", *words, said="\n---\n".join(texts))

    def get(self, *words: str) -> dict[str, object]:
        """Return what `kubectl get` shows, decoded."""
        found: dict[str, object] = json.loads(self.kubectl("get", "-o", "json", *words).stdout)
        return found

    def stop(self) -> None:
        """End everything, etcd last: without it an API server waits for a minute."""
        for server in reversed(self._servers):
            server.stop()
        shutil.rmtree(self.run, ignore_errors=True)

    # --- the parts

    def _etcd(self) -> Server:
        client, peer = free_port(), free_port()
        self._store = f"http://127.0.0.1:{client}"
        peers = f"http://127.0.0.1:{peer}"
        words = {
            "data-dir": self.run / "etcd",
            "listen-client-urls": self._store,
            "advertise-client-urls": self._store,
            "listen-peer-urls": peers,
            "initial-advertise-peer-urls": peers,
            "initial-cluster": f"default={peers}",
            "log-level": "warn",
        }
        return self._server("etcd", words, lambda: _answers(f"{self._store}/health"), "--unsafe-no-fsync")

    def _api_server(self, version: str) -> Server:
        pki = self.run / "pki"
        pki.mkdir()
        run_or_tell(["openssl", "genrsa", "-out", str(pki / "sa.key"), "2048"])
        run_or_tell(["openssl", "rsa", "-in", str(pki / "sa.key"), "-pubout", "-out", str(pki / "sa.pub")])
        with (self.run / "tokens.csv").open("w") as tokens:
            csv.writer(tokens).writerow([TOKEN, "admin", "1", "system:masters"])
        words = {
            "etcd-servers": self._store,
            "bind-address": "127.0.0.1",
            "advertise-address": "127.0.0.1",
            "secure-port": self._port,
            "cert-dir": pki,
            "token-auth-file": self.run / "tokens.csv",
            "authorization-mode": "RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": pki / "sa.pub",
            "service-account-signing-key-file": pki / "sa.key",
            "service-cluster-ip-range": "10.96.0.0/16",
            "endpoint-reconciler-type": "none",
            **({"emulated-version": version} if version else {}),
        }
        return self._server("kube-apiserver", words, lambda: _answers(f"{self.url}/readyz"))

    def _controllers(self) -> Server:
        words = {
            "service-account-private-key-file": self.run / "pki" / "sa.key",
            "root-ca-file": self.certificate,  # what pods check the API server by
            "controllers": "*,-node-ipam-controller",
            "node-monitor-grace-period": "20s",  # a node that says nothing for so long is not ready
            "node-monitor-period": "2s",
        }
        return self._client("kube-controller-manager", words)

    def _scheduler(self) -> Server:
        return self._client("kube-scheduler", {})

    def _client(self, name: str, words: dict[str, object]) -> Server:
        port = free_port()
        config = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
        ours = {"bind-address": "127.0.0.1", "cert-dir": self.run / "pki", "leader-elect": "false", "secure-port": port}
        words = {**dict.fromkeys(config, self.kubeconfig), **ours, **words}
        return self._server(name, words, lambda: _answers(f"https://127.0.0.1:{port}/healthz"))

    def _server(self, name: str, words: dict[str, object], ready: object, *flags: str) -> Server:
        run = Path(tempfile.mkdtemp(prefix=f"{name}."))
        return Server([str(program()), name, *(f"--{key}={value}" for key, value in words.items()), *flags], run, ready)

    def _config(self) -> dict[str, object]:
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "t", "cluster": {"server": self.url, "insecure-skip-tls-verify": True}}],
            "users": [{"name": "a", "user": {"token": TOKEN}}],
            "contexts": [{"name": "t", "context": {"cluster": "t", "user": "a"}}],
            "current-context": "t",
        }


_ANY = ssl.create_default_context()
_ANY.check_hostname, _ANY.verify_mode = False, ssl.CERT_NONE


def _answers(url: str) -> bool:
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})
    try:
        with urllib.request.urlopen(asked, timeout=2, context=_ANY if url.startswith("https") else None) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.stdout.write(f"{missing() or program()}\n")
    if not missing():
        resources()
