"""Events to measure with: keys that open, repeat, recover and change severity. The same arguments give the same bytes."""

import json
import random
from collections.abc import Iterator

T0 = 1_700_000_000


def event(number: int, key: int, severity: int, status: str, noise: int, rate: int) -> bytes:
    """Return one event of about 600 bytes."""
    return json.dumps(
        {
            "event_id": f"ev-{number:08d}",
            "plugin_id": f"plugin-{key % 20:02d}",
            "alert_name": f"alert-{key % 50:02d}",
            "description": f"value crossed threshold on host-{key:06d}",
            "severity": severity,
            "status": status,
            "target_type": "HOST",
            "target": f"host-{key:06d}",
            "tags": [
                {"key": "metric", "value": f"system.metric_{key % 37}"},
                {"key": "cluster", "value": f"c{key % 8}"},
                {"key": "value", "value": str(noise)},
            ],
            "dedupe_keys": ["alert_name", "target_type", "target", "tags.metric"],
            "time": T0 + number // rate,
        }
    ).encode()


def mixed(events: int, keys: int, seed: int = 7, rate: int = 100) -> Iterator[bytes]:
    """Yield `events` of which each key opens once, a tenth are recoveries, a twentieth change severity."""
    rng = random.Random(seed)
    kinds = ["open"] * keys + ["recover"] * (events // 10) + ["severity"] * (events // 20)
    kinds += ["repeat"] * (events - len(kinds))
    rng.shuffle(kinds)
    severities: dict[int, int] = {}
    for number, kind in enumerate(kinds):
        if kind == "open" or not severities:
            key = len(severities)
            severities[key] = rng.choice((1, 2, 2, 3, 3, 3))
        else:
            key = rng.randrange(len(severities))
        if kind == "severity":
            severities[key] = rng.choice([one for one in (1, 2, 3) if one != severities[key]])
        status = "RECOVERED" if kind == "recover" else "ABNORMAL"
        yield event(number, key, severities[key], status, rng.randrange(1000), rate)


def openings(keys: int) -> Iterator[bytes]:
    """Yield one opening event a key, all within a minute of event time."""
    for key in range(keys):
        yield event(key, key, 2, "ABNORMAL", 0, max(keys // 60, 1))


def repeats(events: int, keys: int, begin: int, rate: int, seed: int = 3) -> Iterator[bytes]:
    """Yield repeats of open keys, numbered from `begin`."""
    rng = random.Random(seed)
    for number in range(begin, begin + events):
        yield event(number, rng.randrange(keys), 2, "ABNORMAL", rng.randrange(1000), rate)
