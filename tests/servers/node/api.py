"""The few calls by which a node speaks with the API server."""

import json
from typing import Any

import urllib3

Thing = dict[str, Any]
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
"""Lists with keys, such as conditions, are merged: those of others stay."""
MISSING = 404


class ApiError(RuntimeError):
    """A call that was refused."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


class Api:
    """A client with a token; `certificate` is the one that the server made itself."""

    def __init__(self, url: str, token: str, certificate: str) -> None:
        self._url, self._headers = url, {"Authorization": f"Bearer {token}"}
        self._pool = urllib3.PoolManager(ca_certs=certificate, maxsize=16, timeout=10.0, retries=2)

    def variables(self) -> dict[str, str]:
        """Return what tells a pod where the API server is."""
        host, _, port = self._url.removeprefix("https://").partition(":")
        return {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}

    def call(self, method: str, path: str, body: Thing | None = None, kind: str = "application/json") -> Thing:
        """Return what the server answers; a refusal is an ApiError."""
        said = None if body is None else json.dumps(body).encode()
        answer = self._pool.request(
            method, f"{self._url}{path}", body=said, headers={**self._headers, "Content-Type": kind}
        )
        if answer.status >= 300:
            raise ApiError(answer.status, answer.data.decode(errors="replace"))
        found: Thing = json.loads(answer.data)
        return found

    def ask(self, method: str, path: str, body: Thing) -> int:
        """Return the status of the answer alone."""
        try:
            self.call(method, path, body)
        except ApiError as error:
            return error.status
        return 201

    def get(self, path: str) -> Thing:
        return self.call("GET", path)

    def find(self, path: str) -> Thing | None:
        """Return an object, or nothing where there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == MISSING:
                return None
            raise

    def list(self, path: str) -> list[Thing]:
        items: list[Thing] = self.get(path)["items"]
        return items

    def patch(self, path: str, body: Thing, kind: str = MERGE) -> Thing:
        return self.call("PATCH", path, body, kind)
