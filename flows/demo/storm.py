"""Two hours of a bad morning, generated: the same seed gives the same bytes.

300 hosts; a rack that loses its network, a slow database that gets worse, busy processors, a flapping endpoint, expiring certificates,
resent and bad records. Lines are in order of arrival, as a replay wants them.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

START = 1_699_948_800
"""2023-11-14 08:00 UTC, a Tuesday: 9 o'clock where the shop is."""
LENGTH = 7200
HOSTS = 300
Line = tuple[int, str]


def storm(seed: int = 7) -> list[str]:
    """Return the lines of the whole morning."""
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    parts = (_rack(rng), _database(rng), _processors(rng), _flapper(rng), _certificates(rng), _disks(rng), _backup())
    lines = [line for part in parts for line in part]
    lines += _resent(rng, lines)
    lines += _bad(rng)
    return [text for _, text in sorted(lines, key=lambda line: line[0])]


def _line(at: int, **fields: Any) -> Line:
    return at, json.dumps({"at": at, "time": at, **fields}, separators=(",", ":"))


def _event(at: int, plugin: str, name: str, target: str, severity: int, **more: Any) -> Line:
    status = more.pop("status", "ABNORMAL")
    event_id = f"{plugin}-{name}-{target}-{at}-{status}".replace(" ", "-")
    return _line(
        at, event_id=event_id, plugin_id=plugin, alert_name=name, target_type="HOST", target=target,
        severity=severity, status=status, bk_biz_id=2, **more,
    )  # fmt: skip


def _address(number: int) -> str:
    return f"10.0.{1 + number // 100}.{number % 100 + 10}"


def _rack(rng: random.Random) -> Iterator[Line]:
    """A switch fails: 64 hosts are unreachable for 25 minutes and come back one by one."""
    begin = START + 1200
    for host in range(100, 164):
        end = begin + 1500 + rng.randrange(120)
        for at in range(begin + rng.randrange(20), end, 20):
            yield _event(at, "zabbix", "Host unreachable", _address(host), 2, description="no answer to ping")
        yield _event(end, "zabbix", "Host unreachable", _address(host), 2, status="RECOVERED")


def _database(rng: random.Random) -> Iterator[Line]:
    """Replication falls behind, and further behind: the severity rises twice."""
    begin = START + 1800
    for at in range(begin, begin + 2700, 15):
        severity = 3 if at < begin + 600 else 2 if at < begin + 1500 else 1
        lag = 5 + (at - begin) // 20 + rng.randrange(5)
        tags = [{"key": "service", "value": "mysql"}, {"key": "database", "value": "shop"}]
        yield _event(
            at, "prometheus", "Replication lag", "10.0.0.3", severity, tags=tags, dedupe_keys=["tags.database"],
            description=f"replica is {lag} s behind",
        )  # fmt: skip
    yield _event(begin + 2700, "prometheus", "Replication lag", "10.0.0.3", 1, status="RECOVERED",
                 tags=[{"key": "database", "value": "shop"}], dedupe_keys=["tags.database"])  # fmt: skip


def _processors(rng: random.Random) -> Iterator[Line]:
    """40 web hosts are busy; the detector reports each minute, then sees normal values again."""
    for host in range(40):
        begin = START + 2400 + rng.randrange(300)
        target, quiet = _address(host), begin + 60 * rng.randrange(12, 25)
        fields: dict[str, Any] = {"strategy_id": 1, "tags": [{"key": "device", "value": "cpu-total"}]}
        for at in range(begin, quiet, 60):
            yield _event(
                at, "bkmonitor", "CPU usage", target, 2, metric=["bk_monitor.system.cpu_summary.usage"], **fields
            )
        for at in range(quiet, quiet + 900, 60):
            yield _line(at, kind="check", strategy_id=1, anomaly=False, value=40 + rng.randrange(20), target_type="HOST",
                        target=target, bk_biz_id=2)  # fmt: skip


def _flapper(rng: random.Random) -> Iterator[Line]:
    """An endpoint that fails and recovers all morning."""
    at = START
    while at < START + LENGTH:
        yield _event(at, "blackbox", "HTTP 5xx", "10.0.0.2", 2, description="GET /cart answered 502")
        yield _event(at + 8, "blackbox", "HTTP 5xx", "10.0.0.2", 2, status="RECOVERED")
        at += 20 + rng.randrange(15)


def _certificates(rng: random.Random) -> Iterator[Line]:
    """Reminders that come every few minutes and say nothing new."""
    for host in range(200, 230):
        for at in range(START + rng.randrange(300), START + LENGTH, 60):
            yield _event(at, "blackbox", "TLS certificate expires soon", _address(host), 3)


def _disks(rng: random.Random) -> Iterator[Line]:
    """Disks that fill; one of them fast."""
    for host in range(230, 260):
        begin = START + rng.randrange(3600)
        for at in range(begin, START + LENGTH, 60):
            yield _event(at, "bkmonitor", "Disk will fill", _address(host), 3, strategy_id=3,
                         tags=[{"key": "mount_point", "value": "/data"}], dedupe_keys=["tags.mount_point"])  # fmt: skip


def _backup() -> Iterator[Line]:
    """Last night's backup failed; said once."""
    yield _event(START + 300, "bkmonitor", "Backup failed", "10.0.0.3", 2, strategy_id=4)


def _resent(rng: random.Random, lines: list[Line]) -> list[Line]:
    """A producer that restarts sends what it had sent before."""
    return [(at + 5, text) for at, text in rng.sample(lines, 300)]


def _bad(rng: random.Random) -> Iterator[Line]:
    """What every pipeline meets sooner or later."""
    said = f'"time": {START}'  # a later one would move the clock of the lines that follow
    mistakes = (
        '{"event_id": "cut off", "plugin_id":',
        "not json at all",
        f'{{"plugin_id": "zabbix", "alert_name": "no event id", {said}}}',
        '{"event_id": "b1", "plugin_id": "zabbix", "alert_name": "no time"}',
        f'{{"event_id": "b2", "plugin_id": "zabbix", "alert_name": "bad tags", {said}, "tags": 7}}',
        f'{{"event_id": "b3", "plugin_id": "p", "alert_name": "x", {said}, "extra_info": ' + "[" * 80 + "]" * 80 + "}",
        '["an", "array"]',
    )
    for number in range(70):
        yield START + rng.randrange(LENGTH), mistakes[number % len(mistakes)]
