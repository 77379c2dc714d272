"""The API server of Kubernetes: by the account of the pod that we run in, else by kubectl, which knows how its user logs in."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Protocol

import urllib3

from flows.rescale.fleet import FleetError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
PATIENCE = 30.0
"""Seconds that one request may take."""
REFUSED = 400


class Cluster(Protocol):
    """What is asked of an API server: one StatefulSet, read and changed."""

    namespace: str

    def get(self, name: str) -> dict[str, Any]:
        """Return a StatefulSet. Raises FleetError."""

    def patch(self, name: str, change: dict[str, Any]) -> None:
        """Change one (strategic merge). Raises FleetError."""


def open_cluster(namespace: str, context: str, account: Path = ACCOUNT) -> Cluster:
    """Return the cluster of this pod; outside of one, that of kubectl. Raises FleetError."""
    if not context and (account / "token").exists() and "KUBERNETES_SERVICE_HOST" in os.environ:
        return InPod(namespace, account)
    return Kubectl(namespace, context)


class InPod:
    """By HTTPS with the token of our account, read anew for each request: it is rotated."""

    def __init__(self, namespace: str, account: Path) -> None:
        self.namespace = namespace or (account / "namespace").read_text(encoding="utf-8").strip()
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT", "443")
        self._url = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._account = account
        self._pool = urllib3.PoolManager(ca_certs=str(account / "ca.crt"), timeout=PATIENCE)

    def get(self, name: str) -> dict[str, Any]:
        """Ask for it."""
        return self._asked("GET", name)

    def patch(self, name: str, change: dict[str, Any]) -> None:
        """Send the change."""
        self._asked("PATCH", name, json.dumps(change).encode(), "application/strategic-merge-patch+json")

    def _asked(self, method: str, name: str, body: bytes | None = None, kind: str = "") -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {(self._account / 'token').read_text(encoding='utf-8').strip()}"}
        if kind:
            headers["Content-Type"] = kind
        place = f"/apis/apps/v1/namespaces/{self.namespace}/statefulsets/{name}"
        try:
            answer = self._pool.request(method, f"{self._url}{place}", body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise FleetError(f"the API server at {self._url} does not answer: {error}") from error
        try:
            told: dict[str, Any] = json.loads(answer.data)
        except ValueError as error:
            raise FleetError(f"the API server at {self._url} answers with {answer.status} and no JSON") from error
        if answer.status >= REFUSED:
            raise FleetError(f"the API server refuses: {told.get('message', answer.status)}")
        return told


class Kubectl:
    """By `kubectl`, in the context that it is set to, or a named one."""

    def __init__(self, namespace: str, context: str) -> None:
        program = shutil.which("kubectl")
        if program is None:
            raise FleetError("neither an account of a pod nor kubectl is here: run it where one of them is")
        self._command = [program, f"--request-timeout={PATIENCE:.0f}s"]
        self._command += [f"--context={context}"] if context else []
        self.namespace = namespace or self._of_context() or "default"

    def get(self, name: str) -> dict[str, Any]:
        """Ask for it."""
        found: dict[str, Any] = json.loads(self._told("get", "statefulset", name, "-o", "json"))
        return found

    def patch(self, name: str, change: dict[str, Any]) -> None:
        """Send the change."""
        self._told("patch", "statefulset", name, "--type=strategic", "-p", json.dumps(change))

    def _of_context(self) -> str:
        return self._ran("config", "view", "--minify", "-o", "jsonpath={..namespace}").strip()

    def _told(self, *words: str) -> str:
        return self._ran(f"--namespace={self.namespace}", *words)

    def _ran(self, *words: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and the program is kubectl
                [*self._command, *words], capture_output=True, text=True, check=False, timeout=2 * PATIENCE
            )
        except subprocess.TimeoutExpired as error:
            raise FleetError(f"kubectl {words[0]} takes more than {2 * PATIENCE:.0f} s") from error
        if done.returncode:
            raise FleetError(f"kubectl: {done.stderr.strip()[-500:]}")
        return done.stdout
