"""What it costs to take alerts over HTTP, beside Alertmanager: durable here, in memory there.

python -m bench.gateway [--seconds N]

Sends `POST /api/v2/alerts` in batches of 50 and of 1 by 32 connections from a process of its own, to each server in turn.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from bench.figure import calibration, spread
from bench.flow import TOCSIN
from bench.peers import command, ready
from tests.servers.process import free_port

CONNECTIONS, BODIES, ROUNDS = 32, 200, 3
TICKS = os.sysconf("SC_CLK_TCK")


class Sent(NamedTuple):
    """A round: requests, the seconds it took, and seconds from request to answer in order."""

    requests: int
    seconds: float
    waits: list[float]


# --- the sender


def request(port: int, body: bytes) -> bytes:
    head = f"POST /api/v2/alerts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def bodies(size: int) -> list[bytes]:
    """Return bodies of some alerts each, as a Prometheus sends them, all of them different problems."""
    now = datetime.now(UTC).isoformat()
    return [json.dumps([alert(number * size + n, now) for n in range(size)]).encode() for number in range(BODIES)]


def alert(number: int, now: str) -> dict[str, Any]:
    labels = {
        "alertname": f"HighCPU{number % 50}", "instance": f"host-{number:06d}:9100", "job": "node", "severity": "warning",
        "cluster": f"c{number % 8}", "metric": f"system.metric_{number % 37}",
    }  # fmt: skip
    told = {
        "summary": f"CPU above 90 % on host-{number:06d}",
        "description": "for five minutes",
        "runbook_url": "http://w/r",
    }
    return {"labels": labels, "annotations": told, "startsAt": now, "generatorURL": "http://prometheus:9090/graph?g0=1"}


class Sender:
    """Keeps every connection busy with the next request, and counts only answers of 200."""

    def __init__(self, port: int, requests: Sequence[bytes], connections: int = CONNECTIONS) -> None:
        self._requests, self._next = requests, 0
        self._selector = selectors.DefaultSelector()
        self._begun: dict[int, float] = {}
        for _ in range(connections):
            one = socket.create_connection(("127.0.0.1", port))
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(one, selectors.EVENT_READ)

    def run(self, seconds: float) -> Sent:
        waits: list[float] = []
        begin = time.monotonic()
        for key in self._selector.get_map().values():
            self._send(key.fileobj)
        while (now := time.monotonic()) < begin + seconds:
            for key, _ in self._selector.select(0.1):
                answer = key.fileobj.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200"), answer[:300]
                waits.append(time.monotonic() - self._begun[key.fd])
                self._send(key.fileobj)
        return Sent(len(waits), now - begin, sorted(waits))

    def _send(self, one: Any) -> None:
        self._begun[one.fileno()] = time.monotonic()
        one.sendall(self._requests[self._next % len(self._requests)])
        self._next += 1


def send(port: int, size: int, seconds: float) -> Sent:
    """Send from a process of its own: what sending costs is none of the server's."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_send, (port, size, seconds))


def _send(port: int, size: int, seconds: float) -> Sent:
    return Sender(port, [request(port, body) for body in bodies(size)]).run(seconds)


# --- the servers


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss(pid: int) -> float:
    """Return the MiB of memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextlib.contextmanager
def served(arguments: Sequence[str], port: int, root: Path, env: dict[str, str] | None = None) -> Iterator[int]:
    """Run a server in a folder; yield the id of its process."""
    with (root / "out.log").open("ab") as out:
        server = subprocess.Popen(arguments, cwd=root, stdout=out, stderr=out, env=env)
    try:
        ready(f"http://127.0.0.1:{port}/-/ready", server)
        yield children_of(server.pid) if "unshare" in arguments[0] else server.pid
    finally:
        server.terminate()
        server.wait(60)


def children_of(pid: int) -> int:
    """Return the process that a wrapper began, or the wrapper where it became the server itself."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return children_of(int(found[0])) if found else pid


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="gateway."))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def measure(name: str, size: int, seconds: float) -> tuple[float, float]:
    """Print and return alerts a second and CPU an alert, in us, of one server: the middle of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        with folder() as root:
            port = free_port()
            data = ["gateway", "--data", str(root), "--listen", f"127.0.0.1:{port}"]
            arguments = command(root, port) if name == "Alertmanager" else [*TOCSIN, *data]
            with served(arguments, port, root) as pid:
                send(port, size, 1)  # warm
                before = cpu(pid)
                sent = send(port, size, seconds)
                rounds.append((sent, (cpu(pid) - before) / sent.requests / size * 1e6, rss(pid)))
    rates = spread([sent.requests * size / sent.seconds for sent, _, _ in rounds])
    costs = spread([each for _, each, _ in rounds])
    waits = sorted(wait for sent, _, _ in rounds for wait in sent.waits)
    print(
        f"{name}, batches of {size}: {rates[1]:,.0f} alerts/s ({rates[0]:,.0f} - {rates[2]:,.0f}),"
        f" {costs[1]:.1f} us CPU an alert ({costs[0]:.1f} - {costs[2]:.1f}) = {costs[1] / calibration():.2f} c,"
        f" p99 {waits[len(waits) * 99 // 100] * 1e3:.1f} ms, {max(each for _, _, each in rounds):.0f} MiB",
        flush=True,
    )
    return rates[1], costs[1]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=4, help="of each round")
    given = options.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    for size in (50, 1):
        (theirs, their_cost), (ours, cost) = (measure(name, size, given.seconds) for name in ("Alertmanager", "Tocsin"))
        print(
            f"  to Alertmanager: {ours / theirs:.2f} of its alerts a second, {cost / their_cost:.2f} of its CPU an alert"
        )


if __name__ == "__main__":
    main()
