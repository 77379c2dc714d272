"""`tocsin up` with its console, fed by the gateway: the real thing, as somebody on call meets it."""

import json
import subprocess
import time
from pathlib import Path

import urllib3

from tests.flows.gateway.stand import BARE, TOCSIN
from tests.servers.process import free_port
from tests.tree import ROOT

WAIT = 180
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&{{7*7}}${7*7}"
NAMES = ("Host unreachable", "Disk full", "CPU usage high", "内存不足", "Service down")


def storm(count: int, now: int) -> list[dict]:
    """Return events that open so many alerts, and one that is hostile in every field."""
    shared = {"plugin_id": "zabbix", "target_type": "HOST", "bk_biz_id": 2, "description": "没有响应 no answer to ping"}
    events = [
        {
            **shared,
            "event_id": f"e{number}",
            "alert_name": NAMES[number % len(NAMES)],
            "time": now - number % 3600,
            "severity": 1 if number % 11 == 0 else 2 + number % 2,
            "target": f"10.{number // 65536}.{number // 256 % 256}.{number % 256}",
            "tags": [{"key": "rack", "value": f"r{number % 40}"}],
        }
        for number in range(count)
    ]
    evil = {
        "event_id": EVIL, "plugin_id": EVIL, "alert_name": EVIL, "time": now, "severity": 1, "bk_biz_id": 2,
        "target_type": EVIL, "target": EVIL, "description": EVIL, "category": EVIL, "assignee": [EVIL],
        "tags": [{"key": EVIL, "value": EVIL}], "dedupe_keys": [f"tags.{EVIL}"],
    }  # fmt: skip
    return [*events, evil]


class House:
    """A running `tocsin up`."""

    def __init__(self, folder: Path, rules: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.folder, self.data = folder, folder / "data"
        self.gateway, self.console = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.http = urllib3.PoolManager(retries=False, timeout=120)
        places = ["--rules", str(rules), "--data", str(self.data), "--listen", self.gateway, "--console", self.console]
        with (folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*TOCSIN, "up", *places, *options], stdout=log, stderr=log, env={**BARE, **(env or {})}, cwd=ROOT
            )
        self.until(lambda: self._answers(f"http://{self.gateway}/readyz"))
        self.until(lambda: self._answers(f"{self.url}/"))

    @property
    def url(self) -> str:
        return f"http://{self.console}"

    def send(self, events: list[dict]) -> None:
        for start in range(0, len(events), 1000):
            lines = "\n".join(json.dumps(event) for event in events[start : start + 1000])
            answer = self.http.request("POST", f"http://{self.gateway}/v1/events", body=lines.encode())
            assert answer.status == 202, answer.data

    def view(self, path: str):
        answer = self.http.request("GET", f"{self.url}{path}", headers={"accept": "application/json"})
        return json.loads(answer.data) if answer.status == 200 else None

    def until(self, holds) -> None:
        deadline = time.monotonic() + WAIT
        while not holds():
            assert self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.2)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(120)

    def _answers(self, url: str) -> bool:
        try:
            return self.http.request("GET", url).status == 200
        except urllib3.exceptions.HTTPError:
            return False
