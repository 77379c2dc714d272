"""The same events through Alertmanager (Debian's package) and through Tocsin, one after the other: CPU an event, and the ratio.

Alertmanager is sent batches of 50 over its API and keeps them in memory; Tocsin reads the file, with snapshots on disk.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import urllib3

from bench.events import mixed
from bench.figure import Round, calibration, figure, rounds_of, spread
from bench.flow import NULL, Bench
from tests.servers.process import free_port
from tests.servers.prometheus import TEMPLATE, UNSHARED, tool

BATCH = 50
CONFIG = "route: {receiver: nobody, group_by: [alertname], group_wait: 30s}\nreceivers: [{name: nobody}]\n"


def command(run: Path, port: int) -> list[str]:
    """Return what starts Alertmanager; Debian's build wants its template where the package would have put it."""
    program = tool("prometheus-alertmanager")
    (run / "am.yml").write_text(CONFIG)
    plain = [
        program, f"--config.file={run}/am.yml", f"--storage.path={run}/data", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    if TEMPLATE.exists():
        return plain
    root = str(Path(program).parents[2])
    return [*UNSHARED, root, *plain]


def batches(events: Sequence[bytes]) -> Iterator[bytes]:
    """Yield bodies of `POST /api/v2/alerts`: what tells a problem apart is labels, the rest annotations."""
    shift = int(time.time()) - json.loads(events[-1])["time"] - 1
    alerts = (posted(json.loads(raw), shift) for raw in events)
    while some := list(islice(alerts, BATCH)):
        yield json.dumps(some).encode()


def posted(event: dict[str, Any], shift: int) -> dict[str, Any]:
    at = event["time"] + shift
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    named = {"alertname": event["alert_name"], "target": event["target"], "metric": tags["metric"]}
    told = {"severity": str(event["severity"]), "value": tags["value"], "description": event["description"]}
    ends = {"endsAt": clock(at)} if event["status"] == "RECOVERED" else {}
    return {"labels": named, "annotations": told, "startsAt": clock(at - 1), **ends}


def clock(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def alertmanager(bodies: Sequence[bytes]) -> float:
    """Return the seconds of CPU of a server that takes these bodies, its start included."""
    run, port = Path(tempfile.mkdtemp(prefix="alertmanager.")), free_port()
    server = subprocess.Popen(command(run, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        ready(f"http://127.0.0.1:{port}/-/ready", server)
        with urllib3.HTTPConnectionPool("127.0.0.1", port, maxsize=1) as client:
            for body in bodies:
                answer = client.request(
                    "POST", "/api/v2/alerts", body=body, headers={"Content-Type": "application/json"}
                )
                assert answer.status == 200, answer.data[:300]
        server.terminate()
        _, _, used = os.wait4(server.pid, 0)
        server.returncode = 0
        return used.ru_utime + used.ru_stime
    finally:
        if server.returncode is None:
            server.kill()
        shutil.rmtree(run, ignore_errors=True)


def ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert server.poll() is None, "Alertmanager ended at once: it needs its template, or root for the overlay"
        with suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(url)


def peer(bodies: Sequence[bytes], count: int) -> Round:
    unit = calibration()
    start, seconds = alertmanager(()), alertmanager(bodies)
    return Round(seconds - start, count, min(unit, calibration()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=100_000)
    count = options.parse_args().events
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    bodies = list(batches(list(mixed(count, count // 10))))
    theirs = rounds_of(lambda: peer(bodies, count))
    print(f"Alertmanager, batches of {BATCH}, in memory: {figure(theirs)}", flush=True)
    with tempfile.TemporaryDirectory() as place:
        bench = Bench(Path(place), count)
        for title, settings in (("state with snapshots", NULL), ("with SQLite and event archive", {})):
            ours = rounds_of(lambda settings=settings: bench.once(settings))
            print(f"Tocsin, {title}: {figure(ours)}", flush=True)
            print(f"  ratio to Alertmanager: {ratio(ours, theirs)}", flush=True)


def ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> str:
    """Return the ratio of the middles in units of c, and of the best and worst pairs."""
    (low, middle, high), (their_low, their_middle, their_high) = (
        spread([one.each / one.unit for one in rounds]) for rounds in (ours, theirs)
    )
    return f"{middle / their_middle:.2f} ({low / their_high:.2f} - {high / their_low:.2f})"


if __name__ == "__main__":
    main()
