"""How long pages of a console take, over HTTP, of a store in a storm; and what they cost it.

python -m bench.console STORE [--rounds 50]

STORE is a path or an address that `python -m bench.pages STORE` has filled a moment ago.
"""

import argparse
import http.client
import os
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from bench.figure import calibration
from bench.flow import TOCSIN
from tests.servers.process import free_port

TICKS = os.sysconf("SC_CLK_TCK")
RULES = "strategies: [{id: 1, name: CPU usage}]\nuser_groups: [{id: ops, name: Ops, users: [dora], ways: [mail]}]\n"
PAGES = {
    "Now, folded by name": "/", "by strategy": "/?fold=strategy", "by target": "/?fold=target",
    "page 100 by target": "/?fold=target&page=100",
    "every alert": "/?fold=no", "newest first": "/?fold=no&sort=newest", "oldest first": "/?fold=no&sort=longest",
    "most events first": "/?fold=no&sort=events", "fatal ones": "/?q=severity:1", "of one business": "/?q=biz:2",
    "narrowed": "/?narrow=yes", "by an address": "/?q=10.2.77.3", "by a word of every alert": "/?q=threshold",
    "the same, folded": "/?q=threshold&fold=name", "by two letters": "/?q=vd", "by a tag": "/?q=tags.cluster:c3",
    "of a target": "/?q=target:10.2.77.3", "Not told": "/silent", "Not told, of a reason": "/silent?reason=merged",
    "Shields": "/shields", "On call": "/oncall", "Person": "/p/dora", "Rules": "/rules", "Trouble": "/trouble", "Audit": "/audit",
    "Go to": "/find?q=10.2.77.3",
}  # fmt: skip
"""What -> its address."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store")
    parser.add_argument("--rounds", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules.yaml").write_text(RULES)
        port = free_port()
        options = ["console", "--rules", folder, "--listen", f"127.0.0.1:{port}", "--settings", "/dev/null"]
        environment = {**os.environ, "TOCSIN__STORE__DSN": given.store, "TOCSIN__OUTBOX__DSN": "none"}
        with (Path(folder) / "log").open("wb") as log:
            console = subprocess.Popen([*TOCSIN, *options], stdout=log, stderr=log, env=environment)
        try:
            _wait(port)
            print(f"c = {calibration():.1f} us, load {os.getloadavg()[0]:.0f}", flush=True)
            for title, path in {**PAGES, **_alerts(port)}.items():
                print(f"{title:26} {_measured(port, console.pid, path, given.rounds)}", flush=True)
            print(f"{_memory(console.pid)} MiB")
        finally:
            console.terminate()
            console.wait()


def _wait(port: int) -> None:
    while True:
        try:
            _get(port, "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return


def _alerts(port: int) -> dict[str, str]:
    page = _get(port, "/?fold=no").decode()
    ids = page.split('id="r-')[1:2]
    return {"Alert": f"/a/{quote(ids[0].split(chr(34))[0])}"} if ids else {}


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
    return body


def _measured(port: int, pid: int, path: str, rounds: int) -> str:
    """Return p50 and p99 of the wall clock, and what it costs the console, in milliseconds."""
    size, before, walls = len(_get(port, path)), _cpu(pid), list[float]()
    for _ in range(rounds):
        begin = time.perf_counter()
        _get(port, path)
        walls.append((time.perf_counter() - begin) * 1000)
    cpu = (_cpu(pid) - before) / rounds * 1000
    walls.sort()
    p99 = walls[min(rounds - 1, rounds * 99 // 100)]
    return f"p50 {walls[rounds // 2]:8.1f}  p99 {p99:8.1f}  CPU {cpu:7.1f} ms  {size // 1024:4} KiB"


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


if __name__ == "__main__":
    main()
