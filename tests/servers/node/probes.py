"""Probes of a container: asked when due, judged by their thresholds. HTTP and commands, which is all that our manifests use."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable

from tests.servers.node.api import Thing
from tests.servers.node.environment import RefusedError


class Probe:
    """One probe of a container that has started."""

    def __init__(self, said: Thing, ask: Callable[[float], bool], now: float) -> None:
        self._ask = ask
        self._every, self._timeout = said.get("periodSeconds", 10), said.get("timeoutSeconds", 1)
        self._due = now + said.get("initialDelaySeconds", 0)
        self._needed = {True: said.get("successThreshold", 1), False: said.get("failureThreshold", 3)}
        self._last, self._run = False, 0

    def verdict(self, now: float) -> bool | None:
        """Ask if it is time to; return what has been the answer for as often as its threshold says, or nothing."""
        if now < self._due:
            return None
        self._due = now + self._every
        answer = self._ask(self._timeout)
        self._run = self._run + 1 if answer == self._last else 1
        self._last = answer
        return answer if self._run >= self._needed[answer] else None


def asked(
    said: Thing, address: str, ports: dict[str, int], run: Callable[[list[str], float], bool]
) -> Callable[[float], bool]:
    """Return what asks once, within so many seconds; `run` runs a command in the container."""
    if "exec" in said:
        return lambda patience: run(said["exec"]["command"], patience)
    if "httpGet" not in said:
        raise RefusedError(f"this node knows no probe {sorted(said)}")
    get = said["httpGet"]
    port = get["port"] if isinstance(get["port"], int) else ports[get["port"]]
    url = f"http://{get.get('host', address)}:{port}{get.get('path', '/')}"
    return lambda patience: _answers(url, patience)


def _answers(url: str, patience: float) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=patience) as answer:
            return 200 <= answer.status < 400
    except (urllib.error.URLError, OSError, http.client.HTTPException):
        return False
