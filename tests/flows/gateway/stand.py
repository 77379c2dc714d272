"""A gateway as a process of its own, and what its spool holds."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import urllib3

from tests.tree import ROOT

TOCSIN = [sys.executable, "-c", "from flows.cli import main; main()"]
BARE = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}


def until(seen, seconds=120):
    """Wait until something is seen, and return it."""
    deadline = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return found


class Stand:
    """A running gateway. `start` again after `kill` keeps its folder and its port."""

    program = "gateway"

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None, listen: str = "127.0.0.1:0"):
        self.folder, self.options, self.env, self.listen = folder, options, {**BARE, **(env or {})}, listen
        self.log = folder / "gateway.log"
        self.http = urllib3.PoolManager(maxsize=64, retries=False, timeout=60)
        self.start()

    def start(self) -> None:
        before = self.log.stat().st_size if self.log.exists() else 0
        command = [*TOCSIN, self.program, "--data", str(self.folder / "data"), "--listen", self.listen, *self.options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=self.env, cwd=ROOT)
        deadline = time.monotonic() + 120
        while not (found := re.search(r"listening on http://(\S+)", self.log.read_text()[before:])):
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.listen = found[1]

    def post(self, path: str, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.http.request("POST", f"http://{self.listen}{path}", body=data, headers=headers)

    def get(self, path: str, **headers):
        return self.http.request("GET", f"http://{self.listen}{path}", headers=headers)

    def kept(self) -> list[dict]:
        """Return the events of the spool, in their order."""
        lines = []
        for segment in sorted((self.folder / "data" / "spool").glob("*/*.jsonl")):
            lines += segment.read_bytes().splitlines()
        return [json.loads(line.split(b" ", 2)[2]) for line in lines]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)
