"""A morning of events for runs of the job: made from a seed, with everything in it that keeps state between lines."""

import json
import random
from pathlib import Path
from typing import Any

from tests.replay.driver import T0

RULES: dict[str, list[Any]] = {
    "strategies": [
        {
            "id": 1,
            "name": "told",
            "notice": {
                "user_groups": ["ops"],
                "options": {"upgrade_config": {"is_enabled": True, "upgrade_interval": 5, "user_groups": ["boss"]}},
                "config": {"notify_interval": 300},
            },
        },
        {
            "id": 2,
            "name": "watched",
            "items": [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "cpu", "agg_interval": 30}]}],
            "detects": [{"level": n, "trigger_config": {"count": 2, "check_window": 3}, "recovery_config": {"check_window": 3}} for n in (1, 2, 3)],
            "notice": {"user_groups": ["ops"]},
        },
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "carol"], "ways": ["mail", "sms"]},
        {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]},
    ],
    "dispatch": [
        {"id": 1, "name": "all", "rules": [{"id": 1, "conditions": [{"field": "alert.name", "method": "include", "value": ["loud"]}], "user_groups": ["ops"], "actions": [{"action_type": "notice"}]}]}
    ],
    "shields": [
        {"id": 1, "category": "strategy", "dimension_config": {"strategy_id": [1]}, "begin_time": T0 + 200, "end_time": T0 + 400,
         "notice_config": {"notice_time": 1, "notice_way": ["mail"], "notice_receiver": ["user#alice"]}}
    ],
}  # fmt: skip

INHIBITING = {
    **RULES,
    "inhibits": [
        {"id": 1, "source": [{"field": "alert.name", "value": ["quiet"]}, {"field": "level", "value": [1]}],
         "target": [{"field": "strategy_id", "value": ["1", "2"]}], "equal": ["target"]}
    ],
}  # fmt: skip
"""With an alert that nobody is told of and that keeps others of its host silent."""

SETTINGS: dict[str, Any] = {
    "timeout": 120,
    "ended_retention": 200,
    "recover_delay": 5,
    "quota": {"alert": {"threshold": 3, "window": 60}, "action": {"threshold": 3, "window": 60}},
    "converge": {"window": 60, "delay": 20},
}


def lines(count: int, seed: int, *, hosts: int = 12, rate: int = 1) -> list[bytes]:
    """Return so many lines, `rate` of them a second, in order of arrival."""
    rng = random.Random(seed)
    return [_line(number, T0 + number // rate, rng, hosts) for number in range(count)]


def _line(number: int, at: int, rng: random.Random, hosts: int) -> bytes:
    draw = rng.random()
    if draw < 0.005:
        return b'{"event_id": "broken"'
    if draw < 0.01:
        return _json(
            {"kind": "rules", "at": at, "put": {"strategies": [{**RULES["strategies"][0], "labels": [str(number)]}]}}
        )
    if draw < 0.012:
        shield = {"id": 9, "category": "dimension", "dimension_config": {}, "begin_time": at, "end_time": at + 30}
        return _json({"kind": "command", "at": at, "command": "shield", "shield": shield, "operator": "bob"})
    identity = {"target_type": "HOST", "target": f"10.0.0.{rng.randrange(hosts)}"}
    identity |= rng.choice([{"alert_name": "loud"}, {"alert_name": "quiet"}, {"strategy_id": 1}, {"strategy_id": 2}])
    if draw < 0.2 and identity.get("strategy_id") == 2:
        said = rng.choice([{"anomaly": True, "level": rng.randrange(1, 4)}, {"anomaly": False, "value": number}])
        return _json({"kind": "check", "at": at, "time": at, **identity, **said})
    status = rng.choices(["ABNORMAL", "RECOVERED", "CLOSED"], [8, 1, 1])[0]
    time = at - rng.choice([0, 0, 0, rng.randrange(120)])
    event_id = f"e{number if rng.random() < 0.97 else number // 2}"
    return _json(
        {
            "at": at,
            "event_id": event_id,
            "plugin_id": "p",
            "severity": rng.choice([1, 2, 2, 3]),
            "status": status,
            "time": time,
            **identity,
        }
    )


def _json(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode()


def laid_out(folder: Path, content: list[bytes], rules_of: dict[str, list[Any]] = RULES) -> tuple[Path, Path]:
    """Write rules and input into a folder; return both places."""
    rules, events = folder / "rules", folder / "events.jsonl"
    rules.mkdir(exist_ok=True)
    (rules / "rules.json").write_text(json.dumps(rules_of))
    events.write_bytes(b"\n".join(content) + b"\n")
    return rules, events
