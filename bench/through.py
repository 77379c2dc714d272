"""Through gateway, job and SQLite at a steady rate, and from POST to the first notice at a provider on this machine.

python -m bench.through [--seconds N] [--rate ALERTS] [--patience SECONDS]

`tocsin up` takes batches of 50; two alerts a second are told to somebody, each by a message of its own: what is merged waits a minute.
"""

import argparse
import json
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import urllib3

from bench.figure import calibration
from bench.flow import TOCSIN
from bench.gateway import BODIES, bodies, cpu, folder, rss, served
from tests.servers.process import free_port

CONFIG = ["--people", "alice", "--way", "slack", "--from", "prometheus", "--time-zone", "UTC"]


class Provider(ThreadingHTTPServer):
    """Remembers when it was told of what."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Heard)
        self.texts: list[tuple[float, str]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Heard(BaseHTTPRequestHandler):
    """Takes any message."""

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.texts.append((time.time(), text))  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


DISPATCH = """dispatch:
- {id: told, name: told, priority: 1, rules: [{id: 1, user_groups: [ops], actions: [{action_type: notice}],
  conditions: [{field: alert.name, method: include, value: [told-]}]}]}
"""
EACH_AT_ONCE = {
    "TOCSIN__QUOTA__ALERT__THRESHOLD": "0",
    "TOCSIN__QUOTA__ACTION__THRESHOLD": "0",
    "TOCSIN__CONVERGE__BUSINESS_THRESHOLD": "1000000",
}
"""Settings by which nothing that is told waits for others: else merging would be measured, not the job."""
SENDERS = 4
"""Connections that keep the rate: one would wait for the disk after each batch."""


def through(seconds: float, rate: int, patience: float) -> None:
    """Print how `tocsin up` fares at a steady rate: how far behind it is, its memory, and how long a first notice takes."""
    provider = Provider()
    with folder() as root:
        subprocess.run([*TOCSIN, "init", str(root / "rules"), *CONFIG], check=True, stdout=subprocess.DEVNULL)
        (root / "rules" / "dispatch.yaml").write_text(DISPATCH)
        (root / "rules" / "tests.yaml").unlink()
        port = free_port()
        env = {
            **os.environ,
            "SLACK_HOOK": f"http://127.0.0.1:{provider.server_port}/",
            **EACH_AT_ONCE,
        }
        arguments = [*TOCSIN, "up", "--data", str(root / "data"), "--listen", f"127.0.0.1:{port}", "--console", "none"]
        with served(arguments, port, root, env) as pid:
            told, sizes, sent = Told(port, provider), [], Sender(port)
            told.one(0)
            assert told.wait(120), "the job never began"
            opened(told, sent)
            gateway, job = family(pid)[1:3]  # as `up` starts them
            told.begin()
            sent.alerts = 0
            begin, before = time.monotonic(), [cpu(one) for one in (gateway, job)]
            while (passed := time.monotonic() - begin) < seconds:
                if sent.alerts < passed * rate:
                    sent.some()
                else:
                    time.sleep(0.005)
                if told.at_times(sent.alerts):
                    sizes.append(sum(map(rss, family(pid))))
            took = time.monotonic() - begin
            told.one(sent.alerts)
            is_through = told.wait(patience)
            costs = [(cpu(one) - was) / sent.alerts * 1e6 for one, was in zip((gateway, job), before, strict=True)]
            report(sent.alerts / took, rate, costs, sizes)
            print(told.said(is_through=is_through))
    provider.shutdown()


def opened(told: "Told", sent: "Sender") -> None:
    """Send every alert for the first time; print how long it took until the job was done with them."""
    begin = time.monotonic()
    while sent.alerts < 50 * BODIES:
        sent.some()
    told.one(sent.alerts)
    assert told.wait(120), "the job is not done with the first of each"
    print(f"{sent.alerts:,} new alerts were done with in {time.monotonic() - begin:.1f} s", flush=True)


class Sender:
    """Sends batches of 50: the same alerts again and again, as Prometheus does while they fire.

    Each is the repeat of an open alert; a duplicate only if it came in the same second before.
    """

    def __init__(self, port: int) -> None:
        self._client = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=SENDERS)
        self._senders = ThreadPoolExecutor(SENDERS)
        self._bodies, self.alerts = bodies(50), 0

    def some(self) -> None:
        """Send the next few batches at the same time."""
        first = self.alerts // 50
        list(self._senders.map(self._send, range(first, first + SENDERS)))
        self.alerts += 50 * SENDERS

    def _send(self, number: int) -> None:
        body = self._bodies[number % len(self._bodies)]
        answer = self._client.request("POST", "/api/v2/alerts", body=body)
        assert answer.status == 200, answer.data[:300]


class Told:
    """Sends single alerts that are told, and remembers when, and how many others went before."""

    def __init__(self, port: int, provider: Provider) -> None:
        self._client, self._provider = urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1), provider
        self._sent: dict[str, tuple[float, int]] = {}
        self._last, self._begin = 0.0, 0.0

    def begin(self) -> None:
        """Count from now."""
        self._sent, self._begin = {}, time.time()

    def at_times(self, before: int) -> bool:
        """Send one twice a second; return whether one was sent."""
        is_time = time.monotonic() >= self._last + 0.5
        if is_time:
            self.one(before)
        return is_time

    def one(self, before: int) -> None:
        self._last, name = time.monotonic(), f"told-{time.time_ns()}"
        labels = {"alertname": name, "severity": "critical"}
        body = [{"labels": labels, "startsAt": datetime.now(UTC).isoformat()}]
        self._sent[name] = time.time(), before
        assert self._client.request("POST", "/api/v2/alerts", body=json.dumps(body)).status == 200

    def wait(self, patience: float) -> bool:
        """Wait until the last one is told: then all before it is done with, as a spool is read in its order."""
        end, last = time.monotonic() + patience, list(self._sent)[-1]
        while time.monotonic() < end:
            if any(last in text for _, text in self._provider.texts):
                return True
            time.sleep(0.05)
        return False

    def heard(self) -> dict[str, float]:
        """Return when each was first named in a message; those that never were are not among them."""
        first = (
            (name, min((at for at, text in self._provider.texts if name in text), default=None)) for name in self._sent
        )
        return {name: at for name, at in first if at is not None}

    def said(self, *, is_through: bool) -> str:
        """Return how long they took, and how far the job is behind."""
        heard = self.heard()
        if not heard:
            return "none was told: the job is behind by all of it"
        waits = sorted(at - self._sent[name][0] for name, at in heard.items())
        newest = max(heard)
        done, everything = self._sent[newest][1], max(before for _, before in self._sent.values())
        behind = "all of it is done with" if is_through else f"{everything - done:,} alerts still wait"
        return (
            f"the job did {done / (heard[newest] - self._begin):,.0f} alerts/s; {behind}\n"
            f"from POST to the first notice: p50 {waits[len(waits) // 2]:.2f} s, p99 {waits[len(waits) * 99 // 100]:.2f} s"
            f" of {len(waits)}, {len(self._sent) - len(waits)} not told yet"
        )


def family(pid: int) -> list[int]:
    """Return the processes that a process began, and itself."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in found for one in family(int(child)))]


def report(rate: float, asked: int, costs: Sequence[float], sizes: Sequence[float]) -> None:
    third, unit = max(len(sizes) // 3, 1), calibration()
    gateway, job = costs
    print(
        f"through gateway, job and SQLite: {rate:,.0f} alerts/s taken in, {asked:,} were asked for;"
        f" CPU an alert: gateway {gateway:.0f} us = {gateway / unit:.1f} c, job {job:.0f} us = {job / unit:.1f} c;"
        f" memory {max(sizes[:third]):.0f} MiB in the first third, {max(sizes[-third:]):.0f} in the last",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--rate", type=int, default=5000)
    options.add_argument(
        "--patience", type=float, default=60, help="seconds for what the job is behind with at the end"
    )
    given = options.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    through(given.seconds, given.rate, given.patience)


if __name__ == "__main__":
    main()
