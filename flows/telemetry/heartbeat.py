"""A sign of life to an outside watcher: if it stays away, something that Tocsin itself cannot tell has happened."""

import os
import threading
from collections.abc import Callable, Mapping

import structlog

from flows.settings.settings import HeartbeatSettings
from operators.rules.shapes.model import Secret
from sinks.channels.errors import DeliveryError
from sinks.channels.http import Http
from sinks.channels.secrets import Reveal, reveal

TIMEOUT = 10.0
"""Seconds for the watcher's answer."""

log = structlog.get_logger()


class Heartbeat:
    """Posts to an address every few minutes, from a thread of its own; not while something of the process is dead or hangs."""

    def __init__(self, url: Reveal, seconds: float, trouble: Callable[[], str]) -> None:
        self._url, self._seconds, self._trouble = url, seconds, trouble
        self._http = Http(TIMEOUT)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Give a first sign, and go on."""
        self._thread.start()

    def stop(self) -> None:
        """End; nothing more is sent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT)

    def beat(self) -> bool:
        """Give a sign if all is well; return True if it was heard."""
        if trouble := self._trouble():
            log.error("no heartbeat: something is wrong", why=trouble)
            return False
        try:
            self._http.call("POST", self._url(), b"", {})
        except DeliveryError as error:
            log.warning("heartbeat not heard", error=str(error))
            return False
        return True

    def _run(self) -> None:
        self.beat()
        while not self._stop.wait(self._seconds):
            self.beat()


def heartbeat_of(
    settings: HeartbeatSettings, trouble: Callable[[], str], environment: Mapping[str, str] = os.environ
) -> Heartbeat | None:
    """Return the heartbeat of the settings; None if none is wanted. Raises MissingSecretError."""
    if not settings.url:
        return None
    url = settings.url if isinstance(settings.url, str) else Secret(env=settings.url.env, file=settings.url.file)
    return Heartbeat(reveal(url, environment), settings.minutes * 60, trouble)
