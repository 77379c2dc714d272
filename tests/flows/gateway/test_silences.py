"""A silence in a whole house: `tocsin up`, alerts and silences as Alertmanager's tools send them, and a provider that is told."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
import urllib3
import yaml

from tests.flows.gateway.stand import Stand, until
from tests.servers.process import free_port

pytestmark = pytest.mark.slow

HOUR = 3600
SOON = 10
"""Seconds until a silence ends that is shortened: longer than any machine needs to be told so."""


class House(Stand):
    """A running `tocsin up`, and what its provider was told."""

    program = "up"

    def __init__(self, folder: Path, provider):
        self._provider, self.begun = provider, time.time()
        provider.expect_request("/sms").respond_with_data("ok")
        (folder / "rules.yaml").write_text(yaml.safe_dump(rules(provider.url_for("/sms"))))
        each_by_itself = {"TOCSIN__CONVERGE__BUSINESS_THRESHOLD": "1000"}
        options = ["--settings", "/dev/null", "--rules", str(folder / "rules.yaml"), "--console", "none"]
        super().__init__(folder, *options, env=each_by_itself, listen=f"127.0.0.1:{free_port()}")

    def alert(self, name: str, team: str, ends: float | None = None) -> None:
        """Send an alert as a Prometheus does; one that has ended is over."""
        times = {"startsAt": iso(self.begun), "endsAt": iso(ends or time.time() + HOUR)}
        assert self.post("/api/v2/alerts", [{"labels": {"alertname": name, "team": team}, **times}]).status == 200

    def silence(self, team: str, ends: float, **changes) -> str:
        """Set a silence, or change it; return its id."""
        matchers = [{"name": "team", "value": team, "isRegex": False, "isEqual": True}]
        times = {"startsAt": iso(time.time()), "endsAt": iso(ends)}
        said = {"matchers": matchers, "createdBy": "alice", "comment": "known", **times, **changes}
        return self.post("/api/v2/silences", said).json()["silenceID"]

    def state_of(self, silence: str) -> str:
        return self.get(f"/api/v2/silence/{silence}").json()["status"]["state"]

    def silenced(self) -> dict[str, list[str]]:
        """Return the open alerts and the silences that hold each."""
        found = self.get("/api/v2/alerts").json()
        assert all((one["status"]["state"] == "suppressed") == bool(one["status"]["silencedBy"]) for one in found)
        return {one["labels"]["alertname"]: one["status"]["silencedBy"] for one in found}

    def told(self) -> list[tuple[str, str]]:
        """Return the name and the signal of all notices, sorted; one that came twice counts once."""
        posts = [json.loads(request.data) for request, _ in self._provider.log]
        return sorted({one["id"]: (one["title"].split()[-1], one["signal"]) for one in posts}.values())

    def tells(self, names: list[tuple[str, str]]) -> None:
        """Wait until these notices have come, and see that they are all."""
        until(lambda: len(self.told()) >= len(names))
        assert self.told() == sorted(names)

    def kill_all(self) -> None:
        """Kill gateway and job at once, and wait until others stand in their place."""
        killed = self._children()
        assert len(killed) == 2
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(self._children() - killed) == 2)
        until(self._answers)

    def _answers(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def _children(self) -> set[int]:
        parent = self.process.pid
        return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def rules(provider: str) -> dict:
    return {
        "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["sms"]}],
        "dispatch": [{"id": 1, "name": "all", "rules": [{"id": 1, "conditions": [], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}]}],
        "channels": [{"way": "sms", "url": provider}],
    }  # fmt: skip


def iso(second: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


@pytest.fixture
def house(tmp_path, httpserver):
    running = House(tmp_path, httpserver)
    yield running
    assert running.stop() == 0
    assert "Traceback" not in running.log.read_text()


def test_a_silence_holds_over_kill_9_and_when_it_ends_what_still_fires_is_told(house):
    house.alert("Known", "db")
    house.alert("Healed", "db")
    told = [("Known", "abnormal"), ("Healed", "abnormal")]
    house.tells(told)

    db, web = (house.silence(team, time.time() + HOUR) for team in ("db", "web"))
    assert [house.state_of(db), house.state_of(web)] == ["active", "active"]
    for name, team in (("Known", "db"), ("New", "db"), ("Brief", "db"), ("Page", "web"), ("Other", "app")):
        house.alert(name, team)
    for name in ("Brief", "Healed"):
        house.alert(name, "db", ends=time.time())
    house.alert("Later", "app")  # told once all before it has been decided
    told += [("Other", "abnormal"), ("Later", "abnormal")]
    told += [("Healed", "recovered")]  # who was told of a problem hears its end
    house.tells(told)
    silenced = {"Known": [db], "New": [db], "Page": [web], "Other": [], "Later": []}
    until(lambda: house.silenced() == silenced)

    house.kill_all()
    assert [house.state_of(db), house.state_of(web)] == ["active", "active"]
    until(lambda: house.silenced() == silenced)
    for name, team in (("Known", "db"), ("New", "db"), ("Page", "web"), ("Newer", "db"), ("Other", "app")):
        house.alert(name, team)
    house.alert("Last", "app")
    told += [("Last", "abnormal")]
    house.tells(told)
    until(lambda: house.silenced() == {**silenced, "Newer": [db], "Last": []})

    assert house.http.request("DELETE", f"http://{house.listen}/api/v2/silence/{db}").status == 200
    assert house.state_of(db) == "expired"
    told += [("New", "abnormal"), ("Newer", "abnormal")]  # of Known people know
    house.tells(told)
    begun = house.get(f"/api/v2/silence/{web}").json()["startsAt"]
    assert house.silence("web", time.time() + SOON, id=web, startsAt=begun) == web
    told += [("Page", "abnormal")]
    house.tells(told)
    until(lambda: not any(house.silenced().values()))
    assert house.state_of(web) == "expired"
