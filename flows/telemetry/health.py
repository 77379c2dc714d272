"""The HTTP side of a process: /metrics, /healthz, /readyz."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from flows.telemetry.meter import Meter

SHORTEST = 60.0
"""Seconds without a sign of life that are never too many."""
INTERVALS = 5
"""Snapshot intervals without a sign of life that are never too many: taking one may be slow."""
STATE, SOURCE = "the state", "the source"
"""What a job waits for before it is ready: its state resumed, every partition that it reads heard of."""


class Heart:
    """The signs of life of a process: stamped by the source of the job each time the engine asks it for records.

    `clock` is monotonic. The start counts as a first sign, so that a process that hangs before it is found out too. A
    process without a source (the courier on its own) has the interval `math.inf`: only its parts count then, and it
    waits for nothing before it is ready.
    """

    def __init__(
        self,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        waits_for: Sequence[str] = (STATE, SOURCE),
    ) -> None:
        self._clock = clock
        self._waits_for = set(waits_for)
        self.limit = max(SHORTEST, INTERVALS * interval)
        """Seconds without a sign after which the process counts as hung."""
        self._last = clock()
        self._parts: dict[str, Callable[[], bool]] = {}
        self._notes: list[Callable[[], str]] = []

    def beat(self) -> None:
        """Give a sign."""
        self._last = self._clock()

    def answered(self) -> None:
        """Give a sign, and note that the source has answered: with records, or that it has none."""
        self.beat()
        self._waits_for.discard(SOURCE)

    def resumed(self) -> None:
        """Note that the state of the last snapshot is back."""
        self._waits_for.discard(STATE)

    def also(self, name: str, is_alive: Callable[[], bool]) -> None:
        """Let a part of the process count too: threads that should never end."""
        self._parts[name] = is_alive

    def note(self, said: Callable[[], str]) -> None:
        """Let /readyz say more, if there is something to say; whether the process is ready does not hang on it."""
        self._notes.append(said)

    @property
    def notes(self) -> list[str]:
        """What there is to say beside whether the process is ready."""
        return [text for said in self._notes if (text := said())]

    @property
    def now(self) -> float:
        """The monotonic second by which signs are dated."""
        return self._clock()

    @property
    def age(self) -> float:
        """Seconds since the last sign."""
        return self._clock() - self._last

    @property
    def trouble(self) -> str:
        """What is dead or hangs; empty if all is well."""
        dead = [name for name, is_alive in self._parts.items() if not is_alive()]
        if dead:
            return f"ended: {', '.join(dead)}"
        return f"no records asked for in {self.age:.0f} s, limit {self.limit:.0f} s" if self.age > self.limit else ""

    @property
    def awaited(self) -> str:
        """What must come before work is done; empty = ready."""
        return " and ".join(name for name in (STATE, SOURCE) if name in self._waits_for)


class HealthServer:
    """Answers on a port of its own, in threads of its own; 0 takes any free port. Raises OSError if it is taken."""

    def __init__(self, meter: Meter, heart: Heart, *, host: str = "127.0.0.1", port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"meter": meter, "heart": heart})
        self._server = (_Server6 if ":" in host else _Server)((host, port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End, and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


MOST = 32
"""Connections at a time; another one ends the oldest, so that whoever holds them open keeps nobody out."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[Any, None] = {}
        """Sockets in the order of their coming."""
        self._changing = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own; make room first."""
        with self._changing:
            if len(self._open) >= MOST:
                oldest = next(iter(self._open))
                del self._open[oldest]
                with suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)  # its thread reads the end, and closes it
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Let go of a connection."""
        with self._changing:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a client that went away go in silence."""


class _Server6(_Server):
    """On an address with colons, as pods have them in clusters of IPv6."""

    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    """One request; a client that says nothing is let go after some seconds."""

    timeout = 10
    server_version = "tocsin"
    sys_version = ""
    meter: ClassVar[Meter]
    heart: ClassVar[Heart]

    def do_GET(self) -> None:
        """Answer."""
        answers = {"/metrics": self._metrics, "/healthz": self._alive, "/readyz": self._ready}
        answer = answers.get(self.path.partition("?")[0])
        if answer is None:
            self._say(404, b"not here\n")
        else:
            answer()

    do_HEAD = do_GET  # noqa: N815 - the name the library asks for

    def _metrics(self) -> None:
        self._say(200, self.meter.text(), CONTENT_TYPE_PLAIN_0_0_4)

    def _alive(self) -> None:
        trouble = self.heart.trouble
        self._say(503 if trouble else 200, f"{trouble or 'alive'}\n".encode())

    def _ready(self) -> None:
        awaited = self.heart.awaited
        lines = [f"waiting for {awaited}" if awaited else "ready", *self.heart.notes]
        self._say(503 if awaited else 200, "".join(f"{line}\n" for line in lines).encode())

    def _say(self, status: int, body: bytes, content_type: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the library uses
        """Say nothing: probes come every second."""
